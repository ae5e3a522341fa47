//! What callers ask about inspections, checked field by field.

use crate::calendar::solar_hijri;
use crate::fields::{Fields, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use chrono::{DateTime, TimeDelta, Utc};
use enrolment::inspection::{APPOINTMENT_DAYS_MAX, Checklist, VISIT_DAYS_BACK_MAX};
use proto::enrolment as schema;
use store::{InspectionFilter, InspectionStep, NewInspection};
use tonic::Status;

/// What a checklist may say.
const SATELLITES_MAX: u32 = 99;
const ACCURACY_M_MAX: f64 = 10_000.0;
const GSM_DBM: std::ops::RangeInclusive<i32> = -150..=0;
const PERSONS_MAX: u32 = 100;
const TELEPHONE_MAX: usize = 50;

pub(super) fn request_asked(asked: &schema::RequestInspectionRequest) -> Result<NewInspection, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let address = fields.text("address", &asked.address, REASON_MAX);
    let asked_by = fields.decision("asked_by", asked.asked_by.as_ref());
    fields.check()?;
    Ok(NewInspection { wearer, address, asked_by })
}

pub(super) fn propose_asked(asked: &schema::ProposeAppointmentRequest, now: DateTime<Utc>) -> Result<InspectionStep, Status> {
    let mut fields = Fields::default();
    let at = fields.instant("at", asked.at.as_ref());
    let note = fields.optional_text("note", &asked.note, REASON_MAX);
    if asked.at.is_some() && at <= now {
        fields.note("at", Wrong::NotAfter, &[("from", geofence::Timestamp::from(now).to_string())]);
    }
    if at - now > TimeDelta::days(APPOINTMENT_DAYS_MAX) {
        fields.note("at", Wrong::TooFarAhead, &[("days", APPOINTMENT_DAYS_MAX.to_string())]);
    }
    fields.check()?;
    Ok(InspectionStep::Propose(at, note))
}

pub(super) fn confirm_asked(asked: &schema::ConfirmAppointmentRequest, now: DateTime<Utc>) -> Result<InspectionStep, Status> {
    let mut fields = Fields::default();
    let at = past(&mut fields, asked.at.as_ref(), now);
    let how = fields.text("how", &asked.how, REASON_MAX);
    fields.check()?;
    Ok(InspectionStep::Confirm(at, how))
}

pub(super) fn visit_asked(asked: &schema::RecordVisitRequest, now: DateTime<Utc>) -> Result<InspectionStep, Status> {
    let mut fields = Fields::default();
    let at = past(&mut fields, asked.at.as_ref(), now);
    let Some(list) = &asked.checklist else {
        let note = fields.text("note", &asked.note, REASON_MAX);
        fields.check()?;
        return Ok(InspectionStep::VisitInVain(at, note));
    };
    let note = fields.optional_text("note", &asked.note, REASON_MAX);
    let checklist = checklist(&mut fields, list);
    fields.check()?;
    Ok(InspectionStep::Visit(at, Box::new(checklist), note))
}

pub(super) fn decide_asked(asked: &schema::DecideInspectionRequest, now: DateTime<Utc>) -> Result<InspectionStep, Status> {
    let mut fields = Fields::default();
    let reasons = if asked.suitable {
        fields.optional_text("reasons", &asked.reasons, REASON_MAX)
    } else {
        fields.text("reasons", &asked.reasons, REASON_MAX)
    };
    fields.check()?;
    Ok(if asked.suitable { InspectionStep::Accept(year(now), reasons) } else { InspectionStep::Reject(reasons) })
}

pub(super) fn object_asked(asked: &schema::ObjectToInspectionRequest, now: DateTime<Utc>) -> Result<InspectionStep, Status> {
    let mut fields = Fields::default();
    let at = past(&mut fields, asked.at.as_ref(), now);
    let objection = fields.text("objection", &asked.objection, REASON_MAX);
    fields.check()?;
    Ok(InspectionStep::Object(at, objection))
}

pub(super) fn answer_asked(asked: &schema::AnswerObjectionRequest) -> Result<InspectionStep, Status> {
    let mut fields = Fields::default();
    let reasons = fields.text("reasons", &asked.reasons, REASON_MAX);
    fields.check()?;
    Ok(InspectionStep::Answer(asked.upheld, reasons))
}

pub(super) fn withdraw_asked(asked: &schema::WithdrawInspectionRequest) -> Result<InspectionStep, Status> {
    Ok(InspectionStep::Withdraw(super::leave_asked::reason(&asked.reason)?))
}

pub(super) fn list_asked(asked: &schema::ListInspectionsRequest) -> Result<InspectionFilter, Status> {
    let mut fields = Fields::default();
    let wearer = fields.optional_text("wearer", &asked.wearer, REFERENCE_MAX);
    let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
    fields.check()?;
    Ok(InspectionFilter { wearer, unit, all: asked.all })
}

/// An instant that has passed, but not so long ago that it must be a slip.
fn past(fields: &mut Fields, at: Option<&prost_types::Timestamp>, now: DateTime<Utc>) -> DateTime<Utc> {
    let instant = fields.instant("at", at);
    if instant > now {
        fields.note("at", Wrong::InFuture, &[]);
    }
    if at.is_some() && now - instant > TimeDelta::days(VISIT_DAYS_BACK_MAX) {
        fields.note("at", Wrong::TooLongAgo, &[("days", VISIT_DAYS_BACK_MAX.to_string())]);
    }
    instant
}

fn checklist(fields: &mut Fields, list: &schema::InspectionChecklist) -> Checklist {
    for (field, value, max) in [("gnss_satellites", list.gnss_satellites, SATELLITES_MAX), ("persons", list.persons, PERSONS_MAX)] {
        if value > max {
            fields.note(format!("checklist.{field}"), Wrong::AboveMax, &[("max", max.to_string()), ("value", value.to_string())]);
        }
    }
    let mut range = |field: &str, min: String, max: String, value: String| {
        fields.note(format!("checklist.{field}"), Wrong::OutOfRange, &[("min", min), ("max", max), ("value", value)]);
    };
    if !(0.0..=ACCURACY_M_MAX).contains(&list.gnss_accuracy_m) {
        range("gnss_accuracy_m", "0".to_owned(), ACCURACY_M_MAX.to_string(), list.gnss_accuracy_m.to_string());
    }
    if !GSM_DBM.contains(&list.gsm_dbm) {
        range("gsm_dbm", GSM_DBM.start().to_string(), GSM_DBM.end().to_string(), list.gsm_dbm.to_string());
    }
    Checklist {
        mains_power: list.mains_power,
        gnss_satellites: list.gnss_satellites,
        gnss_accuracy_m: list.gnss_accuracy_m,
        gsm_dbm: list.gsm_dbm,
        landlord_consents: list.landlord_consents,
        household_consents: list.household_consents,
        persons: list.persons,
        telephone: fields.optional_text("checklist.telephone", &list.telephone, TELEPHONE_MAX),
        note: fields.optional_text("checklist.note", &list.note, REASON_MAX),
    }
}

/// The year of the Solar Hijri calendar in Tehran.
fn year(now: DateTime<Utc>) -> i32 {
    solar_hijri(now.into()).and_then(|shown| shown.get(..4)?.parse().ok()).unwrap_or_default()
}
