//! Judging: nanoseconds a fix and bytes a wearer, beside what one would write first with `geo` and `rstar`.
//!
//! Every wearer has an own home polygon of 32 corners (inclusion), an own circle (exclusion) and one polygon of 200 corners shared by
//! all (exclusion). Fixes come in random order of wearers: most at home, some near its edge, some about town. The peers only say
//! inside or outside and how far from the edge; the judge also keeps runs, opens and closes.

use geo::{Contains, Distance, Euclidean, Geodesic, LineString, Point, Polygon};
use geofence::{Fix, Judge, Plan, Timestamp, Violation, Zone, ZoneReader};
use rand::prelude::*;
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};
use std::hint::black_box;
use std::sync::Arc;

const WEARERS: usize = 100_000;
const ROUNDS: usize = 10;
const SHARED_KEY: i64 = 3;
const METRES_A_DEGREE: f64 = 111_195.0;

/// A place: longitude and latitude, degrees.
type Place = (f64, f64);

struct Wearer {
    home: Vec<Place>,
    centre: Place,
    forbidden: Place,
}

struct Visit {
    wearer: u32,
    place: Place,
}

fn main() -> anyhow::Result<()> {
    let mut random = StdRng::seed_from_u64(1404);
    let wearers: Vec<Wearer> = (0..WEARERS).map(|_| wearer(&mut random)).collect();
    let shared = ring((51.4, 35.7), 200, || 15_000.0);
    let visits: Vec<Visit> = (0..WEARERS * ROUNDS).map(|_| visit(&mut random, &wearers)).collect();
    let judge_ns = judge(&wearers, &shared, &visits)?;
    let naive_ns = naive(&wearers, &shared, &visits);
    let tree_ns = tree(&wearers, &shared, &visits);
    println!("judge (verdicts, runs, violations): {judge_ns:.0} ns/fix = 1.0");
    println!("geo, a wearer's zones one by one:   {naive_ns:.0} ns/fix = {:.1}", naive_ns / judge_ns);
    println!("geo, one rstar tree of all zones:   {tree_ns:.0} ns/fix = {:.1}", tree_ns / judge_ns);
    Ok(())
}

fn wearer(random: &mut StdRng) -> Wearer {
    let centre = round((random.random_range(45.0..61.0), random.random_range(26.0..39.0)));
    let home = ring(centre, 32, || random.random_range(100.0..200.0));
    Wearer { home, centre, forbidden: round(moved(centre, 2_000.0, 1_000.0)) }
}

/// Corners around a place at the given distances, closed.
fn ring(centre: Place, corners: usize, mut metres: impl FnMut() -> f64) -> Vec<Place> {
    let corner = |index: usize| {
        let (sin, cos) = (index as f64 / corners as f64 * std::f64::consts::TAU).sin_cos();
        let metres = metres();
        round(moved(centre, metres * cos, metres * sin))
    };
    let mut ring: Vec<Place> = (0..corners).map(corner).collect();
    ring.push(ring[0]);
    ring
}

fn moved((longitude, latitude): Place, east_m: f64, north_m: f64) -> Place {
    (longitude + east_m / METRES_A_DEGREE / latitude.to_radians().cos(), latitude + north_m / METRES_A_DEGREE)
}

fn round((longitude, latitude): Place) -> Place {
    ((longitude * 1e7).round() / 1e7, (latitude * 1e7).round() / 1e7)
}

/// Of 100 fixes 85 at home, 8 near its edge, 7 within 3 km.
fn visit(random: &mut StdRng, wearers: &[Wearer]) -> Visit {
    let wearer = random.random_range(0..wearers.len());
    let metres = match random.random_range(0..100) {
        0..85 => random.random_range(0.0..60.0),
        85..93 => random.random_range(90.0..220.0),
        _ => random.random_range(200.0..3_000.0),
    };
    let (sin, cos) = random.random_range(0.0..std::f64::consts::TAU).sin_cos();
    Visit { wearer: wearer as u32, place: round(moved(wearers[wearer].centre, metres * cos, metres * sin)) }
}

fn judge(wearers: &[Wearer], shared: &[Place], visits: &[Visit]) -> anyhow::Result<f64> {
    let mut reader = ZoneReader::default();
    let shared = Arc::new(zone(&mut reader, SHARED_KEY, "street", "exclusion", &polygon_json(shared), "")?);
    let before = resident_bytes()?;
    let mut judges = Vec::with_capacity(wearers.len());
    for wearer in wearers {
        let home = zone(&mut reader, 1, "home", "inclusion", &polygon_json(&wearer.home), "")?;
        let (longitude, latitude) = wearer.forbidden;
        let point = format!(r#"{{"type":"Point","coordinates":[{longitude},{latitude}]}}"#);
        let forbidden = zone(&mut reader, 2, "work", "exclusion", &point, r#","radius_m":300"#)?;
        let plan = Plan::new(vec![Arc::new(home), Arc::new(forbidden), shared.clone()], vec![]);
        judges.push(Judge::new(Arc::new(plan), Timestamp::from_millis(0)));
    }
    println!("memory of a wearer at rest: {} bytes", (resident_bytes()? - before) / wearers.len());
    let mut found: Vec<Violation> = Vec::new();
    let mut told = 0;
    let nanos = median_ns(visits, |visit, index| {
        let (longitude, latitude) = visit.place;
        let at = Timestamp::from_millis(index as i64 * 60_000 / WEARERS as i64);
        if let Some(fix) = Fix::new(at, latitude, longitude, Some(12.0)) {
            judges[visit.wearer as usize].fix(&fix, &mut found);
        }
        told += found.len();
        found.clear();
    });
    println!("memory of a wearer after {ROUNDS} fixes: {} bytes; violations told: {told}", (resident_bytes()? - before) / wearers.len());
    Ok(nanos)
}

fn zone(reader: &mut ZoneReader, key: i64, id: &str, sense: &str, geometry: &str, more: &str) -> anyhow::Result<Zone> {
    let text = format!(r#"{{"type":"Feature","geometry":{geometry},"properties":{{"zone":"{id}","sense":"{sense}"{more}}}}}"#);
    Ok(reader.read(key, &serde_json::from_str(&text)?)?)
}

fn polygon_json(ring: &[Place]) -> String {
    let corners: Vec<String> = ring.iter().map(|(longitude, latitude)| format!("[{longitude},{latitude}]")).collect();
    format!(r#"{{"type":"Polygon","coordinates":[[{}]]}}"#, corners.join(","))
}

/// What the process holds in memory. Linux only.
fn resident_bytes() -> anyhow::Result<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: usize = statm.split_whitespace().nth(1).unwrap_or("0").parse()?;
    Ok(pages * 4096)
}

/// A polygon in degrees, with its signed distance in metres.
fn polygon(ring: &[Place]) -> Polygon {
    Polygon::new(LineString::from(ring.to_vec()), vec![])
}

fn edge_m(polygon: &Polygon, place: Place) -> f64 {
    let point = Point::new(place.0, place.1);
    let distance_m = Euclidean.distance(&point, polygon.exterior()) * METRES_A_DEGREE;
    if polygon.contains(&point) { distance_m } else { -distance_m }
}

fn circle_m(centre: Place, place: Place) -> f64 {
    300.0 - Geodesic.distance(Point::new(centre.0, centre.1), Point::new(place.0, place.1))
}

fn naive(wearers: &[Wearer], shared: &[Place], visits: &[Visit]) -> f64 {
    let shared = polygon(shared);
    let zones: Vec<(Polygon, Place)> = wearers.iter().map(|wearer| (polygon(&wearer.home), wearer.forbidden)).collect();
    median_ns(visits, |visit, _| {
        let (home, forbidden) = &zones[visit.wearer as usize];
        black_box((edge_m(home, visit.place), circle_m(*forbidden, visit.place), edge_m(&shared, visit.place)));
    })
}

/// What one entry of the tree of all zones is.
enum Shape {
    Polygon(Polygon),
    Circle(Place),
}

fn tree(wearers: &[Wearer], shared: &[Place], visits: &[Visit]) -> f64 {
    let of_wearer = |(wearer, index): (&Wearer, u32)| {
        let around = [moved(wearer.forbidden, -300.0, -300.0), moved(wearer.forbidden, 300.0, 300.0)];
        [
            GeomWithData::new(box_of(&wearer.home), (index, Shape::Polygon(polygon(&wearer.home)))),
            GeomWithData::new(box_of(&around), (index, Shape::Circle(wearer.forbidden))),
        ]
    };
    let mut entries: Vec<_> = wearers.iter().zip(0..).flat_map(of_wearer).collect();
    entries.push(GeomWithData::new(box_of(shared), (u32::MAX, Shape::Polygon(polygon(shared)))));
    let tree = RTree::bulk_load(entries);
    median_ns(visits, |visit, _| {
        for hit in tree.locate_in_envelope_intersecting(AABB::from_point([visit.place.0, visit.place.1])) {
            if hit.data.0 != visit.wearer && hit.data.0 != u32::MAX {
                continue;
            }
            black_box(match &hit.data.1 {
                Shape::Polygon(polygon) => edge_m(polygon, visit.place),
                Shape::Circle(centre) => circle_m(*centre, visit.place),
            });
        }
    })
}

/// Nanoseconds that this thread has run on a processor, whatever else the machine does. Linux only.
fn processor_ns() -> u64 {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells how long a thread has run");
    schedstat.split_whitespace().next().and_then(|nanos| nanos.parse().ok()).expect("the first number is the time on a processor")
}

/// Nanoseconds of processor a visit, the median of the rounds.
fn median_ns(visits: &[Visit], mut each: impl FnMut(&Visit, usize)) -> f64 {
    let mut index = 0;
    let mut round_ns = |round: &[Visit]| {
        let start = processor_ns();
        for visit in round {
            each(visit, index);
            index += 1;
        }
        (processor_ns() - start) as f64 / round.len() as f64
    };
    let mut rounds: Vec<f64> = visits.chunks(WEARERS).map(&mut round_ns).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn box_of(ring: &[Place]) -> Rectangle<[f64; 2]> {
    let low = ring.iter().fold([f64::INFINITY; 2], |low, place| [low[0].min(place.0), low[1].min(place.1)]);
    let high = ring.iter().fold([f64::NEG_INFINITY; 2], |high, place| [high[0].max(place.0), high[1].max(place.1)]);
    Rectangle::from_corners(low, high)
}
