//! The house has rooms, and not every door between them is open. See docs/architecture.md.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Who may import whom. Whatever is not listed here may not.
const DOORS: &[(&str, &[&str])] = &[
    ("proto", &[]),
    ("geofence", &[]),
    ("billing", &[]),
    ("access", &[]),
    ("enrolment", &["geofence"]),
    ("ingest", &["proto", "geofence"]),
    ("store", &["geofence", "billing", "access", "enrolment"]),
    ("monitor-api", &["proto", "geofence", "billing", "access", "enrolment", "store"]),
    ("simulator", &["proto", "geofence"]),
    ("paband", &["proto", "geofence", "billing", "access", "enrolment", "ingest", "store", "monitor-api", "simulator"]),
    ("benches", &["proto", "geofence", "billing", "access", "enrolment", "ingest", "store", "monitor-api", "simulator"]),
];

/// Crates that would let a pure room look at the world.
const IMPURE: &[&str] = &["tokio", "tokio-postgres", "tonic", "mio", "socket2"];

fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |value: &serde_json::Value| value["name"].as_str().unwrap().to_owned();
    // What tests alone use opens no door in the product.
    let product = |dependency: &&serde_json::Value| dependency["kind"].as_str() != Some("dev");
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| (name(package), package["dependencies"].as_array().unwrap().iter().filter(product).map(name).collect()))
        .collect()
}

#[test]
fn every_room_imports_only_what_it_may() {
    let imports = imports();
    let rooms: BTreeSet<&str> = imports.keys().map(String::as_str).collect();
    assert_eq!(rooms, DOORS.iter().map(|(room, _)| *room).collect(), "a new room must be given its doors here");
    for (room, doors) in DOORS {
        let inside: Vec<_> =
            imports[*room].iter().filter(|import| rooms.contains(import.as_str()) && !doors.contains(&import.as_str())).collect();
        assert!(inside.is_empty(), "{room} may not import {inside:?}");
    }
}

#[test]
fn the_pure_rooms_stay_pure() {
    for room in ["geofence", "billing", "access", "enrolment"] {
        let imports = &imports()[room];
        let impure: Vec<_> = IMPURE.iter().filter(|name| imports.contains(**name)).collect();
        assert!(impure.is_empty(), "{room} imports {impure:?}");
    }
}
