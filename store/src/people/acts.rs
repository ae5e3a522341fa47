//! What needs a second person: each act, whom it concerns while it waits, and what it brings about.

use super::{PeopleError, Proposal, RoleChange, grants};
use crate::books::{
    CollectibleMark, UncollectibleMark, collectible_concerns, collectible_mark, uncollectible_concerns, uncollectible_mark,
};
use crate::books::{LateApproval, late_approve, late_concerns};
use crate::books::{NewPayAccount, bill_codes_concerns, bill_codes_record, pay_account_concerns, pay_account_name};
use crate::books::{NewRelief, relief_concerns, relief_grant};
use crate::books::{SpendingBack, spend, spending_back_concerns, spending_concerns, spending_take_back};
use crate::books::{policy_concerns, policy_set};
use crate::books::{tariff_add, tariff_concerns, tariff_reaches_back};
use crate::custody::{hold_concerns, hold_lift, release_concerns, release_insert};
use crate::enrolment::{
    Eyes, ZoneChange, ZoneSetChange, ZoneSetMembers, zone_change, zone_change_concerns, zone_set_change, zone_set_change_concerns,
    zone_set_members, zone_set_members_concerns,
};
use crate::enrolment::{FactCancellation, WearerMerge, fact_cancel, fact_cancellation_possible, merge_concerns, wearer_merge};
use crate::enrolment::{removal_concerns, removal_confirmed};
use crate::{Archive, AskedRemoval, NewSpending, ReleaseRequest, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

/// What a proposal is about. Whatever needs a second person has its act, its `concerns` and its `take_effect` here.
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
    /// Spending of what was set aside, taken back.
    TakeBackSpending(SpendingBack),
    /// A document that was given up, asked for again.
    MarkCollectible(CollectibleMark),
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

/// The unit that the act concerns, if it is possible for this caller.
pub(super) async fn concerns(transaction: &Transaction<'_>, caller: &Caller, act: &Act, now: DateTime<Utc>) -> Result<i64, PeopleError> {
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
        Act::AddTariff(tariff) => Ok(tariff_concerns(transaction, caller, tariff).await?),
        Act::SpendSetAside(new) => Ok(spending_concerns(transaction, caller, new).await?),
        Act::TakeBackSpending(back) => Ok(spending_back_concerns(transaction, caller, back).await?),
        Act::MarkCollectible(mark) => Ok(collectible_concerns(transaction, caller, mark).await?),
        Act::MarkUncollectible(mark) => Ok(uncollectible_concerns(transaction, caller, mark, now).await?),
        Act::GrantRelief(new) => Ok(relief_concerns(transaction, caller, new).await?),
        Act::NamePayAccount(new) => Ok(pay_account_concerns(transaction, caller, new).await?),
        Act::RecordBillCodes(company, service) => Ok(bill_codes_concerns(transaction, caller, (*company, *service)).await?),
        Act::ApproveLateFact(approval) => Ok(late_concerns(transaction, caller, approval).await?),
        Act::SetPolicy(_) => Ok(policy_concerns(transaction, caller).await?),
    }
}

/// Whether two must approve it, besides who proposed it: a raise that holds from before its approval (decision D18).
pub(super) async fn second_approval_needed(transaction: &Transaction<'_>, act: &Act, now: DateTime<Utc>) -> Result<bool, PeopleError> {
    match act {
        Act::AddTariff(tariff) => Ok(tariff_reaches_back(transaction, tariff, now).await?),
        _ => Ok(false),
    }
}

/// Does what was proposed. The number of what came about, if it has one.
pub(super) async fn take_effect(
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
        Act::AddTariff(tariff) => Ok(tariff_add(transaction, caller, tariff, proposal, now).await.map(|()| None)?),
        Act::SpendSetAside(new) => Ok(Some(spend(transaction, caller, new, &proposal.proposed_by, now).await?)),
        Act::TakeBackSpending(back) => Ok(Some(spending_take_back(transaction, caller, back, &proposal.proposed_by, now).await?)),
        Act::MarkCollectible(mark) => Ok(Some(collectible_mark(transaction, caller, mark, &proposal.proposed_by, now).await?)),
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
