//! Persons with books, a portion at a time, in the order of their numbers: over whom runs and looks go.

use super::BooksError;
use crate::{Store, StoreError};
use access::Caller;

/// Whoever was ever fitted with evidence, of these units.
const BILLED: &str = "
    SELECT DISTINCT i.wearer_id FROM installations i JOIN wearers w USING (wearer_id) JOIN unit_reach r ON r.unit_id = w.unit_id
    WHERE i.state = 'completed' AND r.above_id = ANY ($1) AND i.wearer_id > $2 ORDER BY i.wearer_id LIMIT $3";
const ONE: &str = "
    SELECT wearer_id FROM wearers w WHERE reference = $1 AND merged_into IS NULL
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";
const COUNT: &str = "
    SELECT count(DISTINCT i.wearer_id) FROM installations i JOIN wearers w USING (wearer_id) JOIN unit_reach r ON r.unit_id = w.unit_id
    WHERE i.state = 'completed' AND r.above_id = ANY ($1)";

/// Persons whose books are carried on in one transaction.
pub const BOOKS_PORTION: usize = 500;

/// Persons with books.
#[derive(Clone, Debug)]
pub struct BooksPersons {
    store: Store,
    who: Who,
    last: i64,
}

#[derive(Clone, Debug)]
enum Who {
    /// Of these units and those below.
    Of(Vec<i64>),
    /// One person.
    One(i64),
}

impl Store {
    /// Persons with books in these units and below.
    pub fn books_persons(&self, roots: Vec<i64>) -> BooksPersons {
        BooksPersons { store: self.clone(), who: Who::Of(roots), last: 0 }
    }

    /// One person within the caller's reach.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn books_person(&self, caller: &Caller, wearer: &str) -> Result<BooksPersons, BooksError> {
        let row = self.client().await?.query_opt(ONE, &[&wearer, &caller.roots]).await?;
        let person = row.map(|row| row.get(0)).ok_or(BooksError::UnknownWearer)?;
        Ok(BooksPersons { store: self.clone(), who: Who::One(person), last: 0 })
    }
}

impl BooksPersons {
    /// Only those after this one.
    pub(super) fn after(self, last: i64) -> Self {
        Self { last, ..self }
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self) -> Result<u64, StoreError> {
        match &self.who {
            Who::Of(roots) => Ok(self.store.client().await?.query_one(COUNT, &[roots]).await?.get::<_, i64>(0).unsigned_abs()),
            Who::One(_) => Ok(1),
        }
    }

    /// The next ones, at most so many; `None` = that was all.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next(&mut self, most: usize) -> Result<Option<Vec<i64>>, StoreError> {
        let next: Vec<i64> = match &self.who {
            Who::Of(roots) => {
                let rows = self.store.client().await?.query(BILLED, &[roots, &self.last, &(most as i64)]).await?;
                rows.iter().map(|row| row.get(0)).collect()
            }
            Who::One(person) => Some(*person).filter(|person| *person > self.last).into_iter().collect(),
        };
        let Some(last) = next.last() else { return Ok(None) };
        self.last = *last;
        Ok(Some(next))
    }
}
