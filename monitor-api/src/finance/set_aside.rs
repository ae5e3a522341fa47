//! The service of what is set aside of the fees.

use super::{money, money_asked};
use crate::accounts::instant;
use crate::alerts::store_failed;
use crate::enrolment::tehran_day;
use crate::fields::{AUTHORITY_MAX, Fields, NUMBER_MAX, REASON_MAX, date};
use crate::gate::caller;
use crate::proposals::Proposing;
use crate::reason::Wrong;
use billing::Money;
use billing::calendar::{FIRST_YEAR, LAST_YEAR};
use chrono::Utc;
use proto::access::Proposal;
use proto::billing::set_aside_server::SetAside;
use proto::billing::{GetStatementRequest, RecordSpendingRequest, SetAsideStatement, SpendingTakenBack, TakeBackSpendingRequest};
use store::{Act, NewSpending, SetAsideYear, SpendingBack, Store, TakenBack};
use tonic::{Request, Response, Status};

const RECORD_SPENDING: &str = "/paband.billing.v1.SetAside/RecordSpending";
const TAKE_BACK_SPENDING: &str = "/paband.billing.v1.SetAside/TakeBackSpending";

/// Shows statements, and takes spending.
pub(crate) struct SetAsideService {
    store: Store,
    proposing: Proposing,
}

impl SetAsideService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

#[tonic::async_trait]
impl SetAside for SetAsideService {
    async fn get_statement(&self, request: Request<GetStatementRequest>) -> Result<Response<SetAsideStatement>, Status> {
        caller(&request)?;
        let year = request.into_inner().year;
        let mut fields = Fields::default();
        if !(FIRST_YEAR..LAST_YEAR).contains(&year) {
            let args = [("min", FIRST_YEAR.to_string()), ("max", (LAST_YEAR - 1).to_string()), ("value", year.to_string())];
            fields.note("year", Wrong::OutOfRange, &args);
        }
        fields.check()?;
        let statement = self.store.set_aside_year(year).await.map_err(|error| store_failed("GetStatement", &error))?;
        Ok(Response::new(shown(year, statement)))
    }

    async fn record_spending(&self, request: Request<RecordSpendingRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(RECORD_SPENDING, request).await
    }

    async fn take_back_spending(&self, request: Request<TakeBackSpendingRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(TAKE_BACK_SPENDING, request).await
    }
}

/// What a proposal of spending means.
pub(crate) fn spending_act(asked: &RecordSpendingRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let at = fields.instant("at", asked.at.as_ref());
    if at > Utc::now() {
        fields.note("at", Wrong::InFuture, &[]);
    }
    let new = NewSpending {
        at,
        amount: money_asked(&mut fields, "amount", asked.amount.as_ref(), 1),
        purpose: fields.text("purpose", &asked.purpose, REASON_MAX),
        approver: fields.text("approver", &asked.approver, AUTHORITY_MAX),
        proof: fields.text("proof", &asked.proof, NUMBER_MAX),
    };
    fields.check()?;
    Ok(Act::SpendSetAside(new))
}

/// What a proposal to take spending back means.
pub(crate) fn spending_back_act(asked: &TakeBackSpendingRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check()?;
    Ok(Act::TakeBackSpending(SpendingBack { spending_id: asked.spending_id, reason }))
}

fn shown(year: i32, statement: SetAsideYear) -> SetAsideStatement {
    let SetAsideYear { opening, set_aside, spent, spendings, taken_back } = statement;
    let closing = Money::rials(opening.minor_units() + set_aside.minor_units() - spent.minor_units());
    SetAsideStatement {
        year,
        opening: Some(money(opening)),
        set_aside: Some(money(set_aside)),
        spent: Some(money(spent)),
        closing: Some(money(closing)),
        spendings: spendings.into_iter().map(spending).collect(),
        taken_back: taken_back.into_iter().map(back).collect(),
    }
}

fn back(back: TakenBack) -> SpendingTakenBack {
    let TakenBack { spending, reason, recorded_at, proposed_by, approved_by } = back;
    SpendingTakenBack {
        spending: Some(self::spending(spending)),
        reason,
        recorded_at: Some(instant(recorded_at)),
        proposed_by,
        approved_by,
    }
}

fn spending(spending: store::Spending) -> proto::billing::Spending {
    let store::Spending { spending_id, spent, recorded_at, proposed_by, approved_by } = spending;
    proto::billing::Spending {
        spending_id,
        at: Some(instant(spent.at)),
        on: Some(date(tehran_day(spent.at))),
        amount: Some(money(spent.amount)),
        purpose: spent.purpose,
        approver: spent.approver,
        proof: spent.proof,
        recorded_at: Some(instant(recorded_at)),
        proposed_by,
        approved_by,
    }
}
