//! What callers of another unit try on files and orders.

use super::{Probe, Told, changes, shows};
use proto::enrolment::{self as schema, *};

/// An order of Tehran's wearer that should have ended, and a picture.
pub const FILES_OF_TEHRAN: &str = "
    INSERT INTO orders (wearer_id) VALUES (1);
    INSERT INTO order_facts (order_id, number, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime,
        planned_end) VALUES (1, 1, 'new', '2024-01-01', now(), 'tehran-clerk', 'Branch 3', '12', '2023-12-30', 'ipc_62', 'tag', '2025-01-01');
    INSERT INTO photos (wearer_id, subject, media_type, bytes, recorded_at, recorded_by) VALUES (1, 'wearer', 'image/jpeg', '\\xffd8ff', now(), 'x');";

pub fn of_files() -> Vec<Probe> {
    let mut probes = of_wearers();
    probes.extend(of_orders());
    probes
}

fn of_wearers() -> Vec<Probe> {
    let reference = "tehran/12".to_owned();
    let unknown = Told::Unknown("UNKNOWN_WEARER");
    let list = |text: &str, unit: &str| ListWearersRequest { text: text.into(), unit: unit.into(), ..Default::default() };
    let fields = Some(WearerFields { given_name: "x".into(), family_name: "y".into(), ..Default::default() });
    let create = CreateWearerRequest { reference: String::new(), unit: "tehran".into(), fields: fields.clone() };
    let change = ChangeWearerRequest { reference: reference.clone(), expected_version: 1, unit: "tehran".into(), fields };
    let merge = MergeWearersRequest { keeps: reference.clone(), duplicate: "qom/1".into(), reason: "x".into() };
    let photo = AddPhotoRequest { wearer: reference.clone(), picture: vec![0xff, 0xd8, 0xff], ..Default::default() };
    vec![
        shows("/paband.enrolment.v1.Wearers/ListWearers", &list("", ""), Told::Nothing),
        shows("/paband.enrolment.v1.Wearers/ListWearers", &list("12345", ""), Told::Nothing),
        shows("/paband.enrolment.v1.Wearers/ListWearers", &list("", "tehran"), Told::Nothing),
        shows("/paband.enrolment.v1.Wearers/GetWearer", &GetWearerRequest { reference: reference.clone() }, unknown),
        shows("/paband.enrolment.v1.Wearers/GetWearerHistory", &GetWearerHistoryRequest { reference: reference.clone() }, unknown),
        changes("/paband.enrolment.v1.Wearers/CreateWearer", &create, "UNKNOWN_UNIT"),
        changes("/paband.enrolment.v1.Wearers/ChangeWearer", &change, "UNKNOWN_WEARER"),
        changes("/paband.enrolment.v1.Wearers/MergeWearers", &merge, "UNKNOWN_WEARER"),
        changes("/paband.enrolment.v1.Photos/AddPhoto", &photo, "UNKNOWN_WEARER"),
        shows("/paband.enrolment.v1.Photos/GetPhoto", &GetPhotoRequest { wearer: reference, photo_id: 0 }, unknown),
    ]
}

fn of_orders() -> Vec<Probe> {
    let wearer = "tehran/12".to_owned();
    let day = |gregorian: &str| Some(Date { solar_hijri: String::new(), gregorian: gregorian.into() });
    let decision = Some(Decision { authority: "Branch 3".into(), number: "12".into(), date: day("2026-01-01") });
    let at = Some(prost_types::Timestamp { seconds: 1_780_000_000, nanos: 0 });
    let terms = Some(OrderTerms { legal_basis: 1, regime: 1, zone_degree: 0, planned_end: None });
    let record = RecordOrderRequest { wearer: wearer.clone(), at, decision: decision.clone(), terms: terms.clone(), note: String::new() };
    let entry = Some(OrderEntry { order_id: 1, expected_version: 1, at, decision, note: String::new() });
    let suspend = SuspendOrderRequest { entry: entry.clone(), cause: schema::SuspensionCause::Hospital.into() };
    let cancel = CancelOrderFactRequest { fact_id: 1, expected_version: 1, reason: "x".into() };
    vec![
        changes("/paband.enrolment.v1.Orders/RecordOrder", &record, "UNKNOWN_WEARER"),
        changes("/paband.enrolment.v1.Orders/VaryOrder", &VaryOrderRequest { entry: entry.clone(), terms }, "UNKNOWN_ORDER"),
        changes("/paband.enrolment.v1.Orders/SuspendOrder", &suspend, "UNKNOWN_ORDER"),
        changes("/paband.enrolment.v1.Orders/ResumeOrder", &ResumeOrderRequest { entry: entry.clone() }, "UNKNOWN_ORDER"),
        changes("/paband.enrolment.v1.Orders/RevokeOrder", &RevokeOrderRequest { entry: entry.clone() }, "UNKNOWN_ORDER"),
        changes("/paband.enrolment.v1.Orders/EndOrder", &EndOrderRequest { entry }, "UNKNOWN_ORDER"),
        changes("/paband.enrolment.v1.Orders/CancelOrderFact", &cancel, "UNKNOWN_ORDER_FACT"),
        shows("/paband.enrolment.v1.Orders/ListOrders", &ListOrdersRequest { wearer }, Told::Unknown("UNKNOWN_WEARER")),
        shows("/paband.enrolment.v1.Orders/ListOverdueOrders", &ListOverdueOrdersRequest::default(), Told::Nothing),
    ]
}
