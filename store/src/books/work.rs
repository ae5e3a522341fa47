//! The work list: persons whose facts contradict each other, and money that cannot be placed.

use super::{BooksError, PersonError};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

const LIST: &str = "
    SELECT w.reference, u.code, k.place, k.found_at, k.is_block, k.reason, k.wearer_id, k.code, k.arguments::text
    FROM billing_work k JOIN wearers w USING (wearer_id) JOIN units u USING (unit_id)
    WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) AND (k.wearer_id, k.place) > ($2, $3)
        AND (NOT $4 OR k.is_block) ORDER BY k.wearer_id, k.place LIMIT $5";

/// Why somebody must look, to be told in any language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WorkReason {
    /// For programs.
    pub code: String,
    /// What it names. Days are Solar Hijri, amounts whole rials.
    pub arguments: BTreeMap<String, String>,
    /// The same in English.
    pub text: String,
}

impl std::fmt::Display for WorkReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// What its argument of this name lists: the facts that it is about, by their names.
const FACTS: &str = "facts";

impl WorkReason {
    /// The facts that it is about, by their names.
    pub fn facts(&self) -> impl Iterator<Item = &str> {
        self.arguments.get(FACTS).map(String::as_str).unwrap_or_default().split_whitespace()
    }
}

impl From<&billing::Work> for WorkReason {
    fn from(billing::Work { events, reason }: &billing::Work) -> Self {
        let mut arguments: BTreeMap<String, String> =
            reason.arguments().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if !events.is_empty() {
            arguments.insert(FACTS.to_owned(), events.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "));
        }
        Self { code: reason.code().to_owned(), arguments, text: reason.to_string() }
    }
}

impl From<&PersonError> for WorkReason {
    fn from(error: &PersonError) -> Self {
        let text = error.to_string();
        let (code, argument) = match error {
            PersonError::NoOrder(fitting) => ("NO_ORDER", ("fitting", fitting.to_string())),
            PersonError::Facts(_) | PersonError::Billing(_) => ("NOT_RECKONED", ("error", text.clone())),
        };
        Self { code: code.to_owned(), arguments: BTreeMap::from([(argument.0.to_owned(), argument.1)]), text }
    }
}

/// Something that somebody must look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillingWork {
    /// The file reference.
    pub wearer: String,
    /// The wearer's unit.
    pub unit: String,
    /// Nothing is issued to the person until it is mended.
    pub is_block: bool,
    /// When the books found it last.
    pub found_at: DateTime<Utc>,
    /// What it is and what to do.
    pub reason: WorkReason,
    /// Its place in the list.
    pub place: (i64, i32),
}

impl Store {
    /// The work list of the units within these, after this place, at most `limit`.
    ///
    /// # Errors
    /// When the caller does not reach the unit.
    pub async fn books_work(
        &self,
        caller: &Caller,
        unit: &str,
        blocks_only: bool,
        after: (i64, i32),
        limit: i64,
    ) -> Result<Vec<BillingWork>, BooksError> {
        let roots = self.books_scope(caller, unit).await?;
        let rows = self.client().await?.query(LIST, &[&roots, &after.0, &after.1, &blocks_only, &limit]).await?;
        let work = rows.iter().map(|row| BillingWork {
            wearer: row.get(0),
            unit: row.get(1),
            found_at: row.get(3),
            is_block: row.get(4),
            reason: WorkReason { code: row.get(7), arguments: serde_json::from_str(row.get(8)).unwrap_or_default(), text: row.get(5) },
            place: (row.get(6), row.get(2)),
        });
        Ok(work.collect())
    }

    /// How many persons wait on it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_blocked(&self) -> Result<u64, StoreError> {
        let row = self.client().await?.query_one("SELECT count(DISTINCT wearer_id) FROM billing_work WHERE is_block", &[]).await?;
        Ok(row.get::<_, i64>(0).unsigned_abs())
    }
}
