//! What staff decided about the wearer: zones, timetable, leaves.

use crate::calendar::{date, instant};
use crate::script::{HOME, Place};
use geofence::{Leave, Plan, Timestamp, Watch, Zone, ZoneSet};
use serde_json::{Value, json};
use std::sync::Arc;

/// When the home circle is widened from 150 m to 400 m: in the middle of a visit to the brother.
pub fn home_widened_at() -> Timestamp {
    instant(7, 20, "23:30")
}

/// When the leave for Qom was entered, three days after it had ended.
pub fn leave_entered_at() -> Timestamp {
    instant(11, 25, "10:00")
}

/// The plan as staff knew it before the leave for Qom was entered, and after.
pub fn plans() -> [Arc<Plan>; 2] {
    let known = [
        Leave { from: instant(4, 10, "12:00"), to: instant(4, 16, "23:00"), exclusion: false },
        Leave { from: instant(10, 10, "12:00"), to: instant(10, 14, "12:00"), exclusion: true },
    ];
    let qom = Leave { from: instant(11, 20, "17:00"), to: instant(11, 22, "02:00"), exclusion: false };
    [known.to_vec(), [&known[..], &[qom]].concat()].map(|leaves| Arc::new(plan(leaves)))
}

fn plan(leaves: Vec<Leave>) -> Plan {
    let widened = home_widened_at().to_string();
    let zones = vec![
        home(json!({"radius_m": 150, "valid_to": widened})),
        home(json!({"radius_m": 400, "valid_from": widened})),
        zone(2, json!({"zone": "Golestan street", "sense": "exclusion", "distance_m": 100}), street()),
    ];
    let airports =
        [("Mehrabad airport", (35.689, 51.313)), ("Imam Khomeini airport", (35.416, 51.152)), ("Shiraz airport", (29.54, 52.59))];
    let airports = (10..).zip(airports).map(|(key, (name, centre))| {
        let properties = json!({"zone": name, "sense": "exclusion", "radius_m": 2500});
        zone(key, properties, point(centre))
    });
    let set = Arc::new(ZoneSet::new(airports.collect()));
    Plan::with_set(zones, Some(set), leaves).watched(Arc::new(Watch::default()))
}

/// Every night from 22:00 to 06:00, but for 1 to 4 Farvardin; on Sizdah Bedar also by day.
fn home(version: Value) -> Arc<Zone> {
    let free = (1..=4).map(|day| json!({"date": date(1, day).to_string(), "from": "22:00", "to": "06:00", "on": false}));
    let bound = json!({"date": date(1, 13).to_string(), "from": "10:00", "to": "16:00", "on": true});
    let mut properties = json!({
        "zone": "home", "sense": "inclusion", "exceptions": free.chain([bound]).collect::<Vec<_>>(),
        "timetable": [{"days": ["sat", "sun", "mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "06:00"}],
    });
    properties.as_object_mut().unwrap().extend(version.as_object().unwrap().clone());
    zone(1, properties, point(HOME))
}

fn zone(key: i64, properties: Value, geometry: Value) -> Arc<Zone> {
    let feature = json!({"type": "Feature", "geometry": geometry, "properties": properties});
    Arc::new(Zone::from_feature(key, &serde_json::from_value(feature).unwrap()).unwrap())
}

fn point(place: Place) -> Value {
    json!({"type": "Point", "coordinates": [place.1, place.0]})
}

fn street() -> Value {
    json!({"type": "LineString", "coordinates": [[51.370, 35.730], [51.376, 35.733]]})
}
