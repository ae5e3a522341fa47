//! Fittings, checklists and removals as messages.

use super::tags_asked::state;
use crate::accounts::instant;
use crate::catalogue::text;
use crate::convert::timestamp;
use crate::reason::{checklist_item, checklist_todo};
use enrolment::checklist::{Evidence, InstallationKind, Item, ItemFound, ItemState};
use enrolment::{Condition, DepositConsequence, Payer, RemovalReason, ReplacementReason};
use geofence::Verdict;
use proto::enrolment as schema;
use proto::enrolment::{Checklist, ChecklistEvidence, ChecklistItem, Fitting, Installation, Removal, installation as of_installation};
use store::{ChecklistView, InstallationState};

pub(super) fn installation(found: store::Installation) -> Installation {
    let kind = match found.kind {
        InstallationKind::Fitting => of_installation::Kind::Fitting,
        InstallationKind::Replacement => of_installation::Kind::Replacement,
    };
    let state = match found.state {
        InstallationState::Open => of_installation::State::Open,
        InstallationState::Completed => of_installation::State::Completed,
        InstallationState::Abandoned => of_installation::State::Abandoned,
    };
    let shown = Installation {
        installation_id: found.installation_id,
        version: found.version,
        kind: kind.into(),
        wearer: found.wearer,
        imei: found.imei,
        state: state.into(),
        begun_at: Some(instant(found.begun_at)),
        begun_by: found.begun_by,
        ended_at: found.ended_at.map(instant),
        ended_by: found.ended_by,
        abandon_reason: found.abandon_reason,
        fitting_id: found.fitting_id,
        ..Installation::default()
    };
    match found.replacement {
        Some(replacement) => Installation {
            replaced_imei: replacement.imei,
            reason: replacement_reason(replacement.asked.reason).into(),
            payer: payer(replacement.asked.payer).into(),
            note: replacement.asked.note,
            ..shown
        },
        None => shown,
    }
}

pub(super) fn checklist(view: ChecklistView) -> Checklist {
    let is_ready = view.installation.state == InstallationState::Open && view.checklist.ready().is_some();
    Checklist {
        installation: Some(installation(view.installation)),
        is_ready,
        begins_at: view.checklist.begins_at.map(timestamp),
        items: view.checklist.items.into_iter().map(item).collect(),
    }
}

/// In the language of the call that is running.
fn item(found: ItemFound) -> ChecklistItem {
    let next_code = found.todo.map(|todo| todo.name()).unwrap_or_default();
    ChecklistItem {
        item: item_kind(found.item).into(),
        title: text(&checklist_item(found.item.name()), &[]),
        state: item_state(found.state).into(),
        evidence: Some(evidence(found.evidence)),
        next_code: next_code.to_owned(),
        next: found.todo.map(|todo| text(&checklist_todo(todo.name()), &[])).unwrap_or_default(),
        may_be_overridden: found.item.may_be_overridden(),
    }
}

fn evidence(found: Evidence) -> ChecklistEvidence {
    let verdict = match found.verdict {
        Some(Verdict::Inside) => "inside",
        Some(Verdict::Outside) => "outside",
        Some(Verdict::Uncertain) => "uncertain",
        None => "",
    };
    ChecklistEvidence {
        taken_at: found.taken_at.map(timestamp),
        received_at: found.received_at.map(timestamp),
        battery_percent: found.battery_percent.map(u32::from),
        verdict: verdict.to_owned(),
        accuracy_m: found.accuracy_m,
        number: found.number.unwrap_or_default(),
        text: found.text,
        by: found.by,
        at: found.at.map(timestamp),
        reason: found.reason,
    }
}

pub(super) fn fitting(found: store::Fitting) -> Fitting {
    Fitting {
        fitting_id: found.fitting_id,
        wearer: found.wearer,
        imei: found.imei,
        from: Some(instant(found.from)),
        to: found.to.map(instant),
        evidence: found.evidence.into_iter().map(item).collect(),
        removal: found.removal.map(removal),
        installation_id: found.installation_id,
    }
}

pub(super) fn removal(found: store::Removal) -> Removal {
    let how = found.how;
    Removal {
        removal_id: found.removal_id,
        fitting_id: found.fitting_id,
        at: Some(instant(found.at)),
        recorded_at: Some(instant(found.recorded_at)),
        removed_by: found.removed_by,
        confirmed_by: found.confirmed_by,
        reason: removal_reason(how.reason).into(),
        explanation: how.explanation,
        condition: condition(how.condition).into(),
        condition_note: how.condition_note,
        photo_ids: how.photo_ids,
        deposit: deposit(how.deposit).into(),
        deposit_rial: how.deposit.rial().unwrap_or_default(),
        tag_state: state(Some(how.tag_state)).into(),
    }
}

const fn item_kind(item: Item) -> schema::ChecklistItemKind {
    use schema::ChecklistItemKind as Kind;
    match item {
        Item::OrderInForce => Kind::OrderInForce,
        Item::ZonesValid => Kind::ZonesValid,
        Item::HomeInspected => Kind::HomeInspected,
        Item::TagHeard => Kind::TagHeard,
        Item::StrapClosed => Kind::StrapClosed,
        Item::Battery => Kind::Battery,
        Item::FixInsideZone => Kind::FixInsideZone,
        Item::Deposit => Kind::Deposit,
        Item::Undertaking => Kind::Undertaking,
    }
}

const fn item_state(state: ItemState) -> schema::ChecklistItemState {
    match state {
        ItemState::Met => schema::ChecklistItemState::Met,
        ItemState::Missing => schema::ChecklistItemState::Missing,
        ItemState::Overridden => schema::ChecklistItemState::Overridden,
        ItemState::NotNeeded => schema::ChecklistItemState::NotNeeded,
        ItemState::Flagged => schema::ChecklistItemState::Flagged,
    }
}

const fn replacement_reason(reason: ReplacementReason) -> schema::ReplacementReason {
    match reason {
        ReplacementReason::Faulty => schema::ReplacementReason::Faulty,
        ReplacementReason::Battery => schema::ReplacementReason::Battery,
        ReplacementReason::Damaged => schema::ReplacementReason::Damaged,
        ReplacementReason::Lost => schema::ReplacementReason::Lost,
        ReplacementReason::Strap => schema::ReplacementReason::Strap,
        ReplacementReason::Other => schema::ReplacementReason::Other,
    }
}

const fn payer(payer: Payer) -> schema::Payer {
    match payer {
        Payer::Organisation => schema::Payer::Organisation,
        Payer::Wearer => schema::Payer::Wearer,
        Payer::Executor => schema::Payer::Executor,
    }
}

const fn removal_reason(reason: RemovalReason) -> schema::RemovalReason {
    match reason {
        RemovalReason::OrderEnded => schema::RemovalReason::OrderEnded,
        RemovalReason::OrderRevoked => schema::RemovalReason::OrderRevoked,
        RemovalReason::Hospital => schema::RemovalReason::Hospital,
        RemovalReason::Prison => schema::RemovalReason::Prison,
        RemovalReason::Death => schema::RemovalReason::Death,
        RemovalReason::Replacement => schema::RemovalReason::Replacement,
        RemovalReason::Other => schema::RemovalReason::Other,
    }
}

const fn condition(condition: Condition) -> schema::EquipmentCondition {
    match condition {
        Condition::Good => schema::EquipmentCondition::Good,
        Condition::Worn => schema::EquipmentCondition::Worn,
        Condition::Damaged => schema::EquipmentCondition::Damaged,
        Condition::Missing => schema::EquipmentCondition::Missing,
    }
}

pub(crate) const fn deposit(deposit: DepositConsequence) -> schema::DepositConsequence {
    match deposit {
        DepositConsequence::None => schema::DepositConsequence::None,
        DepositConsequence::Release => schema::DepositConsequence::Release,
        DepositConsequence::KeepPart { .. } => schema::DepositConsequence::KeepPart,
        DepositConsequence::KeepAll => schema::DepositConsequence::KeepAll,
    }
}
