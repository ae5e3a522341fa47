//! A portion of a run, whoever began it: these persons in one transaction. A person with whom the database refuses it, or whose account cannot be read,
//! is put on the work list and holds up nobody else.

use super::issue::{issue, issue_extra};
use super::rows::Work;
use super::{Issued, PersonError, WorkReason, runs};
use crate::{Store, StoreError};
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

/// Of which run a portion is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PortionOf<'a> {
    /// What is due is issued, and the run of this number told of it, if there is one.
    Due(Option<i64>),
    /// Of a run that somebody asked for: an extra run for whoever has something to issue. Each person once, whoever else does the same portion.
    Asked {
        /// Which.
        run_id: i64,
        /// Who asked for it.
        by: &'a str,
        /// The last person of all: with that one the run is over.
        ends_with: Option<i64>,
    },
}

impl Store {
    /// Carries the books of these persons on to `now`: all of them in one transaction, whoever is blocked apart. Asked again it issues nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_carry_on(&self, persons: &[i64], now: DateTime<Utc>) -> Result<Issued, StoreError> {
        self.books_portion(persons, now, PortionOf::Due(None)).await
    }

    /// The same as a portion of a run, which is told of it in the same transaction. `persons` are in the order of their numbers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn books_portion(&self, persons: &[i64], now: DateTime<Utc>, of: PortionOf<'_>) -> Result<Issued, StoreError> {
        let together = self.books_together(persons, now, of).await;
        match (together, persons) {
            (Ok(issued), _) => Ok(issued),
            (Err(error), _) if error.is_recoverable() => Err(error),
            (Err(error), [person]) => self.books_block(*person, &error, now, of).await,
            (Err(error), _) => {
                tracing::warn!(%error, persons = persons.len(), "billing goes on one by one");
                let mut issued = Issued::default();
                for person in persons {
                    issued.add(&Box::pin(self.books_portion(&[*person], now, of)).await?);
                }
                Ok(issued)
            }
        }
    }

    async fn books_together(&self, persons: &[i64], now: DateTime<Utc>, of: PortionOf<'_>) -> Result<Issued, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let persons = of.left(&transaction, persons).await?;
        let issued = match of {
            PortionOf::Due(_) => issue(&transaction, persons, now).await?,
            PortionOf::Asked { by, .. } => issue_extra(&transaction, persons, now, by).await?,
        };
        of.tell(&transaction, persons, &issued).await?;
        transaction.commit().await?;
        Ok(issued)
    }

    async fn books_block(&self, person: i64, error: &StoreError, now: DateTime<Utc>, of: PortionOf<'_>) -> Result<Issued, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let Some(person) = of.left(&transaction, &[person]).await?.first().copied() else { return Ok(Issued::default()) };
        let issued = block(&transaction, person, error, now).await?;
        of.tell(&transaction, &[person], &issued).await?;
        transaction.commit().await?;
        Ok(issued)
    }
}

impl PortionOf<'_> {
    /// Whom nobody else has done meanwhile. Of a run that somebody asked for nobody else does a portion until the commit.
    async fn left<'p>(self, transaction: &Transaction<'_>, persons: &'p [i64]) -> Result<&'p [i64], StoreError> {
        let Self::Asked { run_id, .. } = self else { return Ok(persons) };
        let last = runs::lock(transaction, run_id).await?;
        Ok(last.map_or(&[], |last| &persons[persons.partition_point(|person| *person <= last)..]))
    }

    async fn tell(self, transaction: &Transaction<'_>, persons: &[i64], issued: &Issued) -> Result<(), StoreError> {
        let (Self::Due(Some(run_id)) | Self::Asked { run_id, .. }) = self else { return Ok(()) };
        let Some(last) = persons.last() else { return Ok(()) };
        runs::tell(transaction, run_id, *last, issued).await?;
        if self.ends_with(*last) {
            runs::end(transaction, run_id, Utc::now()).await?;
        }
        Ok(())
    }

    fn ends_with(self, person: i64) -> bool {
        matches!(self, Self::Asked { ends_with: Some(end), .. } if end <= person)
    }
}

/// Puts a person on the work list whose books cannot even be read or written.
pub(super) async fn block(
    transaction: &Transaction<'_>,
    person: i64,
    error: &StoreError,
    now: DateTime<Utc>,
) -> Result<Issued, StoreError> {
    let mut todo = Work::default();
    todo.add(person, 0, true, &WorkReason::from(&PersonError::Facts(error.to_string())));
    todo.replace(transaction, &[person], now).await?;
    Ok(Issued { blocked: 1, ..Issued::default() })
}
