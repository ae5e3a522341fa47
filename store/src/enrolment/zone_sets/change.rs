//! A set made, and its zones drawn, replaced and ended.

use super::{ZoneSet, locked, versions};
use crate::change::{self, Change};
use crate::enrolment::EnrolmentError;
use crate::enrolment::zone_change::{DONE_AT_ONCE, Eyes, VERSION, WHO_AND_WHY, end, is_live, whole_millis, within_span};
use crate::enrolment::zone_draw::{Drawing, NewVersion, draw};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use geofence::check::{CheckTerms, Finding, FindingCode, check_zones, is_refused};
use geojson::Feature;
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;

const REACHED: &str = "SELECT EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = $1 AND r.above_id = ANY ($2))";
const NEW_SET: &str = "
    INSERT INTO zone_sets (reference, name_fa, name_en, unit_id, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING set_id";
const GROW: &str = "UPDATE zone_sets SET version = version + 1 WHERE set_id = $1";

const KNOWN: &str = "SELECT zone_id FROM zone_set_zones JOIN zones USING (zone_id) WHERE set_id = $1 AND reference = $2";
const ZONE: &str = "INSERT INTO zones (reference) VALUES ($1) RETURNING zone_id";
const INTO_SET: &str = "INSERT INTO zone_set_zones (zone_id, set_id) VALUES ($1, $2)";
/// Who was in the set and left it has a row too: for them it binds no more, and judging again asks for then.
const BINDS: &str = "
    INSERT INTO zone_wearers (wearer_id, zone_id) SELECT DISTINCT wearer_id, $1::bigint FROM zone_set_wearers WHERE set_id = $2 ON CONFLICT DO NOTHING";

/// Members who have a zone of their own, or of another set, with one of these names.
const CLASHES: &str = "
    SELECT DISTINCT z.reference FROM zone_set_wearers m JOIN zone_bindings b USING (wearer_id) JOIN zones z USING (zone_id) JOIN zone_versions v USING (zone_id)
    WHERE m.set_id = $1 AND (upper_inf(m.period) OR upper(m.period) > $3) AND z.reference = ANY ($2) AND (v.valid_to IS NULL OR v.valid_to > $3)
        AND (b.until IS NULL OR b.until > $3) AND NOT EXISTS (SELECT FROM zone_set_zones s WHERE s.zone_id = z.zone_id AND s.set_id = $1)
    LIMIT 20";

const MEMBERS: &str = "SELECT wearer_id FROM zone_set_wearers WHERE set_id = $1 AND (upper_inf(period) OR upper(period) > $2)";

/// A set to make, with its first zones.
#[derive(Clone, PartialEq, Debug)]
pub struct NewZoneSet {
    /// Its name among sets: small Latin letters, digits, dashes.
    pub reference: String,
    /// Its names for people.
    pub name_fa: String,
    /// See `name_fa`.
    pub name_en: String,
    /// The code of the unit whose it is.
    pub unit: String,
    /// Its zones.
    pub features: Vec<Feature>,
    /// Why.
    pub reason: String,
}

/// A change of the zones of a set.
#[derive(Clone, PartialEq, Debug)]
pub struct ZoneSetChange {
    /// Which set.
    pub set: String,
    /// Zones to draw, or to draw otherwise.
    pub features: Vec<Feature>,
    /// Names of zones that end.
    pub ends: Vec<String>,
    /// From when on; `None` = when it takes effect.
    pub at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// The set's version that the caller saw.
    pub expected_version: i64,
}

impl Store {
    /// Makes a set, which nobody is in yet.
    ///
    /// # Errors
    /// When the unit is not within reach, the reference or the name of a zone is taken, or a zone cannot be so.
    pub async fn zone_set_create(&self, caller: &Caller, new: &NewZoneSet, now: DateTime<Utc>) -> Result<ZoneSet, EnrolmentError> {
        caller.about(format!("zone set {}", new.reference));
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let set_id = create(&open.transaction, caller, new, now).await?;
            open.commit(set_id).await?;
        }
        self.zone_set(caller, &new.reference, now).await
    }

    /// Changes the zones of a set: in force with the commit for everybody in it.
    ///
    /// # Errors
    /// When the set is not within reach, somebody else was quicker, its zones cannot be so, or somebody in it wears a tag and a second person
    /// must confirm it.
    pub async fn zone_set_change(&self, caller: &Caller, asked: &ZoneSetChange, now: DateTime<Utc>) -> Result<ZoneSet, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(proposed) if proposed > DONE_AT_ONCE => return Err(EnrolmentError::SecondPersonNeeded),
            Change::Done(_) => {}
            Change::Open(open) => {
                zone_set_change(&open.transaction, caller, asked, Eyes::Two, now).await?;
                open.commit(DONE_AT_ONCE).await?;
            }
        }
        self.zone_set(caller, &asked.set, now).await
    }
}

async fn create(transaction: &Transaction<'_>, caller: &Caller, new: &NewZoneSet, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
    let unit_id = crate::enrolment::wearers::unit_within_reach(transaction, caller, &new.unit).await?;
    let drawing = checked(transaction, 0, &draw(&[], &new.features, &[], now), now).await?;
    let made = transaction.query_one(NEW_SET, &[&new.reference, &new.name_fa, &new.name_en, &unit_id, &now, &caller.name()]).await;
    let set_id: i64 = made.map_err(|error| taken(error, EnrolmentError::ZoneSetTaken))?.get(0);
    for version in &drawing.begins {
        begin(transaction, caller, set_id, version, &new.reason, now).await?;
    }
    Ok(set_id)
}

/// The unit that a change of a set concerns, if it is possible now.
pub(crate) async fn zone_set_change_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    change: &ZoneSetChange,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let set = changeable(transaction, caller, change, now).await?;
    drawn(transaction, &set, change, now).await?;
    Ok(set.unit_id)
}

/// Does it. The set's number.
pub(crate) async fn zone_set_change(
    transaction: &Transaction<'_>,
    caller: &Caller,
    change: &ZoneSetChange,
    eyes: Eyes,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let set = changeable(transaction, caller, change, now).await?;
    let drawing = drawn(transaction, &set, change, now).await?;
    if drawing.is_empty() {
        return Ok(set.set_id);
    }
    let members: Vec<i64> = transaction.query(MEMBERS, &[&set.set_id, &now]).await?.iter().map(|row| row.get(0)).collect();
    if eyes == Eyes::Two && is_live(transaction, &members, now).await? {
        return Err(EnrolmentError::SecondPersonNeeded);
    }
    transaction.execute(WHO_AND_WHY, &[&caller.name(), &change.reason]).await?;
    end(transaction, &drawing).await?;
    for version in &drawing.begins {
        begin(transaction, caller, set.set_id, version, &change.reason, now).await?;
    }
    transaction.execute(GROW, &[&set.set_id]).await?;
    Ok(set.set_id)
}

/// The set, locked, if the caller may change it and saw it as it is.
async fn changeable(
    transaction: &Transaction<'_>,
    caller: &Caller,
    change: &ZoneSetChange,
    now: DateTime<Utc>,
) -> Result<ZoneSet, EnrolmentError> {
    let set = locked(transaction, caller, &change.set).await?;
    // The central unit's are for everybody to use, not to change.
    if !transaction.query_one(REACHED, &[&set.unit_id, &caller.roots]).await?.get::<_, bool>(0) {
        return Err(EnrolmentError::UnknownZoneSet);
    }
    if set.version != change.expected_version {
        return Err(EnrolmentError::VersionChanged(set.version));
    }
    within_span(change.at.unwrap_or(now), now)?;
    Ok(set)
}

async fn drawn(
    transaction: &Transaction<'_>,
    set: &ZoneSet,
    change: &ZoneSetChange,
    now: DateTime<Utc>,
) -> Result<Drawing, EnrolmentError> {
    let at = whole_millis(change.at.unwrap_or(now));
    let standing = versions(transaction, set.set_id, at.min(now)).await?;
    let drawing = draw(&standing, &change.features, &change.ends, at);
    if !drawing.unknown.is_empty() {
        return Err(EnrolmentError::UnknownZone(drawing.unknown.join(", ")));
    }
    checked(transaction, set.set_id, &drawing, now).await
}

/// The drawing, if its zones can be so.
async fn checked(transaction: &Transaction<'_>, set_id: i64, drawing: &Drawing, now: DateTime<Utc>) -> Result<Drawing, EnrolmentError> {
    let terms = CheckTerms { now: now.into(), distance_max_m: None, of_wearer: false };
    let mut findings = check_zones(&drawing.drafts, &terms);
    let names: Vec<&str> = drawing.begins.iter().map(|version| version.zone.as_str()).collect();
    let clashes = transaction.query(CLASHES, &[&set_id, &names, &now]).await?;
    findings.extend(clashes.iter().map(|row| Finding::refused(row.get(0), FindingCode::NameTaken)));
    if is_refused(&findings) { Err(EnrolmentError::ZonesRefused(findings)) } else { Ok(drawing.clone()) }
}

async fn begin(
    transaction: &Transaction<'_>,
    caller: &Caller,
    set_id: i64,
    version: &NewVersion,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let zone_id: i64 = match transaction.query_opt(KNOWN, &[&set_id, &version.zone]).await? {
        Some(known) => known.get(0),
        None => {
            let made = transaction.query_one(ZONE, &[&version.zone]).await;
            let zone_id: i64 = made.map_err(|error| taken(error, EnrolmentError::ZoneNameTaken))?.get(0);
            transaction.execute(INTO_SET, &[&zone_id, &set_id]).await?;
            zone_id
        }
    };
    transaction.execute(BINDS, &[&zone_id, &set_id]).await?;
    let feature = version.feature.to_string();
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&zone_id, &feature, &version.from, &version.to, &now, &caller.name(), &reason];
    transaction.execute(VERSION, &values).await?;
    Ok(())
}

fn taken(error: tokio_postgres::Error, name: EnrolmentError) -> EnrolmentError {
    if error.code() == Some(&SqlState::UNIQUE_VIOLATION) { name } else { StoreError::from(error).into() }
}
