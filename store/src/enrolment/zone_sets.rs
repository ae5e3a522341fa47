//! Named sets of zones that many wearers share: one version is in force for all of them.

mod change;
mod members;

pub use change::{NewZoneSet, ZoneSetChange};
pub(crate) use change::{zone_set_change, zone_set_change_concerns};
pub use members::{MEMBERS_MAX, ZoneSetMembers};
pub(crate) use members::{zone_set_members, zone_set_members_concerns};

use super::EnrolmentError;
use super::zones::{ZoneOrigin, ZoneVersion, version_from};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

/// The central unit's sets are for everybody to use; those of others for whoever reaches their unit.
macro_rules! set_columns {
    () => {
        "SELECT s.set_id, s.reference, s.name_fa, s.name_en, u.code, s.version, s.unit_id,
            (SELECT count(*) FROM zone_set_wearers m JOIN wearers w USING (wearer_id) WHERE m.set_id = s.set_id AND upper_inf(m.period)
                AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)))
        FROM zone_sets s JOIN units u USING (unit_id)
        WHERE (s.unit_id = 1 OR EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = s.unit_id AND r.above_id = ANY ($1))) "
    };
}

const LIST: &str = concat!(set_columns!(), "ORDER BY s.reference LIMIT 1000");
const ONE: &str = concat!(set_columns!(), "AND s.reference = $2");

/// Nobody else changes the set meanwhile, nor who is in it.
const LOCK: &str = "SELECT FROM zone_sets WHERE reference = $1 FOR UPDATE";

const VERSIONS: &str = "
    SELECT z.reference, v.feature::text, v.valid_from, v.valid_to, v.version, v.recorded_at, v.recorded_by, v.reason, true, false, '', v.row_id, z.zone_id
    FROM zone_set_zones JOIN zones z USING (zone_id) JOIN zone_versions v USING (zone_id)
    WHERE set_id = $1 AND v.valid_from IS DISTINCT FROM v.valid_to AND (v.valid_to IS NULL OR v.valid_to > $2) ORDER BY z.reference, 3";

/// A set.
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneSet {
    /// Its name among sets.
    pub reference: String,
    /// Its names for people.
    pub name_fa: String,
    /// See `name_fa`.
    pub name_en: String,
    /// The code of the unit whose it is.
    pub unit: String,
    /// Grows with every change of its zones.
    pub version: i64,
    /// Wearers in it now, within the caller's reach.
    pub members: i64,
    /// Its zones, in force or planned.
    pub zones: Vec<ZoneVersion>,
    pub(crate) set_id: i64,
    pub(crate) unit_id: i64,
}

impl Store {
    /// The sets that the caller may use, by reference; at most a thousand.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn zone_set_list(&self, caller: &Caller, now: DateTime<Utc>) -> Result<Vec<ZoneSet>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let mut sets: Vec<ZoneSet> = transaction.query(LIST, &[&caller.roots]).await?.iter().map(set_from).collect();
        for set in &mut sets {
            set.zones = versions(&transaction, set.set_id, now).await?;
        }
        Ok(sets)
    }

    async fn zone_set(&self, caller: &Caller, reference: &str, now: DateTime<Utc>) -> Result<ZoneSet, EnrolmentError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let row = transaction.query_opt(ONE, &[&caller.roots, &reference]).await?.ok_or(EnrolmentError::UnknownZoneSet)?;
        let mut set = set_from(&row);
        set.zones = versions(&transaction, set.set_id, now).await?;
        Ok(set)
    }
}

/// The set that the caller may use, locked.
async fn locked(transaction: &Transaction<'_>, caller: &Caller, reference: &str) -> Result<ZoneSet, EnrolmentError> {
    caller.about(format!("zone set {reference}"));
    transaction.query_opt(LOCK, &[&reference]).await?;
    let row = transaction.query_opt(ONE, &[&caller.roots, &reference]).await?;
    row.as_ref().map(set_from).ok_or(EnrolmentError::UnknownZoneSet)
}

/// Its zones from an instant on, each as an own one of the set.
async fn versions(transaction: &Transaction<'_>, set_id: i64, since: DateTime<Utc>) -> Result<Vec<ZoneVersion>, StoreError> {
    let rows = transaction.query(VERSIONS, &[&set_id, &since]).await?;
    let versions = rows.iter().map(version_from).collect::<Result<Vec<_>, _>>()?;
    Ok(versions.into_iter().map(|version| ZoneVersion { origin: ZoneOrigin::Own, ..version }).collect())
}

fn set_from(row: &Row) -> ZoneSet {
    ZoneSet {
        set_id: row.get(0),
        reference: row.get(1),
        name_fa: row.get(2),
        name_en: row.get(3),
        unit: row.get(4),
        version: row.get(5),
        unit_id: row.get(6),
        members: row.get(7),
        zones: Vec::new(),
    }
}
