//! Numbers by unit and period, counted from what is recorded; no names. The stupid twin of each query is in the tests.

mod queries;

use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};

const UNITS: &str = "
    SELECT u.unit_id, u.code, u.name_fa, u.name_en FROM units u
    WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = u.unit_id AND r.above_id = ANY ($1))
        AND ($2 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units top ON top.unit_id = r.above_id WHERE r.unit_id = u.unit_id AND top.code = $2))
    ORDER BY u.unit_id <> 1, u.code";

/// A unit that is counted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatisticsUnit {
    /// Which.
    pub unit_id: i64,
    /// Its code.
    pub code: String,
    /// Its name in Persian.
    pub name_fa: String,
    /// Its name in English.
    pub name_en: String,
}

/// What is counted. A wearer counts in the unit where the file lies now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatisticsTopic {
    /// How wearers stand at the last instant of each span: `never_fitted`, `monitored`, `on_leave`, `suspended`, `without_tag`, `ended`. Each is in one of them.
    Wearers,
    /// Orders that begin in the span: `begun`, the same by legal basis (`ipc_62` ...) and by regime (`tag`, `house`); and `ended` in it.
    Orders,
    /// `first`, `again` and `replacement` fittings, and `removal`s.
    Fittings,
    /// Alerts by their kind; `found_late` and `in_incident` of them; `refuted` ones apart.
    Violations,
    /// Leaves that begin in the span: `overnight` and `by_hours`, and `hours` of both; and `not_home_at_end` of those that end in it.
    Leaves,
    /// Tags by where they are now: `fitted`, `in_stock`, `returned`, `faulty`, `lost`, `retired`. Of the unit that keeps the tag.
    Tags,
}

/// One number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StatisticsCount {
    /// Of which unit, without those below it.
    pub unit_id: i64,
    /// In which span, from 0.
    pub span: usize,
    /// Of what.
    pub column: String,
    /// How many.
    pub number: i64,
}

impl Store {
    /// The unit and everything below it within the caller's reach, the central unit first; empty = everything within reach. None: there is no such unit.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn statistics_units(&self, caller: &Caller, unit: &str) -> Result<Vec<StatisticsUnit>, StoreError> {
        let rows = self.client().await?.query(UNITS, &[&caller.roots, &unit]).await?;
        let unit =
            |row: &tokio_postgres::Row| StatisticsUnit { unit_id: row.get(0), code: row.get(1), name_fa: row.get(2), name_en: row.get(3) };
        Ok(rows.iter().map(unit).collect())
    }

    /// Counts a topic in the spans between each two of `bounds`, which ascend, for these units. What is none is left out. Nothing after `now` is counted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn statistics_count(
        &self,
        topic: StatisticsTopic,
        units: &[i64],
        bounds: &[DateTime<Utc>],
        now: DateTime<Utc>,
    ) -> Result<Vec<StatisticsCount>, StoreError> {
        let client = self.client().await?;
        let mut counts = Vec::new();
        match topic {
            StatisticsTopic::Wearers => {
                for (span, until) in bounds.iter().skip(1).enumerate() {
                    let instant = last_instant(*until, now);
                    let rows = client.query(queries::WEARERS, &[&units, &instant]).await?;
                    counts.extend(rows.iter().map(|row| count(row, span)));
                }
            }
            StatisticsTopic::Tags => counts.extend(client.query(queries::TAGS, &[&units]).await?.iter().map(|row| count(row, 0))),
            StatisticsTopic::Orders => counts.extend(spans(&client.query(queries::ORDERS, &[&units, &bounds]).await?)),
            StatisticsTopic::Fittings => counts.extend(spans(&client.query(queries::FITTINGS, &[&units, &bounds]).await?)),
            StatisticsTopic::Violations => counts.extend(spans(&client.query(queries::VIOLATIONS, &[&units, &bounds]).await?)),
            StatisticsTopic::Leaves => counts.extend(spans(&client.query(queries::LEAVES, &[&units, &bounds]).await?)),
        }
        counts.sort();
        Ok(counts)
    }
}

/// The last instant before `until` that the database tells apart from it; of a span that is not over, now.
fn last_instant(until: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    if until > now { now } else { until - TimeDelta::microseconds(1) }
}

fn count(row: &tokio_postgres::Row, span: usize) -> StatisticsCount {
    StatisticsCount { unit_id: row.get(0), span, column: row.get(1), number: row.get(2) }
}

/// Rows whose fourth column is the span, from 1.
fn spans(rows: &[tokio_postgres::Row]) -> Vec<StatisticsCount> {
    rows.iter().map(|row| count(row, row.get::<_, i32>(3) as usize - 1)).collect()
}
