//! From what is asked for to tables.

use super::period::{Month, Period, month_bounds};
use super::tables::Table;
use super::words;
use crate::calendar::shown;
use crate::language::Language;
use chrono::{DateTime, Utc};
use proto::enrolment::StatisticsKind;
use store::{StatisticsTopic, StatisticsUnit, Store, StoreError};

/// What is asked for, checked.
pub(super) struct Asked {
    pub kind: Kind,
    pub period: Period,
    pub units: Vec<StatisticsUnit>,
    /// The unit's name, or that it is all of them.
    pub scope: String,
    /// The name of who asks.
    pub who: String,
    pub now: DateTime<Utc>,
}

/// One topic by unit, or everything by month and by unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    One(StatisticsTopic),
    Yearbook,
}

impl Kind {
    /// What the number of a caller means.
    pub fn read(kind: i32) -> Option<Self> {
        Some(match StatisticsKind::try_from(kind).ok()? {
            StatisticsKind::Unspecified => return None,
            StatisticsKind::Wearers => Self::One(StatisticsTopic::Wearers),
            StatisticsKind::Orders => Self::One(StatisticsTopic::Orders),
            StatisticsKind::Fittings => Self::One(StatisticsTopic::Fittings),
            StatisticsKind::Violations => Self::One(StatisticsTopic::Violations),
            StatisticsKind::Leaves => Self::One(StatisticsTopic::Leaves),
            StatisticsKind::Tags => Self::One(StatisticsTopic::Tags),
            StatisticsKind::Yearbook => Self::Yearbook,
        })
    }

    fn title(self) -> words::Words {
        if self == Self::Yearbook { words::YEARBOOK } else { words::STATISTICS }
    }
}

/// Tables in one language, and what is said about them.
pub(super) struct Counted {
    pub kind: Kind,
    pub language: Language,
    pub period: Period,
    pub tables: Vec<Table>,
    pub scope: String,
    pub who: String,
    pub counted_at: DateTime<Utc>,
}

impl Counted {
    /// The lines above all tables: what each is, and its text. The first is the title.
    pub fn about(&self) -> Vec<(String, String)> {
        let text = |words: words::Words| words.of(self.language).to_owned();
        vec![
            (text(self.kind.title()), String::new()),
            (text(words::PERIOD), self.days()),
            (text(words::UNIT), self.scope.clone()),
            (text(words::COUNTED_AT), shown(self.counted_at, self.language).unwrap_or_default()),
            (text(words::COUNTED_BY), self.who.clone()),
            (text(words::NOTE), text(words::METHOD)),
        ]
    }

    /// The days of the period, the last one included.
    pub fn days(&self) -> String {
        words::days(self.period.from, self.period.to, self.language)
    }
}

/// Counts what is asked for.
pub(super) async fn count(store: &Store, asked: Asked, language: Language) -> Result<Counted, StoreError> {
    let unit_ids: Vec<i64> = asked.units.iter().map(|unit| unit.unit_id).collect();
    let counting = Counting { store, asked: &asked, unit_ids: &unit_ids, language };
    let mut tables = Vec::new();
    match asked.kind {
        Kind::One(topic) => tables.push(counting.by_unit(topic).await?),
        Kind::Yearbook => {
            let months = asked.period.months(asked.now);
            for topic in words::TOPICS {
                if topic != StatisticsTopic::Tags {
                    tables.push(counting.by_month(topic, &months).await?);
                }
                tables.push(counting.by_unit(topic).await?);
            }
        }
    }
    let Asked { kind, period, scope, who, now, .. } = asked;
    Ok(Counted { kind, language, period, tables, scope, who, counted_at: now })
}

struct Counting<'a> {
    store: &'a Store,
    asked: &'a Asked,
    unit_ids: &'a [i64],
    language: Language,
}

impl Counting<'_> {
    async fn by_unit(&self, topic: StatisticsTopic) -> Result<Table, StoreError> {
        let counts = self.store.statistics_count(topic, self.unit_ids, &self.asked.period.bounds(), self.asked.now).await?;
        Ok(Table::by_unit(topic, &self.asked.units, &counts, self.language))
    }

    async fn by_month(&self, topic: StatisticsTopic, months: &[Month]) -> Result<Table, StoreError> {
        let counts = self.store.statistics_count(topic, self.unit_ids, &month_bounds(months), self.asked.now).await?;
        Ok(Table::by_month(topic, months, &counts, self.language))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Counted, Kind, Language, Period, Table, month_bounds};
    use chrono::DateTime;
    use store::{StatisticsCount, StatisticsTopic, StatisticsUnit};

    /// Of one unit of this name, in the year 1404, every topic by unit and by month.
    pub fn counted(language: Language, name: &str) -> Counted {
        let period = Period { from: "2025-03-21".parse().unwrap(), to: "2026-03-21".parse().unwrap() };
        let now = DateTime::parse_from_rfc3339("2026-05-01T08:00:00Z").unwrap().to_utc();
        let months = period.months(now);
        assert_eq!(month_bounds(&months).len(), 13);
        let units = [StatisticsUnit { unit_id: 2, code: "qom".to_owned(), name_fa: name.to_owned(), name_en: name.to_owned() }];
        let counts = [("monitored", 3), ("ended", 1), ("sos", 4), ("fitted", 4)].map(|(column, number)| StatisticsCount {
            unit_id: 2,
            span: 0,
            column: column.to_owned(),
            number,
        });
        let tables = super::words::TOPICS.into_iter().flat_map(|topic| {
            let by_month = (topic != StatisticsTopic::Tags).then(|| Table::by_month(topic, &months, &counts, language));
            [Some(Table::by_unit(topic, &units, &counts, language)), by_month].into_iter().flatten()
        });
        let (scope, who) = (name.to_owned(), "sara".to_owned());
        Counted { kind: Kind::One(StatisticsTopic::Wearers), language, period, tables: tables.collect(), scope, who, counted_at: now }
    }
}
