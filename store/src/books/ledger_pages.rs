//! The ledger as it is read out: page after page in the order of time, and what stands on its accounts as of any instant.

use super::AsOf;
use crate::{Store, StoreError};
use billing::calendar::Moment;
use billing::export::Balances;
use billing::{Account, Entry, FactId, Money};
use chrono::{DateTime, Utc};
use tokio_postgres::{GenericClient, Row};

/// Entries of whom these units look after (those of nobody, spending of the set-aside, are the central unit's), in [from, to), after a place in the order of time, of those that were there when the reading began.
const PAGE: &str = "
    SELECT page.entry_id, page.at, page.text, coalesce(page.reference, ''), page.code, array_agg(p.account ORDER BY p.line), array_agg(p.amount ORDER BY p.line), page.fact
    FROM (SELECT e.entry_id, e.at, e.text, w.reference, u.code, e.fact
        FROM ledger_entries e LEFT JOIN wearers w USING (wearer_id) JOIN units u ON u.unit_id = coalesce(w.unit_id, 1)
        WHERE u.unit_id = ANY ($1) AND e.at >= $2 AND e.at < $3 AND (e.at, e.entry_id) > ($4, $5) AND e.entry_id <= $6
        ORDER BY e.at, e.entry_id LIMIT $7) AS page
    JOIN ledger_postings p USING (entry_id) GROUP BY 1, 2, 3, 4, 5, 8 ORDER BY 2, 1";
const NEWEST: &str = "SELECT coalesce(max(entry_id), 0) FROM ledger_entries";
const BALANCES: &str = "
    SELECT p.account, sum(p.amount)::bigint FROM ledger_entries e JOIN ledger_postings p USING (entry_id) LEFT JOIN wearers w USING (wearer_id)
    WHERE coalesce(w.unit_id, 1) = ANY ($1) AND e.at < $2 AND e.entry_id <= $3 GROUP BY 1";

/// What the entries of documents that were issued in [from, to) put on receivables.
const ISSUED: &str = "
    SELECT coalesce(sum(p.amount), 0)::bigint
    FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.entry_id AND p.account = 'assets:receivable' JOIN wearers w USING (wearer_id)
    WHERE w.unit_id = ANY ($1) AND e.at >= $2 AND e.at < $3 AND e.text !~ '^(payment|refund|reversal|void) '";

/// Entries of one page.
pub const LEDGER_PAGE: i64 = 2000;

/// An entry, whose it is, and the code of the unit where the file lies now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerRow {
    /// Its place in the whole ledger.
    pub entry_id: i64,
    /// The wearer's file reference; empty = nobody's.
    pub wearer: String,
    /// The unit.
    pub unit: String,
    /// The entry.
    pub entry: Entry,
}

impl Store {
    /// The newest entry: what is added while the ledger is read out is left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ledger_newest(&self) -> Result<i64, StoreError> {
        Ok(self.client().await?.query_one(NEWEST, &[]).await?.get(0))
    }

    /// The next entries in [from, to) up to the entry `newest`, at most [`LEDGER_PAGE`], after this one; the first page has none.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn ledger_page(
        &self,
        units: &[i64],
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        after: Option<&LedgerRow>,
        newest: i64,
    ) -> Result<Vec<LedgerRow>, StoreError> {
        let (after_at, after_id) = after.map_or((DateTime::UNIX_EPOCH, 0), |row| (row.entry.at.utc(), row.entry_id));
        let client = self.client().await?;
        let rows = client.query(PAGE, &[&units, &from, &to, &after_at, &after_id, &newest, &LEDGER_PAGE]).await?;
        rows.iter().map(row_from).collect()
    }

    /// What stood on the accounts of these units before an instant, by the entries up to `newest`; accounts that were never used are left out.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn ledger_balances(&self, units: &[i64], before: DateTime<Utc>, newest: i64) -> Result<Balances, StoreError> {
        balances(&**self.client().await?, units, before, newest).await
    }

    /// What the ledger has on receivables from documents of the wearers of these units, issued in [from, to); rials.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn receivable_issued(&self, units: &[i64], from: DateTime<Utc>, to: DateTime<Utc>) -> Result<i64, StoreError> {
        Ok(self.client().await?.query_one(ISSUED, &[&units, &from, &to]).await?.get(0))
    }

    /// The trial balance of these units.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn trial_balance(&self, units: &[i64], as_of: AsOf) -> Result<Balances, StoreError> {
        self.ledger_balances(units, as_of.before, i64::MAX).await
    }
}

pub(super) async fn balances(
    client: &impl GenericClient,
    units: &[i64],
    before: DateTime<Utc>,
    newest: i64,
) -> Result<Balances, StoreError> {
    let rows = client.query(BALANCES, &[&units, &before, &newest]).await?;
    let one = |row: &Row| Ok((account(row.get(0))?, Money::rials(row.get(1))));
    rows.iter().map(one).collect()
}

fn account(name: &str) -> Result<Account, StoreError> {
    Account::named(name).ok_or_else(|| StoreError::Unreadable(format!("the account {name:?} of the ledger")))
}

fn row_from(row: &Row) -> Result<LedgerRow, StoreError> {
    let at = Moment::try_from(row.get::<_, DateTime<Utc>>(1)).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    let (accounts, amounts) = (row.get::<_, Vec<&str>>(5), row.get::<_, Vec<i64>>(6));
    let posting = |(name, amount): (&&str, i64)| Ok((account(name)?, Money::rials(amount)));
    let postings = accounts.iter().zip(amounts).map(posting).collect::<Result<_, StoreError>>()?;
    let fact = row.get::<_, Option<&str>>(7).map(|fact| FactId::Name(fact.into()));
    Ok(LedgerRow { entry_id: row.get(0), wearer: row.get(3), unit: row.get(4), entry: Entry { at, text: row.get(2), fact, postings } })
}
