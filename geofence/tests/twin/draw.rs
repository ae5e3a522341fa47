//! Random cases, drawn so that instants, distances and accuracies often meet exactly.

use geofence::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value, json};

/// One wearer, one zone id in one to three versions, leaves, a track.
#[derive(Clone, Debug)]
pub struct Case {
    pub versions: Vec<Value>,
    pub leaves: Vec<(i64, i64, bool)>,
    pub fixes: Vec<Row>,
    /// The order of the file: indices of `fixes`, some more than once.
    pub order: Vec<usize>,
    pub until: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
pub struct Row {
    pub at: i64,
    pub place: Option<(f64, f64)>,
    pub accuracy: Option<f64>,
    pub received: Option<i64>,
}

pub const CENTRE: (f64, f64) = (35.7, 51.4);

/// Days whose clock is plain, and the two on which it jumps: seconds of their UTC noon before.
const DAYS: [i64; 4] = [1_647_777_600, 1_647_864_000, 1_663_675_200, 1_668_000_000];

impl Case {
    pub fn zones_text(&self) -> String {
        let leaves: Vec<Value> = self
            .leaves
            .iter()
            .map(|(from, to, exclusion)| json!({"wearer": "w", "from": text(*from), "to": text(*to), "exclusion": exclusion}))
            .collect();
        json!({"type": "FeatureCollection", "features": self.versions, "leaves": leaves}).to_string()
    }

    pub fn track_text(&self) -> String {
        let mut track = "wearer,taken_at,lat,lon,accuracy_m,received_at\n".to_owned();
        for index in &self.order {
            let row = self.fixes[*index];
            let number = |value: Option<f64>| value.map_or(String::new(), |value| value.to_string());
            let (lat, lon) = (number(row.place.map(|place| place.0)), number(row.place.map(|place| place.1)));
            let received = row.received.map_or(String::new(), text);
            track += &format!("w,{},{lat},{lon},{},{received}\n", text(row.at), number(row.accuracy));
        }
        track
    }

    pub fn describe(&self) -> String {
        format!("{}\n{}until {:?}", self.zones_text(), self.track_text(), self.until)
    }
}

pub fn text(seconds: i64) -> String {
    Timestamp::from_millis(seconds * 1000).to_string()
}

pub fn case() -> impl Strategy<Value = Case> {
    (select(DAYS.to_vec()), 0..24_i64).prop_flat_map(|(day, hour)| {
        let start = day + hour * 3600;
        (versions(start), leaves(start), fixes(start)).prop_flat_map(move |(versions, leaves, fixes)| {
            let count = fixes.len();
            let order = (Just((0..count).collect::<Vec<_>>()).prop_shuffle(), vec(0..count, 0..4)).prop_map(|(order, more)| [order, more].concat());
            let until = prop_oneof![3 => Just(None), 1 => (0..40_000_i64).prop_map(move |after| Some(Timestamp::from_millis((start + after / 30 * 30) * 1000)))];
            (Just(versions), Just(leaves), Just(fixes), order, until)
                .prop_map(|(versions, leaves, fixes, order, until)| Case { versions, leaves, fixes, order, until })
        })
    })
}

fn fixes(start: i64) -> impl Strategy<Value = Vec<Row>> {
    let gap = select(vec![0, 0, 10, 20, 30, 30, 30, 60, 60, 60, 60, 90, 120, 299, 300, 300, 301, 330, 600, 1800, 5400]);
    // Two ways of life: wandering, and staying with little change.
    let step = (gap, place(), accuracy(), prop_oneof![20 => Just(None), 1 => select(vec![-601_i64, -600, 0, 900]).prop_map(Some)]);
    (vec(step, 1..40), 0..3_usize).prop_map(move |(steps, stay)| {
        let mut at = start;
        let mut last = None;
        let rows = steps.into_iter().enumerate().map(|(index, (gap, place, accuracy, received))| {
            at += gap;
            let place = if index % (stay * 3 + 1) == 0 { place } else { last };
            last = place;
            Row { at, place, accuracy, received: received.map(|delay| at + delay) }
        });
        rows.collect()
    })
}

/// Steps of latitude around the edge of a circle of 200 m, and outright far.
fn place() -> impl Strategy<Value = Option<(f64, f64)>> {
    let north = prop_oneof![
        6 => select(vec![0.0, 0.0005, 0.00165, 0.0017, 0.0018, 0.0019, 0.00195, 0.003, 0.005, 0.02]),
        1 => -0.01..0.01_f64,
        1 => select(vec![1.0, -9.0]),
    ];
    prop_oneof![
        30 => (north, select(vec![0.0, 0.0, 0.001, 0.003])).prop_map(|(north, east)| Some((CENTRE.0 + north, CENTRE.1 + east))),
        1 => Just(None),
        1 => Just(Some((0.0, 0.0))),
        1 => Just(Some((91.0, 0.0))),
    ]
}

fn accuracy() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![5 => Just(None), 5 => Just(Some(5.0)), 1 => select(vec![0.0, 3.0, 20.0, 50.0, 99.5, 100.0, 100.5, 400.0]).prop_map(Some)]
}

fn leaves(start: i64) -> impl Strategy<Value = Vec<(i64, i64, bool)>> {
    let edge = move |seconds: i64| start + seconds / 30 * 30;
    let leave = (-900..1_800_i64, 1..2_000_i64, any::<bool>())
        .prop_map(move |(from, long, exclusion)| (edge(from), edge(from) + long / 30 * 30 + 30, exclusion));
    prop_oneof![2 => Just(vec![]), 1 => vec(leave, 1..3)]
}

/// One to three versions that follow each other with or without a gap.
fn versions(start: i64) -> impl Strategy<Value = Vec<Value>> {
    let edges = prop_oneof![
        3 => Just(vec![]),
        1 => subsequence(vec![-600_i64, 0, 30, 60, 300, 600, 630, 900, 1800, 3600, 3630], 1..4),
    ];
    let rules = prop_oneof![2 => Just(json!({})), 1 => rules()];
    (edges, vec((shape(), timetable(start), any::<bool>()), 3), select(vec!["inclusion", "exclusion"]), rules, any::<bool>(), any::<bool>())
        .prop_map(move |(edges, drawn, sense, rules, with_gap, same_sense)| {
            let count = edges.len().max(1);
            let other = if sense == "inclusion" { "exclusion" } else { "inclusion" };
            let version = |index: usize| {
                let ((geometry, reach), timetable, _) = drawn[index].clone();
                let mut properties = json!({"wearer": "w", "zone": "z", "sense": if same_sense || index != 1 { sense } else { other }});
                let all = properties.as_object_mut().unwrap();
                for part in [reach, timetable, rules.clone()] {
                    all.extend(part.as_object().unwrap().clone());
                }
                if let Some(from) = edges.get(index) {
                    all.insert("valid_from".into(), json!(text(start + from)));
                }
                if let Some(to) = edges.get(index + 1) {
                    let gap = if with_gap && to - edges[index] > 30 { 30 } else { 0 };
                    all.insert("valid_to".into(), json!(text(start + to - gap)));
                }
                json!({"type": "Feature", "geometry": geometry, "properties": properties})
            };
            let distinct = |index: &usize| edges.get(*index).is_none_or(|from| edges.get(index + 1) != Some(from));
            (0..count).filter(distinct).map(version).collect()
        })
}

fn rules() -> impl Strategy<Value = Value> {
    (
        1..4_u32,
        select(vec![0.0, 30.0, 60.0, 400.0]),
        1..4_u32,
        select(vec![0.0, 30.0, 90.0]),
        select(vec![60.0, 300.0, 600.0]),
        select(vec![20.0, 100.0, 500.0]),
    )
        .prop_map(|(open, open_after, close, close_after, stale, cap)| {
            json!({"open_fixes": open, "open_after_s": open_after, "close_fixes": close, "close_after_s": close_after,
                   "stale_after_s": stale, "accuracy_cap_m": cap})
        })
}

/// A geometry and the property that goes with it.
fn shape() -> impl Strategy<Value = (Value, Value)> {
    let ring = |half: f64| {
        let (lat, lon) = CENTRE;
        json!([
            [lon - half, lat - half],
            [lon + half, lat - half],
            [lon + half, lat + half],
            [lon - half, lat + half],
            [lon - half, lat - half]
        ])
    };
    let polygon = json!({"type": "Polygon", "coordinates": [ring(0.0018)]});
    let holed = json!({"type": "Polygon", "coordinates": [ring(0.004), ring(0.0005)]});
    let circle = json!({"type": "Point", "coordinates": [CENTRE.1, CENTRE.0]});
    let strip = json!({"type": "LineString", "coordinates": [[CENTRE.1 - 0.01, CENTRE.0], [CENTRE.1 + 0.01, CENTRE.0 + 0.001]]});
    select(vec![
        (circle, json!({"radius_m": 200})),
        (polygon.clone(), json!({})),
        (polygon, json!({"distance_m": 50})),
        (holed, json!({})),
        (strip, json!({"distance_m": 200})),
    ])
}

fn timetable(start: i64) -> impl Strategy<Value = Value> {
    let minute = select(vec![0, 30, 60, 90, 210, 360, 720, 1080, 1320, 1380, 1439, 1440]);
    // Mostly a boundary soon after the start of the track.
    let soon = select(vec![1, 2, 3, 5, 6, 10, 15, 30]).prop_map(move |minutes| {
        let local = start + crate::clock::offset(start) + minutes * 60;
        local.rem_euclid(86_400) / 60
    });
    let from = prop_oneof![1 => minute.clone(), 2 => soon];
    let day = select(vec!["sat", "sun", "mon", "tue", "wed", "thu", "fri"]);
    let row = (vec(day, 4..12), from.clone(), minute.clone())
        .prop_map(|(days, from, to)| json!({"days": days, "from": hhmm(from), "to": hhmm(to)}));
    let date = (-1..3_i64).prop_map(move |day| text(start + day * 86_400)[..10].to_owned());
    let exception = (date, from, minute, any::<bool>())
        .prop_map(|(date, from, to, on)| json!({"date": date, "from": hhmm(from), "to": hhmm(to), "on": on}));
    let rows = prop_oneof![1 => Just(json!({})), 1 => Just(json!({"timetable": "always"})), 3 => vec(row, 0..4).prop_map(|rows| json!({"timetable": rows}))];
    (rows, prop_oneof![2 => Just(vec![]), 1 => vec(exception, 1..4)]).prop_map(|(mut rows, exceptions)| {
        if !exceptions.is_empty() {
            rows["exceptions"] = json!(exceptions);
        }
        rows
    })
}

fn hhmm(minute: i64) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
