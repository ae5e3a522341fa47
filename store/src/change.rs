//! A change that staff ask for: what it does, its entry in the audit and the key under which it was asked are one transaction.

use crate::{StoreError, audit};
use access::Caller;
use deadpool_postgres::{Client, Transaction};

/// Two callers at once under one key: the second waits here for the first.
const BEGIN: &str = "INSERT INTO changes_done (who, key, act, digest) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const DONE: &str = "SELECT act = $3 AND digest = $4, result_id FROM changes_done WHERE who = $1 AND key = $2";
const FINISH: &str = "UPDATE changes_done SET result_id = $3 WHERE who = $1 AND key = $2";

/// What became of beginning a change.
pub(crate) enum Change<'a> {
    /// It is to be done now.
    Open(OpenChange<'a>),
    /// It was done before under the same key: the number of what came about.
    Done(i64),
}

/// A change under way. Dropped it never happened, and may be asked for again under its key.
pub(crate) struct OpenChange<'a> {
    /// Where it is done.
    pub(crate) transaction: Transaction<'a>,
    caller: &'a Caller,
}

/// Why a change does not begin.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The key stands for something else that the same caller asked for.
    #[error("the idempotency key was used for another request")]
    KeyUsed,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<tokio_postgres::Error> for ChangeError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Begins what the caller asks for, unless it was done before.
pub(crate) async fn begin<'a>(client: &'a mut Client, caller: &'a Caller) -> Result<Change<'a>, ChangeError> {
    let transaction = client.transaction().await?;
    if let Some(once) = &caller.once {
        let (who, digest) = (caller.who.to_string(), once.digest.as_slice());
        if transaction.execute(BEGIN, &[&who, &once.key, &caller.act, &digest]).await? == 0 {
            let row = transaction.query_one(DONE, &[&who, &once.key, &caller.act, &digest]).await?;
            let done: Option<i64> = row.get(1);
            return match done {
                Some(result_id) if row.get(0) => Ok(Change::Done(result_id)),
                _ => Err(ChangeError::KeyUsed),
            };
        }
    }
    Ok(Change::Open(OpenChange { transaction, caller }))
}

impl OpenChange<'_> {
    /// Ends the change: `result_id` is the number of what came about, for who asks again.
    pub(crate) async fn commit(self, result_id: i64) -> Result<(), StoreError> {
        self.commit_as("done", result_id).await
    }

    /// The same with another word for the audit.
    pub(crate) async fn commit_as(self, result: &str, result_id: i64) -> Result<(), StoreError> {
        if let Some(once) = &self.caller.once {
            self.transaction.execute(FINISH, &[&self.caller.who.to_string(), &once.key, &result_id]).await?;
        }
        audit::append(&self.transaction, &[self.caller.entry(result)]).await?;
        Ok(self.transaction.commit().await?)
    }
}
