//! The switches of the billing policy, by two persons of the central unit, until something was issued by them.

use super::BooksError;
use super::tariffs::policy;
use crate::Store;
use access::{CENTRAL_UNIT, Caller};
use billing::Policy;
use tokio_postgres::Transaction;

const WHO: &str = "SELECT set_by, EXISTS (SELECT FROM billing_documents) FROM billing_policy";
const IN_USE: &str = "SELECT FROM billing_documents LIMIT 1";
const SET: &str = "UPDATE billing_policy SET switches = $1::text::jsonb, set_by = $2";
/// Nobody reckons by the switches meanwhile to issue something: by this lock.
const NOBODY_ISSUES: &str = "SELECT pg_advisory_xact_lock(x'706162616e6467'::bigint)";
/// Who issues something reckons by switches that nobody sets until that is written.
pub(super) const SWITCHES_STAY: &str = "SELECT pg_advisory_xact_lock_shared(x'706162616e6467'::bigint)";

/// The switches in force.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyRow {
    /// All of them.
    pub policy: Policy,
    /// Who set them: who proposed it and who approved it.
    pub set_by: String,
    /// Documents were issued by them: they stay as they are.
    pub is_fixed: bool,
}

impl Store {
    /// The switches in force.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn billing_policy(&self) -> Result<PolicyRow, BooksError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let row = transaction.query_one(WHO, &[]).await?;
        Ok(PolicyRow { policy: policy(&transaction).await?, set_by: row.get(0), is_fixed: row.get(1) })
    }
}

/// The unit that setting them concerns, if that is possible now.
pub(crate) async fn policy_concerns(transaction: &Transaction<'_>, caller: &Caller) -> Result<i64, BooksError> {
    if !caller.reaches_all() {
        return Err(BooksError::CentralOnly);
    }
    match transaction.query_opt(IN_USE, &[]).await? {
        Some(_) => Err(BooksError::PolicyInUse),
        None => Ok(CENTRAL_UNIT),
    }
}

/// Sets them in the caller's transaction.
pub(crate) async fn policy_set(
    transaction: &Transaction<'_>,
    caller: &Caller,
    policy: &Policy,
    proposed_by: &str,
) -> Result<(), BooksError> {
    transaction.query_one(NOBODY_ISSUES, &[]).await?;
    policy_concerns(transaction, caller).await?;
    let switches = serde_json::to_string(policy).expect("switches are always written");
    transaction.execute(SET, &[&switches, &format!("{proposed_by}, {}", caller.name())]).await?;
    Ok(())
}
