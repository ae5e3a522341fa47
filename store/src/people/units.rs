//! The tree of units.

use super::PeopleError;
use crate::{Store, StoreError, audit};
use access::{CENTRAL_UNIT, Caller};
use tokio_postgres::error::SqlState;
use tokio_postgres::{GenericClient, Row};

macro_rules! unit_columns {
    () => {
        "SELECT u.unit_id, u.code, coalesce(above.code, ''), u.kind, u.name_fa, u.name_en, u.is_on, unit_in_force(u.unit_id)
        FROM units u LEFT JOIN units above ON above.unit_id = u.parent_id "
    };
}

const LIST: &str = concat!(
    unit_columns!(),
    "WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = u.unit_id AND r.above_id = ANY ($1))
    ORDER BY (SELECT count(*) FROM unit_reach r WHERE r.unit_id = u.unit_id), u.code"
);
const ONE: &str = concat!(unit_columns!(), "WHERE u.unit_id = $1");
const WITHIN_REACH: &str = "
    SELECT unit_id FROM units u WHERE code = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = u.unit_id AND r.above_id = ANY ($2))";
const CREATE: &str = "INSERT INTO units (code, parent_id, kind, name_fa, name_en) VALUES ($1, $2, $3, $4, $5) RETURNING unit_id";

/// What a unit is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UnitKind {
    /// The one that watches the whole country.
    Central,
    /// A province.
    Province,
    /// A prison.
    Prison,
    /// A monitoring room.
    Room,
    /// The private company that supplies the tags.
    Executor,
}

impl UnitKind {
    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Central => "central",
            Self::Province => "province",
            Self::Prison => "prison",
            Self::Room => "room",
            Self::Executor => "executor",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Central, Self::Province, Self::Prison, Self::Room, Self::Executor].into_iter().find(|kind| kind.name() == name)
    }
}

/// A unit to make.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnitRow {
    /// Its code.
    pub code: String,
    /// The code of the unit above.
    pub parent: String,
    /// What it is.
    pub kind: UnitKind,
    /// Its Persian name.
    pub name_fa: String,
    /// Its English name.
    pub name_en: String,
}

/// A unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unit {
    /// Which.
    pub unit_id: i64,
    /// What it is called and where it stands.
    pub row: UnitRow,
    /// Switched on.
    pub is_on: bool,
    /// It and every unit above it are switched on.
    pub in_force: bool,
}

impl Store {
    /// The units within the caller's reach, each after the one above it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn unit_list(&self, caller: &Caller) -> Result<Vec<Unit>, StoreError> {
        let rows = self.client().await?.query(LIST, &[&caller.roots]).await?;
        rows.iter().map(unit_from).collect()
    }

    /// Of these units, those that are switched off or below one that is.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn units_off(&self, units: &[i64]) -> Result<Vec<i64>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached("SELECT unit FROM unnest($1::bigint[]) AS unit WHERE NOT unit_in_force(unit)").await?;
        Ok(client.query(&statement, &[&units]).await?.iter().map(|row| row.get(0)).collect())
    }

    /// A unit below one within the caller's reach, switched off.
    ///
    /// # Errors
    /// When the unit above is not within reach, or the code is taken.
    pub async fn unit_create(&self, caller: &Caller, row: &UnitRow) -> Result<Unit, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let parent = unit_within_reach(&*transaction, caller, &row.parent).await?.ok_or(PeopleError::UnknownUnit)?;
        let created = transaction.query_one(CREATE, &[&row.code, &parent, &row.kind.name(), &row.name_fa, &row.name_en]).await;
        let created: i64 = match created {
            Ok(created) => created.get(0),
            Err(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => return Err(PeopleError::UnitCodeTaken),
            Err(error) => return Err(error.into()),
        };
        finish(transaction, caller, created).await
    }

    /// Switches a unit on or off.
    ///
    /// # Errors
    /// When it is not within reach, or the central unit would be off.
    pub async fn unit_switch(&self, caller: &Caller, code: &str, on: bool) -> Result<Unit, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let unit = unit_within_reach(&*transaction, caller, code).await?.ok_or(PeopleError::UnknownUnit)?;
        if unit == CENTRAL_UNIT && !on {
            return Err(PeopleError::CentralUnitStays);
        }
        transaction.execute("UPDATE units SET is_on = $2 WHERE unit_id = $1", &[&unit, &on]).await?;
        finish(transaction, caller, unit).await
    }
}

async fn finish(transaction: deadpool_postgres::Transaction<'_>, caller: &Caller, unit: i64) -> Result<Unit, PeopleError> {
    audit::append(&transaction, &[caller.entry("done")]).await?;
    let changed = unit_from(&transaction.query_one(ONE, &[&unit]).await?)?;
    transaction.commit().await?;
    Ok(changed)
}

/// The number of the unit of that code, if the caller reaches it.
pub(crate) async fn unit_within_reach(
    client: &impl GenericClient,
    caller: &Caller,
    code: &str,
) -> Result<Option<i64>, tokio_postgres::Error> {
    Ok(client.query_opt(WITHIN_REACH, &[&code, &caller.roots]).await?.map(|row| row.get(0)))
}

fn unit_from(row: &Row) -> Result<Unit, StoreError> {
    let kind = row.get::<_, &str>(3);
    let kind = UnitKind::named(kind).ok_or_else(|| StoreError::Unreadable(format!("a unit of kind {kind:?}")))?;
    let made = UnitRow { code: row.get(1), parent: row.get(2), kind, name_fa: row.get(4), name_en: row.get(5) };
    Ok(Unit { unit_id: row.get(0), row: made, is_on: row.get(6), in_force: row.get(7) })
}
