//! The catalogue of purposes.

use crate::{Store, StoreError};
use tokio_postgres::Row;

const ALL: &str = "SELECT code, name_fa, name_en, needs_case, needs_place FROM purposes WHERE is_on ORDER BY code";
const ONE: &str = "SELECT code, name_fa, name_en, needs_case, needs_place FROM purposes WHERE is_on AND code = $1";

/// Why a position, track or file may be looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurposeRow {
    /// What a call names.
    pub code: String,
    /// Its Persian name.
    pub name_fa: String,
    /// Its English name.
    pub name_en: String,
    /// It needs the case's number.
    pub needs_case: bool,
    /// It needs the place also inside a zone where the wearer is meant to be.
    pub needs_place: bool,
}

impl Store {
    /// All that are switched on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purposes(&self) -> Result<Vec<PurposeRow>, StoreError> {
        Ok(self.client().await?.query(ALL, &[]).await?.iter().map(purpose_from).collect())
    }

    /// The one of that code, if it is switched on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn purpose(&self, code: &str) -> Result<Option<PurposeRow>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(ONE).await?;
        Ok(client.query_opt(&statement, &[&code]).await?.as_ref().map(purpose_from))
    }
}

fn purpose_from(row: &Row) -> PurposeRow {
    PurposeRow { code: row.get(0), name_fa: row.get(1), name_en: row.get(2), needs_case: row.get(3), needs_place: row.get(4) }
}
