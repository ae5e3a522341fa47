//! Tags and who wears them.

use crate::time::server_time;
use crate::{Store, StoreError, audit};
use access::Caller;
use geofence::Timestamp;
use std::collections::HashSet;
use tokio_postgres::error::SqlState;

/// A tag to register.
#[derive(Clone, PartialEq, Eq)]
pub struct TagRow {
    /// Its IMEI, 1 to 32 characters.
    pub imei: String,
    /// Whose it is, by file reference; `None` leaves the fitting as it is.
    pub wearer: Option<String>,
    /// Its login key; `None` leaves the key as it is.
    pub key: Option<[u8; 32]>,
    /// From when it is on the wearer; not looked at if it is on that wearer already.
    pub fitted_at: Timestamp,
}

impl std::fmt::Debug for TagRow {
    /// Never shows the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("TagRow");
        shown.field("imei", &self.imei).field("wearer", &self.wearer).field("fitted_at", &self.fitted_at).finish_non_exhaustive()
    }
}

/// Rows sent to the database at a time.
const CHUNK: usize = 20_000;

const UNIT: &str = "SELECT unit_id FROM units WHERE code = $1";

const WEARERS_WRITE: &str = "
    INSERT INTO wearers (reference, unit_id) SELECT reference, $2 FROM unnest($1::text[]) AS reference ORDER BY 1 ON CONFLICT DO NOTHING";

const TAGS_WRITE: &str = "
    INSERT INTO tags AS t (imei, key, unit_id) SELECT imei, key, $3 FROM unnest($1::text[], $2::bytea[]) AS given (imei, key)
    ON CONFLICT (imei) DO UPDATE SET key = excluded.key WHERE excluded.key IS NOT NULL AND t.key IS DISTINCT FROM excluded.key
    RETURNING imei";

/// Fittings that stand in the way of the ones asked for.
const FITTINGS_AGAINST: &str = "
    WITH asked AS (SELECT * FROM unnest($1::text[], $2::text[]) AS asked (imei, reference))
    SELECT format('tag %s: it is on wearer %s; record its removal first', asked.imei, w.reference)
    FROM asked JOIN tags USING (imei) JOIN fittings f USING (tag_id) JOIN wearers w USING (wearer_id)
    WHERE upper_inf(f.period) AND w.reference <> asked.reference
    UNION ALL
    SELECT format('tag %s: wearer %s has tag %s; record its removal first', asked.imei, asked.reference, t.imei)
    FROM asked JOIN wearers USING (reference) JOIN fittings f USING (wearer_id) JOIN tags t USING (tag_id)
    WHERE upper_inf(f.period) AND t.imei <> asked.imei
    ORDER BY 1 LIMIT 100";

const FITTINGS_WRITE: &str = "
    INSERT INTO fittings (tag_id, wearer_id, period)
    SELECT tag_id, wearer_id, tstzrange(fitted_at, NULL)
    FROM unnest($1::text[], $2::text[], $3::timestamptz[]) AS asked (imei, reference, fitted_at)
    JOIN tags USING (imei) JOIN wearers USING (reference)
    WHERE NOT EXISTS (SELECT FROM fittings f WHERE f.tag_id = tags.tag_id AND upper_inf(f.period))
    RETURNING (SELECT imei FROM tags WHERE tags.tag_id = fittings.tag_id)";

impl Store {
    /// Registers tags, or changes those known: one transaction, all or nothing. A tag with a wearer is fitted to that wearer; a wearer
    /// not known yet is created. New tags and wearers belong to the unit of that code. Returns how many tags were new or changed.
    ///
    /// # Errors
    /// When there is no such unit, or a row is refused, with a line for each: a bad IMEI, one listed twice, a tag on another wearer, a wearer with another tag.
    pub async fn tags_register(&self, caller: &Caller, unit: &str, rows: &[TagRow]) -> Result<u64, StoreError> {
        let mistakes = mistakes(rows);
        if !mistakes.is_empty() {
            return Err(StoreError::Tags(mistakes));
        }
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let unit_id = transaction.query_opt(UNIT, &[&unit]).await?;
        let unit_id: i64 = unit_id.ok_or_else(|| StoreError::Tags(vec![format!("there is no unit {unit}")]))?.get(0);
        let mut changed = HashSet::<String>::new();
        for chunk in rows.chunks(CHUNK) {
            let (imeis, keys): (Vec<&str>, Vec<Option<&[u8]>>) =
                chunk.iter().map(|row| (row.imei.as_str(), row.key.as_ref().map(|key| key.as_slice()))).unzip();
            let (fitted, wearers): (Vec<&str>, Vec<&str>) =
                chunk.iter().filter_map(|row| Some((row.imei.as_str(), row.wearer.as_deref()?))).unzip();
            let since: Vec<_> = chunk.iter().filter(|row| row.wearer.is_some()).map(|row| server_time(row.fitted_at)).collect();
            transaction.execute(WEARERS_WRITE, &[&wearers, &unit_id]).await?;
            changed.extend(transaction.query(TAGS_WRITE, &[&imeis, &keys, &unit_id]).await?.iter().map(|row| row.get(0)));
            let against = transaction.query(FITTINGS_AGAINST, &[&fitted, &wearers]).await?;
            if !against.is_empty() {
                return Err(StoreError::Tags(against.iter().map(|row| row.get(0)).collect()));
            }
            changed.extend(
                transaction.query(FITTINGS_WRITE, &[&fitted, &wearers, &since]).await.map_err(overlap)?.iter().map(|row| row.get(0)),
            );
        }
        caller.about(format!("{} tags, {} new or changed", rows.len(), changed.len()));
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(changed.len() as u64)
    }
}

/// A fitting that was recorded before reaches into the new one.
fn overlap(error: tokio_postgres::Error) -> StoreError {
    match error.as_db_error() {
        Some(refused) if *refused.code() == SqlState::EXCLUSION_VIOLATION => {
            StoreError::Tags(vec![format!("a fitting overlaps an earlier one: {}", refused.detail().unwrap_or(refused.message()))])
        }
        _ => error.into(),
    }
}

/// What is wrong with the list itself, one line a mistake.
fn mistakes(rows: &[TagRow]) -> Vec<String> {
    let (mut imeis, mut wearers) = (HashSet::new(), HashSet::new());
    let mut mistakes = Vec::new();
    for row in rows {
        let written = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
        if row.imei.is_empty() || row.imei.len() > 32 || !row.imei.chars().all(written) {
            mistakes.push(format!("tag {:?}: an IMEI or serial has 1 to 32 letters, digits, dots, dashes or underscores", row.imei));
        }
        if !imeis.insert(&row.imei) {
            mistakes.push(format!("tag {}: it is listed twice", row.imei));
        }
        match &row.wearer {
            Some(wearer) if wearer.is_empty() || wearer.contains('\0') => mistakes.push(format!("tag {}: an empty wearer", row.imei)),
            Some(wearer) if !wearers.insert(wearer) => mistakes.push(format!("tag {}: wearer {wearer} is listed with two tags", row.imei)),
            _ => {}
        }
    }
    mistakes
}
