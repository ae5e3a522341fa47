//! Tries on Tehran's leaves and inspections. Made by [`OF_TEHRAN`]: leave 1 approved and over, batch 1 prepared, inspection 1 requested.

use super::{Probe, Told, changes, shows};
use proto::enrolment as schema;

/// What is tried on.
pub const OF_TEHRAN: &str = "
    INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
        decision_date, decided_by, decided_at)
        VALUES (1, 'approved', now() - interval '2 days', now() - interval '1 day', 'overnight', false, 'x', 'tehran-clerk', now(), 'x', 'x', now(), 'y', now());
    INSERT INTO leave_batches (unit_ids, valid_from, valid_to, kind, exclusion, purpose, authority, decision_number, decision_date, prepared_by, prepared_at)
        SELECT ARRAY[unit_id], now(), now() + interval '1 day', 'overnight', false, 'x', 'x', 'x', now(), 'tehran-clerk', now() FROM units WHERE code = 'tehran';
    INSERT INTO leave_batch_wearers (batch_id, position, reference, wearer_id) VALUES (1, 1, 'tehran/12', 1);
    INSERT INTO inspections (wearer_id, state, address, authority, decision_number, decision_date, requested_at)
        VALUES (1, 'requested', 'x', 'x', 'x', now(), now());";

/// Everything of it that a call could change, for a `jsonb_build_object`.
pub const STATE: &str = "
    'leaves', (SELECT jsonb_agg(l ORDER BY leave_id) FROM leaves l), 'leave_acts', (SELECT jsonb_agg(a ORDER BY leave_id) FROM leave_acts a),
    'batches', (SELECT jsonb_agg(b ORDER BY batch_id) FROM leave_batches b), 'inspections', (SELECT jsonb_agg(i ORDER BY inspection_id) FROM inspections i)";

fn at(days: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() + days * 86_400, nanos: 0 })
}

fn decision() -> Option<schema::Decision> {
    let date = Some(schema::Date { gregorian: "2026-11-21".to_owned(), solar_hijri: String::new() });
    Some(schema::Decision { authority: "Branch 3".to_owned(), number: "17".to_owned(), date })
}

pub fn probes() -> Vec<Probe> {
    let mut probes = of_leaves();
    probes.extend(of_batches());
    probes.extend(of_inspections());
    probes
}

fn of_leaves() -> Vec<Probe> {
    let (leave_id, expected_version, wearer, text) = (1, 1, "tehran/12".to_owned(), "x".to_owned());
    let request = schema::RequestLeaveRequest {
        wearer,
        from: at(1),
        to: at(2),
        kind: schema::LeaveKind::Overnight.into(),
        purpose: text.clone(),
        ..Default::default()
    };
    let approve = schema::ApproveLeaveRequest { leave_id, expected_version, decision: decision(), ..Default::default() };
    let refuse = schema::RefuseLeaveRequest { leave_id, expected_version, decision: decision(), reason: text.clone() };
    let withdraw = schema::WithdrawLeaveRequest { leave_id, expected_version, reason: text.clone(), never_granted: true };
    let end = schema::EndLeaveEarlyRequest { leave_id, expected_version, reason: text };
    let returns = schema::ListReturnsRequest { from: at(-3), to: at(1), ..Default::default() };
    let unknown = "UNKNOWN_LEAVE";
    vec![
        changes("/paband.enrolment.v1.Leaves/RequestLeave", &request, "UNKNOWN_WEARER"),
        changes("/paband.enrolment.v1.Leaves/ApproveLeave", &approve, unknown),
        changes("/paband.enrolment.v1.Leaves/RefuseLeave", &refuse, unknown),
        changes("/paband.enrolment.v1.Leaves/WithdrawLeave", &withdraw, unknown),
        changes("/paband.enrolment.v1.Leaves/EndLeaveEarly", &end, unknown),
        shows("/paband.enrolment.v1.Leaves/GetLeave", &schema::GetLeaveRequest { leave_id }, Told::Unknown(unknown)),
        shows("/paband.enrolment.v1.Leaves/ListLeaves", &schema::ListLeavesRequest::default(), Told::Nothing),
        shows("/paband.enrolment.v1.Leaves/ListReturns", &returns, Told::Nothing),
    ]
}

fn of_batches() -> Vec<Probe> {
    let (batch_id, expected_version, text) = (1, 1, "x".to_owned());
    let unit = schema::UnitChoice { unit: "tehran".to_owned(), ..Default::default() };
    let prepare = schema::PrepareLeaveBatchRequest {
        who: Some(schema::prepare_leave_batch_request::Who::Unit(unit)),
        from: at(1),
        to: at(2),
        kind: schema::LeaveKind::Overnight.into(),
        purpose: text.clone(),
        decision: decision(),
        ..Default::default()
    };
    let mode = schema::LeaveBatchMode::PerPerson.into();
    let approve = schema::ApproveLeaveBatchRequest { batch_id, expected_version, mode, ..Default::default() };
    let withdraw = schema::WithdrawLeaveBatchRequest { batch_id, expected_version, reason: text };
    let get = schema::GetLeaveBatchRequest { batch_id, ..Default::default() };
    let unknown = "UNKNOWN_LEAVE_BATCH";
    vec![
        changes("/paband.enrolment.v1.LeaveBatches/PrepareLeaveBatch", &prepare, "UNKNOWN_UNIT"),
        changes("/paband.enrolment.v1.LeaveBatches/ApproveLeaveBatch", &approve, unknown),
        changes("/paband.enrolment.v1.LeaveBatches/WithdrawLeaveBatch", &withdraw, unknown),
        shows("/paband.enrolment.v1.LeaveBatches/GetLeaveBatch", &get, Told::Unknown(unknown)),
        shows("/paband.enrolment.v1.LeaveBatches/ListLeaveBatches", &schema::ListLeaveBatchesRequest {}, Told::Nothing),
    ]
}

fn of_inspections() -> Vec<Probe> {
    let (inspection_id, expected_version, text) = (1, 1, "x".to_owned());
    let request = schema::RequestInspectionRequest { wearer: "tehran/12".to_owned(), address: text.clone(), asked_by: decision() };
    let propose = schema::ProposeAppointmentRequest { inspection_id, expected_version, at: at(1), note: String::new() };
    let confirm = schema::ConfirmAppointmentRequest { inspection_id, expected_version, at: at(-1), how: text.clone() };
    let visit = schema::RecordVisitRequest { inspection_id, expected_version, at: at(-1), checklist: None, note: text.clone() };
    let decide = schema::DecideInspectionRequest { inspection_id, expected_version, suitable: false, reasons: text.clone() };
    let object = schema::ObjectToInspectionRequest { inspection_id, expected_version, at: at(-1), objection: text.clone() };
    let answer = schema::AnswerObjectionRequest { inspection_id, expected_version, upheld: true, reasons: text.clone() };
    let withdraw = schema::WithdrawInspectionRequest { inspection_id, expected_version, reason: text };
    let unknown = "UNKNOWN_INSPECTION";
    vec![
        changes("/paband.enrolment.v1.Inspections/RequestInspection", &request, "UNKNOWN_WEARER"),
        changes("/paband.enrolment.v1.Inspections/ProposeAppointment", &propose, unknown),
        changes("/paband.enrolment.v1.Inspections/ConfirmAppointment", &confirm, unknown),
        changes("/paband.enrolment.v1.Inspections/RecordVisit", &visit, unknown),
        changes("/paband.enrolment.v1.Inspections/DecideInspection", &decide, unknown),
        changes("/paband.enrolment.v1.Inspections/ObjectToInspection", &object, unknown),
        changes("/paband.enrolment.v1.Inspections/AnswerObjection", &answer, unknown),
        changes("/paband.enrolment.v1.Inspections/WithdrawInspection", &withdraw, unknown),
        shows("/paband.enrolment.v1.Inspections/GetInspection", &schema::GetInspectionRequest { inspection_id }, Told::Unknown(unknown)),
        shows("/paband.enrolment.v1.Inspections/ListInspections", &schema::ListInspectionsRequest::default(), Told::Nothing),
    ]
}
