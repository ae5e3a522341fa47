//! The tariff table: dated rows of prices, caps and ceilings. Article 10 is its first row.

use crate::calendar::{Day, Moment};
use crate::money::{Currency, Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a wearer is monitored; it decides the ceiling of the deposit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// An ankle tag with an area.
    #[default]
    Tag,
    /// House arrest.
    House,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariff {
    /// Its name, such as `1398`.
    pub version: Arc<str>,
    /// The first day it is in force, until a later row takes over.
    pub effective_from: Day,
    /// When it was approved and recorded; `None` = always known. A run before does not use it.
    pub recorded_at: Option<Moment>,
    /// Price of a used day.
    pub daily: Money,
    /// Price of a used day of a price class (decision D22).
    pub class_daily: BTreeMap<Arc<str>, Money>,
    /// Fee of a chargeable installation.
    pub install: Money,
    /// Fee of a chargeable replacement.
    pub replace: Money,
    /// The most the first month costs (article 10, note 3); `None` = no cap.
    pub first_month_cap: Option<Money>,
    /// The highest deposit of each regime; a regime without one has no ceiling.
    pub deposit_ceiling: BTreeMap<Regime, Money>,
}

impl Tariff {
    /// The directive 9000/30123/100, article 10, in force from 1398/04/02. The reduced class is the one the case file's format shows.
    pub fn directive_1398() -> Self {
        Self {
            version: "1398".into(),
            effective_from: Day::new(1398, 4, 2).expect("the directive's day is a day"),
            recorded_at: None,
            daily: Money::rials(100_000),
            class_daily: BTreeMap::from([("reduced".into(), Money::rials(50_000))]),
            install: Money::rials(800_000),
            replace: Money::rials(800_000),
            first_month_cap: Some(Money::rials(3_000_000)),
            deposit_ceiling: BTreeMap::from([(Regime::Tag, Money::rials(25_000_000)), (Regime::House, Money::rials(37_000_000))]),
        }
    }

    fn amounts(&self) -> impl Iterator<Item = Money> {
        let single = [self.daily, self.install, self.replace].into_iter().chain(self.first_month_cap);
        single.chain(self.class_daily.values().copied()).chain(self.deposit_ceiling.values().copied())
    }
}

/// Why rows make no table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TariffError {
    /// No row at all.
    #[error("the tariff table is empty: give at least one row, or leave \"tariffs\" out for the directive of 1398")]
    Empty,
    /// A price below nothing.
    #[error("tariff \"{0}\" has a negative amount: prices, caps and ceilings are 0 or more")]
    Negative(Arc<str>),
    /// Two currencies in one table.
    #[error("tariff \"{0}\" is in {1}, others in {2}: keep the table in one currency")]
    Currency(Arc<str>, Currency, Currency),
    /// Two rows of one name.
    #[error("two tariffs are named \"{0}\": give each row its own version")]
    Twice(Arc<str>),
}

/// The whole table; at least one row, one currency, no negative amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tariffs {
    /// By the first day in force, then by when they were recorded.
    rows: Vec<Tariff>,
    currency: Currency,
}

impl Tariffs {
    /// A table of rows in any order.
    ///
    /// # Errors
    /// If it is empty, or a row is impossible.
    pub fn new(mut rows: Vec<Tariff>) -> Result<Self, TariffError> {
        let currency = rows.first().ok_or(TariffError::Empty)?.daily.currency();
        let mut names = std::collections::BTreeSet::new();
        for row in &rows {
            if !names.insert(row.version.clone()) {
                return Err(TariffError::Twice(row.version.clone()));
            }
            for amount in row.amounts() {
                if amount.is_negative() {
                    return Err(TariffError::Negative(row.version.clone()));
                }
                if amount.currency() != currency {
                    return Err(TariffError::Currency(row.version.clone(), amount.currency(), currency));
                }
            }
        }
        rows.sort_by_key(|row| (row.effective_from, row.recorded_at));
        Ok(Self { rows, currency })
    }

    /// The currency of every row.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Every row, by the first day in force.
    pub fn rows(&self) -> &[Tariff] {
        &self.rows
    }

    /// The row in force on a day, as far as was known: the one that began last, of equals the one recorded last. `None` before the first.
    pub fn in_force(&self, day: Day, known_at: Moment) -> Option<&Tariff> {
        let known = |row: &&Tariff| row.recorded_at.is_none_or(|recorded_at| recorded_at <= known_at);
        self.rows.iter().rev().filter(known).find(|row| row.effective_from <= day)
    }
}

impl Default for Tariffs {
    fn default() -> Self {
        Self::new(vec![Tariff::directive_1398()]).expect("the directive is a table")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: &str, from: &str, recorded_at: Option<&str>) -> Tariff {
        let recorded_at = recorded_at.map(|time| time.parse().unwrap());
        Tariff { version: version.into(), effective_from: from.parse().unwrap(), recorded_at, ..Tariff::directive_1398() }
    }

    #[test]
    fn the_row_in_force_is_the_latest_that_is_known() {
        let table = Tariffs::new(vec![
            row("late", "1402/02/16", Some("1402/02/10")),
            row("first", "1398/04/02", None),
            row("corrected", "1402/02/16", Some("1402/03/01")),
        ])
        .unwrap();
        let check = |day: &str, known_at: &str, version: Option<&str>| {
            let found = table.in_force(day.parse().unwrap(), known_at.parse().unwrap());
            assert_eq!(found.map(|row| &*row.version), version, "{day} as known at {known_at}");
        };
        check("1398/04/01", "1403/01/01", None);
        check("1402/02/15", "1403/01/01", Some("first"));
        check("1402/02/16", "1402/02/09", Some("first"));
        check("1402/02/16", "1402/02/10", Some("late"));
        check("1402/02/16", "1402/03/01", Some("corrected"));
    }

    #[test]
    fn an_impossible_table_is_refused() {
        assert_eq!(Tariffs::new(vec![]), Err(TariffError::Empty));
        assert_eq!(Tariffs::new(vec![row("a", "1398/04/02", None), row("a", "1399/01/01", None)]), Err(TariffError::Twice("a".into())));
        let negative = Tariff { daily: Money::rials(-1), ..Tariff::directive_1398() };
        assert_eq!(Tariffs::new(vec![negative]), Err(TariffError::Negative("1398".into())));
        let dollars = Tariff { version: "x".into(), install: Money::new(1, Currency::new("USD").unwrap()), ..Tariff::directive_1398() };
        assert!(matches!(Tariffs::new(vec![dollars]), Err(TariffError::Currency(..))));
    }
}
