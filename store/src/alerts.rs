//! Alerts as rooms see them, and the events that tell how they changed.

use crate::names::{kind_named, reason_named};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use geofence::{EndReason, Timestamp, ViolationKind};
use tokio_postgres::Row;

/// One violation or technical event.
#[derive(Clone, PartialEq, Debug)]
pub struct Alert {
    /// Its number for ever.
    pub alert_id: i64,
    /// Which rule.
    pub kind: ViolationKind,
    /// The wearer's file reference; empty where an area or an unknown tag is concerned.
    pub wearer: String,
    /// The tag that showed it; empty where an area is concerned.
    pub imei: String,
    /// The zone's id; empty where no zone is involved.
    pub zone: String,
    /// When it began, by the tag's clock.
    pub started_at: Timestamp,
    /// The fix or instant that proved it.
    pub found_at: Timestamp,
    /// When the system knew, by the server's clock.
    pub recorded_at: Timestamp,
    /// It was over 5 minutes old when the system knew.
    pub found_late: bool,
    /// When and why it ended; `None` while open.
    pub end: Option<(Timestamp, EndReason)>,
    /// Largest distance beyond the edge, metres; `None` where there is no edge.
    pub max_beyond_m: Option<f64>,
    /// Newest breaking fix; `None` where there is no edge.
    pub last_breaking_at: Option<Timestamp>,
    /// Who took it on, and when.
    pub acknowledged: Option<(String, Timestamp)>,
    /// What a person wrote on closing it.
    pub note: Option<String>,
    /// When the tag said that it is well again, of a kind that only a person closes.
    pub restored_at: Option<Timestamp>,
    /// The incident that explains it.
    pub incident: Option<i64>,
    /// Why the past was judged again, if that changed this alert.
    pub corrected_because: Option<String>,
}

/// What happened to an alert.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AlertEventKind {
    /// It was found.
    Opened,
    /// It ended, or a late report corrected its end.
    Ended,
    /// A person took it on.
    Acknowledged,
    /// The past was judged again and changed it.
    Corrected,
    /// The tag said that it is well again.
    Restored,
    /// An incident in its area explains it.
    Attached,
}

/// One event; events are numbered without gaps in the order in which they became durable.
#[derive(Clone, PartialEq, Debug)]
pub struct AlertEvent {
    /// 1 for the first ever.
    pub sequence: i64,
    /// What happened.
    pub kind: AlertEventKind,
    /// The alert as it was right after.
    pub alert: Alert,
    /// The units whose people may see it, now: those that it concerns and every unit above them. The central unit sees it in any case.
    pub seen_from: Vec<i64>,
}

/// Which alerts to list. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct AlertFilter {
    /// Only those that have not ended.
    pub open_only: bool,
    /// Only those that nobody has acknowledged.
    pub unacknowledged_only: bool,
    /// Only this wearer's, by file reference.
    pub wearer: Option<String>,
    /// Only these kinds; none = all.
    pub kinds: Vec<ViolationKind>,
    /// Started at or after this.
    pub from: Option<Timestamp>,
    /// Started before this.
    pub to: Option<Timestamp>,
    /// Only those recorded before this one: [`AlertPage::next`] of the page before.
    pub before: Option<i64>,
    /// At most so many, 1 to [`AlertFilter::LIMIT_MAX`]; 0 = 100. More is cut to the limit.
    pub limit: u32,
}

impl AlertFilter {
    /// Longest page, alerts.
    pub const LIMIT_MAX: u32 = 1000;
}

/// One page of alerts, newest recorded first.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertPage {
    /// The alerts.
    pub alerts: Vec<Alert>,
    /// [`AlertFilter::before`] for the next page; `None` on the last.
    pub next: Option<i64>,
}

/// The columns of one alert with its names, for `alerts a`; the changing ones from `now_`.
macro_rules! alert_columns {
    ($changing:literal) => {
        concat!(
            "a.alert_id, a.kind, coalesce(w.reference, ''), coalesce(t.imei, ''), a.zone, a.started_at, a.found_at, a.recorded_at, a.found_late, ",
            $changing,
            ".ended_at, ",
            $changing,
            ".end_reason, ",
            $changing,
            ".max_beyond_m, ",
            $changing,
            ".last_breaking_at, ",
            $changing,
            ".acknowledged_by, ",
            $changing,
            ".acknowledged_at, ",
            $changing,
            ".note, ",
            $changing,
            ".restored_at, ",
            $changing,
            ".corrected_because, ",
            $changing,
            ".incident"
        )
    };
}

/// Whether `alerts a` of `wearers w` is within the reach of a caller with these roots. What concerns no wearer is looked up by what it does concern.
macro_rules! alert_within_reach {
    ($roots:literal) => {
        concat!(
            "(1 = ANY (",
            $roots,
            ") OR CASE WHEN a.wearer_id IS NOT NULL
                THEN EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY (",
            $roots,
            "))
                ELSE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = ANY (alert_units(a.alert_id, NULL, a.tag_id)) AND r.above_id = ANY (",
            $roots,
            ")) END)"
        )
    };
}

const LIST: &str = concat!(
    "SELECT ",
    alert_columns!("a"),
    " FROM alerts a LEFT JOIN wearers w USING (wearer_id) LEFT JOIN tags t USING (tag_id)
    WHERE ($1::bigint IS NULL OR a.alert_id < $1)
      AND (NOT $2::boolean OR a.end_reason IS NULL)
      AND (NOT $3::boolean OR a.acknowledged_by IS NULL)
      AND ($4::text IS NULL OR a.wearer_id = (SELECT wearer_id FROM wearers WHERE reference = $4))
      AND (cardinality($5::text[]) = 0 OR a.kind = ANY ($5))
      AND ($6::bigint IS NULL OR a.started_at >= $6)
      AND ($7::bigint IS NULL OR a.started_at < $7)
      AND ",
    alert_within_reach!("$9::bigint[]"),
    " ORDER BY a.alert_id DESC LIMIT $8"
);

/// A wearer's alerts that held at some time in a span.
pub(crate) const OF_WEARER: &str = concat!(
    "SELECT ",
    alert_columns!("a"),
    " FROM alerts a JOIN wearers w USING (wearer_id) LEFT JOIN tags t USING (tag_id)
    WHERE a.wearer_id = $1 AND a.started_at < $3 AND (a.ended_at IS NULL OR a.ended_at >= $2) ORDER BY a.started_at, a.alert_id"
);

/// One alert, if it is within reach.
pub(crate) const ONE: &str = concat!(
    "SELECT ",
    alert_columns!("a"),
    ", a.wearer_id, a.closed_by FROM alerts a LEFT JOIN wearers w USING (wearer_id) LEFT JOIN tags t USING (tag_id) WHERE a.alert_id = $1 AND ",
    alert_within_reach!("$2::bigint[]")
);

const EVENTS: &str = concat!(
    "SELECT ",
    alert_columns!("e"),
    ", e.sequence, e.kind,
        ARRAY(SELECT DISTINCT r.above_id FROM unit_reach r WHERE r.unit_id = ANY (alert_units(a.alert_id, a.wearer_id, a.tag_id)))
    FROM alert_events e JOIN alerts a USING (alert_id) LEFT JOIN wearers w USING (wearer_id) LEFT JOIN tags t USING (tag_id)
    WHERE e.sequence > $1 ORDER BY e.sequence LIMIT $2"
);

impl Store {
    /// Alerts within the caller's reach that match the filter, newest recorded first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn alert_list(&self, caller: &Caller, filter: &AlertFilter) -> Result<AlertPage, StoreError> {
        let limit = i64::from(if filter.limit == 0 { 100 } else { filter.limit.min(AlertFilter::LIMIT_MAX) });
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.name()).collect();
        let (from, to) = (filter.from.map(Timestamp::millis), filter.to.map(Timestamp::millis));
        let client = self.client().await?;
        let statement = client.prepare_cached(LIST).await?;
        let one_more = limit + 1;
        let rows = client
            .query(
                &statement,
                &[
                    &filter.before,
                    &filter.open_only,
                    &filter.unacknowledged_only,
                    &filter.wearer,
                    &kinds,
                    &from,
                    &to,
                    &one_more,
                    &caller.roots,
                ],
            )
            .await?;
        let more = rows.len() as i64 > limit;
        let alerts = rows.iter().take(limit as usize).map(alert_from).collect::<Result<Vec<_>, _>>()?;
        let next = if more { alerts.last().map(|alert| alert.alert_id) } else { None };
        Ok(AlertPage { alerts, next })
    }

    /// At most `limit` events after `sequence`, in order, for all who watch: each says who may see it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn alert_events_after(&self, sequence: i64, limit: i64) -> Result<Vec<AlertEvent>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(EVENTS).await?;
        let rows = client.query(&statement, &[&sequence, &limit.max(0)]).await?;
        let event = |row: &Row| {
            Ok(AlertEvent { sequence: row.get(19), kind: event_kind(row.get(20))?, alert: alert_from(row)?, seen_from: row.get(21) })
        };
        rows.iter().map(event).collect()
    }

    /// The number of the newest event; 0 before the first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn alert_last_sequence(&self) -> Result<i64, StoreError> {
        let client = self.client().await?;
        Ok(client.query_one("SELECT sequence FROM alert_head", &[]).await?.get(0))
    }
}

fn event_kind(name: &str) -> Result<AlertEventKind, StoreError> {
    match name {
        "opened" => Ok(AlertEventKind::Opened),
        "ended" => Ok(AlertEventKind::Ended),
        "acknowledged" => Ok(AlertEventKind::Acknowledged),
        "corrected" => Ok(AlertEventKind::Corrected),
        "restored" => Ok(AlertEventKind::Restored),
        "attached" => Ok(AlertEventKind::Attached),
        _ => Err(StoreError::Unreadable(format!("an alert event of kind {name:?}"))),
    }
}

/// When and why an alert ended, if it did.
pub(crate) fn end_from(at: Option<Timestamp>, reason: Option<&str>) -> Result<Option<(Timestamp, EndReason)>, StoreError> {
    at.zip(reason).map(|(at, reason)| Ok((at, reason_named(reason)?))).transpose()
}

/// Reads the columns of `alert_columns!`.
pub(crate) fn alert_from(row: &Row) -> Result<Alert, StoreError> {
    let tag_clock = |column: usize| row.get::<_, Option<i64>>(column).map(Timestamp::from_millis);
    let end = end_from(tag_clock(9), row.get(10))?;
    let acknowledged_at = row.get::<_, Option<DateTime<Utc>>>(14).map(Timestamp::from);
    Ok(Alert {
        alert_id: row.get(0),
        kind: kind_named(row.get(1))?,
        wearer: row.get(2),
        imei: row.get(3),
        zone: row.get(4),
        started_at: Timestamp::from_millis(row.get(5)),
        found_at: Timestamp::from_millis(row.get(6)),
        recorded_at: Timestamp::from(row.get::<_, DateTime<Utc>>(7)),
        found_late: row.get(8),
        end,
        max_beyond_m: row.get(11),
        last_breaking_at: tag_clock(12),
        acknowledged: row.get::<_, Option<String>>(13).zip(acknowledged_at),
        note: row.get(15),
        restored_at: tag_clock(16),
        corrected_because: row.get(17),
        incident: row.get(18),
    })
}
