//! What callers ask about money in and out, checked field by field.

use super::shown::{UNIT_MAX, page_asked};
use crate::fields::{Fields, NUMBER_MAX, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use billing::calendar::{Day, Moment};
use billing::identifier::{Sheba, ShebaError};
use chrono::{DateTime, NaiveDate, Utc};
use proto::billing as schema;
use store::{
    DamageFilter, DamageStep, HolderGround, LineIs, LineMatch, NewDamage, NewPayment, NewRefund, NewRefundAccount, PaymentFilter,
    RefundFilter, RefundState,
};
use tonic::Status;

/// Longest report, objection and answer, characters.
const REPORT_MAX: usize = 4000;
/// Most photos of one damage.
const PHOTOS_MAX: usize = 20;

pub(super) fn match_asked(asked: &schema::MatchLineRequest) -> Result<LineMatch, Status> {
    let mut fields = Fields::default();
    let schema::MatchLineRequest { line_id, expected_version, deposit, another_payment, payment_id, refund_id, .. } = *asked;
    let is = match (payment_id, refund_id) {
        (0, 0) => {
            let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
            let invoice = fields.optional_text("invoice", &asked.invoice, NUMBER_MAX);
            if deposit && !invoice.is_empty() {
                // A deposit pays no invoice.
                fields.note("invoice", Wrong::UnknownChoice, &[("value", invoice.clone())]);
            }
            LineIs::PaymentOf { wearer, invoice, is_deposit: deposit, is_another: another_payment }
        }
        (payment_id, 0) => LineIs::Payment(payment_id),
        (_, refund_id) => LineIs::Refund(refund_id),
    };
    if payment_id != 0 && refund_id != 0 {
        fields.note("refund_id", Wrong::UnknownChoice, &[("value", refund_id.to_string())]);
    }
    // A payment and a refund have a wearer of their own.
    let has_more = !asked.wearer.is_empty() || !asked.invoice.is_empty() || deposit || another_payment;
    if !matches!(is, LineIs::PaymentOf { .. }) && has_more {
        fields.note("wearer", Wrong::UnknownChoice, &[("value", asked.wearer.chars().take(REFERENCE_MAX).collect())]);
    }
    fields.check()?;
    Ok(LineMatch { line_id, expected_version, is })
}

pub(super) fn payment_asked(asked: &schema::RecordPaymentRequest, now: DateTime<Utc>) -> Result<NewPayment, Status> {
    let mut fields = Fields::default();
    let payment = NewPayment {
        wearer: fields.text("wearer", &asked.wearer, REFERENCE_MAX),
        amount: amount(&mut fields, "amount", asked.amount.as_ref()),
        paid_at: past(&mut fields, "paid_at", asked.paid_at.as_ref(), now),
        reference: fields.text("reference", &asked.reference, NUMBER_MAX),
        invoice: fields.optional_text("invoice", &asked.invoice, NUMBER_MAX),
        is_deposit: false,
        note: fields.optional_text("note", &asked.note, REASON_MAX),
    };
    fields.check()?;
    Ok(payment)
}

pub(super) fn deposit_asked(asked: &schema::RecordDepositPaymentRequest, now: DateTime<Utc>) -> Result<NewPayment, Status> {
    let schema::RecordDepositPaymentRequest { wearer, amount, paid_at, reference, note } = asked.clone();
    let as_payment = schema::RecordPaymentRequest { wearer, amount, paid_at, reference, note, invoice: String::new() };
    Ok(NewPayment { is_deposit: true, ..payment_asked(&as_payment, now)? })
}

pub(super) fn payments_asked(asked: &schema::ListPaymentsRequest) -> Result<PaymentFilter, Status> {
    let mut fields = Fields::default();
    let wearer = fields.optional_text("wearer", &asked.wearer, REFERENCE_MAX);
    let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
    let from = fields.optional_instant("from", asked.from.as_ref());
    let to = fields.optional_instant("to", asked.to.as_ref());
    if let (Some(from), Some(to)) = (from, to) {
        fields.order(from, to);
    }
    let (begins, amount) = slip_asked(&mut fields, &asked.begins_with, asked.amount.as_ref());
    let limit = page_asked(&mut fields, asked.page_size);
    fields.check()?;
    Ok(PaymentFilter { wearer, unit, from, to, begins, amount, before: asked.before_payment_id, limit })
}

/// What is on a slip: how a reference begins (empty = anyhow), and an amount in rials (0 = any).
pub(super) fn slip_asked(fields: &mut Fields, begins: &str, asked: Option<&schema::Money>) -> (String, i64) {
    let begins = fields.optional_text("begins_with", begins, NUMBER_MAX);
    (begins, asked.map_or(0, |asked| amount(fields, "amount", Some(asked))))
}

/// Whether the money is there and another's, and why it is reversed.
pub(super) fn reverse_asked(asked: &schema::ReversePaymentRequest) -> Result<(bool, String), Status> {
    let mut fields = Fields::default();
    if asked.kind() == schema::ReversalKind::Unspecified {
        fields.note("kind", Wrong::UnknownChoice, &[("value", asked.kind.to_string())]);
    }
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check()?;
    Ok((asked.kind() == schema::ReversalKind::Misdirected, reason))
}

pub(super) fn account_asked(asked: &schema::SetRefundAccountRequest) -> Result<NewRefundAccount, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let sheba = match asked.sheba.trim().parse::<Sheba>() {
        Ok(sheba) => sheba.to_string(),
        Err(error) => {
            let wrongness = if error == ShebaError::Check { Wrong::ShebaCheck } else { Wrong::NotASheba };
            fields.note("sheba", wrongness, &[]);
            String::new()
        }
    };
    let holder = fields.text("holder", &asked.holder, REFERENCE_MAX);
    let ground = match schema::HolderGround::try_from(asked.ground) {
        Ok(schema::HolderGround::Unspecified) => None,
        Ok(schema::HolderGround::Guardian) => Some(HolderGround::Guardian),
        Ok(schema::HolderGround::Representative) => Some(HolderGround::Representative),
        Ok(schema::HolderGround::Heir) => Some(HolderGround::Heir),
        Err(_) => {
            fields.note("ground", Wrong::UnknownChoice, &[("value", asked.ground.to_string())]);
            None
        }
    };
    let ground = ground.map(|ground| (ground, fields.text("proof", &asked.proof, NUMBER_MAX)));
    fields.check()?;
    Ok(NewRefundAccount { wearer, sheba, holder, ground })
}

pub(super) fn refund_asked(asked: &schema::RequestRefundRequest) -> Result<NewRefund, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let amount = amount(&mut fields, "amount", asked.amount.as_ref());
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check()?;
    Ok(NewRefund { wearer, amount, is_deposit: asked.deposit, reason })
}

/// Of which unit, and how many.
pub(super) fn due_asked(asked: &schema::ListRefundsDueRequest) -> Result<(String, u32), Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
    let limit = page_asked(&mut fields, asked.page_size);
    fields.check().map(|()| (unit, limit))
}

pub(super) fn refunds_asked(asked: &schema::ListRefundsRequest) -> Result<RefundFilter, Status> {
    let mut fields = Fields::default();
    let wearer = fields.optional_text("wearer", &asked.wearer, REFERENCE_MAX);
    let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
    let state = |number| {
        Some(match schema::RefundState::try_from(number).ok()? {
            schema::RefundState::Unspecified => return None,
            schema::RefundState::Requested => RefundState::Requested,
            schema::RefundState::Approved => RefundState::Approved,
            schema::RefundState::Sent => RefundState::Sent,
            schema::RefundState::Refused => RefundState::Refused,
            schema::RefundState::Returned => RefundState::Returned,
        })
    };
    let states = states(&mut fields, &asked.states, state);
    let limit = page_asked(&mut fields, asked.page_size);
    fields.check()?;
    Ok(RefundFilter { wearer, unit, states, before: asked.before_refund_id, limit })
}

pub(super) fn damage_asked(asked: &schema::AssessDamageRequest) -> Result<NewDamage, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let amount = amount(&mut fields, "amount", asked.amount.as_ref());
    let report = fields.text("report", &asked.report, REPORT_MAX);
    let count = asked.photo_ids.len();
    if count > PHOTOS_MAX {
        fields.note("photo_ids", Wrong::TooMany, &[("max", PHOTOS_MAX.to_string()), ("count", count.to_string())]);
    }
    fields.check()?;
    Ok(NewDamage { wearer, amount, report, photo_ids: asked.photo_ids.clone() })
}

/// On which day the person was told of a damage, and how.
pub(super) fn notice_asked(asked: &schema::RecordDamageNoticeRequest) -> Result<(NaiveDate, String), Status> {
    let mut fields = Fields::default();
    let day = fields.date("day", asked.day.as_ref());
    if !fields.has("day") && Day::try_from(day).is_err() {
        fields.note("day", Wrong::NoDate, &[]);
    }
    let how = fields.text("how", &asked.how, REASON_MAX);
    fields.check().map(|()| (day, how))
}

pub(super) fn damages_asked(asked: &schema::ListDamagesRequest) -> Result<DamageFilter, Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
    let mut steps = Vec::new();
    for (at, &number) in asked.steps.iter().enumerate() {
        match step_asked(number) {
            Some(step) => steps.push(step),
            None => fields.note(format!("steps[{at}]"), Wrong::UnknownChoice, &[("value", number.to_string())]),
        }
    }
    let limit = page_asked(&mut fields, asked.page_size);
    fields.check()?;
    Ok(DamageFilter { unit, steps, before: asked.before_damage_id, limit })
}

fn step_asked(number: i32) -> Option<DamageStep> {
    Some(match schema::DamageStep::try_from(number).ok()? {
        schema::DamageStep::Unspecified => return None,
        schema::DamageStep::Tell => DamageStep::Tell,
        schema::DamageStep::Wait => DamageStep::Wait,
        schema::DamageStep::Answer => DamageStep::Answer,
        schema::DamageStep::Settle => DamageStep::Settle,
        schema::DamageStep::Dropped => DamageStep::Dropped,
        schema::DamageStep::Settled => DamageStep::Settled,
    })
}

pub(super) fn object_asked(asked: &schema::ObjectToDamageRequest, now: DateTime<Utc>) -> Result<(DateTime<Utc>, String), Status> {
    let mut fields = Fields::default();
    let at = past(&mut fields, "objected_at", asked.objected_at.as_ref(), now);
    let objection = fields.text("objection", &asked.objection, REPORT_MAX);
    fields.check()?;
    Ok((at, objection))
}

pub(super) fn answer_asked(asked: &schema::AnswerDamageObjectionRequest) -> Result<(i64, String), Status> {
    let mut fields = Fields::default();
    let remains = super::money_asked(&mut fields, "amount", asked.amount.as_ref(), 0).minor_units();
    if remains < 0 {
        fields.note("amount", Wrong::MustNotBeNegative, &[("value", remains.to_string())]);
    }
    let answer = fields.text("answer", &asked.answer, REPORT_MAX);
    fields.check()?;
    Ok((remains, answer))
}

/// One text that must be there.
pub(super) fn text(field: &str, text: &str, max: usize) -> Result<String, Status> {
    let mut fields = Fields::default();
    let text = fields.text(field, text, max);
    fields.check()?;
    Ok(text)
}

/// Rials above nothing.
fn amount(fields: &mut Fields, field: &str, asked: Option<&schema::Money>) -> i64 {
    super::money_asked(fields, field, asked, 1).minor_units()
}

/// An instant that is not to come, of a year that is reckoned.
fn past(fields: &mut Fields, field: &str, time: Option<&prost_types::Timestamp>, now: DateTime<Utc>) -> DateTime<Utc> {
    let at = fields.instant(field, time);
    if at > now {
        fields.note(field, Wrong::InFuture, &[]);
    } else if Moment::try_from(at).is_err() && !fields.has(field) {
        fields.note(field, Wrong::VeryLongAgo, &[]);
    }
    at
}

/// Choices of a filter.
pub(super) fn states<T>(fields: &mut Fields, numbers: &[i32], state: impl Fn(i32) -> Option<T>) -> Vec<T> {
    let mut states = Vec::new();
    for (at, &number) in numbers.iter().enumerate() {
        match state(number) {
            Some(state) => states.push(state),
            None => fields.note(format!("states[{at}]"), Wrong::UnknownChoice, &[("value", number.to_string())]),
        }
    }
    states
}
