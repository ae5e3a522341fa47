//! Tags of the inventory as messages, and back.

use crate::accounts::instant;
use crate::fields::{Fields, REASON_MAX};
use crate::reason::Wrong;
use enrolment::{MODEL_MAX, NewTag, SERIAL_MAX, TAG_NOTE_MAX, TagAsked, TagMistake, key_read, sim_mistake, tag_checked};
use proto::enrolment::{ChangeTagRequest, RegisterTagRequest, SetTagKeyRequest, SetTagStateRequest, Tag, TagProtocol, TagState};
use proto::enrolment::{TagCount, TagEvent, TagTransfer, tag_transfer};
use store::{TagChange, TagLabel, TransferState};
use tonic::Status;
use tonic_types::FieldViolation;

/// Longest IMEI, characters.
pub(super) const IMEI_MAX: usize = 32;

/// Most tags of one transfer. More go in several.
const TAGS_MAX: usize = 1000;

/// A tag to register.
pub(super) fn new_tag(asked: RegisterTagRequest) -> Result<NewTag, Status> {
    let protocol = match asked.protocol() {
        TagProtocol::Unspecified => "",
        TagProtocol::Native => "native",
        TagProtocol::Teltonika => "teltonika",
    };
    let RegisterTagRequest { imei, serial, model, sim_number, key, note, unit, .. } = asked;
    tag_read(&TagAsked { imei, serial, protocol: protocol.to_owned(), model, sim_number, key, note, unit }).map_err(crate::status::invalid)
}

/// A tag to register, as it is typed or stands in a file; or everything that is wrong with it.
pub(crate) fn tag_read(asked: &TagAsked) -> Result<NewTag, Vec<FieldViolation>> {
    tag_checked(asked).map_err(|mistakes| {
        let mut fields = Fields::default();
        mistakes.into_iter().for_each(|(field, mistake)| tag_mistake(&mut fields, field, &asked.protocol, mistake));
        fields.into_wrong()
    })
}

fn tag_mistake(fields: &mut Fields, field: &str, protocol: &str, mistake: TagMistake) {
    match mistake {
        TagMistake::Missing => fields.note(field, Wrong::Missing, &[]),
        TagMistake::TooLong { max, length } => {
            fields.note(field, Wrong::TooLong, &[("max", max.to_string()), ("length", length.to_string())])
        }
        TagMistake::NotAnImei => fields.note(field, Wrong::NotAnImei, &[]),
        TagMistake::ImeiCheckDigit => fields.note(field, Wrong::ImeiCheckDigit, &[]),
        TagMistake::UnknownProtocol => fields.note(field, Wrong::UnknownChoice, &[("value", protocol.to_owned())]),
        TagMistake::NotAKey => fields.note(field, Wrong::NotAKey, &[]),
        TagMistake::NotASimNumber => fields.note(field, Wrong::NotASimNumber, &[]),
        TagMistake::NotText => fields.note(field, Wrong::NotACode, &[]),
    }
}

/// Which tag, in which version, and all that is said of it.
pub(super) fn label(asked: &ChangeTagRequest) -> Result<TagChange, Status> {
    let mut fields = Fields::default();
    fields.text("imei", &asked.imei, IMEI_MAX);
    let serial = fields.optional_text("serial", &asked.serial, SERIAL_MAX);
    let model = fields.optional_text("model", &asked.model, MODEL_MAX);
    let sim_number = asked.sim_number.trim().to_owned();
    if sim_mistake(&sim_number).is_some() {
        fields.note("sim_number", Wrong::NotASimNumber, &[]);
    }
    let note = fields.optional_text("note", &asked.note, TAG_NOTE_MAX);
    fields.check()?;
    Ok(TagChange::Label(TagLabel { serial: Some(serial).filter(|serial| !serial.is_empty()), model, sim_number, note }))
}

/// A state, and why.
pub(super) fn state_change(asked: &SetTagStateRequest) -> Result<TagChange, Status> {
    let mut fields = Fields::default();
    fields.text("imei", &asked.imei, IMEI_MAX);
    let state = state_read(&mut fields, "state", asked.state());
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check()?;
    Ok(TagChange::State(state, reason))
}

/// A state that is set by hand.
pub(super) fn state_read(fields: &mut Fields, field: &str, state: TagState) -> enrolment::TagState {
    match state {
        TagState::InStock => enrolment::TagState::InStock,
        TagState::Returned => enrolment::TagState::Returned,
        TagState::Faulty => enrolment::TagState::Faulty,
        TagState::Lost => enrolment::TagState::Lost,
        TagState::Retired => enrolment::TagState::Retired,
        TagState::Unspecified | TagState::Fitted => {
            fields.note(field, Wrong::UnknownChoice, &[("value", state.as_str_name().to_owned())]);
            enrolment::TagState::Faulty
        }
    }
}

/// A state to look for: `Some(None)` = worn.
pub(super) fn state_sought(state: TagState) -> Option<Option<enrolment::TagState>> {
    match state {
        TagState::Unspecified => None,
        TagState::Fitted => Some(None),
        other => Some(Some(state_read(&mut Fields::default(), "state", other))),
    }
}

/// A key.
pub(super) fn key_change(asked: &SetTagKeyRequest) -> Result<TagChange, Status> {
    let mut fields = Fields::default();
    fields.text("imei", &asked.imei, IMEI_MAX);
    let key = match key_read(&asked.key) {
        Ok(Some(key)) => key,
        Ok(None) => {
            fields.note("key", Wrong::Missing, &[]);
            [0; 32]
        }
        Err(_) => {
            fields.note("key", Wrong::NotAKey, &[]);
            [0; 32]
        }
    };
    fields.check()?;
    Ok(TagChange::Key(key))
}

/// IMEIs of a transfer.
pub(super) fn imeis(fields: &mut Fields, imeis: &[String], at_least: usize) -> Vec<String> {
    if imeis.len() < at_least {
        fields.note("imeis", Wrong::Missing, &[]);
    }
    if imeis.len() > TAGS_MAX {
        fields.note("imeis", Wrong::TooMany, &[("max", TAGS_MAX.to_string()), ("count", imeis.len().to_string())]);
        return Vec::new();
    }
    imeis.iter().enumerate().map(|(at, imei)| fields.text(&format!("imeis[{at}]"), imei, IMEI_MAX)).collect()
}

/// A state as answers show it; `None` = worn.
pub(super) const fn state(state: Option<enrolment::TagState>) -> TagState {
    match state {
        None => TagState::Fitted,
        Some(enrolment::TagState::InStock) => TagState::InStock,
        Some(enrolment::TagState::Returned) => TagState::Returned,
        Some(enrolment::TagState::Faulty) => TagState::Faulty,
        Some(enrolment::TagState::Lost) => TagState::Lost,
        Some(enrolment::TagState::Retired) => TagState::Retired,
    }
}

pub(super) fn tag(tag: store::Tag) -> Tag {
    let protocol = match tag.protocol {
        enrolment::Protocol::Native => TagProtocol::Native,
        enrolment::Protocol::Teltonika => TagProtocol::Teltonika,
    };
    Tag {
        imei: tag.imei,
        version: tag.version,
        serial: tag.serial,
        protocol: protocol.into(),
        model: tag.model,
        sim_number: tag.sim_number,
        has_key: tag.has_key,
        state: state(tag.state).into(),
        unit: tag.unit,
        transfer_id: tag.transfer_id,
        note: tag.note,
        registered_at: Some(instant(tag.registered_at)),
    }
}

pub(super) fn count(count: store::TagCount) -> TagCount {
    TagCount { unit: count.unit, state: state(count.state).into(), tags: count.tags }
}

pub(super) fn event(event: store::TagEvent) -> TagEvent {
    TagEvent {
        kind: event.kind,
        at: Some(instant(event.at)),
        by: event.by,
        unit: event.unit,
        state: state(event.state).into(),
        transfer_id: event.transfer_id,
        note: event.note,
    }
}

pub(super) fn transfer(transfer: store::TagTransfer) -> TagTransfer {
    let state = match transfer.state {
        TransferState::Open => tag_transfer::State::Open,
        TransferState::Received => tag_transfer::State::Received,
        TransferState::Cancelled => tag_transfer::State::Cancelled,
    };
    TagTransfer {
        transfer_id: transfer.transfer_id,
        from: transfer.from,
        to: transfer.to,
        note: transfer.note,
        sent_at: Some(instant(transfer.sent_at)),
        sent_by: transfer.sent_by,
        state: state.into(),
        closed_at: transfer.closed_at.map(instant),
        closed_by: transfer.closed_by,
        close_note: transfer.close_note,
        on_the_way: transfer.on_the_way,
        came: transfer.came,
        missing: transfer.missing,
    }
}
