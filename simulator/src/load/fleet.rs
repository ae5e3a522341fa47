//! The tags of a load: who they are, where they live and where they are. Everything follows from a serial number, so nothing is kept.

use crate::identity::Identity;
use anyhow::Result;
use serde_json::json;
use std::io::Write;
use std::ops::Range;

/// South-western corner of the fleet's homes, 1e-7 degree.
const CORNER_E7: (i32, i32) = (354_500_000, 511_500_000);
/// Homes stand in a grid of this many columns, rows as needed.
const COLUMNS: u32 = 1000;
/// Between two homes, 1e-7 degree: about 55 m.
const STEP_E7: i32 = 5_000;
/// A report lies this far from home at most in latitude and longitude, 1e-7 degree: about 5 m, within the accuracy that it states.
const JITTER_E7: i32 = 500;
/// Where wearers go who break their zone, 1e-7 degree of latitude: about 1,100 m, beyond the edge of every home zone.
const AWAY_E7: i32 = 100_000;
/// Every wearer is away once a day for this long: about one violation per wearer and day, as real programmes see.
const AWAY_MS: i64 = 5 * 60_000;
const DAY_MS: i64 = 24 * 60 * 60_000;
/// Size of a home, half of its side, degrees: about 10 m.
const HOUSE: f64 = 0.0001;

/// The tag with this serial number.
pub fn identity(serial: u32) -> Identity {
    Identity::numbered("load", serial)
}

/// The wearer of the tag with this serial number.
pub fn wearer(serial: u32) -> String {
    format!("L-{serial:07}")
}

/// Writes `imei,wearer,key`, a row a tag, as the server registers them.
///
/// # Errors
/// When `output` fails.
pub fn write_tags(serials: Range<u32>, output: impl Write) -> Result<()> {
    let mut rows = csv::Writer::from_writer(output);
    rows.write_record(["imei", "wearer", "key"])?;
    for serial in serials {
        let identity = identity(serial);
        rows.write_record([&identity.imei, &wearer(serial), &identity.key_hex()])?;
    }
    Ok(rows.flush()?)
}

/// Writes the zones of these wearers as one GeoJSON FeatureCollection: a home with 100 m around it, and a circle to keep away from.
///
/// # Errors
/// When `output` fails.
pub fn write_zones(serials: Range<u32>, mut output: impl Write) -> Result<()> {
    output.write_all(br#"{"type":"FeatureCollection","features":["#)?;
    for (place, serial) in serials.enumerate() {
        let comma = if place == 0 { "" } else { "," };
        write!(output, "{comma}\n{},\n{}", home_zone(serial), keep_away_zone(serial))?;
    }
    Ok(output.write_all(b"\n]}\n")?)
}

/// Where the tag is at an instant, 1e-7 degree: `(latitude, longitude)`. `noise` moves it by some metres.
pub(super) fn position(serial: u32, taken_at_ms: i64, noise: u32) -> (i32, i32) {
    let (latitude, longitude) = home(serial);
    let away_since = (taken_at_ms + i64::from(serial) * 7_919_000) % DAY_MS;
    let away = if away_since < AWAY_MS { AWAY_E7 } else { 0 };
    let mixed = noise.wrapping_add(serial).wrapping_mul(2_654_435_769);
    let jitter = |bits: u32| (bits & 0x7FFF) as i32 * 2 * JITTER_E7 / 0x7FFF - JITTER_E7;
    (latitude + away + jitter(mixed >> 16), longitude + jitter(mixed >> 1))
}

fn home(serial: u32) -> (i32, i32) {
    let (row, column) = ((serial / COLUMNS) as i32, (serial % COLUMNS) as i32);
    (CORNER_E7.0 + row % COLUMNS as i32 * STEP_E7, CORNER_E7.1 + column * STEP_E7)
}

fn home_zone(serial: u32) -> serde_json::Value {
    let (lat, lon) = degrees(home(serial));
    let (south, north, west, east) = (lat - HOUSE, lat + HOUSE, lon - HOUSE, lon + HOUSE);
    let ring = json!([[west, south], [east, south], [east, north], [west, north], [west, south]]);
    json!({
        "type": "Feature",
        "geometry": { "type": "Polygon", "coordinates": [ring] },
        "properties": { "wearer": wearer(serial), "zone": "home", "sense": "inclusion", "distance_m": 100, "timetable": "always" },
    })
}

fn keep_away_zone(serial: u32) -> serde_json::Value {
    let (lat, lon) = degrees(home(serial));
    json!({
        "type": "Feature",
        "geometry": { "type": "Point", "coordinates": [lon + 0.02, lat] },
        "properties": { "wearer": wearer(serial), "zone": "keep-away", "sense": "exclusion", "radius_m": 300, "timetable": "always" },
    })
}

fn degrees((latitude, longitude): (i32, i32)) -> (f64, f64) {
    (f64::from(latitude) / 1e7, f64::from(longitude) / 1e7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_at_home_but_for_five_minutes_a_day() {
        for serial in [0, 17, 999_999] {
            let (latitude, longitude) = home(serial);
            let mut away = 0;
            for minute in 0..1440 {
                let (lat, lon) = position(serial, 1_800_000_000_000 + minute * 60_000, minute as u32);
                assert!((lon - longitude).abs() <= JITTER_E7);
                match lat - latitude {
                    moved if moved.abs() <= JITTER_E7 => {}
                    _ => away += 1,
                }
            }
            assert_eq!(away, 5, "minutes of tag {serial}");
        }
    }

    #[test]
    fn files_have_a_row_and_two_zones_a_wearer() {
        let (mut tags, mut zones) = (Vec::new(), Vec::new());
        write_tags(5..8, &mut tags).unwrap();
        write_zones(5..8, &mut zones).unwrap();
        assert_eq!(String::from_utf8(tags).unwrap().lines().count(), 4);
        let zones: serde_json::Value = serde_json::from_slice(&zones).unwrap();
        assert_eq!(zones["features"].as_array().unwrap().len(), 6);
        assert_eq!(zones["features"][5]["properties"]["wearer"], "L-0000007");
    }
}
