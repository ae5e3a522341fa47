//! How wearers stood, from when to when; and when the service itself was not running.

use crate::time::server_time;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use geofence::Timestamp;

/// A stop shorter than this is no outage: a restart, within which no wait for a tag can have ended.
const OUTAGE_MIN: TimeDelta = TimeDelta::seconds(30);

const ALIVE: &str = "INSERT INTO service_alive (at) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET at = excluded.at";

const OUTAGE: &str = "
    INSERT INTO outages (period) SELECT tstzrange(at, $1) FROM service_alive WHERE at < $1::timestamptz - $2::float8 * interval '1 second'
    ON CONFLICT DO NOTHING";

const OUTAGES: &str = "SELECT lower(period), upper(period) FROM outages ORDER BY period";

/// One span of one standing follows the other, per wearer.
const STANDINGS: &str = "
    SELECT w.reference, s.standing, lower(s.period), upper(s.period)
    FROM standings($1, $2, (SELECT wearer_id FROM wearers WHERE reference = $3)) s JOIN wearers w USING (wearer_id)
    WHERE ($3::text IS NULL OR w.reference = $3) AND (cardinality($4::text[]) = 0 OR s.standing = ANY ($4))
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($6))
    ORDER BY w.reference COLLATE \"C\", s.period LIMIT $5";

/// How a wearer stands to what binds them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Standing {
    /// No tag is fitted.
    NotMonitored,
    /// Nobody knows: not heard, no position that can be believed, interference, or the service itself was not running.
    Unknown,
    /// A zone is violated.
    Broken,
    /// On approved leave.
    OnLeave,
    /// Everything that binds now is kept.
    Kept,
}

impl Standing {
    /// Every standing.
    pub const ALL: [Self; 5] = [Self::NotMonitored, Self::Unknown, Self::Broken, Self::OnLeave, Self::Kept];

    /// The name used in the database and towards clients: `on_leave`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotMonitored => "not_monitored",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
            Self::OnLeave => "on_leave",
            Self::Kept => "kept",
        }
    }

    fn named(name: &str) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unreadable(format!("the standing {name:?}"));
        Self::ALL.into_iter().find(|standing| standing.name() == name).ok_or_else(unreadable)
    }
}

/// One standing of one wearer, [from, to).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StandingSpan {
    /// The wearer's file reference.
    pub wearer: String,
    /// Which.
    pub standing: Standing,
    /// Since when, within what was asked.
    pub from: Timestamp,
    /// Until when, within what was asked.
    pub to: Timestamp,
}

/// Whose standings are asked for, and when.
#[derive(Clone, Debug)]
pub struct StandingFilter {
    /// From here ...
    pub from: Timestamp,
    /// ... to here, exclusive; one millisecond = as of an instant.
    pub to: Timestamp,
    /// Only this wearer's, by file reference.
    pub wearer: Option<String>,
    /// Only these; none = all.
    pub standings: Vec<Standing>,
    /// At most so many spans.
    pub limit: u32,
}

impl Store {
    /// The standings of wearers within the caller's reach, by wearer and time: "who was not watched, from when to when" asks for [`Standing::Unknown`] and
    /// [`Standing::NotMonitored`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn standings(&self, caller: &Caller, filter: &StandingFilter) -> Result<Vec<StandingSpan>, StoreError> {
        let standings: Vec<&str> = filter.standings.iter().map(|standing| standing.name()).collect();
        let client = self.client().await?;
        let (from, to) = (server_time(filter.from), server_time(filter.to));
        let rows = client.query(STANDINGS, &[&from, &to, &filter.wearer, &standings, &i64::from(filter.limit), &caller.roots]).await?;
        let time = |row: &tokio_postgres::Row, column| Timestamp::from(row.get::<_, DateTime<Utc>>(column));
        let span = |row| -> Result<_, StoreError> {
            let row: &tokio_postgres::Row = row;
            Ok(StandingSpan { wearer: row.get(0), standing: Standing::named(row.get(1))?, from: time(row, 2), to: time(row, 3) })
        };
        rows.iter().map(span).collect()
    }

    /// The service runs: whatever is missing between two of these is an outage.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn service_alive(&self, now: Timestamp) -> Result<(), StoreError> {
        self.client().await?.execute(ALIVE, &[&server_time(now)]).await?;
        Ok(())
    }

    /// The service starts: if it has not run for a while, that is written down as an outage. Whether it was, and all outages, in order.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn service_starts(&self, now: Timestamp) -> Result<(bool, Vec<(Timestamp, Timestamp)>), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let was_out = transaction.execute(OUTAGE, &[&server_time(now), &(OUTAGE_MIN.num_seconds() as f64)]).await? > 0;
        transaction.execute(ALIVE, &[&server_time(now)]).await?;
        let rows = transaction.query(OUTAGES, &[]).await?;
        transaction.commit().await?;
        let time = |row: &tokio_postgres::Row, column| Timestamp::from(row.get::<_, DateTime<Utc>>(column));
        Ok((was_out, rows.iter().map(|row| (time(row, 0), time(row, 1))).collect()))
    }
}
