//! The town's zones as GeoJSON, in the form that the server imports.

use super::curfew::Curfew;
use super::place::{Place, rectangle};
use super::wearer::{House, Regime, Wearer};
use serde_json::{Value, json};
use std::f64::consts::FRAC_PI_2;

/// The zone that all share: somebody might want to leave the country.
const AIRPORT: Place = Place { east_m: -9_000.0, north_m: -1_500.0 };
const AIRPORT_M: (f64, f64) = (3_200.0, 1_400.0);
/// A street to keep away from, metres.
const STREET_M: (f64, f64) = (240.0, 90.0);

/// Every zone of the town as one FeatureCollection; one wearer's curfew is the one that is staged.
pub(super) fn collection(wearers: &[Wearer], staged: Option<&Curfew>) -> String {
    let own = wearers.iter().enumerate().map(|(place, wearer)| own_zone(wearer, staged.filter(|curfew| curfew.wearer == place)));
    let features: Vec<Value> = own.chain([airport()]).collect();
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

fn own_zone(wearer: &Wearer, staged: Option<&Curfew>) -> Value {
    match wearer.regime {
        Regime::Home => home(wearer, json!("always")),
        Regime::Curfew => home(wearer, staged.map_or_else(curfew, Curfew::timetable)),
        Regime::KeepAway => street(wearer),
    }
}

/// From ten at night to six in the morning, Asia/Tehran.
fn curfew() -> Value {
    json!([{ "days": ["sat", "sun", "mon", "tue", "wed", "thu", "fri"], "from": "22:00", "to": "06:00" }])
}

fn home(wearer: &Wearer, timetable: Value) -> Value {
    let mut properties = json!({ "wearer": wearer.reference, "zone": "home", "sense": "inclusion", "timetable": timetable });
    let geometry = match &wearer.house {
        House::Circle { radius_m } => {
            properties["radius_m"] = json!(radius_m);
            json!({ "type": "Point", "coordinates": wearer.home.degrees() })
        }
        House::Outline { heading, length_m, width_m, distance_m } => {
            properties["distance_m"] = json!(distance_m);
            polygon(rectangle(wearer.home, *heading, *length_m, *width_m))
        }
    };
    feature(geometry, properties)
}

fn street(wearer: &Wearer) -> Value {
    let ring = rectangle(wearer.street, wearer.street_heading() + FRAC_PI_2, STREET_M.0, STREET_M.1);
    let properties = json!({ "wearer": wearer.reference, "zone": "victim-street", "sense": "exclusion", "timetable": "always" });
    feature(polygon(ring), properties)
}

fn airport() -> Value {
    let properties = json!({ "wearers": "*", "zone": "airport", "sense": "exclusion", "timetable": "always" });
    feature(polygon(rectangle(AIRPORT, 1.2, AIRPORT_M.0, AIRPORT_M.1)), properties)
}

fn polygon(ring: Vec<[f64; 2]>) -> Value {
    json!({ "type": "Polygon", "coordinates": [ring] })
}

fn feature(geometry: Value, properties: Value) -> Value {
    json!({ "type": "Feature", "geometry": geometry, "properties": properties })
}
