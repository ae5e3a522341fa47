//! The accounts that centres name for fees and for deposits (article 10, note 2). A document keeps the one it was issued with (decision D32).

use super::BooksError;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::{GenericClient, Row, Transaction};

macro_rules! account_columns {
    () => {
        "SELECT a.pay_account_id, u.code, a.purpose, a.bank, a.holder, a.number, a.sheba, a.how, a.since, a.proposed_by, a.approved_by, a.approved_at
        FROM pay_accounts a JOIN units u USING (unit_id) "
    };
}

const LIST: &str = concat!(
    account_columns!(),
    "WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = a.unit_id AND r.above_id = ANY ($1)) AND ($2 = '' OR u.code = $2) ORDER BY a.since DESC, a.pay_account_id DESC LIMIT 1000"
);
const OF_DOCUMENT: &str = concat!(account_columns!(), "JOIN billing_documents d USING (pay_account_id) WHERE d.document_id = $1");
const UNIT: &str = "SELECT unit_id FROM units u WHERE code = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = u.unit_id AND r.above_id = ANY ($2))";
const NAME: &str = "
    INSERT INTO pay_accounts (unit_id, purpose, bank, holder, number, sheba, how, since, proposed_by, approved_by, approved_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING pay_account_id";

/// What is paid to an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PayPurpose {
    /// Fees, and damage beyond the deposit.
    Fees,
    /// Deposits (decision D37).
    Deposit,
}

impl PayPurpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Fees => "fees",
            Self::Deposit => "deposit",
        }
    }
}

/// An account to be named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPayAccount {
    /// Whose: the unit's code.
    pub unit: String,
    /// For what.
    pub purpose: PayPurpose,
    /// The bank's name.
    pub bank: String,
    /// In whose name it is.
    pub holder: String,
    /// As the bank writes it beside the SHEBA; empty = not said.
    pub number: String,
    /// Checked.
    pub sheba: String,
    /// How to pay, for the person who does; empty = not said.
    pub how: String,
    /// From when on it is printed; never before the approval.
    pub since: Option<DateTime<Utc>>,
}

/// An account that was named.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PayAccount {
    /// Which.
    pub pay_account_id: i64,
    /// What it is; `since` is always there.
    pub named: NewPayAccount,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who approved it.
    pub approved_by: String,
    /// When.
    pub approved_at: DateTime<Utc>,
}

impl Store {
    /// The accounts of the caller's units, of one unit or (empty) of all, the newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pay_accounts(&self, caller: &Caller, unit: &str) -> Result<Vec<PayAccount>, StoreError> {
        Ok(self.client().await?.query(LIST, &[&caller.roots, &unit]).await?.iter().map(account_from).collect())
    }
}

/// The account that a document was issued with.
pub(super) async fn account_of(client: &impl GenericClient, document_id: i64) -> Result<Option<PayAccount>, StoreError> {
    Ok(client.query_opt(OF_DOCUMENT, &[&document_id]).await?.as_ref().map(account_from))
}

fn account_from(row: &Row) -> PayAccount {
    PayAccount {
        pay_account_id: row.get(0),
        named: NewPayAccount {
            unit: row.get(1),
            purpose: if row.get::<_, &str>(2) == "deposit" { PayPurpose::Deposit } else { PayPurpose::Fees },
            bank: row.get(3),
            holder: row.get(4),
            number: row.get(5),
            sheba: row.get(6),
            how: row.get(7),
            since: row.get(8),
        },
        proposed_by: row.get(9),
        approved_by: row.get(10),
        approved_at: row.get(11),
    }
}

/// The unit that naming an account concerns, if it is within reach.
pub(crate) async fn pay_account_concerns(transaction: &Transaction<'_>, caller: &Caller, new: &NewPayAccount) -> Result<i64, BooksError> {
    let unit = transaction.query_opt(UNIT, &[&new.unit, &caller.roots]).await?;
    Ok(unit.ok_or(BooksError::UnknownUnit)?.get(0))
}

/// Names it; its number.
pub(crate) async fn pay_account_name(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewPayAccount,
    proposed_by: &str,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    let unit_id = pay_account_concerns(transaction, caller, new).await?;
    let since = new.since.map_or(now, |since| since.max(now));
    let NewPayAccount { purpose, bank, holder, number, sheba, how, .. } = new;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 11] =
        [&unit_id, &purpose.name(), bank, holder, number, sheba, how, &since, &proposed_by, &caller.name(), &now];
    Ok(transaction.query_one(NAME, &values).await?.get(0))
}
