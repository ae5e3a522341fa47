//! What others try on the zones of Tehran's wearer and on Tehran's sets.

use super::{Probe, Told, changes, shows};
use proto::enrolment::*;

/// A zone and sets to try it on.
pub const ZONES: &str = r#"
    INSERT INTO zones (reference, wearer_id) VALUES ('tehran-home', 1);
    INSERT INTO zone_wearers (wearer_id, zone_id) SELECT 1, zone_id FROM zones WHERE reference = 'tehran-home';
    INSERT INTO zone_versions (zone_id, version, feature, valid_from) SELECT zone_id, 1, '{"type":"Feature","geometry":{"type":"Point","coordinates":[51.4,35.7]},
        "properties":{"zone":"tehran-home","sense":"inclusion","radius_m":200}}', '2023-01-01' FROM zones WHERE reference = 'tehran-home';
    INSERT INTO zone_sets (reference, name_fa, name_en, unit_id, created_at, created_by)
        SELECT set, set, name, unit_id, now(), 'test' FROM units JOIN (VALUES ('capital', 'The capital', 'tehran'), ('country', 'The country', 'central'))
            AS given (set, name, code) USING (code);"#;

pub fn probes() -> Vec<Probe> {
    let wearer = "tehran/12".to_owned();
    let geojson = r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[51.4,35.7]},"properties":{"zone":"x","sense":"exclusion","radius_m":99}}"#;
    let (geojson, reason, ends) = (geojson.to_owned(), "x".to_owned(), vec!["tehran-home".to_owned()]);
    let change = ChangeZonesRequest {
        wearer: wearer.clone(),
        geojson: geojson.clone(),
        ends: ends.clone(),
        valid_from: None,
        reason: reason.clone(),
        expected_version: 1,
    };
    let end = EndZoneRequest { wearer: wearer.clone(), zone: ends[0].clone(), at: None, reason: reason.clone(), expected_version: 1 };
    let check = CheckZonesRequest { wearer: wearer.clone(), geojson: geojson.clone(), ends: ends.clone(), valid_from: None };
    let preview = PreviewZonesRequest { wearer: wearer.clone(), geojson: geojson.clone(), ends, days: 7 };
    let create = CreateZoneSetRequest {
        set: "intruders".to_owned(),
        name_fa: "x".to_owned(),
        name_en: "x".to_owned(),
        unit: "tehran".to_owned(),
        geojson: geojson.clone(),
        reason: reason.clone(),
    };
    let change_set = ChangeZoneSetRequest {
        set: "capital".to_owned(),
        geojson,
        ends: vec![],
        valid_from: None,
        reason: reason.clone(),
        expected_version: 1,
    };
    let members = |set: &str| ZoneSetWearersRequest { set: set.to_owned(), wearers: vec![wearer.clone()], reason: reason.clone() };
    let unknown_wearer = Told::Unknown("UNKNOWN_WEARER");
    vec![
        shows("/paband.enrolment.v1.Zones/ListZones", &ListZonesRequest { wearer: wearer.clone() }, unknown_wearer),
        changes("/paband.enrolment.v1.Zones/ChangeZones", &change, "UNKNOWN_WEARER"),
        changes("/paband.enrolment.v1.Zones/EndZone", &end, "UNKNOWN_WEARER"),
        shows("/paband.enrolment.v1.Zones/CheckZones", &check, unknown_wearer),
        shows("/paband.enrolment.v1.Zones/PreviewZones", &preview, unknown_wearer),
        shows("/paband.enrolment.v1.ZoneSets/ListZoneSets", &ListZoneSetsRequest {}, Told::Nothing),
        changes("/paband.enrolment.v1.ZoneSets/CreateZoneSet", &create, "UNKNOWN_UNIT"),
        changes("/paband.enrolment.v1.ZoneSets/ChangeZoneSet", &change_set, "UNKNOWN_ZONE_SET"),
        changes("/paband.enrolment.v1.ZoneSets/AddToZoneSet", &members("capital"), "UNKNOWN_ZONE_SET"),
        // The central unit's set is theirs to use, Tehran's wearer is not.
        changes("/paband.enrolment.v1.ZoneSets/AddToZoneSet", &members("country"), "UNKNOWN_WEARERS"),
        changes("/paband.enrolment.v1.ZoneSets/RemoveFromZoneSet", &members("country"), "UNKNOWN_WEARERS"),
    ]
}
