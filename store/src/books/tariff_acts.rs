//! New rows of the tariff table: proposed by one person, approved by another.

use super::BooksError;
use super::tariffs::tariffs;
use crate::{Store, StoreError};
use access::Caller;
use billing::calendar::{Day, Moment};
use billing::{Money, Regime, Tariff, Tariffs};
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

const INSERT: &str = "
    INSERT INTO tariffs (version, effective_from, daily, class_daily, install, replace, first_month_cap, deposit_tag, deposit_house, recorded_at, proposed_by,
        approved_by)
    VALUES ($1, $2, $3, $4::text::jsonb, $5, $6, $7, $8, $9, $10, $11, $12)";
const WHO: &str = "SELECT version, proposed_by, approved_by FROM tariffs";

/// The unit that sets tariffs for the whole country.
const CENTRAL_UNIT: i64 = 1;

/// A row of the table, and who made it.
#[derive(Clone, Debug)]
pub struct TariffRow {
    /// The prices.
    pub tariff: Tariff,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who approved it.
    pub approved_by: String,
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
            TariffRow { tariff: tariff.clone(), proposed_by: by(1), approved_by: by(2) }
        };
        Ok(table.rows().iter().map(row).collect())
    }
}

/// The unit that a new row concerns, if it may be approved now (decision D18): a price that rises holds from the day of approval at the earliest; one that falls
/// may hold from before.
pub(crate) async fn tariff_concerns(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &Tariff,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    if !caller.reaches_all() {
        return Err(BooksError::CentralOnly);
    }
    let table = tariffs(transaction).await?;
    if table.rows().iter().any(|row| row.version == new.version) {
        return Err(BooksError::TariffTaken(new.version.to_string()));
    }
    let now = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    if new.effective_from < now.day() && raises(&table, new, now) {
        return Err(BooksError::TariffReachesBack(now.day()));
    }
    Ok(CENTRAL_UNIT)
}

/// Whether somebody would pay more by the new row than by one that is in force from its first day to today.
fn raises(table: &Tariffs, new: &Tariff, now: Moment) -> bool {
    let within = table.rows().iter().map(|row| row.effective_from).filter(|from| (new.effective_from..=now.day()).contains(from));
    let days: Vec<Day> = within.chain([new.effective_from]).collect();
    days.into_iter().filter_map(|day| table.in_force(day, now)).any(|old| {
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
    proposed_by: &str,
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    tariff_concerns(transaction, caller, new, now).await?;
    let classes: std::collections::BTreeMap<&str, i64> =
        new.class_daily.iter().map(|(class, price)| (&**class, price.minor_units())).collect();
    let classes = serde_json::to_string(&classes).expect("names and numbers are always written");
    let ceiling = |regime| new.deposit_ceiling.get(&regime).map(|most| most.minor_units());
    let (cap, tag, house) = (new.first_month_cap.map(Money::minor_units), ceiling(Regime::Tag), ceiling(Regime::House));
    let (daily, install, replace) = (new.daily.minor_units(), new.install.minor_units(), new.replace.minor_units());
    let from = new.effective_from.gregorian();
    let version: &str = &new.version;
    transaction
        .execute(INSERT, &[&version, &from, &daily, &classes, &install, &replace, &cap, &tag, &house, &now, &proposed_by, &caller.name()])
        .await?;
    Ok(())
}
