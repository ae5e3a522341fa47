//! The service of accounts that centres name, and of the codes of bill ids.

use super::shown::UNIT_MAX;
use crate::accounts::instant;
use crate::alerts::store_failed;
use crate::fields::{AUTHORITY_MAX, Fields, NUMBER_MAX, REASON_MAX};
use crate::gate::caller;
use crate::proposals::Proposing;
use crate::reason::Wrong;
use billing::identifier::{Sheba, ShebaError};
use proto::access::Proposal;
use proto::billing as schema;
use proto::billing::paying_server::Paying;
use store::{Act, BillCodes, NewPayAccount, PayAccount, PayPurpose, Store};
use tonic::{Request, Response, Status};

const NAME_PAY_ACCOUNT: &str = "/paband.billing.v1.Paying/NamePayAccount";
const RECORD_BILL_CODES: &str = "/paband.billing.v1.Paying/RecordBillCodes";

/// Shows where people pay, and takes proposals.
pub(crate) struct PayingService {
    store: Store,
    proposing: Proposing,
}

impl PayingService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

#[tonic::async_trait]
impl Paying for PayingService {
    async fn list_pay_accounts(
        &self,
        request: Request<schema::ListPayAccountsRequest>,
    ) -> Result<Response<schema::ListPayAccountsResponse>, Status> {
        let caller = caller(&request)?;
        let mut fields = Fields::default();
        let unit = fields.optional_text("unit", &request.into_inner().unit, UNIT_MAX);
        fields.check()?;
        let found = self.store.pay_accounts(&caller, &unit).await.map_err(|error| store_failed("ListPayAccounts", &error))?;
        Ok(Response::new(schema::ListPayAccountsResponse { accounts: found.into_iter().map(account).collect() }))
    }

    async fn name_pay_account(&self, request: Request<schema::NamePayAccountRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(NAME_PAY_ACCOUNT, request).await
    }

    async fn list_bill_codes(
        &self,
        request: Request<schema::ListBillCodesRequest>,
    ) -> Result<Response<schema::ListBillCodesResponse>, Status> {
        caller(&request)?;
        let found = self.store.bill_codes().await.map_err(|error| store_failed("ListBillCodes", &error))?;
        Ok(Response::new(schema::ListBillCodesResponse { codes: found.into_iter().map(codes).collect() }))
    }

    async fn record_bill_codes(&self, request: Request<schema::RecordBillCodesRequest>) -> Result<Response<Proposal>, Status> {
        self.proposing.propose(RECORD_BILL_CODES, request).await
    }
}

/// What a proposal of an account means.
pub(crate) fn pay_account_act(asked: &schema::NamePayAccountRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let unit = fields.text("unit", &asked.unit, UNIT_MAX);
    let purpose = match asked.purpose() {
        schema::PayPurpose::Deposit => PayPurpose::Deposit,
        schema::PayPurpose::Fees => PayPurpose::Fees,
        schema::PayPurpose::Unspecified => {
            fields.note("purpose", Wrong::Missing, &[]);
            PayPurpose::Fees
        }
    };
    let bank = fields.text("bank", &asked.bank, AUTHORITY_MAX);
    let holder = fields.text("holder", &asked.holder, AUTHORITY_MAX);
    let number = fields.optional_text("account_number", &asked.account_number, NUMBER_MAX);
    let sheba = asked.sheba.trim().parse::<Sheba>().map(|sheba| sheba.to_string()).unwrap_or_else(|error| {
        fields.note("sheba", if error == ShebaError::Check { Wrong::ShebaCheck } else { Wrong::NotASheba }, &[]);
        String::new()
    });
    let how = fields.optional_text("how", &asked.how, REASON_MAX);
    let since = fields.optional_instant("since", asked.since.as_ref());
    fields.check()?;
    Ok(Act::NamePayAccount(NewPayAccount { unit, purpose, bank, holder, number, sheba, how, since }))
}

/// What a proposal of codes means.
pub(crate) fn bill_codes_act(asked: &schema::RecordBillCodesRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let mut within = |field: &str, value: u32, max: u32| {
        if !(1..=max).contains(&value) {
            let args = [("min", "1".to_owned()), ("max", max.to_string()), ("value", value.to_string())];
            fields.note(field, Wrong::OutOfRange, &args);
        }
    };
    within("company", asked.company, 999);
    within("service", asked.service, 9);
    fields.check()?;
    Ok(Act::RecordBillCodes(asked.company as u16, asked.service as u8))
}

fn account(account: PayAccount) -> schema::PayAccount {
    let PayAccount { pay_account_id, named, proposed_by, approved_by, approved_at } = account;
    let purpose = match named.purpose {
        PayPurpose::Fees => schema::PayPurpose::Fees,
        PayPurpose::Deposit => schema::PayPurpose::Deposit,
    };
    schema::PayAccount {
        pay_account_id,
        unit: named.unit,
        purpose: purpose.into(),
        bank: named.bank,
        holder: named.holder,
        account_number: named.number,
        sheba: named.sheba,
        how: named.how,
        since: named.since.map(instant),
        proposed_by,
        approved_by,
        approved_at: Some(instant(approved_at)),
    }
}

fn codes(codes: BillCodes) -> schema::BillCodes {
    let BillCodes { since, company, service, proposed_by, approved_by } = codes;
    schema::BillCodes { company: company.into(), service: service.into(), since: Some(instant(since)), proposed_by, approved_by }
}
