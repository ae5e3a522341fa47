//! What callers ask about fittings and removals, checked field by field.

use super::tags_asked::{IMEI_MAX, state_read};
use crate::fields::{Fields, NUMBER_MAX, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use chrono::Utc;
use enrolment::checklist::{Item, StatementKind};
use enrolment::{Condition, DepositConsequence, Payer, RemovalReason, ReplacementReason, TagState};
use proto::enrolment as schema;
use proto::enrolment::{BeginFittingRequest, BeginReplacementRequest, CompleteReplacementRequest, RemoveTagRequest, StateItemRequest};
use store::{AskedRemoval, Exchanged, HowRemoved, NewReplacement};
use tonic::Status;

/// Most photos of one removal.
const PHOTOS_MAX: usize = 20;

/// A wearer and a tag.
pub(super) fn fitting_asked(asked: &BeginFittingRequest) -> Result<(String, String), Status> {
    let mut fields = Fields::default();
    let pair = (fields.text("wearer", &asked.wearer, REFERENCE_MAX), fields.text("imei", &asked.imei, IMEI_MAX));
    fields.check()?;
    Ok(pair)
}

/// The same with why the tag worn now is exchanged, and who pays.
pub(super) fn replacement_asked(asked: &BeginReplacementRequest) -> Result<((String, String), NewReplacement), Status> {
    let mut fields = Fields::default();
    let pair = (fields.text("wearer", &asked.wearer, REFERENCE_MAX), fields.text("imei", &asked.imei, IMEI_MAX));
    let reason = match asked.reason() {
        schema::ReplacementReason::Faulty => ReplacementReason::Faulty,
        schema::ReplacementReason::Battery => ReplacementReason::Battery,
        schema::ReplacementReason::Damaged => ReplacementReason::Damaged,
        schema::ReplacementReason::Lost => ReplacementReason::Lost,
        schema::ReplacementReason::Strap => ReplacementReason::Strap,
        schema::ReplacementReason::Other => ReplacementReason::Other,
        unsaid @ schema::ReplacementReason::Unspecified => no_choice(&mut fields, "reason", unsaid.as_str_name(), ReplacementReason::Other),
    };
    let payer = match asked.payer() {
        schema::Payer::Organisation => Payer::Organisation,
        schema::Payer::Wearer => Payer::Wearer,
        schema::Payer::Executor => Payer::Executor,
        unsaid @ schema::Payer::Unspecified => no_choice(&mut fields, "payer", unsaid.as_str_name(), Payer::Organisation),
    };
    let note = match asked.reason() {
        schema::ReplacementReason::Other => fields.text("note", &asked.note, REASON_MAX),
        _ => fields.optional_text("note", &asked.note, REASON_MAX),
    };
    fields.check()?;
    Ok((pair, NewReplacement { reason, payer, note }))
}

/// What is said of an item: which, of what kind, the receipt's number, the note.
pub(super) fn statement_asked(asked: &StateItemRequest) -> Result<(Item, StatementKind, String, String), Status> {
    let mut fields = Fields::default();
    let item = item_read(&mut fields, asked.item());
    if let Some(item) = item.filter(|item| !item.is_stated() || (asked.not_needed && !item.may_be_not_needed())) {
        fields.note("item", Wrong::UnknownChoice, &[("value", item.name().to_owned())]);
    }
    let is_paid = item == Some(Item::Deposit) && !asked.not_needed;
    let receipt = match is_paid {
        true => fields.text("receipt_number", &asked.receipt_number, NUMBER_MAX),
        false => fields.optional_text("receipt_number", &asked.receipt_number, NUMBER_MAX),
    };
    let note = match asked.not_needed {
        true => fields.text("note", &asked.note, REASON_MAX),
        false => fields.optional_text("note", &asked.note, REASON_MAX),
    };
    fields.check()?;
    let kind = if asked.not_needed { StatementKind::NotNeeded } else { StatementKind::Stated };
    Ok((item.unwrap_or(Item::Deposit), kind, receipt, note))
}

/// An item of the checklist.
pub(super) fn item_read(fields: &mut Fields, item: schema::ChecklistItemKind) -> Option<Item> {
    use schema::ChecklistItemKind as Kind;
    Some(match item {
        Kind::Unspecified => {
            fields.note("item", Wrong::Missing, &[]);
            return None;
        }
        Kind::OrderInForce => Item::OrderInForce,
        Kind::ZonesValid => Item::ZonesValid,
        Kind::HomeInspected => Item::HomeInspected,
        Kind::TagHeard => Item::TagHeard,
        Kind::StrapClosed => Item::StrapClosed,
        Kind::Battery => Item::Battery,
        Kind::FixInsideZone => Item::FixInsideZone,
        Kind::Deposit => Item::Deposit,
        Kind::Undertaking => Item::Undertaking,
    })
}

/// How the tag that was exchanged came back.
pub(super) fn exchanged_asked(asked: &CompleteReplacementRequest) -> Result<Exchanged, Status> {
    let mut fields = Fields::default();
    let condition = condition_read(&mut fields, asked.condition());
    let condition_note = fields.optional_text("condition_note", &asked.condition_note, REASON_MAX);
    let tag_state = state_after(&mut fields, asked.tag_state());
    fields.check()?;
    Ok(Exchanged { condition, condition_note, tag_state })
}

/// A tag to take off.
pub(crate) fn removal_asked(asked: &RemoveTagRequest) -> Result<AskedRemoval, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let at = fields.optional_instant("at", asked.at.as_ref());
    if at.is_some_and(|at| at > Utc::now()) {
        fields.note("at", Wrong::InFuture, &[]);
    }
    let reason = reason_read(&mut fields, asked.reason());
    let explanation = match reason {
        RemovalReason::Other => fields.text("explanation", &asked.explanation, REASON_MAX),
        _ => fields.optional_text("explanation", &asked.explanation, REASON_MAX),
    };
    let condition = condition_read(&mut fields, asked.condition());
    let condition_note = fields.optional_text("condition_note", &asked.condition_note, REASON_MAX);
    if asked.photo_ids.len() > PHOTOS_MAX {
        fields.note("photo_ids", Wrong::TooMany, &[("max", PHOTOS_MAX.to_string()), ("count", asked.photo_ids.len().to_string())]);
    }
    let mut photo_ids = asked.photo_ids.clone();
    photo_ids.sort_unstable();
    photo_ids.dedup();
    let deposit = deposit_read(&mut fields, asked);
    let tag_state = state_after(&mut fields, asked.tag_state());
    fields.check()?;
    Ok(AskedRemoval { wearer, at, how: HowRemoved { reason, explanation, condition, condition_note, photo_ids, deposit, tag_state } })
}

/// A replacement has a way of its own.
fn reason_read(fields: &mut Fields, reason: schema::RemovalReason) -> RemovalReason {
    match reason {
        schema::RemovalReason::OrderEnded => RemovalReason::OrderEnded,
        schema::RemovalReason::OrderRevoked => RemovalReason::OrderRevoked,
        schema::RemovalReason::Hospital => RemovalReason::Hospital,
        schema::RemovalReason::Prison => RemovalReason::Prison,
        schema::RemovalReason::Death => RemovalReason::Death,
        schema::RemovalReason::Other => RemovalReason::Other,
        none @ (schema::RemovalReason::Unspecified | schema::RemovalReason::Replacement) => {
            no_choice(fields, "reason", none.as_str_name(), RemovalReason::OrderEnded)
        }
    }
}

fn condition_read(fields: &mut Fields, condition: schema::EquipmentCondition) -> Condition {
    match condition {
        schema::EquipmentCondition::Good => Condition::Good,
        schema::EquipmentCondition::Worn => Condition::Worn,
        schema::EquipmentCondition::Damaged => Condition::Damaged,
        schema::EquipmentCondition::Missing => Condition::Missing,
        unsaid @ schema::EquipmentCondition::Unspecified => no_choice(fields, "condition", unsaid.as_str_name(), Condition::Good),
    }
}

fn deposit_read(fields: &mut Fields, asked: &RemoveTagRequest) -> DepositConsequence {
    let deposit = match asked.deposit() {
        schema::DepositConsequence::None => DepositConsequence::None,
        schema::DepositConsequence::Release => DepositConsequence::Release,
        schema::DepositConsequence::KeepAll => DepositConsequence::KeepAll,
        schema::DepositConsequence::KeepPart => DepositConsequence::KeepPart { rial: asked.deposit_rial },
        unsaid @ schema::DepositConsequence::Unspecified => no_choice(fields, "deposit", unsaid.as_str_name(), DepositConsequence::None),
    };
    let is_amount = deposit.rial().is_none_or(|rial| rial > 0);
    if !is_amount {
        fields.note("deposit_rial", Wrong::MustBeAboveZero, &[("value", asked.deposit_rial.to_string())]);
    } else if deposit.rial().is_none() && asked.deposit_rial != 0 {
        fields.note("deposit_rial", Wrong::AboveMax, &[("max", "0".to_owned()), ("value", asked.deposit_rial.to_string())]);
    }
    deposit
}

fn state_after(fields: &mut Fields, state: schema::TagState) -> TagState {
    let read = state_read(fields, "tag_state", state);
    if !read.is_after_removal() {
        fields.note("tag_state", Wrong::UnknownChoice, &[("value", state.as_str_name().to_owned())]);
    }
    read
}

fn no_choice<T>(fields: &mut Fields, field: &str, value: &str, instead: T) -> T {
    fields.note(field, Wrong::UnknownChoice, &[("value", value.to_owned())]);
    instead
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic_types::StatusExt;

    fn fields_of<T>(read: Result<T, Status>) -> Vec<String> {
        let wrong = read.err().and_then(|status| status.get_details_bad_request());
        wrong
            .map(|wrong| wrong.field_violations.into_iter().map(|wrong| format!("{} {}", wrong.field, wrong.reason)).collect())
            .unwrap_or_default()
    }

    fn removal() -> RemoveTagRequest {
        RemoveTagRequest {
            wearer: "1404/12".into(),
            reason: schema::RemovalReason::OrderEnded.into(),
            condition: schema::EquipmentCondition::Good.into(),
            deposit: schema::DepositConsequence::Release.into(),
            tag_state: schema::TagState::Returned.into(),
            ..RemoveTagRequest::default()
        }
    }

    #[test]
    fn every_wrong_field_of_a_removal_is_named() {
        use schema::{DepositConsequence as Deposit, RemovalReason as Reason, TagState as State};
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        for (asked, expected) in [
            (removal(), vec![]),
            (
                RemoveTagRequest::default(),
                vec![
                    "wearer MISSING",
                    "reason UNKNOWN_CHOICE",
                    "condition UNKNOWN_CHOICE",
                    "deposit UNKNOWN_CHOICE",
                    "tag_state UNKNOWN_CHOICE",
                ],
            ),
            (RemoveTagRequest { at: at(4_102_444_800), ..removal() }, vec!["at IN_FUTURE"]),
            (RemoveTagRequest { reason: Reason::Other.into(), ..removal() }, vec!["explanation MISSING"]),
            (RemoveTagRequest { reason: Reason::Replacement.into(), ..removal() }, vec!["reason UNKNOWN_CHOICE"]),
            (RemoveTagRequest { deposit: Deposit::KeepPart.into(), ..removal() }, vec!["deposit_rial MUST_BE_ABOVE_ZERO"]),
            (RemoveTagRequest { deposit: Deposit::KeepPart.into(), deposit_rial: 5, ..removal() }, vec![]),
            (RemoveTagRequest { deposit_rial: 5, ..removal() }, vec!["deposit_rial ABOVE_MAX"]),
            (RemoveTagRequest { tag_state: State::Retired.into(), ..removal() }, vec!["tag_state UNKNOWN_CHOICE"]),
            (RemoveTagRequest { photo_ids: (0..21).collect(), ..removal() }, vec!["photo_ids TOO_MANY"]),
        ] {
            assert_eq!(fields_of(removal_asked(&asked)), expected, "{asked:?}");
        }
    }

    #[test]
    fn only_what_no_machine_sees_is_stated() {
        use schema::ChecklistItemKind as Kind;
        let paid = StateItemRequest { item: Kind::Deposit.into(), receipt_number: "R-7".into(), ..StateItemRequest::default() };
        let signed = StateItemRequest { item: Kind::Undertaking.into(), ..StateItemRequest::default() };
        let spared =
            StateItemRequest { not_needed: true, note: "destitute".into(), item: Kind::Deposit.into(), ..StateItemRequest::default() };
        for (asked, expected) in [
            (paid.clone(), vec![]),
            (signed.clone(), vec![]),
            (spared.clone(), vec![]),
            (StateItemRequest { receipt_number: String::new(), ..paid }, vec!["receipt_number MISSING"]),
            (StateItemRequest { note: String::new(), ..spared }, vec!["note MISSING"]),
            (StateItemRequest { not_needed: true, note: "x".into(), ..signed.clone() }, vec!["item UNKNOWN_CHOICE"]),
            (StateItemRequest { item: Kind::StrapClosed.into(), ..signed.clone() }, vec!["item UNKNOWN_CHOICE"]),
            (StateItemRequest { item: 0, ..signed }, vec!["item MISSING"]),
        ] {
            assert_eq!(fields_of(statement_asked(&asked)), expected, "{asked:?}");
        }
    }

    #[test]
    fn a_replacement_says_why_and_who_pays() {
        let asked = BeginReplacementRequest { wearer: "1404/12".into(), imei: "1".into(), ..BeginReplacementRequest::default() };
        assert_eq!(fields_of(replacement_asked(&asked)), ["reason UNKNOWN_CHOICE", "payer UNKNOWN_CHOICE"]);
        let other =
            BeginReplacementRequest { reason: schema::ReplacementReason::Other.into(), payer: schema::Payer::Wearer.into(), ..asked };
        assert_eq!(fields_of(replacement_asked(&other)), ["note MISSING"]);
    }
}
