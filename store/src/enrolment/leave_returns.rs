//! Who came back from leave: what the judgement found at the first instant at which a zone was on again.

use crate::facts::zone_from;
use crate::time::server_time;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use deadpool_postgres::Client;
use enrolment::{ReturnAlert, ReturnFacts, ReturnOutcome};
use geofence::{Leave, Plan, Timestamp, ZoneReader};
use std::collections::HashMap;

/// A zone that turns on later than this after the end of a leave says nothing about the return.
const LOOK_AHEAD: TimeDelta = TimeDelta::days(2);

/// Leaves in force that ended in [$2, $3), by their end: whose, and whether a tag was fitted and another leave held then.
const ENDED: &str = "
    SELECT a.leave_id, a.wearer_id, w.reference, coalesce(a.back_at, a.valid_to),
        EXISTS (SELECT FROM fittings f WHERE f.wearer_id = a.wearer_id AND f.period @> coalesce(a.back_at, a.valid_to)),
        EXISTS (SELECT FROM leaves l WHERE l.wearer_id = a.wearer_id AND l.act_id IS DISTINCT FROM a.leave_id
            AND l.valid_from <= coalesce(a.back_at, a.valid_to) AND l.valid_to > coalesce(a.back_at, a.valid_to))
    FROM leave_acts a JOIN wearers w USING (wearer_id)
    WHERE a.state IN ('approved', 'shortened') AND coalesce(a.back_at, a.valid_to) >= $2 AND coalesce(a.back_at, a.valid_to) < least($3::timestamptz, $4::timestamptz)
        AND (coalesce(a.back_at, a.valid_to), a.leave_id) > ($5, $6)
        AND ($1 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units u ON u.unit_id = r.above_id WHERE r.unit_id = w.unit_id AND u.code = $1))
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($7))
    ORDER BY coalesce(a.back_at, a.valid_to), a.leave_id LIMIT $8";

/// Inclusion zones of these wearers in [$2, $3), every version once, with those whom it binds (NULL = everyone).
const ZONES: &str = "
    SELECT v.row_id, v.zone_id, v.feature::text, v.valid_from, v.valid_to,
        CASE WHEN z.everyone THEN NULL ELSE ARRAY(SELECT m.wearer_id FROM zone_wearers m WHERE m.zone_id = z.zone_id AND m.wearer_id = ANY ($1)) END
    FROM zones z JOIN zone_versions v USING (zone_id)
    WHERE (z.everyone OR EXISTS (SELECT FROM zone_wearers m WHERE m.zone_id = z.zone_id AND m.wearer_id = ANY ($1)))
        AND v.feature -> 'properties' ->> 'sense' = 'inclusion'
        AND v.valid_from IS DISTINCT FROM v.valid_to AND tstzrange(v.valid_from, v.valid_to) && tstzrange($2, $3)";

/// Leaves of these wearers in [$2, $3): the next one may hold when the zone would be on.
const LEAVES: &str =
    "SELECT wearer_id, valid_from, valid_to, exclusion FROM leaves WHERE wearer_id = ANY ($1) AND valid_from < $3 AND valid_to > $2";

/// Of each wearer what was found from an instant on, within the two days that matter.
const ALERTS: &str = "
    SELECT a.wearer_id, g.leave_id, a.alert_id, a.kind = 'inclusion', a.started_at, a.ended_at,
        coalesce(a.end_reason IN ('kept', 'fix'), false)
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS g (leave_id, wearer_id, since)
        JOIN alerts a ON a.wearer_id = g.wearer_id AND a.kind IN ('inclusion', 'presence_unknown')
            AND a.started_at >= g.since AND a.started_at < g.since + 172800000
    WHERE a.end_reason IS DISTINCT FROM 'refuted'
    ORDER BY a.started_at, a.kind";

/// Since when each was first kept, from an instant on; two days are looked at.
const KEPT: &str = "
    SELECT g.leave_id, min(lower(s.period))
    FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) AS g (leave_id, wearer_id, since)
        CROSS JOIN LATERAL standings(g.since, least($4, g.since + interval '2 days'), g.wearer_id) AS s
    WHERE s.standing = 'kept' GROUP BY g.leave_id";

/// Which returns to list.
#[derive(Clone, Debug)]
pub struct ReturnFilter {
    /// Only of this unit and those below, by code; empty = all.
    pub unit: String,
    /// Leaves that ended in [from, to).
    pub from: DateTime<Utc>,
    /// See `from`.
    pub to: DateTime<Utc>,
    /// Only who is missing.
    pub missing_only: bool,
    /// After this end and number.
    pub after: (DateTime<Utc>, i64),
    /// At most so many leaves are looked at.
    pub limit: u32,
}

/// The end of a leave, and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeaveReturn {
    /// Which.
    pub leave_id: i64,
    /// The wearer's file reference.
    pub wearer: String,
    /// What is known of it.
    pub facts: ReturnFacts,
    /// What became of it.
    pub outcome: ReturnOutcome,
    wearer_id: i64,
}

/// A page of returns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnPage {
    /// By the end of the leave.
    pub returns: Vec<LeaveReturn>,
    /// Where the next page begins.
    pub next: Option<(DateTime<Utc>, i64)>,
}

impl Store {
    /// Who came back from leave and who did not, within the caller's reach.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn leave_returns(&self, caller: &Caller, filter: &ReturnFilter, now: DateTime<Utc>) -> Result<ReturnPage, StoreError> {
        let client = self.client().await?;
        let mut returns = ended(&client, caller, filter, now).await?;
        let more = returns.len() > filter.limit as usize;
        returns.truncate(filter.limit as usize);
        let next = returns.last().filter(|_| more).map(|last| (last.facts.over_at, last.leave_id));
        due(&client, &mut returns).await?;
        found(&client, &mut returns, now).await?;
        for one in &mut returns {
            one.outcome = ReturnOutcome::of(&one.facts, now);
        }
        returns.retain(|one| !filter.missing_only || one.outcome.is_missing());
        Ok(ReturnPage { returns, next })
    }
}

async fn ended(client: &Client, caller: &Caller, filter: &ReturnFilter, now: DateTime<Utc>) -> Result<Vec<LeaveReturn>, StoreError> {
    let limit = i64::from(filter.limit) + 1;
    let (end, leave_id) = filter.after;
    let rows = client.query(ENDED, &[&filter.unit, &filter.from, &filter.to, &now, &end, &leave_id, &caller.roots, &limit]).await?;
    let of = |row: &tokio_postgres::Row| LeaveReturn {
        leave_id: row.get(0),
        wearer_id: row.get(1),
        wearer: row.get(2),
        outcome: ReturnOutcome::Waiting,
        facts: ReturnFacts {
            over_at: row.get(3),
            due_at: None,
            rules_take: TimeDelta::zero(),
            is_fitted: row.get(4),
            is_on_leave: row.get(5),
            alerts: Vec::new(),
            kept_since: None,
        },
    };
    Ok(rows.iter().map(of).collect())
}

/// When a zone of each was on again, by the plan that the judgement works with.
async fn due(client: &Client, returns: &mut [LeaveReturn]) -> Result<(), StoreError> {
    let (Some(first), Some(last)) = (returns.first(), returns.last()) else { return Ok(()) };
    let (from, until) = (first.facts.over_at, last.facts.over_at + LOOK_AHEAD);
    let ids: Vec<i64> = returns.iter().map(|one| one.wearer_id).collect();
    let mut reader = ZoneReader::default();
    let (mut own, mut everyones) = (HashMap::<i64, Vec<_>>::new(), Vec::new());
    for row in &client.query(ZONES, &[&ids, &from, &until]).await? {
        let zone = zone_from(row, &mut reader)?.zone;
        match row.get::<_, Option<Vec<i64>>>(5) {
            None => everyones.push(zone),
            Some(wearers) => wearers.into_iter().for_each(|wearer_id| own.entry(wearer_id).or_default().push(zone.clone())),
        }
    }
    let mut leaves = HashMap::<i64, Vec<Leave>>::new();
    for row in &client.query(LEAVES, &[&ids, &from, &until]).await? {
        let time = |at: DateTime<Utc>| Timestamp::from(at);
        let leave = Leave { from: time(row.get(1)), to: time(row.get(2)), exclusion: row.get(3) };
        leaves.entry(row.get(0)).or_default().push(leave);
    }
    for one in returns {
        let leaves = leaves.get(&one.wearer_id).cloned().unwrap_or_default();
        let zones = own.get(&one.wearer_id).into_iter().flatten().chain(&everyones).cloned().collect();
        let over_at = one.facts.over_at;
        let due = Plan::new(zones, leaves).inclusion_due(Timestamp::from(over_at), Timestamp::from(over_at + LOOK_AHEAD));
        if let Some((due_at, takes_ms)) = due {
            (one.facts.due_at, one.facts.rules_take) = (Some(server_time(due_at)), TimeDelta::milliseconds(takes_ms));
        }
    }
    Ok(())
}

/// What the judgement found of each from then on.
async fn found(client: &Client, returns: &mut [LeaveReturn], now: DateTime<Utc>) -> Result<(), StoreError> {
    let begun: Vec<(i64, i64, DateTime<Utc>)> =
        returns.iter().filter_map(|one| Some((one.leave_id, one.wearer_id, one.facts.due_at.filter(|due| *due < now)?))).collect();
    let leaves: Vec<i64> = begun.iter().map(|one| one.0).collect();
    let wearers: Vec<i64> = begun.iter().map(|one| one.1).collect();
    let since: Vec<DateTime<Utc>> = begun.iter().map(|one| one.2).collect();
    let since_ms: Vec<i64> = since.iter().map(DateTime::timestamp_millis).collect();
    let mut alerts = HashMap::<i64, Vec<ReturnAlert>>::new();
    for row in &client.query(ALERTS, &[&leaves, &wearers, &since_ms]).await? {
        let at = |millis: i64| server_time(Timestamp::from_millis(millis));
        let alert = ReturnAlert {
            alert_id: row.get(2),
            is_outside: row.get(3),
            started_at: at(row.get(4)),
            ended_at: row.get::<_, Option<i64>>(5).map(at),
            ended_seen: row.get(6),
        };
        alerts.entry(row.get(1)).or_default().push(alert);
    }
    let kept = client.query(KEPT, &[&leaves, &wearers, &since, &now]).await?;
    let kept: HashMap<i64, DateTime<Utc>> = kept.iter().map(|row| (row.get(0), row.get(1))).collect();
    for one in returns {
        one.facts.alerts = alerts.remove(&one.leave_id).unwrap_or_default();
        one.facts.kept_since = kept.get(&one.leave_id).copied();
    }
    Ok(())
}
