//! What a file of zones changes in the database.

use crate::time::server_time;
use crate::zone_file::{Version, Whose, ZoneFile};
use crate::{Store, StoreError, audit};
use access::Caller;
use chrono::{DateTime, Utc};
use geofence::{Leave, Timestamp};
use std::collections::BTreeSet;
use tokio_postgres::Transaction;

/// Rows sent to the database at a time.
const CHUNK: usize = 20_000;

/// Staff changes come one after the other: each sees what the one before did.
const LOCK: &str = "SELECT FROM facts_head FOR UPDATE";

/// For what the triggers write about the past.
const WHO_AND_WHY: &str = "SELECT set_config('paband.actor', $1, true), set_config('paband.reason', $2, true)";

const STAGE: &str = "
    CREATE TEMP TABLE given (number bigint, wearer text, reference text, everyone boolean, feature jsonb, valid_from timestamptz,
        valid_to timestamptz, wearer_id bigint, zone_id bigint, covering bigint, same boolean) ON COMMIT DROP;
    CREATE TEMP TABLE given_wearers (reference text, wearer text) ON COMMIT DROP";

const GIVEN: &str = "
    INSERT INTO given SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[], ($5::text[])::jsonb[], $6::timestamptz[],
        $7::timestamptz[])";

const WEARERS: &str = "INSERT INTO wearers (reference) SELECT * FROM unnest($1::text[]) ORDER BY 1 ON CONFLICT DO NOTHING";

const ZONES: &str = "
    INSERT INTO zones (reference, wearer_id, everyone) SELECT DISTINCT reference, wearer_id, everyone FROM given ON CONFLICT DO NOTHING";

/// Joined by equality alone: thousands of wearers call their zone by the same name.
const RESOLVE_WEARERS: &str = "UPDATE given g SET wearer_id = w.wearer_id FROM wearers w WHERE w.reference = g.wearer; ANALYZE given";

/// The zone of each feature, and the version in force when it begins.
const RESOLVE_ZONES: &str = "
    UPDATE given g SET zone_id = z.zone_id FROM zones z WHERE z.reference = g.reference AND z.wearer_id = g.wearer_id;
    UPDATE given g SET zone_id = z.zone_id FROM zones z WHERE z.reference = g.reference AND z.wearer_id IS NULL AND g.wearer_id IS NULL;
    ANALYZE given;
    UPDATE given g SET covering = v.row_id, same = v.feature = g.feature
    FROM zone_versions v WHERE v.zone_id = g.zone_id AND tstzrange(v.valid_from, v.valid_to) @> g.valid_from";

/// A zone's name is unique among all that bind one wearer: it names violations.
const CLASHES: &str = "
    SELECT DISTINCT format('zone %s: it is shared by %s, and the file says otherwise; give it another name', to_json(g.reference),
        CASE WHEN z.everyone THEN 'everyone' ELSE 'a list of wearers' END)
    FROM given g JOIN zones z USING (zone_id) WHERE z.everyone <> g.everyone
    UNION
    SELECT format('zone %s: it belongs to a set of zones; change the set, or give it another name', to_json(g.reference))
    FROM given g JOIN zone_set_zones USING (zone_id)
    UNION
    SELECT format('zone %s: it binds wearer %s twice, once as a shared zone; give it another name', to_json(own.reference), w.reference)
    FROM zones shared JOIN zones own USING (reference) JOIN wearers w ON w.wearer_id = own.wearer_id
    WHERE shared.wearer_id IS NULL AND shared.reference IN (SELECT reference FROM given)
        AND (shared.everyone OR EXISTS (SELECT FROM zone_wearers p WHERE p.zone_id = shared.zone_id AND p.wearer_id = own.wearer_id))
    ORDER BY 1 LIMIT 100";

const MEMBERS_IN: &str = "
    INSERT INTO zone_wearers (wearer_id, zone_id)
    SELECT wearer_id, zone_id FROM given WHERE wearer_id IS NOT NULL
    UNION
    SELECT w.wearer_id, z.zone_id FROM given_wearers m JOIN wearers w ON w.reference = m.wearer
        JOIN zones z ON z.reference = m.reference AND z.wearer_id IS NULL
    ON CONFLICT DO NOTHING";
const MEMBERS_OUT: &str = "
    DELETE FROM zone_wearers o USING zones z, wearers w
    WHERE z.zone_id = o.zone_id AND w.wearer_id = o.wearer_id AND z.wearer_id IS NULL
        AND z.reference IN (SELECT reference FROM given_wearers)
        AND NOT EXISTS (SELECT FROM given_wearers m WHERE m.reference = z.reference AND m.wearer = w.reference)";

const UNCHANGED: &str = "
    DELETE FROM given g USING zone_versions v
    WHERE v.row_id = g.covering AND g.same AND (g.valid_to IS NULL OR g.valid_to = v.valid_to)";

/// The same content with another end.
const END_MOVES: &str = "
    WITH moved AS (DELETE FROM given WHERE same RETURNING covering, valid_to)
    UPDATE zone_versions v SET valid_to = m.valid_to FROM moved m WHERE v.row_id = m.covering";

/// What was in force gives way from the moment that the new one begins; from its own beginning, wholly.
const GIVES_WAY: &str = "
    UPDATE zone_versions v SET valid_to = g.begins
    FROM (SELECT covering, min(valid_from) AS begins FROM given GROUP BY covering) AS g WHERE v.row_id = g.covering";

const OVERLAPS: &str = "
    SELECT format('feature %s (zone %s): its valid_to is after %s, when another version begins', g.number, to_json(g.reference), v.valid_from)
    FROM given g JOIN zone_versions v ON v.zone_id = g.zone_id AND v.valid_from > g.valid_from AND v.valid_from < g.valid_to
        AND v.valid_from IS DISTINCT FROM v.valid_to
    ORDER BY g.number LIMIT 100";

const VERSIONS: &str = "
    INSERT INTO zone_versions (zone_id, version, feature, valid_from, valid_to)
    SELECT g.zone_id,
        coalesce((SELECT max(version) FROM zone_versions v WHERE v.zone_id = g.zone_id), 0) + row_number() OVER (PARTITION BY g.zone_id ORDER BY g.valid_from),
        g.feature, g.valid_from,
        coalesce(g.valid_to, least(lead(g.valid_from) OVER (PARTITION BY g.zone_id ORDER BY g.valid_from),
            (SELECT min(v.valid_from) FROM zone_versions v
             WHERE v.zone_id = g.zone_id AND v.valid_from > g.valid_from AND v.valid_from IS DISTINCT FROM v.valid_to)))
    FROM given g";

const LEAVES: &str = "
    INSERT INTO leaves AS l (wearer_id, valid_from, valid_to, exclusion)
    SELECT DISTINCT ON (wearer_id, valid_from, valid_to) wearer_id, valid_from, valid_to, exclusion
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::boolean[]) AS given (reference, valid_from, valid_to, exclusion)
    JOIN wearers USING (reference)
    ON CONFLICT (wearer_id, valid_from, valid_to) DO UPDATE SET exclusion = excluded.exclusion WHERE l.exclusion <> excluded.exclusion";

/// What an import did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ZoneImport {
    /// Features in the file.
    pub features: u64,
    /// Zones that were not known.
    pub zones_new: u64,
    /// Versions written: of new zones, and of zones that changed.
    pub versions_new: u64,
    /// Versions whose end was moved and nothing else.
    pub ends_moved: u64,
    /// Features that were in force as they are.
    pub unchanged: u64,
    /// Leaves that are new or changed.
    pub leaves: u64,
    /// Wearers that were not known.
    pub wearers_new: u64,
}

impl std::fmt::Display for ZoneImport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { features, zones_new, versions_new, ends_moved, unchanged, leaves, wearers_new } = self;
        write!(f, "{features} features read: {versions_new} new versions ({zones_new} new zones), {ends_moved} with another end, ")?;
        write!(f, "{unchanged} unchanged; {leaves} leaves new or changed; {wearers_new} new wearers")
    }
}

impl Store {
    /// Takes in a GeoJSON FeatureCollection of zones, with leaves beside: one transaction, all or nothing. Wearers not known yet are
    /// created. A zone is known by its name and its wearer, a shared one (`wearers`) by its name alone. A feature that differs from what
    /// is in force becomes a new version from its `valid_from`, or `now`; what was in force gives way. A shared zone's list of wearers
    /// becomes the file's.
    ///
    /// Where it makes the past be judged again, what that changes tells the caller and the reason; empty = not told.
    ///
    /// # Errors
    /// [`StoreError::Zones`] with a line for every mistake in the file; or when the database does not answer.
    pub async fn zones_import(&self, caller: &Caller, collection: &str, now: Timestamp, reason: &str) -> Result<ZoneImport, StoreError> {
        let file = ZoneFile::read(collection, now).map_err(StoreError::Zones)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.execute(WHO_AND_WHY, &[&caller.name(), &reason]).await?;
        let done = import(&transaction, &file).await?;
        caller.about(done.to_string());
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(done)
    }
}

async fn import(transaction: &Transaction<'_>, file: &ZoneFile) -> Result<ZoneImport, StoreError> {
    transaction.execute(LOCK, &[]).await?;
    let wearers_new = wearers(transaction, file).await?;
    transaction.batch_execute(STAGE).await?;
    for chunk in file.versions.chunks(CHUNK) {
        stage(transaction, chunk).await?;
    }
    transaction.batch_execute(RESOLVE_WEARERS).await?;
    let zones_new = transaction.execute(ZONES, &[]).await?;
    transaction.batch_execute(RESOLVE_ZONES).await?;
    transaction.execute(MEMBERS_OUT, &[]).await?;
    transaction.execute(MEMBERS_IN, &[]).await?;
    refuse(transaction, CLASHES).await?;
    let unchanged = transaction.execute(UNCHANGED, &[]).await?;
    let ends_moved = transaction.execute(END_MOVES, &[]).await.map_err(overlap)?;
    transaction.execute(GIVES_WAY, &[]).await?;
    refuse(transaction, OVERLAPS).await?;
    let versions_new = transaction.execute(VERSIONS, &[]).await.map_err(overlap)?;
    let leaves = leaves(transaction, &file.leaves).await?;
    let features = file.versions.len() as u64;
    Ok(ZoneImport { features, zones_new, versions_new, ends_moved, unchanged, leaves, wearers_new })
}

/// Ends the import if this query finds mistakes.
async fn refuse(transaction: &Transaction<'_>, query: &str) -> Result<(), StoreError> {
    let mistakes: Vec<String> = transaction.query(query, &[]).await?.iter().map(|row| row.get(0)).collect();
    if mistakes.is_empty() { Ok(()) } else { Err(StoreError::Zones(mistakes)) }
}

fn overlap(error: tokio_postgres::Error) -> StoreError {
    match error.as_db_error() {
        Some(refused) if *refused.code() == tokio_postgres::error::SqlState::EXCLUSION_VIOLATION => {
            StoreError::Zones(vec![format!("versions of a zone are in force at the same time: {}", refused.detail().unwrap_or_default())])
        }
        _ => error.into(),
    }
}

async fn wearers(transaction: &Transaction<'_>, file: &ZoneFile) -> Result<u64, StoreError> {
    let mut names: BTreeSet<&str> = file.leaves.iter().map(|(wearer, _)| wearer.as_str()).collect();
    for version in &file.versions {
        match &version.whose {
            Whose::Wearer(wearer) => _ = names.insert(wearer),
            Whose::Wearers(wearers) => names.extend(wearers.iter().map(String::as_str)),
            Whose::Everyone => {}
        }
    }
    let names: Vec<&str> = names.into_iter().collect();
    let mut new = 0;
    for chunk in names.chunks(CHUNK) {
        new += transaction.execute(WEARERS, &[&chunk]).await?;
    }
    Ok(new)
}

async fn stage(transaction: &Transaction<'_>, versions: &[Version]) -> Result<(), StoreError> {
    let numbers: Vec<i64> = versions.iter().map(|version| version.number as i64).collect();
    let owners: Vec<Option<&str>> = versions.iter().map(|version| version.whose.owner()).collect();
    let references: Vec<&str> = versions.iter().map(|version| version.reference.as_str()).collect();
    let everyones: Vec<bool> = versions.iter().map(|version| version.whose == Whose::Everyone).collect();
    let features: Vec<&str> = versions.iter().map(|version| version.feature.as_str()).collect();
    let froms: Vec<DateTime<Utc>> = versions.iter().map(|version| server_time(version.from)).collect();
    let tos: Vec<Option<DateTime<Utc>>> = versions.iter().map(|version| version.to.map(server_time)).collect();
    transaction.execute(GIVEN, &[&numbers, &owners, &references, &everyones, &features, &froms, &tos]).await?;
    let shared = versions.iter().filter_map(|version| match &version.whose {
        Whose::Wearers(wearers) => Some(wearers.iter().map(|wearer| (version.reference.as_str(), wearer.as_str()))),
        Whose::Wearer(_) | Whose::Everyone => None,
    });
    let (zones, wearers): (Vec<&str>, Vec<&str>) = shared.flatten().unzip();
    let insert = "INSERT INTO given_wearers SELECT * FROM unnest($1::text[], $2::text[])";
    transaction.execute(insert, &[&zones, &wearers]).await?;
    Ok(())
}

async fn leaves(transaction: &Transaction<'_>, leaves: &[(String, Leave)]) -> Result<u64, StoreError> {
    let mut written = 0;
    for chunk in leaves.chunks(CHUNK) {
        let wearers: Vec<&str> = chunk.iter().map(|(wearer, _)| wearer.as_str()).collect();
        let froms: Vec<DateTime<Utc>> = chunk.iter().map(|(_, leave)| server_time(leave.from)).collect();
        let tos: Vec<DateTime<Utc>> = chunk.iter().map(|(_, leave)| server_time(leave.to)).collect();
        let exclusions: Vec<bool> = chunk.iter().map(|(_, leave)| leave.exclusion).collect();
        written += transaction.execute(LEAVES, &[&wearers, &froms, &tos, &exclusions]).await?;
    }
    Ok(written)
}
