//! The tariff table, and the switches of the policy.

use crate::StoreError;
use billing::calendar::{Day, Moment};
use billing::{Money, Policy, Regime, Tariff, Tariffs};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_postgres::{Row, Transaction};

const TARIFFS: &str = "
    SELECT version, effective_from, daily, class_daily::text, install, replace, first_month_cap, deposit_tag, deposit_house, recorded_at FROM tariffs";

/// The switches in force.
pub(super) async fn policy(transaction: &Transaction<'_>) -> Result<Policy, StoreError> {
    let row = transaction.query_one("SELECT switches::text FROM billing_policy", &[]).await?;
    let unreadable = |error: &dyn std::fmt::Display| StoreError::Unreadable(format!("the switches of the billing policy: {error}"));
    let policy: Policy = serde_json::from_str(row.get(0)).map_err(|error| unreadable(&error))?;
    policy.check().map_err(|error| unreadable(&error))?;
    Ok(policy)
}

/// All rows.
pub(super) async fn tariffs(transaction: &Transaction<'_>) -> Result<Tariffs, StoreError> {
    let rows = transaction.query(TARIFFS, &[]).await?;
    let rows: Vec<Tariff> = rows.iter().map(tariff_from).collect::<Result<_, _>>()?;
    Tariffs::new(rows).map_err(|error| StoreError::Unreadable(error.to_string()))
}

fn tariff_from(row: &Row) -> Result<Tariff, StoreError> {
    let unreadable = |error: &dyn std::fmt::Display| StoreError::Unreadable(format!("a tariff: {error}"));
    let version: &str = row.get(0);
    let from = row.get::<_, NaiveDate>(1);
    // The first instant of that civil day tells which Solar Hijri day it is.
    let noon = from.and_hms_opt(8, 0, 0).expect("eight o'clock is on every day").and_utc();
    let effective_from: Day = Moment::try_from(noon).map_err(|error| unreadable(&error))?.day();
    let classes: BTreeMap<String, i64> = serde_json::from_str(row.get(3)).map_err(|error| unreadable(&error))?;
    let ceilings = [(Regime::Tag, row.get::<_, Option<i64>>(7)), (Regime::House, row.get(8))];
    let recorded_at = row.get::<_, Option<DateTime<Utc>>>(9).map(Moment::try_from).transpose().map_err(|error| unreadable(&error))?;
    Ok(Tariff {
        version: version.into(),
        effective_from,
        recorded_at,
        daily: Money::rials(row.get(2)),
        class_daily: classes.into_iter().map(|(class, price)| (Arc::from(class), Money::rials(price))).collect(),
        install: Money::rials(row.get(4)),
        replace: Money::rials(row.get(5)),
        first_month_cap: row.get::<_, Option<i64>>(6).map(Money::rials),
        deposit_ceiling: ceilings.into_iter().filter_map(|(regime, most)| Some((regime, Money::rials(most?)))).collect(),
    })
}
