//! Four eyes: acts that one person proposes and another confirms.

use super::{PeopleError, RoleChange, grants};
use crate::books::{LateApproval, late_approve, late_concerns};
use crate::books::{NewPayAccount, bill_codes_concerns, bill_codes_record, pay_account_concerns, pay_account_name};
use crate::books::{NewRelief, relief_concerns, relief_grant};
use crate::books::{UncollectibleMark, uncollectible_concerns, uncollectible_mark};
use crate::books::{policy_concerns, policy_set};
use crate::books::{spend, spending_concerns, tariff_add, tariff_concerns};
use crate::change::{self, Change};
use crate::custody::{hold_concerns, hold_lift, release_concerns, release_insert};
use crate::enrolment::{
    Eyes, ZoneChange, ZoneSetChange, ZoneSetMembers, zone_change, zone_change_concerns, zone_set_change, zone_set_change_concerns,
    zone_set_members, zone_set_members_concerns,
};
use crate::enrolment::{FactCancellation, WearerMerge, fact_cancel, fact_cancellation_possible, merge_concerns, wearer_merge};
use crate::enrolment::{removal_concerns, removal_confirmed};
use crate::{Archive, AskedRemoval, NewSpending, ReleaseRequest, Store, StoreError, audit};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Row, Transaction};

/// Nobody decides for so long: the proposal is over.
const OPEN_FOR: TimeDelta = TimeDelta::days(3);

macro_rules! proposal_columns {
    () => {
        "SELECT p.proposal_id, p.method, p.request, p.request_json, p.unit_id, p.purpose, p.case_number, by.name, p.proposed_at, p.expires_at,
            p.state, coalesce(decided.name, ''), p.decided_at, coalesce(p.reason, ''), coalesce(p.result_id, 0), p.proposed_by,
            array(SELECT r.above_id FROM unit_reach r WHERE r.unit_id = p.unit_id)
        FROM proposals p JOIN people by ON by.person_id = p.proposed_by LEFT JOIN people decided ON decided.person_id = p.decided_by "
    };
}

/// Whoever reaches the unit that it concerns sees it, and so does who proposed it.
const LIST: &str = concat!(
    proposal_columns!(),
    "WHERE (NOT $3::boolean OR (p.state = 'waiting' AND p.expires_at > $4)) AND (p.proposed_by = $2
        OR EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = p.unit_id AND r.above_id = ANY ($1)))
    ORDER BY p.proposal_id DESC LIMIT 1000"
);
const ONE: &str = concat!(
    proposal_columns!(),
    "WHERE p.proposal_id = $3 AND (p.proposed_by = $2 OR EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = p.unit_id AND r.above_id = ANY ($1)))"
);
const LOCK: &str = "SELECT FROM proposals WHERE proposal_id = $1 FOR UPDATE";
const PROPOSE: &str = "
    INSERT INTO proposals (method, request, request_json, unit_id, purpose, case_number, proposed_by, proposed_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING proposal_id";
const DECIDE: &str = "
    UPDATE proposals SET state = $2, decided_by = $3, decided_at = $4, reason = $5, result_id = $6 WHERE proposal_id = $1";

/// That somebody was given a password by that one, as the audit knows it.
const HANDED_OVER: &str = "
    SELECT FROM audit WHERE who = $1 AND subject = ANY ($2) AND at > $3 AND result = 'done'
        AND act IN ('/paband.access.v1.People/ResetPassword', '/paband.access.v1.People/CreatePerson') LIMIT 1";

/// How a proposal stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProposalState {
    /// Somebody may still confirm it.
    Waiting,
    /// It took effect.
    Confirmed,
    /// Somebody refused or withdrew it.
    Refused,
    /// Nobody decided in time.
    Expired,
}

/// An act that waits for a second person, or did.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Which.
    pub proposal_id: i64,
    /// The method proposed.
    pub method: String,
    /// Its request, as sent.
    pub request: Vec<u8>,
    /// The same to read.
    pub request_json: String,
    /// The purpose and the case's number that the proposer named.
    pub purpose: String,
    /// See `purpose`.
    pub case_number: String,
    /// The proposer's name.
    pub proposed_by: String,
    /// The proposer.
    pub proposed_by_id: i64,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Until when it can be decided.
    pub expires_at: DateTime<Utc>,
    /// How it stands.
    pub state: ProposalState,
    /// Who decided; empty until then.
    pub decided_by: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was refused.
    pub reason: String,
    /// The unit that it concerns, and those above: who decides must act in one of them.
    pub seen_from: Vec<i64>,
    /// What it brought about; 0 = nothing that has a number.
    pub result_id: i64,
}

/// An act to propose.
#[derive(Clone, Debug)]
pub struct NewProposal<'a> {
    /// The method.
    pub method: &'a str,
    /// Its request, as sent.
    pub request: Vec<u8>,
    /// The same to read.
    pub request_json: String,
}

/// What a proposal is about. Whatever needs a second person has its act here, and its effect below.
#[derive(Clone, Debug)]
pub enum Act {
    /// A role given.
    GiveRole(RoleChange),
    /// A hold lifted, for this reason.
    LiftHold {
        /// Which.
        hold_id: i64,
        /// Why.
        reason: String,
    },
    /// Two files of one wearer made one.
    MergeWearers(WearerMerge),
    /// A wrong entry of an order cancelled, of somebody who wears a tag.
    CancelOrderFact(FactCancellation),
    /// Zones of a wearer who wears a tag, drawn, replaced or ended.
    ChangeZones(ZoneChange),
    /// Zones of a set that somebody with a tag is in.
    ChangeZoneSet(ZoneSetChange),
    /// Wearers of whom somebody wears a tag join or leave a set of zones.
    ZoneSetMembers(ZoneSetMembers),
    /// Data handed to an authority.
    ReleaseData {
        /// What and to whom.
        request: ReleaseRequest,
        /// What is handed over: built when it is confirmed.
        archive: Option<Archive>,
    },
    /// A tag taken off while an order is in force.
    RemoveTag(AskedRemoval),
    /// A row of the tariff table.
    AddTariff(billing::Tariff),
    /// Spending of what was set aside.
    SpendSetAside(NewSpending),
    /// A document given up: nobody will pay it.
    MarkUncollectible(UncollectibleMark),
    /// A price class, a waiver or a required deposit of a wearer.
    GrantRelief(NewRelief),
    /// The account that a centre names.
    NamePayAccount(NewPayAccount),
    /// Company and service of bill ids.
    RecordBillCodes(u16, u8),
    /// What was recorded of an order after it was closed is to count.
    ApproveLateFact(LateApproval),
    /// The switches of the billing policy.
    SetPolicy(billing::Policy),
}

/// How a proposal is decided.
#[derive(Clone, Debug)]
pub enum Decided {
    /// It takes effect.
    Confirmed(Act),
    /// It does not, for this reason.
    Refused(String),
}

impl Store {
    /// Notes an act that needs a second person, if it is possible now.
    ///
    /// # Errors
    /// When the act is not possible for this caller.
    pub async fn propose(&self, caller: &Caller, new: NewProposal<'_>, act: &Act, now: DateTime<Utc>) -> Result<Proposal, PeopleError> {
        let person = caller.person_id().ok_or(PeopleError::UnknownPerson)?;
        let mut client = self.client().await?;
        let open = match change::begin(&mut client, caller).await? {
            Change::Open(open) => open,
            Change::Done(proposal_id) => return self.proposal(caller, proposal_id, now).await,
        };
        let transaction = &open.transaction;
        let unit = concerns(transaction, caller, act, now).await?;
        let (purpose, case_number) =
            caller.purpose.as_ref().map(|purpose| (purpose.code.clone(), purpose.case_number.clone())).unwrap_or_default();
        let row = transaction
            .query_one(
                PROPOSE,
                &[&new.method, &new.request, &new.request_json, &unit, &purpose, &case_number, &person, &now, &(now + OPEN_FOR)],
            )
            .await?;
        let proposal_id: i64 = row.get(0);
        let proposal = one(transaction, caller, proposal_id, now).await?;
        open.commit_as("proposed", proposal_id).await?;
        Ok(proposal)
    }

    /// The proposals that the caller made or may decide, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn proposal_list(&self, caller: &Caller, waiting_only: bool, now: DateTime<Utc>) -> Result<Vec<Proposal>, StoreError> {
        let person = caller.person_id().unwrap_or_default();
        let rows = self.client().await?.query(LIST, &[&caller.roots, &person, &waiting_only, &now]).await?;
        Ok(rows.iter().map(|row| proposal_from(row, now)).collect())
    }

    /// One proposal within the caller's reach.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn proposal(&self, caller: &Caller, proposal_id: i64, now: DateTime<Utc>) -> Result<Proposal, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        one(&transaction, caller, proposal_id, now).await
    }

    /// Confirms or refuses a proposal; what it proposes takes effect in the same transaction.
    ///
    /// # Errors
    /// When it is over, the caller proposed it (and confirms), or the act is no longer possible.
    pub async fn proposal_decide(
        &self,
        caller: &Caller,
        proposal_id: i64,
        decided: &Decided,
        now: DateTime<Utc>,
    ) -> Result<Proposal, PeopleError> {
        let person = caller.person_id().ok_or(PeopleError::UnknownPerson)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.query_opt(LOCK, &[&proposal_id]).await?;
        let proposal = one(&transaction, caller, proposal_id, now).await?;
        match proposal.state {
            ProposalState::Waiting => {}
            ProposalState::Confirmed => return Err(PeopleError::ProposalOver("confirmed")),
            ProposalState::Refused => return Err(PeopleError::ProposalOver("refused")),
            ProposalState::Expired => return Err(PeopleError::ProposalOver("expired")),
        }
        let (state, reason, result) = match decided {
            Decided::Refused(reason) => ("refused", Some(reason), None),
            Decided::Confirmed(_) if proposal.proposed_by_id == person => return Err(PeopleError::SamePerson),
            // Who was switched off meanwhile proposes nothing any more.
            Decided::Confirmed(_) if !proposer_is_on(&transaction, &proposal).await? => return Err(PeopleError::ProposalOver("withdrawn")),
            Decided::Confirmed(_)
                if handed_over(&transaction, (&proposal.proposed_by, proposal.proposed_by_id), (caller.name(), person), now).await? =>
            {
                return Err(PeopleError::SamePerson);
            }
            Decided::Confirmed(act) => ("confirmed", None, take_effect(&transaction, caller, act, &proposal, now).await?),
        };
        transaction.execute(DECIDE, &[&proposal_id, &state, &person, &now, &reason, &result]).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        let proposal = one(&transaction, caller, proposal_id, now).await?;
        transaction.commit().await?;
        drop(client);
        if let Decided::Confirmed(Act::GrantRelief(new)) = decided {
            self.relief_follow(new).await;
        }
        if let Decided::Confirmed(Act::ApproveLateFact(approval)) = decided {
            self.late_follow(approval).await;
        }
        Ok(proposal)
    }
}

async fn proposer_is_on(transaction: &Transaction<'_>, proposal: &Proposal) -> Result<bool, PeopleError> {
    let row = transaction.query_one("SELECT is_on FROM people WHERE person_id = $1", &[&proposal.proposed_by_id]).await?;
    Ok(row.get(0))
}

/// Whether one of the two handed the other a password for the first log-in of late: whoever kept it could be both. Each by name and number.
async fn handed_over(
    transaction: &Transaction<'_>,
    one: (&str, i64),
    other: (&str, i64),
    now: DateTime<Utc>,
) -> Result<bool, tokio_postgres::Error> {
    let since = now - OPEN_FOR;
    let subjects = |(name, number): (&str, i64)| vec![format!("person {number}"), format!("name {name}")];
    for (giver, taker) in [(one, other), (other, one)] {
        let who = format!("person:{}", giver.0);
        if transaction.query_opt(HANDED_OVER, &[&who, &subjects(taker), &since]).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the caller counts as the same person as the first, by name and number: who did the first half of something does not do the second, nor
/// somebody to whom one of them handed a password of late.
pub(crate) async fn is_one_person(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (first, first_id): (&str, Option<i64>),
    now: DateTime<Utc>,
) -> Result<bool, tokio_postgres::Error> {
    let second_id = caller.person_id();
    let is_same = first == caller.name() || (first_id.is_some() && first_id == second_id);
    Ok(is_same
        || handed_over(transaction, (first, first_id.unwrap_or_default()), (caller.name(), second_id.unwrap_or_default()), now).await?)
}

/// The unit that the act concerns, if it is possible for this caller.
async fn concerns(transaction: &Transaction<'_>, caller: &Caller, act: &Act, now: DateTime<Utc>) -> Result<i64, PeopleError> {
    match act {
        Act::ChangeZones(change) => Ok(zone_change_concerns(transaction, caller, change, now).await?),
        Act::ChangeZoneSet(change) => Ok(zone_set_change_concerns(transaction, caller, change, now).await?),
        Act::ZoneSetMembers(members) => Ok(zone_set_members_concerns(transaction, caller, members, now).await?),
        Act::GiveRole(change) => grants::may_give(transaction, caller, change).await,
        Act::LiftHold { hold_id, .. } => hold_concerns(transaction, caller, *hold_id).await,
        Act::MergeWearers(merge) => Ok(merge_concerns(transaction, caller, merge, now).await?.unit_id),
        Act::CancelOrderFact(cancellation) => Ok(fact_cancellation_possible(transaction, caller, cancellation).await?.unit_id),
        Act::ReleaseData { request, .. } => release_concerns(transaction, caller, request).await,
        Act::RemoveTag(asked) => Ok(removal_concerns(transaction, caller, asked, now).await?),
        Act::AddTariff(tariff) => Ok(tariff_concerns(transaction, caller, tariff, now).await?),
        Act::SpendSetAside(new) => Ok(spending_concerns(transaction, caller, new).await?),
        Act::MarkUncollectible(mark) => Ok(uncollectible_concerns(transaction, caller, mark, now).await?),
        Act::GrantRelief(new) => Ok(relief_concerns(transaction, caller, new).await?),
        Act::NamePayAccount(new) => Ok(pay_account_concerns(transaction, caller, new).await?),
        Act::RecordBillCodes(company, service) => Ok(bill_codes_concerns(transaction, caller, (*company, *service)).await?),
        Act::ApproveLateFact(approval) => Ok(late_concerns(transaction, caller, approval).await?),
        Act::SetPolicy(_) => Ok(policy_concerns(transaction, caller).await?),
    }
}

/// Does what was proposed. The number of what came about, if it has one.
async fn take_effect(
    transaction: &Transaction<'_>,
    caller: &Caller,
    act: &Act,
    proposal: &Proposal,
    now: DateTime<Utc>,
) -> Result<Option<i64>, PeopleError> {
    match act {
        Act::GiveRole(change) => {
            let proposer = format!("person:{}", proposal.proposed_by);
            grants::give(transaction, caller, change, &proposer, now).await.map(|()| None)
        }
        Act::LiftHold { hold_id, reason } => {
            hold_lift(transaction, caller, *hold_id, reason, &proposal.proposed_by, now).await.map(|()| Some(*hold_id))
        }
        Act::MergeWearers(merge) => Ok(Some(wearer_merge(transaction, caller, merge, &proposal.proposed_by, now).await?)),
        Act::CancelOrderFact(cancellation) => {
            let by = format!("{}, {}", proposal.proposed_by, caller.name());
            Ok(Some(fact_cancel(transaction, caller, cancellation, &by, now).await?))
        }
        Act::ChangeZones(change) => Ok(Some(zone_change(transaction, caller, change, Eyes::Four, now).await?)),
        Act::ChangeZoneSet(change) => Ok(Some(zone_set_change(transaction, caller, change, Eyes::Four, now).await?)),
        Act::ZoneSetMembers(members) => Ok(Some(zone_set_members(transaction, caller, members, Eyes::Four, now).await?)),
        Act::ReleaseData { request, archive: Some(archive) } => {
            release_insert(transaction, caller, request, archive, proposal, now).await.map(Some)
        }
        Act::RemoveTag(asked) => Ok(removal_confirmed(transaction, caller, asked, &proposal.proposed_by, now).await.map(Some)?),
        Act::AddTariff(tariff) => Ok(tariff_add(transaction, caller, tariff, &proposal.proposed_by, now).await.map(|()| None)?),
        Act::SpendSetAside(new) => Ok(Some(spend(transaction, caller, new, &proposal.proposed_by, now).await?)),
        Act::MarkUncollectible(mark) => Ok(Some(uncollectible_mark(transaction, caller, mark, &proposal.proposed_by, now).await?)),
        Act::NamePayAccount(new) => Ok(Some(pay_account_name(transaction, caller, new, &proposal.proposed_by, now).await?)),
        Act::RecordBillCodes(company, service) => {
            Ok(bill_codes_record(transaction, caller, (*company, *service), &proposal.proposed_by, now).await.map(|()| None)?)
        }
        Act::GrantRelief(new) => Ok(Some(relief_grant(transaction, caller, new, &proposal.proposed_by).await?)),
        Act::ApproveLateFact(approval) => Ok(Some(late_approve(transaction, caller, approval, &proposal.proposed_by).await?)),
        Act::SetPolicy(policy) => Ok(policy_set(transaction, caller, policy, &proposal.proposed_by).await.map(|()| None)?),
        Act::ReleaseData { archive: None, .. } => Err(StoreError::Refused("a release without its archive".to_owned()).into()),
    }
}

async fn one(transaction: &Transaction<'_>, caller: &Caller, proposal_id: i64, now: DateTime<Utc>) -> Result<Proposal, PeopleError> {
    let person = caller.person_id().unwrap_or_default();
    let row = transaction.query_opt(ONE, &[&caller.roots, &person, &proposal_id]).await?;
    Ok(proposal_from(&row.ok_or(PeopleError::UnknownProposal)?, now))
}

fn proposal_from(row: &Row, now: DateTime<Utc>) -> Proposal {
    let expires_at: DateTime<Utc> = row.get(9);
    let state = match row.get(10) {
        "confirmed" => ProposalState::Confirmed,
        "refused" => ProposalState::Refused,
        _ if expires_at <= now => ProposalState::Expired,
        _ => ProposalState::Waiting,
    };
    Proposal {
        proposal_id: row.get(0),
        method: row.get(1),
        request: row.get(2),
        request_json: row.get(3),
        purpose: row.get(5),
        case_number: row.get(6),
        proposed_by: row.get(7),
        proposed_at: row.get(8),
        expires_at,
        state,
        decided_by: row.get(11),
        decided_at: row.get(12),
        reason: row.get(13),
        result_id: row.get(14),
        proposed_by_id: row.get(15),
        seen_from: row.get(16),
    }
}
