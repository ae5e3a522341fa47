//! Billing beside what tags said: who is billed for a month and was never heard in it, and who was heard and is not billed.

use super::BooksError;
use super::people::people;
use super::reckon::{Ground, Look, beside};
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::{Day, Moment, Month};
use billing::{months, rate};
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use tokio_postgres::{IsolationLevel, Transaction};

/// Wearers with a tag fitted at some time of the month, whoever fitted it.
const WEARERS: &str = "
    SELECT DISTINCT f.wearer_id FROM fittings f JOIN wearers w USING (wearer_id) JOIN unit_reach r ON r.unit_id = w.unit_id
    WHERE r.above_id = ANY ($1) AND f.period && tstzrange($2, $3) AND f.wearer_id > $4 ORDER BY f.wearer_id LIMIT $5";

/// On how many of these days a fitted tag was heard, and which tags.
const HEARD: &str = "
    SELECT w.reference, u.code, w.wearer_id, array_agg(DISTINCT t.imei ORDER BY t.imei),
        count(DISTINCT d.place) FILTER (WHERE EXISTS (
            SELECT FROM reports r WHERE r.tag_id = f.tag_id AND r.received_at >= greatest(d.since, lower(f.period))
                AND r.received_at < least(d.until, coalesce(upper(f.period), d.until))))
    FROM fittings f JOIN wearers w USING (wearer_id) JOIN units u ON u.unit_id = w.unit_id JOIN tags t USING (tag_id)
        JOIN unnest($2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS d (since, until, place) ON f.period && tstzrange(d.since, d.until)
    WHERE f.wearer_id = ANY ($1) GROUP BY 1, 2, 3 ORDER BY 3";

/// Wearers looked at in one call: each day of each is looked up among the reports.
const PORTION: i64 = 200;

/// A wearer of whom billing and tags say different things.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagDifference {
    /// The file reference.
    pub wearer: String,
    /// The wearer's unit.
    pub unit: String,
    /// Days of the month that are billed, or will be by the next run.
    pub days_billed: u32,
    /// Days on which a fitted tag was heard.
    pub days_heard: u32,
    /// Tags fitted in the month.
    pub imeis: Vec<String>,
}

impl Store {
    /// Differences among the next wearers after this one who had a tag fitted in the month; and after whom to go on, if there are more.
    ///
    /// # Errors
    /// When the caller does not reach the unit.
    pub async fn books_beside_tags(
        &self,
        caller: &Caller,
        unit: &str,
        month: Month,
        after: i64,
        now: DateTime<Utc>,
    ) -> Result<(Vec<TagDifference>, Option<i64>), BooksError> {
        let roots = self.books_scope(caller, unit).await?;
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let (since, until) = (start(month.first_day()), start(month.next().first_day()));
        let rows = transaction.query(WEARERS, &[&roots, &since, &until, &after, &PORTION]).await?;
        let persons: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        let next = persons.last().copied().filter(|_| persons.len() as i64 == PORTION);
        let used = used(&transaction, &persons, month, now).await?;
        let days: Vec<Day> = month.first_day().through(month.last_day()).take_while(|day| start(*day) < now).collect();
        let (begins, ends): (Vec<_>, Vec<_>) = days.iter().map(|day| (start(*day), start(day.plus(1)))).unzip();
        let mut differences = Vec::new();
        for row in transaction.query(HEARD, &[&persons, &begins, &ends]).await? {
            let (days_used, days_billed) = used.get(&row.get(2)).copied().unwrap_or_default();
            let days_heard = u32::try_from(row.get::<_, i64>(4)).unwrap_or(u32::MAX);
            // Days of leave are known to billing, and free.
            if (days_billed > 0 && days_heard == 0) || (days_used == 0 && days_heard > 0) {
                differences.push(TagDifference { wearer: row.get(0), unit: row.get(1), days_billed, days_heard, imeis: row.get(3) });
            }
        }
        Ok((differences, next))
    }
}

fn start(day: Day) -> DateTime<Utc> {
    Moment::start_of(day).utc()
}

/// Of each person the days of the month on which a tag was fitted, as billing knows, and those that cost something. Whose facts contradict each other is not
/// billed at all.
async fn used(
    transaction: &Transaction<'_>,
    persons: &[i64],
    month: Month,
    now: DateTime<Utc>,
) -> Result<HashMap<i64, (u32, u32)>, StoreError> {
    let at = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    let people = people(transaction, persons, Look::Preview).await?;
    let ground = Ground::of(transaction, persons, at, Look::Preview).await?;
    beside(move || {
        let days = people.into_iter().filter_map(|mut person| {
            let timeline = ground.timeline(&mut person).ok()?;
            let truth = months(&rate(&timeline.facts, &timeline.tariffs, &timeline.policy, timeline.as_of).ok()?).ok()?;
            let of_month = truth.iter().filter(|((_, of), _)| *of == month);
            let days = of_month.fold((0, 0), |sum, (_, truth)| (sum.0 + truth.used_days as u32, sum.1 + truth.billable_days as u32));
            Some((person.wearer_id, days))
        });
        days.collect()
    })
    .await
}
