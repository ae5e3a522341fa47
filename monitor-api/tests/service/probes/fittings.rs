//! What another unit tries on Tehran's tags, fittings and removals.

use super::{Probe, Told, changes, shows};
use crate::house::IMEI;
use proto::enrolment as schema;

/// A tag of Tehran's that takes the place of the one worn, and another one on its way to the central unit.
pub const FITTINGS_OF_TEHRAN: &str = "
    INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, old_fitting_id, reason, payer)
        SELECT 'replacement', wearer_id, 2, now(), 'tehran-clerk', fitting_id, 'faulty', 'executor' FROM fittings WHERE tag_id = 1;
    INSERT INTO tags (imei, unit_id) SELECT 'tehran-spare', unit_id FROM units WHERE code = 'tehran';
    INSERT INTO tag_transfers (from_unit, to_unit, sent_at, sent_by) SELECT unit_id, 1, now(), 'tehran-clerk' FROM units WHERE code = 'tehran';
    INSERT INTO tag_transfer_items (transfer_id, tag_id) SELECT 1, tag_id FROM tags WHERE imei = 'tehran-spare';";

/// Everything of them that a call could change.
pub const STATE_OF_FITTINGS: &str = "
    SELECT jsonb_build_object(
        'tags', (SELECT jsonb_agg(t ORDER BY tag_id) FROM tags t), 'inventory', (SELECT jsonb_agg(i ORDER BY tag_id) FROM tag_inventory i),
        'fittings', (SELECT jsonb_agg(f ORDER BY fitting_id) FROM fittings f), 'removals', (SELECT count(*) FROM removals),
        'installations', (SELECT jsonb_agg(n ORDER BY installation_id) FROM installations n), 'events', (SELECT count(*) FROM tag_events),
        'transfers', (SELECT jsonb_agg(x ORDER BY transfer_id) FROM tag_transfers x), 'statements', (SELECT count(*) FROM installation_statements))::text";

/// Every try.
pub fn of_fittings() -> Vec<Probe> {
    let mut probes = of_inventory();
    probes.extend(of_installations());
    probes
}

fn of_inventory() -> Vec<Probe> {
    let imei = || IMEI.to_owned();
    let register = schema::RegisterTagRequest {
        imei: "490154203237518".to_owned(),
        protocol: schema::TagProtocol::Teltonika.into(),
        unit: "tehran".to_owned(),
        ..Default::default()
    };
    let list = schema::ListTagsRequest::default;
    let state =
        schema::SetTagStateRequest { imei: imei(), expected_version: 1, state: schema::TagState::Lost.into(), reason: "x".to_owned() };
    let key = schema::SetTagKeyRequest { imei: imei(), expected_version: 1, key: "00".repeat(32) };
    let change = schema::ChangeTagRequest { imei: imei(), expected_version: 1, ..Default::default() };
    let send = schema::SendTagsRequest { from: "tehran".to_owned(), to: "qom".to_owned(), imeis: vec![imei()], note: String::new() };
    let receive = schema::ReceiveTagsRequest { transfer_id: 1, imeis: vec!["tehran-spare".to_owned()], note: String::new() };
    let cancel = schema::CancelTransferRequest { transfer_id: 1, reason: "x".to_owned() };
    let silent = |probe: Probe| Probe { shows: false, ..probe };
    vec![
        changes("/paband.enrolment.v1.Inventory/RegisterTag", &register, "UNKNOWN_UNIT"),
        shows("/paband.enrolment.v1.Inventory/ListTags", &list(), Told::Nothing),
        shows("/paband.enrolment.v1.Inventory/ListTags", &schema::ListTagsRequest { search: imei(), ..list() }, Told::Nothing),
        // Numbers alone: what they count is in a test of its own.
        silent(shows("/paband.enrolment.v1.Inventory/CountTags", &schema::CountTagsRequest {}, Told::Nothing)),
        shows("/paband.enrolment.v1.Inventory/GetTag", &schema::GetTagRequest { imei: imei() }, Told::Unknown("UNKNOWN_TAG")),
        changes("/paband.enrolment.v1.Inventory/ChangeTag", &change, "UNKNOWN_TAG"),
        changes("/paband.enrolment.v1.Inventory/SetTagState", &state, "UNKNOWN_TAG"),
        changes("/paband.enrolment.v1.Inventory/SetTagKey", &key, "UNKNOWN_TAG"),
        changes("/paband.enrolment.v1.Inventory/SendTags", &send, "UNKNOWN_UNIT"),
        changes("/paband.enrolment.v1.Inventory/ReceiveTags", &receive, "UNKNOWN_TRANSFER"),
        changes("/paband.enrolment.v1.Inventory/CancelTransfer", &cancel, "UNKNOWN_TRANSFER"),
        silent(shows("/paband.enrolment.v1.Inventory/ListTransfers", &schema::ListTransfersRequest::default(), Told::Nothing)),
    ]
}

fn of_installations() -> Vec<Probe> {
    let wearer = || "tehran/12".to_owned();
    let begin = schema::BeginFittingRequest { wearer: wearer(), imei: IMEI.to_owned() };
    let replace = schema::BeginReplacementRequest {
        wearer: wearer(),
        imei: IMEI.to_owned(),
        reason: schema::ReplacementReason::Strap.into(),
        payer: schema::Payer::Wearer.into(),
        note: String::new(),
    };
    let checklist = schema::GetChecklistRequest { installation_id: 1 };
    let item = schema::ChecklistItemKind::Undertaking.into();
    let state = schema::StateItemRequest { installation_id: 1, item, ..Default::default() };
    let pass = schema::OverrideItemRequest { installation_id: 1, item, reason: "x".to_owned() };
    let complete = schema::CompleteFittingRequest { installation_id: 1, expected_version: 1 };
    let exchange = schema::CompleteReplacementRequest {
        installation_id: 1,
        expected_version: 1,
        condition: schema::EquipmentCondition::Good.into(),
        condition_note: String::new(),
        tag_state: schema::TagState::Returned.into(),
    };
    let abandon = schema::AbandonFittingRequest { installation_id: 1, expected_version: 1, reason: "x".to_owned() };
    let remove = schema::RemoveTagRequest {
        wearer: wearer(),
        reason: schema::RemovalReason::OrderEnded.into(),
        condition: schema::EquipmentCondition::Good.into(),
        deposit: schema::DepositConsequence::Release.into(),
        tag_state: schema::TagState::Returned.into(),
        ..Default::default()
    };
    let unknown = Told::Unknown("UNKNOWN_INSTALLATION");
    vec![
        changes("/paband.enrolment.v1.Fittings/BeginFitting", &begin, "UNKNOWN_WEARER"),
        changes("/paband.enrolment.v1.Fittings/BeginReplacement", &replace, "UNKNOWN_WEARER"),
        shows("/paband.enrolment.v1.Fittings/GetChecklist", &checklist, unknown),
        // Who may see it watches for ever; that is in a test of its own.
        Probe { shows: false, ..shows("/paband.enrolment.v1.Fittings/WatchChecklist", &checklist, unknown) },
        changes("/paband.enrolment.v1.Fittings/StateItem", &state, "UNKNOWN_INSTALLATION"),
        changes("/paband.enrolment.v1.Fittings/OverrideItem", &pass, "UNKNOWN_INSTALLATION"),
        changes("/paband.enrolment.v1.Fittings/CompleteFitting", &complete, "UNKNOWN_INSTALLATION"),
        changes("/paband.enrolment.v1.Fittings/CompleteReplacement", &exchange, "UNKNOWN_INSTALLATION"),
        changes("/paband.enrolment.v1.Fittings/AbandonFitting", &abandon, "UNKNOWN_INSTALLATION"),
        shows("/paband.enrolment.v1.Fittings/ListInstallations", &schema::ListInstallationsRequest {}, Told::Nothing),
        shows(
            "/paband.enrolment.v1.Fittings/ListFittings",
            &schema::ListFittingsRequest { wearer: wearer() },
            Told::Unknown("UNKNOWN_WEARER"),
        ),
        changes("/paband.enrolment.v1.Fittings/RemoveTag", &remove, "UNKNOWN_WEARER"),
    ]
}
