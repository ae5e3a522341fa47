//! New rows of the tariff table: proposed by one person, approved by another; by two others if a price rises for days that are over.

use super::BooksError;
use super::tariffs::tariffs;
use crate::{Proposal, Store, StoreError};
use access::{CENTRAL_UNIT, Caller};
use billing::calendar::{Day, Moment};
use billing::{Money, Regime, Tariff, Tariffs};
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;

const INSERT: &str = "
    INSERT INTO tariffs (version, effective_from, daily, class_daily, install, replace, first_month_cap, deposit_tag, deposit_house, recorded_at, proposed_by,
        approved_by, first_approved_by)
    VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8, $9, $10, $11, $12, nullif($13, ''))";
const WHO: &str = "SELECT version, proposed_by, approved_by, coalesce(first_approved_by, '') FROM tariffs";

/// A row of the table, and who made it.
#[derive(Clone, Debug)]
pub struct TariffRow {
    /// The prices.
    pub tariff: Tariff,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who approved it.
    pub approved_by: String,
    /// Who approved it before, if two had to; else empty.
    pub first_approved_by: String,
}

impl Store {
    /// The whole table, by the first day in force.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tariff_table(&self) -> Result<Vec<TariffRow>, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let table = tariffs(&transaction).await?;
        let rows = transaction.query(WHO, &[]).await?;
        let who = |version: &str| rows.iter().find(|row| row.get::<_, &str>(0) == version);
        let row = |tariff: &Tariff| {
            let by = |column| who(&tariff.version).map(|row| row.get(column)).unwrap_or_default();
            TariffRow { tariff: tariff.clone(), proposed_by: by(1), approved_by: by(2), first_approved_by: by(3) }
        };
        Ok(table.rows().iter().map(row).collect())
    }
}

/// The unit that a new row concerns, if it is possible.
pub(crate) async fn tariff_concerns(transaction: &Transaction<'_>, caller: &Caller, new: &Tariff) -> Result<i64, BooksError> {
    if !caller.reaches_all() {
        return Err(BooksError::CentralOnly);
    }
    if tariffs(transaction).await?.rows().iter().any(|row| row.version == new.version) {
        return Err(BooksError::TariffTaken(new.version.to_string()));
    }
    Ok(CENTRAL_UNIT)
}

/// Whether a price rises for days before this one, so that two must approve it (decision D18); one that falls may hold from before.
pub(crate) async fn tariff_reaches_back(transaction: &Transaction<'_>, new: &Tariff, now: DateTime<Utc>) -> Result<bool, BooksError> {
    let now = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    Ok(new.effective_from < now.day() && raises(&tariffs(transaction).await?, new, now))
}

/// Whether somebody would pay more by the new row than by one that is in force from its first day to today, or than nothing if none is.
fn raises(table: &Tariffs, new: &Tariff, now: Moment) -> bool {
    let within = table.rows().iter().map(|row| row.effective_from).filter(|from| (new.effective_from..=now.day()).contains(from));
    let days: Vec<Day> = within.chain([new.effective_from]).collect();
    days.into_iter().map(|day| table.in_force(day, now)).any(|old| {
        let Some(old) = old else { return true };
        let cap = |row: &Tariff| row.first_month_cap.map_or(i64::MAX, Money::minor_units);
        let classes = old.class_daily.iter().any(|(class, price)| new.class_daily.get(class).unwrap_or(&new.daily) > price);
        // A ceiling counts as of the enrolment, a class that is new as the full price before.
        let ceiling = |row: &Tariff, regime| row.deposit_ceiling.get(&regime).map_or(i64::MAX, |most| most.minor_units());
        let ceilings = [Regime::Tag, Regime::House].iter().any(|regime| ceiling(new, *regime) > ceiling(old, *regime));
        let classes = classes || new.class_daily.iter().any(|(class, price)| !old.class_daily.contains_key(class) && *price > old.daily);
        ceilings || new.daily > old.daily || new.install > old.install || new.replace > old.replace || cap(new) > cap(old) || classes
    })
}

/// Adds it.
pub(crate) async fn tariff_add(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &Tariff,
    proposal: &Proposal,
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    tariff_concerns(transaction, caller, new).await?;
    let Proposal { proposed_by, first_approved_by, .. } = proposal;
    let classes: std::collections::BTreeMap<&str, i64> =
        new.class_daily.iter().map(|(class, price)| (&**class, price.minor_units())).collect();
    let classes = serde_json::to_string(&classes).expect("names and numbers are always written");
    let ceiling = |regime| new.deposit_ceiling.get(&regime).map(|most| most.minor_units());
    let (cap, tag, house) = (new.first_month_cap.map(Money::minor_units), ceiling(Regime::Tag), ceiling(Regime::House));
    let (daily, install, replace) = (new.daily.minor_units(), new.install.minor_units(), new.replace.minor_units());
    let from = new.effective_from.gregorian();
    let version: &str = &new.version;
    let approved_by = caller.name();
    let values: [&(dyn ToSql + Sync); 13] =
        [&version, &from, &daily, &classes, &install, &replace, &cap, &tag, &house, &now, proposed_by, &approved_by, first_approved_by];
    transaction.execute(INSERT, &values).await?;
    Ok(())
}
