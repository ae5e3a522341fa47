//! Wearers as files, and where they were.

use crate::facts::zone_from;
use crate::time::server_time;
use crate::{Store, StoreError};
use access::Caller;
use geofence::{Sense, StoredReport, Timestamp, Zone, ZoneReader};
use std::sync::Arc;
use tokio_postgres::Row;

macro_rules! wearer_columns {
    () => {
        "SELECT w.wearer_id, w.reference, u.code, coalesce(w.name, ''), coalesce(w.national_id, ''), coalesce(t.imei, '')
        FROM wearers w JOIN units u USING (unit_id)
            LEFT JOIN fittings f ON f.wearer_id = w.wearer_id AND upper_inf(f.period) LEFT JOIN tags t USING (tag_id) "
    };
}

const ONE: &str = concat!(
    wearer_columns!(),
    "WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))"
);

/// The tag within the caller's reach: its wearer is, or nobody wears it and its unit is.
const TAG: &str = "
    SELECT coalesce(w.reference, '') FROM tags t
        LEFT JOIN fittings f ON f.tag_id = t.tag_id AND upper_inf(f.period) LEFT JOIN wearers w USING (wearer_id)
    WHERE t.imei = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = coalesce(w.unit_id, t.unit_id) AND r.above_id = ANY ($2))";

/// Versions of the zones that bind the wearer at some time in the span.
const ZONES: &str = "
    SELECT v.row_id, v.zone_id, v.feature::text, greatest(v.valid_from, b.since), least(v.valid_to, b.until)
    FROM zones z JOIN zone_versions v USING (zone_id) LEFT JOIN zone_bindings b ON b.zone_id = z.zone_id AND b.wearer_id = $1
    WHERE (z.everyone OR b.zone_id IS NOT NULL) AND v.valid_from IS DISTINCT FROM v.valid_to
        AND tstzrange(v.valid_from, v.valid_to) * tstzrange(b.since, b.until) && tstzrange($2, $3)";

/// A wearer's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wearer {
    /// Which.
    pub wearer_id: i64,
    /// The file reference.
    pub reference: String,
    /// The code of the unit.
    pub unit: String,
    /// Empty while unknown.
    pub name: String,
    /// Empty while unknown.
    pub national_id: String,
    /// The tag worn now; empty = none.
    pub imei: String,
}

/// Where a wearer was, and the zones where the wearer was meant to be.
#[derive(Debug)]
pub struct Track {
    /// By the tag's clock.
    pub reports: Vec<StoredReport>,
    /// Versions of inclusion zones.
    pub homes: Vec<Arc<Zone>>,
}

impl Store {
    /// The wearer of that reference, if within the caller's reach.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wearer(&self, caller: &Caller, reference: &str) -> Result<Option<Wearer>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(ONE).await?;
        Ok(client.query_opt(&statement, &[&reference, &caller.roots]).await?.as_ref().map(wearer_from))
    }

    /// Whether the tag is within the caller's reach: the reference of its wearer (empty = nobody's), or `None`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tag_within_reach(&self, caller: &Caller, imei: &str) -> Result<Option<String>, StoreError> {
        Ok(self.client().await?.query_opt(TAG, &[&imei, &caller.roots]).await?.map(|row| row.get(0)))
    }

    /// What a wearer's tags said in [from, to) while they were on the wearer, with the inclusion zones of that time.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn track(&self, wearer: &Wearer, from: Timestamp, to: Timestamp) -> Result<Track, StoreError> {
        let mut reports = self.reports_of_wearer(wearer.wearer_id, from, to).await?;
        reports.retain(|stored| (from..to).contains(&stored.report.judged_at(stored.received_at)));
        reports.sort_by_key(|stored| (stored.report.judged_at(stored.received_at), stored.received_at));
        let client = self.client().await?;
        let rows = client.query(ZONES, &[&wearer.wearer_id, &server_time(from), &server_time(to)]).await?;
        let mut reader = ZoneReader::default();
        let zones = rows.iter().map(|row| Ok(zone_from(row, &mut reader)?.zone)).collect::<Result<Vec<_>, StoreError>>()?;
        Ok(Track { reports, homes: zones.into_iter().filter(|zone| zone.sense() == Sense::Inclusion).collect() })
    }
}

fn wearer_from(row: &Row) -> Wearer {
    Wearer { wearer_id: row.get(0), reference: row.get(1), unit: row.get(2), name: row.get(3), national_id: row.get(4), imei: row.get(5) }
}
