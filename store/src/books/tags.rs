//! Billing beside what tags said, day by day: who is billed for days on which no tag of theirs was heard, who was heard on days that are not billed, and tags
//! that were still heard after they came off.
//!
//! Heard is a day if a report was taken on it by the tag's clock and came within thirty days, or was received on it. Reports are looked up by tag, day and
//! instant in days that are closed and have that index: a day that is not over, or just over, is never looked at.

use super::BooksError;
use super::heard::{HEARD, OFF, STRAY};
use super::people::people;
use super::reckon::{Ground, Look, beside};
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::{Day, DayRange, Moment, Month, ranges};
use billing::{Standing, horizon, rate};
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::{IsolationLevel, Row, Transaction};

/// Days that can be held against reports: their reports are kept, their index is there, and the service itself did not stand still all day.
const DAYS: &str = "
    SELECT place FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS d (since, until, place)
    WHERE since >= (SELECT since FROM tracks_kept) AND until <= $3
        AND NOT coalesce((SELECT range_agg(o.period) @> tstzrange(d.since, d.until) FROM outages o WHERE o.period && tstzrange(d.since, d.until)), false)
    ORDER BY place";

/// Wearers with a tag fitted at some time of the days, whoever fitted it.
const WEARERS: &str = "
    SELECT w.wearer_id FROM wearers w WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1))
        AND EXISTS (SELECT FROM fittings f WHERE f.wearer_id = w.wearer_id AND f.period && tstzrange($2, $3)) ORDER BY w.wearer_id";

/// A day's reports get their index so long after midnight UTC at most.
const INDEXED_AFTER: TimeDelta = TimeDelta::hours(1);

/// A wearer of whom billing and tags say different things.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TagDifference {
    /// The file reference.
    pub wearer: String,
    /// The wearer's unit.
    pub unit: String,
    /// Of the days that were looked at, those that are billed, or will be by the next run.
    pub days_billed: u32,
    /// Of these, days on which a fitted tag was heard.
    pub days_heard: u32,
    /// Billed, and no fitted tag was heard.
    pub silent: Vec<DayRange>,
    /// A tag that was fitted to the end of the day was heard, and the day is not billed though it is no leave, no suspension and not billed elsewhere.
    pub unbilled: Vec<DayRange>,
    /// Tags fitted in these days.
    pub imeis: Vec<String>,
}

/// A tag that was heard on days on which nobody wore it, after it came off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StrayTag {
    /// Which.
    pub imei: String,
    /// Who wore it last: the file reference.
    pub wearer: String,
    /// Their unit.
    pub unit: String,
    /// When it came off.
    pub off_at: DateTime<Utc>,
    /// The days; that on which it came off is none of them.
    pub heard: Vec<DayRange>,
}

/// What a portion of persons and tags came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TagPortion {
    /// Wearers of whom something differs.
    pub differences: Vec<TagDifference>,
    /// Tags that nobody wore.
    pub stray: Vec<StrayTag>,
}

/// A month of a unit, to be gone through portion by portion.
#[derive(Clone, Debug)]
pub struct TagComparison {
    store: Store,
    days: Vec<Day>,
    now: DateTime<Utc>,
    /// Since then days may have no index yet.
    indexed: DateTime<Utc>,
    /// Wearers, and fittings that ended.
    persons: Vec<i64>,
    off: Vec<i64>,
    done: usize,
}

impl Store {
    /// What there is to compare of a month: wearers of the unit with a tag fitted in it, and tags that came off its wearers and were on nobody.
    ///
    /// # Errors
    /// When the caller does not reach the unit.
    pub async fn tag_comparison(&self, caller: &Caller, unit: &str, month: Month, now: DateTime<Utc>) -> Result<TagComparison, BooksError> {
        let roots = self.books_scope(caller, unit).await?;
        let client = self.client().await?;
        let all: Vec<Day> = month.first_day().through(month.last_day()).collect();
        let indexed = (now - INDEXED_AFTER).date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let rows = client.query(DAYS, &[&starts(&all, 0), &starts(&all, 1), &indexed]).await?;
        let days: Vec<Day> = rows.iter().filter_map(|row| day_at(&all, row.get(0))).collect();
        let mut comparison = TagComparison { store: self.clone(), days, now, indexed, persons: Vec::new(), off: Vec::new(), done: 0 };
        if let Some((since, until)) = comparison.bounds() {
            let first = |rows: Vec<Row>| rows.iter().map(|row| row.get(0)).collect();
            comparison.persons = first(client.query(WEARERS, &[&roots, &since, &until]).await?);
            comparison.off = first(client.query(OFF, &[&roots, &since, &until]).await?);
        }
        Ok(comparison)
    }
}

impl TagComparison {
    /// The days that are compared.
    pub fn days(&self) -> Vec<DayRange> {
        ranges(self.days.iter().copied())
    }

    /// Wearers.
    pub const fn persons(&self) -> usize {
        self.persons.len()
    }

    /// Wearers and tags that were looked at, and all of them.
    pub const fn progress(&self) -> (usize, usize) {
        (self.done, self.persons.len() + self.off.len())
    }

    /// Looks at so many more; `None` = that was all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next(&mut self, most: usize) -> Result<Option<TagPortion>, StoreError> {
        let rest = |list: &[i64], done: usize| list.iter().skip(done).take(most).copied().collect::<Vec<i64>>();
        let (persons, off) = (rest(&self.persons, self.done), rest(&self.off, self.done.saturating_sub(self.persons.len())));
        let portion = if !persons.is_empty() {
            self.done += persons.len();
            TagPortion { differences: self.differences(&persons).await?, ..TagPortion::default() }
        } else if !off.is_empty() {
            self.done += off.len();
            TagPortion { stray: self.stray(&off).await?, ..TagPortion::default() }
        } else {
            return Ok(None);
        };
        Ok(Some(portion))
    }

    /// From the first instant to the last.
    fn bounds(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        Some((start(*self.days.first()?), start(self.days.last()?.plus(1))))
    }

    /// When reports of these days may have been received, within days that have their index.
    fn received(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let (since, until) = self.bounds().unwrap_or((self.indexed, self.indexed));
        (since - TimeDelta::days(1), self.indexed.min(until + TimeDelta::days(1)))
    }

    async fn differences(&self, persons: &[i64]) -> Result<Vec<TagDifference>, StoreError> {
        let mut client = self.store.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let (billed, billed_until) = billed(&transaction, persons, self.now).await?;
        let days: Vec<Day> = self.days.iter().copied().filter(|day| *day <= billed_until).collect();
        let (since, until) = self.received();
        let rows = transaction.query(HEARD, &[&persons, &starts(&days, 0), &starts(&days, 1), &since, &until]).await?;
        let nothing = Billed::default();
        let one = |row: &Row| difference(row, &days, billed.get(&row.get(0)).unwrap_or(&nothing));
        Ok(rows.iter().map(one).filter(|one| !one.silent.is_empty() || !one.unbilled.is_empty()).collect())
    }

    async fn stray(&self, fittings: &[i64]) -> Result<Vec<StrayTag>, StoreError> {
        let ((since, until), client) = (self.received(), self.store.client().await?);
        let rows = client.query(STRAY, &[&fittings, &starts(&self.days, 0), &starts(&self.days, 1), &since, &until]).await?;
        let one = |row: &Row| StrayTag {
            imei: row.get(0),
            wearer: row.get(1),
            unit: row.get(2),
            off_at: row.get(3),
            heard: ranges(days_at(&self.days, row.get(4))),
        };
        Ok(rows.iter().map(one).collect())
    }
}

fn difference(row: &Row, days: &[Day], billed: &Billed) -> TagDifference {
    let (heard, to_the_end) = (days_at(days, row.get(4)), days_at(days, row.get(5)));
    let silent = days.iter().copied().filter(|day| billed.billed.contains(day) && !heard.contains(day));
    let unbilled = to_the_end.into_iter().filter(|day| !billed.billed.contains(day) && !billed.free.contains(day));
    let of_days = billed.billed.iter().filter(|day| days.contains(day));
    let days_heard = of_days.clone().filter(|day| heard.contains(day)).count();
    TagDifference {
        wearer: row.get(1),
        unit: row.get(2),
        days_billed: of_days.count() as u32,
        days_heard: days_heard as u32,
        silent: ranges(silent),
        unbilled: ranges(unbilled),
        imeis: row.get(3),
    }
}

fn start(day: Day) -> DateTime<Utc> {
    Moment::start_of(day).utc()
}

/// When days begin, or the days after them.
fn starts(days: &[Day], later: i64) -> Vec<DateTime<Utc>> {
    days.iter().map(|day| start(day.plus(later))).collect()
}

/// The day of a place, counted from 1.
fn day_at(days: &[Day], place: i64) -> Option<Day> {
    days.get(usize::try_from(place - 1).ok()?).copied()
}

fn days_at(days: &[Day], places: Vec<i64>) -> BTreeSet<Day> {
    places.into_iter().filter_map(|place| day_at(days, place)).collect()
}

/// How days of a person stand, if a tag is fitted on them.
#[derive(Default)]
struct Billed {
    billed: BTreeSet<Day>,
    /// Used and free: leave, suspended, or billed in another file.
    free: BTreeSet<Day>,
}

/// Of each person how the days stand, as billing knows; and the last day that is billed by now. Whose facts contradict each other is not billed at all.
async fn billed(transaction: &Transaction<'_>, persons: &[i64], now: DateTime<Utc>) -> Result<(HashMap<i64, Billed>, Day), StoreError> {
    let at = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    let people = people(transaction, persons, Look::Preview).await?;
    let ground = Ground::of(transaction, persons, at, Look::Preview).await?;
    let until = horizon(ground.policy.mode, at);
    let billed = beside(move || {
        let standings = people.into_iter().filter_map(|mut person| {
            let timeline = ground.timeline(&mut person).ok()?;
            let rated = rate(&timeline.facts, &timeline.tariffs, &timeline.policy, timeline.as_of).ok()?;
            let mut of_person = Billed::default();
            for (day, standing) in &rated.days {
                _ = match standing {
                    Standing::NotFitted { .. } => false,
                    Standing::Billable { .. } => of_person.billed.insert(*day),
                    Standing::Leave { .. } | Standing::Suspended { .. } | Standing::BilledElsewhere { .. } => of_person.free.insert(*day),
                };
            }
            Some((person.wearer_id, of_person))
        });
        standings.collect()
    });
    Ok((billed.await?, until))
}
