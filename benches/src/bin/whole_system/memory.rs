//! What a known tag costs in memory: with a home of 32 corners, a circle of its own, and a shared polygon of 200 corners.

use crate::SHARDS;
use crate::server::Server;
use anyhow::Result;
use std::path::Path;
use std::time::Instant;

/// Tags, wearers, fittings and zones, as staff would have entered them.
const ENROL: &str = r#"
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
    INSERT INTO zone_versions (zone_id, version, valid_from, feature)
        SELECT zone_id, 1, now(), jsonb_build_object('type', 'Feature',
            'properties', jsonb_build_object('zone', reference, 'wearer', 'any', 'sense', CASE reference WHEN 'home' THEN 'inclusion' ELSE 'exclusion' END),
            'geometry', jsonb_build_object('type', 'Polygon', 'coordinates', jsonb_build_array((
                SELECT jsonb_agg(jsonb_build_array(
                    51 + zone_id % 1000 * 0.001 + 0.002 * cos(radians(corner % corners * 360.0 / corners)),
                    35 + zone_id / 1000 % 1000 * 0.001 + 0.002 * sin(radians(corner % corners * 360.0 / corners))) ORDER BY corner)
                FROM generate_series(0, corners) AS corner))))
        FROM (SELECT zone_id, reference, CASE reference WHEN 'home' THEN 32 ELSE 200 END AS corners FROM zones WHERE reference <> 'street') AS shapes;
"#;

pub async fn measure(paband: &Path, tags: u32) -> Result<()> {
    let mut server = Server::start(paband, 0, SHARDS).await?;
    let empty = server.resident()?;
    let begun = Instant::now();
    for statement in ENROL.replace("{tags}", &tags.to_string()).split(";\n").filter(|statement| !statement.trim().is_empty()) {
        server.database.batch_execute(statement).await?;
    }
    let (enrolled, begun) = (begun.elapsed(), Instant::now());
    server.restart()?;
    let started = begun.elapsed();
    let known = server.resident()?;
    println!(
        "memory: {tags} known tags with 3 zones each: {:.0} bytes a tag ({} MB resident; {} MB without tags; aim: under 1,024 bytes); enrolled in {:.0} s, server up again in {:.0} s",
        known.saturating_sub(empty) as f64 / f64::from(tags),
        known / 1_000_000,
        empty / 1_000_000,
        enrolled.as_secs_f64(),
        started.as_secs_f64()
    );
    server.stop().await
}
