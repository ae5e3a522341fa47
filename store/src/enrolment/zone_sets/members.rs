//! Wearers who join or leave a set, many at once.

use super::{ZoneSet, locked, versions};
use crate::Store;
use crate::change::{self, Change};
use crate::enrolment::EnrolmentError;
use crate::enrolment::zone_change::{DONE_AT_ONCE, Eyes, WHO_AND_WHY, is_live};
use crate::enrolment::zones::{self, ZoneVersion, timed};
use access::Caller;
use chrono::{DateTime, Utc};
use geofence::check::{CheckTerms, Finding, Severity, ZoneDraft, check_zones};
use tokio_postgres::Transaction;

/// Most wearers of one call: each one's zones are checked together with those of the set.
pub const MEMBERS_MAX: usize = 1_000;

/// The wearers' rows in one order, so that no two changes wait for each other.
const WEARERS: &str = "
    SELECT w.wearer_id, w.reference, w.unit_id FROM wearers w WHERE w.reference = ANY ($1) AND w.merged_into IS NULL
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))
    ORDER BY w.wearer_id FOR NO KEY UPDATE";

/// A unit from which all these are seen: of the wearers or of the caller.
const UNIT_ABOVE: &str = "
    SELECT above FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (above, place) WHERE NOT EXISTS (
        SELECT FROM unnest($2::bigint[]) AS below WHERE NOT EXISTS (SELECT FROM unit_reach r WHERE r.above_id = above AND r.unit_id = below))
    ORDER BY place LIMIT 1";

const IN_SET: &str = "SELECT wearer_id FROM zone_set_wearers WHERE set_id = $1 AND wearer_id = ANY ($2) AND upper_inf(period)";
const BINDS: &str = "
    INSERT INTO zone_wearers (wearer_id, zone_id) SELECT wearer_id, zone_id FROM unnest($2::bigint[]) AS wearer_id, zone_set_zones WHERE set_id = $1
    ON CONFLICT DO NOTHING";
const JOIN: &str = "
    INSERT INTO zone_set_wearers (set_id, wearer_id, period, joined_by, reason)
    SELECT $1, wearer_id, tstzrange($3, NULL), $4, $5 FROM unnest($2::bigint[]) AS wearer_id";
/// Who joined and left at one instant was never in it.
const UNDO: &str = "DELETE FROM zone_set_wearers WHERE set_id = $1 AND wearer_id = ANY ($2) AND upper_inf(period) AND lower(period) >= $3";
const LEAVE: &str = "
    UPDATE zone_set_wearers SET period = tstzrange(lower(period), $3), left_by = $4, left_reason = $5
    WHERE set_id = $1 AND wearer_id = ANY ($2) AND upper_inf(period)";

/// Wearers who join or leave a set, from when it takes effect. Who is in it already joins no second time, and who is not does not leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ZoneSetMembers {
    /// Which set.
    pub set: String,
    /// The file references.
    pub wearers: Vec<String>,
    /// They join; else they leave.
    pub join: bool,
    /// Why.
    pub reason: String,
}

struct Member {
    wearer_id: i64,
    reference: String,
    unit_id: i64,
}

impl Store {
    /// Lets wearers join or leave a set.
    ///
    /// # Errors
    /// When the set or a wearer is not within reach, somebody could not keep the set's zones beside the own ones, or somebody wears a tag and a
    /// second person must confirm it.
    pub async fn zone_set_members(&self, caller: &Caller, asked: &ZoneSetMembers, now: DateTime<Utc>) -> Result<ZoneSet, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(proposed) if proposed > DONE_AT_ONCE => return Err(EnrolmentError::SecondPersonNeeded),
            Change::Done(_) => {}
            Change::Open(open) => {
                zone_set_members(&open.transaction, caller, asked, Eyes::Two, now).await?;
                open.commit(DONE_AT_ONCE).await?;
            }
        }
        self.zone_set(caller, &asked.set, now).await
    }
}

/// The unit that it concerns, if it is possible now.
pub(crate) async fn zone_set_members_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    asked: &ZoneSetMembers,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let (set, members) = ready(transaction, caller, asked, now).await?;
    let units: Vec<i64> = members.iter().map(|member| member.unit_id).collect();
    let candidates = [&units[..], &caller.roots].concat();
    let above = transaction.query_opt(UNIT_ABOVE, &[&candidates, &units]).await?;
    Ok(above.map_or(set.unit_id, |row| row.get(0)))
}

/// Does it. The set's number.
pub(crate) async fn zone_set_members(
    transaction: &Transaction<'_>,
    caller: &Caller,
    asked: &ZoneSetMembers,
    eyes: Eyes,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let (set, members) = ready(transaction, caller, asked, now).await?;
    let wearers: Vec<i64> = members.iter().map(|member| member.wearer_id).collect();
    if eyes == Eyes::Two && is_live(transaction, &wearers, now).await? {
        return Err(EnrolmentError::SecondPersonNeeded);
    }
    transaction.execute(WHO_AND_WHY, &[&caller.name(), &asked.reason]).await?;
    if asked.join {
        transaction.execute(BINDS, &[&set.set_id, &wearers]).await?;
        transaction.execute(JOIN, &[&set.set_id, &wearers, &now, &caller.name(), &asked.reason]).await?;
    } else {
        transaction.execute(UNDO, &[&set.set_id, &wearers, &now]).await?;
        transaction.execute(LEAVE, &[&set.set_id, &wearers, &now, &caller.name(), &asked.reason]).await?;
    }
    Ok(set.set_id)
}

/// The set and those of the wearers for whom it changes something, all locked.
async fn ready(
    transaction: &Transaction<'_>,
    caller: &Caller,
    asked: &ZoneSetMembers,
    now: DateTime<Utc>,
) -> Result<(ZoneSet, Vec<Member>), EnrolmentError> {
    let set = locked(transaction, caller, &asked.set).await?;
    let rows = transaction.query(WEARERS, &[&asked.wearers, &caller.roots]).await?;
    let member = |row: &tokio_postgres::Row| Member { wearer_id: row.get(0), reference: row.get(1), unit_id: row.get(2) };
    let mut members: Vec<Member> = rows.iter().map(member).collect();
    let is_known = |reference: &&String| members.iter().any(|member| member.reference == **reference);
    let unknown: Vec<&str> = asked.wearers.iter().filter(|reference| !is_known(reference)).map(String::as_str).collect();
    if !unknown.is_empty() {
        return Err(EnrolmentError::UnknownWearers(unknown.join(", ")));
    }
    let wearers: Vec<i64> = members.iter().map(|member| member.wearer_id).collect();
    let inside: Vec<i64> = transaction.query(IN_SET, &[&set.set_id, &wearers]).await?.iter().map(|row| row.get(0)).collect();
    members.retain(|member| inside.contains(&member.wearer_id) != asked.join);
    if asked.join {
        check(transaction, &set, &members, now).await?;
    }
    Ok((set, members))
}

/// Refuses if somebody could not keep the zones of the set beside the others.
async fn check(transaction: &Transaction<'_>, set: &ZoneSet, members: &[Member], now: DateTime<Utc>) -> Result<(), EnrolmentError> {
    let of_set = versions(transaction, set.set_id, now).await?;
    let draft = |version: &ZoneVersion, is_new| {
        let feature = timed(&version.feature, version.from.max(now), version.to);
        ZoneDraft { feature, is_new, is_shared: is_new || version.origin != zones::ZoneOrigin::Own }
    };
    let terms = CheckTerms { now: now.into(), distance_max_m: None, of_wearer: false };
    let mut refused: Vec<Finding> = Vec::new();
    for member in members {
        let standing = zones::versions(transaction, member.wearer_id, now).await?;
        let drafts: Vec<ZoneDraft> =
            of_set.iter().map(|version| draft(version, true)).chain(standing.iter().map(|version| draft(version, false))).collect();
        let findings = check_zones(&drafts, &terms).into_iter().filter(|finding| finding.severity == Severity::Refused);
        refused.extend(findings.map(|finding| Finding { zone: format!("{}: {}", member.reference, finding.zone), ..finding }));
    }
    if refused.is_empty() { Ok(()) } else { Err(EnrolmentError::ZonesRefused(refused)) }
}
