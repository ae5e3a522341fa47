//! What a known tag costs in memory: with a home of 32 corners, a circle of its own, and a shared polygon of 200 corners.

use crate::SHARDS;
use crate::server::Server;
use anyhow::Result;
use std::path::Path;
use std::time::{Duration, Instant};

/// Tags, wearers, fittings and zones as staff would have entered them, coordinates to 1e-7 degree. Without triggers, whose checks of every
/// row would take a quarter of an hour for a million tags; what they would have noted for the shards is noted at the end. One
/// transaction, so that the zones are in force from the fitting on.
const ENROL: &str = r#"
    SET session_replication_role = replica;
    BEGIN;
    INSERT INTO tags (imei) SELECT lpad(n::text, 15, '0') FROM generate_series(1, {tags}) AS n;
    INSERT INTO wearers (reference) SELECT 'M-' || n FROM generate_series(1, {tags}) AS n;
    INSERT INTO fittings (tag_id, wearer_id, period)
        SELECT t.tag_id, w.wearer_id, tstzrange(now(), NULL) FROM tags AS t JOIN wearers AS w ON w.reference = 'M-' || t.imei::bigint;
    INSERT INTO zones (reference, wearer_id) SELECT kind, wearer_id FROM wearers, unnest(ARRAY['home', 'street']) AS kind;
    INSERT INTO zones (reference, everyone) VALUES ('airport', true);
    INSERT INTO zone_wearers (wearer_id, zone_id) SELECT wearer_id, zone_id FROM zones WHERE wearer_id IS NOT NULL;
    INSERT INTO zone_versions (zone_id, version, valid_from, feature)
        SELECT zone_id, 1, now(), jsonb_build_object('type', 'Feature',
            'properties', jsonb_build_object('zone', reference, 'wearer', 'any', 'sense', 'exclusion', 'radius_m', 150),
            'geometry', jsonb_build_object('type', 'Point', 'coordinates', jsonb_build_array(51 + zone_id % 1000 * 0.001, 35 + zone_id / 1000 % 1000 * 0.001)))
        FROM zones WHERE reference = 'street';
    CREATE TEMPORARY TABLE ring AS
        SELECT corners, corner, round((0.002 * cos(radians(corner % corners * 360.0 / corners)))::numeric, 7) AS east,
            round((0.002 * sin(radians(corner % corners * 360.0 / corners)))::numeric, 7) AS north
        FROM (VALUES (32), (200)) AS kinds (corners), generate_series(0, corners) AS corner;
    INSERT INTO zone_versions (zone_id, version, valid_from, feature)
        SELECT zone_id, 1, now(), format('{"type":"Feature","properties":{"zone":"%s","wearer":"any","sense":"%s"},"geometry":{"type":"Polygon","coordinates":[[%s]]}}',
            reference, sense, (SELECT string_agg(format('[%s,%s]', longitude + east, latitude + north), ',' ORDER BY corner)
                FROM ring WHERE ring.corners = shapes.corners))::jsonb
        FROM (SELECT zone_id, reference, 51 + zone_id % 1000 * 0.001 AS longitude, 35 + zone_id / 1000 % 1000 * 0.001 AS latitude,
            CASE reference WHEN 'home' THEN 32 ELSE 200 END AS corners, CASE reference WHEN 'home' THEN 'inclusion' ELSE 'exclusion' END AS sense
            FROM zones WHERE reference <> 'street') AS shapes;
    UPDATE facts_head SET version = version + 1;
    INSERT INTO tag_facts (tag_id, facts_version) SELECT tag_id, (SELECT version FROM facts_head) FROM tags;
    INSERT INTO zone_facts (row_id, facts_version) SELECT row_id, (SELECT version FROM facts_head) FROM zone_versions;
    COMMIT;
    ANALYZE
"#;

/// Freed memory goes back to the system a second or more after it was freed.
const SETTLES: Duration = Duration::from_secs(10);

pub async fn measure(paband: &Path, tags: u32) -> Result<()> {
    let mut server = Server::start(paband, 0, SHARDS).await?;
    // The first start makes the database's tables and leaves freed memory behind, which a start with tags does not.
    server.restart().await?;
    tokio::time::sleep(SETTLES).await;
    let empty = server.resident()?;
    let begun = Instant::now();
    for statement in ENROL.replace("{tags}", &tags.to_string()).split(";\n").filter(|statement| !statement.trim().is_empty()) {
        server.database.batch_execute(statement).await?;
    }
    let (enrolled, begun) = (begun.elapsed(), Instant::now());
    server.restart().await?;
    let started = begun.elapsed();
    let ready = server.resident()?;
    tokio::time::sleep(SETTLES).await;
    let known = server.resident()?;
    println!(
        "memory: {tags} known tags with 3 zones each: {:.0} bytes a tag ({} MB resident, {} MB when it was ready; {} MB without tags; aim: under 1,024 bytes); enrolled in {:.0} s, server up again in {:.0} s",
        known.saturating_sub(empty) as f64 / f64::from(tags),
        known / 1_000_000,
        ready / 1_000_000,
        empty / 1_000_000,
        enrolled.as_secs_f64(),
        started.as_secs_f64()
    );
    server.stop().await
}
