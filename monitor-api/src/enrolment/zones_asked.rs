//! What is asked of zones, read from requests: the GeoJSON, and the fields around it.

use crate::fields::{Fields, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use geojson::{Feature, JsonValue};
use proto::enrolment::{
    ChangeZoneSetRequest, ChangeZonesRequest, CheckZonesRequest, CreateZoneSetRequest, EndZoneRequest, PreviewZonesRequest,
    ZoneSetWearersRequest,
};
use store::{MEMBERS_MAX, NewZoneSet, ZoneChange, ZoneSetChange, ZoneSetMembers};
use tonic::Status;

/// Longest GeoJSON, bytes.
pub(crate) const GEOJSON_BYTES_MAX: usize = 1024 * 1024;
/// Most features of one change: a wearer has a handful.
const FEATURES_MAX: usize = 100;
/// Longest name of a zone, characters.
const ZONE_CHARACTERS_MAX: usize = 100;
/// Longest reference of a set, characters.
const SET_CHARACTERS_MAX: usize = 40;
/// Longest name of a set, characters.
const NAME_CHARACTERS_MAX: usize = 200;
/// Days that are tried out at most, and if the caller does not say.
const DAYS_MAX: u32 = 31;
const DAYS_UNSAID: u32 = 7;

/// A change of a wearer's zones.
pub(crate) fn change_asked(asked: &ChangeZonesRequest) -> Result<ZoneChange, Status> {
    let mut fields = Fields::default();
    let change = ZoneChange {
        features: features(&mut fields, &asked.geojson, Some(&asked.wearer), asked.ends.is_empty()),
        ends: ends(&mut fields, &asked.ends),
        at: fields.optional_instant("valid_from", asked.valid_from.as_ref()),
        reason: fields.text("reason", &asked.reason, REASON_MAX),
        expected_version: asked.expected_version,
        wearer: fields.text("wearer", &asked.wearer, REFERENCE_MAX),
    };
    fields.check().map(|()| change)
}

/// The end of one zone.
pub(crate) fn end_asked(asked: &EndZoneRequest) -> Result<ZoneChange, Status> {
    let mut fields = Fields::default();
    let change = ZoneChange {
        features: Vec::new(),
        ends: vec![fields.text("zone", &asked.zone, ZONE_CHARACTERS_MAX)],
        at: fields.optional_instant("at", asked.at.as_ref()),
        reason: fields.text("reason", &asked.reason, REASON_MAX),
        expected_version: asked.expected_version,
        wearer: fields.text("wearer", &asked.wearer, REFERENCE_MAX),
    };
    fields.check().map(|()| change)
}

/// A change that is only looked at: for no reason, and of whatever version there is.
pub(super) fn check_asked(asked: &CheckZonesRequest) -> Result<ZoneChange, Status> {
    let mut fields = Fields::default();
    let change = ZoneChange {
        features: features(&mut fields, &asked.geojson, Some(&asked.wearer), asked.ends.is_empty()),
        ends: ends(&mut fields, &asked.ends),
        at: fields.optional_instant("valid_from", asked.valid_from.as_ref()),
        reason: String::new(),
        expected_version: 0,
        wearer: fields.text("wearer", &asked.wearer, REFERENCE_MAX),
    };
    fields.check().map(|()| change)
}

/// The same with the days on which it is tried out.
pub(super) fn preview_asked(asked: PreviewZonesRequest) -> Result<(ZoneChange, chrono::TimeDelta), Status> {
    let PreviewZonesRequest { wearer, geojson, ends, days } = asked;
    let days = if days == 0 { DAYS_UNSAID } else { days };
    let mut fields = Fields::default();
    if days > DAYS_MAX {
        fields.note("days", Wrong::AboveMax, &[("max", DAYS_MAX.to_string()), ("value", days.to_string())]);
    }
    fields.check()?;
    let change = check_asked(&CheckZonesRequest { wearer, geojson, ends, valid_from: None })?;
    Ok((change, chrono::TimeDelta::days(days.into())))
}

/// A set to make.
pub(super) fn set_asked(asked: &CreateZoneSetRequest) -> Result<NewZoneSet, Status> {
    let mut fields = Fields::default();
    let new = NewZoneSet {
        reference: set_reference(&mut fields, &asked.set),
        name_fa: fields.text("name_fa", &asked.name_fa, NAME_CHARACTERS_MAX),
        name_en: fields.text("name_en", &asked.name_en, NAME_CHARACTERS_MAX),
        unit: fields.text("unit", &asked.unit, SET_CHARACTERS_MAX),
        features: features(&mut fields, &asked.geojson, None, false),
        reason: fields.text("reason", &asked.reason, REASON_MAX),
    };
    fields.check().map(|()| new)
}

/// A change of the zones of a set.
pub(crate) fn set_change_asked(asked: &ChangeZoneSetRequest) -> Result<ZoneSetChange, Status> {
    let mut fields = Fields::default();
    let change = ZoneSetChange {
        set: set_reference(&mut fields, &asked.set),
        features: features(&mut fields, &asked.geojson, None, asked.ends.is_empty()),
        ends: ends(&mut fields, &asked.ends),
        at: fields.optional_instant("valid_from", asked.valid_from.as_ref()),
        reason: fields.text("reason", &asked.reason, REASON_MAX),
        expected_version: asked.expected_version,
    };
    fields.check().map(|()| change)
}

/// Wearers who join a set, or leave it.
pub(crate) fn members_asked(asked: &ZoneSetWearersRequest, join: bool) -> Result<ZoneSetMembers, Status> {
    let mut fields = Fields::default();
    if asked.wearers.is_empty() {
        fields.note("wearers", Wrong::Missing, &[]);
    }
    too_many(&mut fields, "wearers", asked.wearers.len(), MEMBERS_MAX);
    let mut wearers: Vec<String> =
        asked.wearers.iter().take(MEMBERS_MAX).map(|wearer| fields.text("wearers", wearer, REFERENCE_MAX)).collect();
    wearers.sort_unstable();
    wearers.dedup();
    let set = set_reference(&mut fields, &asked.set);
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check().map(|()| ZoneSetMembers { set, wearers, join, reason })
}

fn set_reference(fields: &mut Fields, set: &str) -> String {
    let set = fields.text("set", set, SET_CHARACTERS_MAX);
    if set.bytes().any(|byte| !(byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')) {
        fields.note("set", Wrong::NotACode, &[]);
    }
    set
}

fn ends(fields: &mut Fields, ends: &[String]) -> Vec<String> {
    too_many(fields, "ends", ends.len(), FEATURES_MAX);
    ends.iter().take(FEATURES_MAX).map(|zone| fields.text("ends", zone, ZONE_CHARACTERS_MAX)).collect()
}

fn too_many(fields: &mut Fields, field: &str, count: usize, max: usize) {
    if count > max {
        fields.note(field, Wrong::TooMany, &[("max", max.to_string()), ("count", count.to_string())]);
    }
}

/// The features of a text. It may be empty if nothing needs to be drawn.
fn features(fields: &mut Fields, text: &str, wearer: Option<&str>, is_needed: bool) -> Vec<Feature> {
    if text.trim().is_empty() {
        missing(fields, is_needed);
        return Vec::new();
    }
    if text.len() > GEOJSON_BYTES_MAX {
        fields.note("geojson", Wrong::TooLong, &[("max", GEOJSON_BYTES_MAX.to_string()), ("length", text.len().to_string())]);
        return Vec::new();
    }
    let values = serde_json::from_str(text.strip_prefix('\u{feff}').unwrap_or(text)).ok().and_then(listed);
    let Some(values) = values else {
        fields.note("geojson", Wrong::NotGeojson, &[]);
        return Vec::new();
    };
    missing(fields, is_needed && values.is_empty());
    too_many(fields, "geojson", values.len(), FEATURES_MAX);
    let mut features = Vec::with_capacity(values.len().min(FEATURES_MAX));
    for (value, number) in values.into_iter().take(FEATURES_MAX).zip(1..) {
        match feature(value, wearer) {
            Ok(feature) => features.push(feature),
            Err(wrong) => fields.note("geojson", wrong, &[("number", i32::to_string(&number))]),
        }
    }
    features
}

fn missing(fields: &mut Fields, is_missing: bool) {
    if is_missing {
        fields.note("geojson", Wrong::Missing, &[]);
    }
}

/// The features of a collection, or the one that it is.
fn listed(value: JsonValue) -> Option<Vec<JsonValue>> {
    let JsonValue::Object(mut object) = value else { return None };
    // Other ways to count coordinates than longitude and latitude are none of GeoJSON any more, but are still met with.
    let crs = object.get("crs").filter(|crs| !crs.is_null()).map(ToString::to_string);
    if crs.is_some_and(|crs| !crs.contains("CRS84") && !crs.contains("4326")) {
        return None;
    }
    match object.get("type").and_then(JsonValue::as_str)? {
        "Feature" => Some(vec![JsonValue::Object(object)]),
        "FeatureCollection" => match object.remove("features")? {
            JsonValue::Array(features) => Some(features),
            _ => None,
        },
        _ => None,
    }
}

fn feature(value: JsonValue, wearer: Option<&str>) -> Result<Feature, Wrong> {
    let feature: Feature = serde_json::from_value(value).map_err(|_| Wrong::NotAFeature)?;
    let property = |name: &str| feature.property(name).filter(|value| !value.is_null());
    let name = property("zone").and_then(JsonValue::as_str).map(str::trim).unwrap_or_default();
    // The database's texts cannot hold the character of number 0.
    if !(1..=ZONE_CHARACTERS_MAX).contains(&name.chars().count()) || feature.to_string().contains("\\u0000") {
        return Err(Wrong::NotAFeature);
    }
    let is_this = property("wearer").is_none_or(|named| wearer.is_some_and(|wearer| named.as_str() == Some(wearer.trim())));
    if property("wearers").is_some() || !is_this { Err(Wrong::OtherWearer) } else { Ok(feature) }
}

#[cfg(test)]
mod tests {
    use super::{FEATURES_MAX, Fields, GEOJSON_BYTES_MAX, features};

    fn read(text: &str) -> Result<usize, String> {
        let mut fields = Fields::default();
        let features = features(&mut fields, text, Some("1404/12"), false);
        match fields.into_wrong().pop() {
            Some(wrong) => Err(wrong.reason),
            None => Ok(features.len()),
        }
    }

    fn feature(properties: &str) -> String {
        format!(r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[51.4,35.7]}},"properties":{{{properties}}}}}"#)
    }

    fn collection(features: &[String]) -> String {
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    #[test]
    fn a_collection_or_a_feature_is_taken_and_nothing_else() {
        let home = feature(r#""zone":"home""#);
        for (text, expected) in [
            (String::new(), Ok(0)),
            (home.clone(), Ok(1)),
            (collection(&[]), Ok(0)),
            (collection(&[home.clone(), feature(r#""zone":"work","wearer":"1404/12""#)]), Ok(2)),
            (format!("\u{feff}{home}"), Ok(1)),
            ("home".to_owned(), Err("NOT_GEOJSON")),
            ("[]".to_owned(), Err("NOT_GEOJSON")),
            (r#"{"type":"Point","coordinates":[51.4,35.7]}"#.to_owned(), Err("NOT_GEOJSON")),
            (r#"{"type":"FeatureCollection","features":7}"#.to_owned(), Err("NOT_GEOJSON")),
            (
                r#"{"type":"FeatureCollection","features":[],"crs":{"type":"name","properties":{"name":"EPSG:32639"}}}"#.to_owned(),
                Err("NOT_GEOJSON"),
            ),
            (collection(&["7".to_owned()]), Err("NOT_A_FEATURE")),
            (feature(""), Err("NOT_A_FEATURE")),
            (feature(r#""zone":"""#), Err("NOT_A_FEATURE")),
            (feature(r#""zone":"a\u0000""#), Err("NOT_A_FEATURE")),
            (feature(&format!(r#""zone":"{}""#, "x".repeat(101))), Err("NOT_A_FEATURE")),
            (feature(r#""zone":"home","wearer":"1404/13""#), Err("OTHER_WEARER")),
            (feature(r#""zone":"home","wearers":["1404/12"]"#), Err("OTHER_WEARER")),
            (feature(r#""zone":"home","wearer":"*""#), Err("OTHER_WEARER")),
            (collection(&vec![home; FEATURES_MAX + 1]), Err("TOO_MANY")),
            (" ".repeat(GEOJSON_BYTES_MAX) + "{}", Err("TOO_LONG")),
        ] {
            assert_eq!(read(&text), expected.map_err(str::to_owned), "{}", &text[..text.len().min(300)]);
        }
    }
}
