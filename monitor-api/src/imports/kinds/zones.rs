//! Zones of wearers who wear no tag: a GeoJSON FeatureCollection, each feature with the wearer's file reference.

use crate::imports::findings::{Findings, Place};
use crate::reason::Wrong;
use geojson::Feature;
use serde_json::Value;
use std::collections::BTreeMap;
use store::ImportRow;

/// Most features of one file.
const FEATURES_MAX: usize = 100_000;

/// What stands in the template: a home of 200 metres with a timetable.
pub const EXAMPLE: &str = r#"{
  "type": "FeatureCollection",
  "features": [
    {
      "type": "Feature",
      "geometry": { "type": "Polygon", "coordinates": [[[52.5301, 29.6201], [52.5304, 29.6201], [52.5304, 29.6203], [52.5301, 29.6203], [52.5301, 29.6201]]] },
      "properties": {
        "wearer": "1405/100",
        "zone": "home",
        "sense": "inclusion",
        "distance_m": 200,
        "timetable": [{ "days": ["sat", "sun", "mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "06:00" }]
      }
    }
  ]
}
"#;

/// A file of zones, read: one row for each wearer.
#[derive(Default)]
pub struct Features {
    /// How many features.
    pub count: usize,
    pub good: Vec<ImportRow>,
    /// Of each row its features: the number in the file, from 1, and the zone's name.
    pub features: Vec<Vec<(u32, String)>>,
    pub findings: Findings,
}

/// Reads a file; zones are checked when they are drawn.
pub fn read(bytes: &[u8]) -> Features {
    let mut read = Features::default();
    let Some(features) = collection(bytes) else {
        read.findings.note(Place::default(), Wrong::NoGeoJson, &[]);
        return read;
    };
    read.count = features.len();
    if features.is_empty() {
        read.findings.note(Place::default(), Wrong::NoRows, &[]);
    }
    if features.len() > FEATURES_MAX {
        read.findings.note(Place::default(), Wrong::FileTooLarge, &[("rows", FEATURES_MAX.to_string())]);
        return read;
    }
    let mut wearers = BTreeMap::<String, (Vec<Feature>, Vec<(u32, String)>)>::new();
    for (value, number) in features.into_iter().zip(1..) {
        if let Some((wearer, feature)) = one(value, number, &mut read.findings) {
            let zone = feature.property("zone").and_then(Value::as_str).unwrap_or_default().to_owned();
            let (of_wearer, named) = wearers.entry(wearer).or_default();
            of_wearer.push(feature);
            named.push((number, zone));
        }
    }
    for (wearer, (features, named)) in wearers {
        read.good.push(ImportRow::Zones { wearer, features });
        read.features.push(named);
    }
    read
}

fn collection(bytes: &[u8]) -> Option<Vec<Value>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut file: serde_json::Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    if file.get("type").and_then(Value::as_str) != Some("FeatureCollection") {
        return None;
    }
    match file.remove("features")? {
        Value::Array(features) => Some(features),
        _ => None,
    }
}

/// A feature with its wearer.
fn one(value: Value, number: u32, findings: &mut Findings) -> Option<(String, Feature)> {
    let text = |name: &str| value["properties"][name].as_str().unwrap_or_default().trim().to_owned();
    let (wearer, zone) = (text("wearer"), text("zone"));
    let place = |column| Place { row: number, column, cell: if column == "zone" { &zone } else { &wearer } };
    let before = findings.count();
    if !value["properties"]["wearers"].is_null() || wearer == "*" {
        // Whom many share is drawn as a set, by people who see whom it binds.
        findings.note(place("wearers"), Wrong::ZoneShared, &[]);
    } else if wearer.is_empty() {
        findings.note(place("wearer"), Wrong::Missing, &[]);
    }
    if zone.is_empty() {
        findings.note(place("zone"), Wrong::Missing, &[]);
    }
    if value.to_string().contains("\\u0000") {
        findings.note(place(""), Wrong::NotACode, &[]);
    }
    let is_good = findings.count() == before;
    match serde_json::from_value::<Feature>(value) {
        Ok(feature) => is_good.then_some((wearer, feature)),
        Err(_) => {
            findings.note(Place { row: number, ..Place::default() }, Wrong::NoGeoJson, &[]);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLE, read};

    fn file(properties: &[&str]) -> String {
        let feature = |properties: &&str| {
            format!(r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[51.4,35.7]}},"properties":{{{properties}}}}}"#)
        };
        let features: Vec<String> = properties.iter().map(feature).collect();
        format!("\u{feff}{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", features.join(","))
    }

    #[test]
    fn zones_are_gathered_by_wearer_and_every_mistake_is_told_by_its_feature() {
        let read = read(
            file(&[
                r#""wearer":"b","zone":"home""#,
                r#""zone":"home""#,
                r#""wearers":["a","b"],"zone":"park""#,
                r#""wearer":"a","zone":"home""#,
                r#""wearer":"*","zone":"border""#,
                r#""wearer":"b""#,
                r#""wearer":"b","zone":"work""#,
            ])
            .as_bytes(),
        );
        assert_eq!((read.count, read.good.len()), (7, 2));
        let named = |number, zone: &str| (number, zone.to_owned());
        assert_eq!(read.features, [vec![named(4, "home")], vec![named(1, "home"), named(7, "work")]]);
        let found: Vec<_> = read.findings.into_told().into_iter().map(|finding| (finding.row, finding.code)).collect();
        let expected = [(2, "MISSING"), (3, "ZONE_SHARED"), (5, "ZONE_SHARED"), (6, "MISSING")].map(|(row, code)| (row, code.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_collection_is_told() {
        for text in ["", "[]", "{}", r#"{"type":"Feature"}"#, r#"{"type":"FeatureCollection","features":7}"#, "wearer,zone\na,b\n"] {
            let found = read(text.as_bytes()).findings.into_told();
            assert_eq!(found.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(), ["NO_GEO_JSON"], "{text}");
        }
        assert_eq!(read(EXAMPLE.as_bytes()).findings.count(), 0);
    }
}
