//! Leaves, batches and returns as answers show them.

use super::leave_asked::return_token;
use super::leave_refused::{hindrance, warning};
use crate::accounts::instant;
use crate::fields::decision;
use enrolment::ReturnOutcome as Outcome;
use enrolment::leave::{Eligibility, LeaveKind, LeaveState};
use proto::enrolment as schema;
use store::{BatchMode, BatchState, LeaveBatchPage, ReturnPage};

type Reasons = (Vec<schema::LeaveReason>, Vec<schema::LeaveReason>);

pub(super) fn leave(leave: store::Leave) -> schema::Leave {
    let (hindrances, warnings) = reasons(leave.eligibility);
    let state = match leave.state {
        LeaveState::Requested => schema::LeaveState::Requested,
        LeaveState::Approved => schema::LeaveState::Approved,
        LeaveState::Refused => schema::LeaveState::Refused,
        LeaveState::Withdrawn => schema::LeaveState::Withdrawn,
        LeaveState::Shortened => schema::LeaveState::Shortened,
    };
    schema::Leave {
        leave_id: leave.leave_id,
        version: leave.version,
        wearer: leave.wearer,
        state: state.into(),
        from: Some(instant(leave.terms.from)),
        to: Some(instant(leave.terms.to)),
        kind: kind(leave.terms.kind).into(),
        exclusion: leave.exclusion,
        purpose: leave.purpose,
        late_reason: leave.late_reason,
        requested_by: leave.requested_by,
        requested_at: Some(instant(leave.requested_at)),
        decision: leave.decision.map(decision),
        decided_by: leave.decided_by,
        decided_at: leave.decided_at.map(instant),
        batch_id: leave.batch_id,
        back_at: leave.back_at.map(instant),
        ended_by: leave.ended_by,
        ended_at: leave.ended_at.map(instant),
        end_reason: leave.end_reason,
        hindrances,
        warnings,
        never_granted: leave.never_granted,
    }
}

/// A page of a batch.
pub(super) fn batch_page(page: LeaveBatchPage) -> schema::LeaveBatch {
    let state = page.batch.state;
    let wearer = |one: store::LeaveBatchWearer| {
        let eligible = if state == BatchState::Prepared { one.eligibility.is_eligible() } else { one.leave_id.is_some() };
        let (hindrances, warnings) = reasons(one.eligibility);
        let leave_id = one.leave_id.unwrap_or_default();
        schema::LeaveBatchWearer {
            wearer: one.reference,
            eligible,
            hindrances,
            warnings,
            leave_id,
            warnings_unread: state == BatchState::Approved && one.warnings_unread,
        }
    };
    schema::LeaveBatch {
        eligible_count: page.eligible_count as u32,
        next_after: page.next_after.map_or(0, i32::unsigned_abs),
        wearers: page.wearers.into_iter().map(wearer).collect(),
        ..batch(page.batch)
    }
}

/// A batch without who is in it.
pub(super) fn batch(batch: store::LeaveBatch) -> schema::LeaveBatch {
    let state = match batch.state {
        BatchState::Prepared => schema::LeaveBatchState::Prepared,
        BatchState::Approved => schema::LeaveBatchState::Approved,
        BatchState::Withdrawn => schema::LeaveBatchState::Withdrawn,
    };
    let mode = match batch.mode {
        None => schema::LeaveBatchMode::Unspecified,
        Some(BatchMode::AllOrNothing) => schema::LeaveBatchMode::AllOrNothing,
        Some(BatchMode::PerPerson) => schema::LeaveBatchMode::PerPerson,
    };
    schema::LeaveBatch {
        batch_id: batch.batch_id,
        version: batch.version,
        state: state.into(),
        from: Some(instant(batch.terms.from)),
        to: Some(instant(batch.terms.to)),
        kind: kind(batch.terms.kind).into(),
        exclusion: batch.exclusion,
        purpose: batch.purpose,
        late_reason: batch.late_reason,
        decision: Some(decision(batch.decision)),
        prepared_by: batch.prepared_by,
        prepared_at: Some(instant(batch.prepared_at)),
        approved_by: batch.approved_by,
        approved_at: batch.approved_at.map(instant),
        mode: mode.into(),
        withdrawn_by: batch.withdrawn_by,
        withdrawn_at: batch.withdrawn_at.map(instant),
        withdraw_reason: batch.withdraw_reason,
        wearers_count: u32::try_from(batch.wearers_count).unwrap_or_default(),
        eligible_count: 0,
        wearers: Vec::new(),
        next_after: 0,
    }
}

pub(super) fn returns(page: ReturnPage) -> schema::ListReturnsResponse {
    let next_page_token = page.next.map_or(String::new(), return_token);
    schema::ListReturnsResponse { returns: page.returns.into_iter().map(one_return).collect(), next_page_token }
}

fn one_return(one: store::LeaveReturn) -> schema::Return {
    use schema::ReturnOutcome as Shown;
    let (outcome, at, alert_id) = match one.outcome {
        Outcome::OnLeave => (Shown::OnLeave, None, None),
        Outcome::NotDue => (Shown::NotDue, None, None),
        Outcome::Waiting => (Shown::Waiting, None, None),
        Outcome::Home(at) => (Shown::Home, Some(at), None),
        Outcome::HomeLate(alert_id, at) => (Shown::HomeLate, Some(at), Some(alert_id)),
        Outcome::Out(alert_id, at) => (Shown::Out, Some(at), Some(alert_id)),
        Outcome::NotSeen(alert_id, at) => (Shown::NotSeen, Some(at), alert_id),
        Outcome::NotMonitored => (Shown::NotMonitored, None, None),
        Outcome::NoZone => (Shown::NoZone, None, None),
    };
    schema::Return {
        leave_id: one.leave_id,
        wearer: one.wearer,
        ended_at: Some(instant(one.facts.over_at)),
        outcome: outcome.into(),
        due_at: one.facts.due_at.map(instant),
        at: at.map(instant),
        alert_id: alert_id.unwrap_or_default(),
    }
}

fn reasons(eligibility: Eligibility) -> Reasons {
    (eligibility.hindrances.into_iter().map(hindrance).collect(), eligibility.warnings.into_iter().map(warning).collect())
}

const fn kind(kind: LeaveKind) -> schema::LeaveKind {
    match kind {
        LeaveKind::Overnight => schema::LeaveKind::Overnight,
        LeaveKind::Hours => schema::LeaveKind::Hours,
    }
}
