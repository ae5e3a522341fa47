//! Statements, payments, refunds and deposits as answers show them.

use super::money;
use crate::accounts::instant;
use crate::enrolment::deposit_consequence;
use crate::fields::date;
use chrono::{DateTime, Utc};
use enrolment::DepositConsequence;
use proto::billing as schema;
use store::{DamageState, DamageStep, DepositStanding, HolderGround, LineState, RefundState};

pub(super) fn import(import: store::StatementImport) -> schema::StatementImport {
    schema::StatementImport {
        statement_id: import.statement_id,
        lines: import.lines,
        new_lines: import.new,
        known_lines: import.lines.saturating_sub(import.new),
        matched: import.matched,
        waiting: import.waiting,
        outgoing: import.outgoing,
    }
}

pub(super) fn line(line: store::StatementLine) -> schema::StatementLine {
    let state = match line.state {
        LineState::Waiting => schema::StatementLineState::Waiting,
        LineState::Matched => schema::StatementLineState::Matched,
        LineState::SetAside => schema::StatementLineState::SetAside,
        LineState::Outgoing => schema::StatementLineState::Outgoing,
    };
    schema::StatementLine {
        line_id: line.line_id,
        version: line.version,
        statement_id: line.statement_id,
        place: line.place,
        unit: line.unit,
        account: line.account,
        day: Some(date(line.day)),
        amount: Some(money(line.amount)),
        identifier: line.identifier,
        reference: line.reference,
        text: line.text,
        state: state.into(),
        wearer: line.wearer,
        payment_id: line.payment_id.unwrap_or_default(),
        automatic: line.is_automatic,
        decided_by: line.decided_by,
        decided_at: line.decided_at.map(instant),
        reason: line.reason,
        like_payment_id: line.like_payment_id.unwrap_or_default(),
        refund_id: line.refund_id.unwrap_or_default(),
    }
}

pub(super) fn payment(payment: store::Payment) -> schema::Payment {
    schema::Payment {
        payment_id: payment.payment_id,
        wearer: payment.wearer,
        amount: Some(money(payment.amount)),
        paid_at: Some(instant(payment.paid_at)),
        reference: payment.reference,
        invoice: payment.invoice,
        deposit: payment.is_deposit,
        recorded_by: payment.recorded_by,
        recorded_at: Some(instant(payment.recorded_at)),
        note: payment.note,
        line_id: payment.line_id,
        reversed_by: payment.reversed_by,
        reversed_at: payment.reversed_at.map(instant),
        reverse_reason: payment.reverse_reason,
    }
}

pub(super) fn refund(refund: store::Refund) -> schema::Refund {
    let state = match refund.state {
        RefundState::Requested => schema::RefundState::Requested,
        RefundState::Approved => schema::RefundState::Approved,
        RefundState::Sent => schema::RefundState::Sent,
        RefundState::Refused => schema::RefundState::Refused,
        RefundState::Returned => schema::RefundState::Returned,
    };
    schema::Refund {
        refund_id: refund.refund_id,
        version: refund.version,
        wearer: refund.wearer,
        state: state.into(),
        deposit: refund.is_deposit,
        amount: Some(money(refund.amount)),
        sheba: refund.sheba,
        holder: refund.holder,
        reason: refund.reason,
        requested_by: refund.requested_by,
        requested_at: Some(instant(refund.requested_at)),
        approved_by: refund.approved_by,
        approved_at: refund.approved_at.map(instant),
        sent_by: refund.sent_by,
        sent_at: refund.sent_at.map(instant),
        bank_reference: refund.bank_reference,
        refused_by: refund.refused_by,
        refused_at: refund.refused_at.map(instant),
        refuse_reason: refund.refuse_reason,
        line_id: refund.line_id,
        returned_by: refund.returned_by,
        returned_at: refund.returned_at.map(instant),
        return_reason: refund.return_reason,
        return_line_id: refund.return_line_id,
    }
}

pub(super) fn refund_account(recorded: store::RefundAccount) -> schema::RefundAccount {
    let store::RefundAccount { account, recorded_by, recorded_at, .. } = recorded;
    let (ground, proof) = account.ground.map_or((schema::HolderGround::Unspecified, String::new()), |(ground, proof)| {
        let ground = match ground {
            HolderGround::Guardian => schema::HolderGround::Guardian,
            HolderGround::Representative => schema::HolderGround::Representative,
            HolderGround::Heir => schema::HolderGround::Heir,
        };
        (ground, proof)
    });
    schema::RefundAccount {
        wearer: account.wearer,
        sheba: account.sheba,
        holder: account.holder,
        ground: ground.into(),
        proof,
        recorded_by,
        recorded_at: Some(instant(recorded_at)),
    }
}

pub(super) fn refund_due(due: store::RefundDue) -> schema::RefundDue {
    schema::RefundDue {
        wearer: due.wearer,
        deposit: due.is_deposit,
        amount: Some(money(due.amount)),
        since: Some(instant(due.since)),
        due: Some(date(due.due.gregorian())),
        overdue: due.is_overdue,
        refund_id: due.refund_id,
        approved: due.is_approved,
        has_account: due.has_account,
    }
}

pub(super) fn deposit(deposit: DepositStanding, now: DateTime<Utc>) -> schema::Deposit {
    let proposed = deposit.proposed.map_or(0, |proposed| deposit_consequence(proposed).into());
    let proposed_rial = deposit.proposed.and_then(DepositConsequence::rial).unwrap_or_default();
    schema::Deposit {
        required: Some(money(deposit.required)),
        ceiling: deposit.ceiling.map(money),
        held: Some(money(deposit.held)),
        returned: Some(money(deposit.returned)),
        damage: Some(money(deposit.damage)),
        damages: deposit.damages.into_iter().map(|one| damage(one, now)).collect(),
        proposed,
        proposed_rial,
    }
}

pub(super) fn damage(damage: store::Damage, now: DateTime<Utc>) -> schema::Damage {
    let step = step(damage.step(now));
    let state = match damage.state {
        DamageState::Assessed => schema::DamageState::Assessed,
        DamageState::Objected => schema::DamageState::Objected,
        DamageState::Answered => schema::DamageState::Answered,
        DamageState::Dropped => schema::DamageState::Dropped,
        DamageState::Settled => schema::DamageState::Settled,
    };
    schema::Damage {
        damage_id: damage.damage_id,
        version: damage.version,
        wearer: damage.wearer,
        state: state.into(),
        assessed: Some(money(damage.assessed)),
        amount: Some(money(damage.amount)),
        report: damage.report,
        photo_ids: damage.photo_ids,
        assessed_by: damage.assessed_by,
        assessed_at: Some(instant(damage.assessed_at)),
        object_until: damage.object_until.map(instant),
        objection: damage.objection,
        objected_at: damage.objected_at.map(instant),
        objection_recorded_by: damage.objection_by,
        answer: damage.answer,
        answered_by: damage.answered_by,
        answered_at: damage.answered_at.map(instant),
        settled_by: damage.settled_by,
        settled_at: damage.settled_at.map(instant),
        notice: damage.notice.map(|notice| schema::DamageNotice {
            day: Some(date(notice.day)),
            how: notice.how,
            recorded_by: notice.recorded_by,
            recorded_at: Some(instant(notice.recorded_at)),
        }),
        step: step.into(),
    }
}

const fn step(step: DamageStep) -> schema::DamageStep {
    match step {
        DamageStep::Tell => schema::DamageStep::Tell,
        DamageStep::Wait => schema::DamageStep::Wait,
        DamageStep::Answer => schema::DamageStep::Answer,
        DamageStep::Settle => schema::DamageStep::Settle,
        DamageStep::Dropped => schema::DamageStep::Dropped,
        DamageStep::Settled => schema::DamageStep::Settled,
    }
}
