//! Three sources held against each other as of any instant: the ledger, the documents, and the money that was recorded. Each difference has a name.

use super::AsOf;
use super::ledger_pages::balances;
use super::owing::uneven;
use crate::{Store, StoreError};
use billing::{Account, Money};
use tokio_postgres::{IsolationLevel, Row, Transaction};

/// Entries that do not sum to nothing.
const UNBALANCED: &str = "
    SELECT e.text, coalesce(w.reference, ''), 0::bigint, sum(p.amount)::bigint
    FROM ledger_entries e JOIN ledger_postings p USING (entry_id) LEFT JOIN wearers w USING (wearer_id)
    WHERE coalesce(w.unit_id, 1) = ANY ($1) AND e.at < $2 GROUP BY e.entry_id, e.text, w.reference HAVING sum(p.amount) <> 0 ORDER BY e.entry_id";

/// Documents whose entry takes another amount than they ask for, on receivables or as income.
const DOCUMENTS: &str = "
    WITH posted AS (
        SELECT e.wearer_id, e.text, sum(p.amount) FILTER (WHERE p.account = 'assets:receivable') AS receivable,
            sum(p.amount) FILTER (WHERE starts_with(p.account, 'income:')) AS income
        FROM ledger_entries e JOIN ledger_postings p USING (entry_id) JOIN wearers w USING (wearer_id)
        WHERE w.unit_id = ANY ($1) AND e.at < $2 GROUP BY 1, 2)
    SELECT d.number, w.reference, d.total, coalesce(p.receivable, 0)::bigint, -coalesce(p.income, 0)::bigint
    FROM billing_documents d JOIN wearers w USING (wearer_id) LEFT JOIN posted p ON p.wearer_id = d.wearer_id AND p.text = d.number
    WHERE w.unit_id = ANY ($1) AND d.run_at < $2 AND d.kind IN ('invoice', 'credit_note', 'damage_invoice')
        AND (coalesce(p.receivable, 0) <> d.total OR coalesce(p.income, 0) <> -d.total) ORDER BY d.document_id";

/// Money that was recorded and not cancelled, with the instant from which it counts; what a cancellation itself takes away is a cancellation too.
macro_rules! money {
    () => {
        "WITH known AS (
            SELECT f.fact_id, f.wearer_id, f.kind, f.amount, f.cancels, w.reference, greatest(f.at, coalesce((a.facts->>('finance:' || f.fact_id))::timestamptz, f.recorded_at)) AS since
            FROM billing_facts f JOIN wearers w USING (wearer_id) LEFT JOIN billing_accounts a USING (wearer_id) WHERE w.unit_id = ANY ($1)),
        cancelled AS (
            SELECT c.cancels FROM known c WHERE c.kind = 'cancel' AND c.since < $2
                AND NOT EXISTS (SELECT FROM known again WHERE again.cancels = c.fact_id AND again.since < $2)),
        money AS (
            SELECT k.fact_id, k.wearer_id, k.reference, k.kind,
                CASE WHEN k.fact_id IN (SELECT cancels FROM cancelled) THEN 0 WHEN k.kind = 'refund' THEN -k.amount ELSE k.amount END AS amount
            FROM known k WHERE k.kind IN ('payment', 'refund', 'deposit_payment') AND k.since < $2) "
    };
}

/// Void invoices whose reversal takes back another amount than they asked for, on receivables or as income.
const VOIDS: &str = concat!(
    money!(),
    "SELECT d.number, k.reference, -k.amount, coalesce(p.receivable, 0)::bigint, -coalesce(p.income, 0)::bigint
    FROM known k JOIN billing_facts f USING (fact_id) JOIN billing_documents d ON d.document_id = f.voids
        LEFT JOIN LATERAL (
            SELECT sum(p.amount) FILTER (WHERE p.account = 'assets:receivable') AS receivable, sum(p.amount) FILTER (WHERE starts_with(p.account, 'income:')) AS income
            FROM ledger_entries e JOIN ledger_postings p USING (entry_id)
            WHERE e.wearer_id = k.wearer_id AND e.text = 'void ' || d.number AND e.at < $2) p ON true
    WHERE k.kind = 'void' AND k.since < $2
        AND (d.total <> k.amount OR coalesce(p.receivable, 0) <> -d.total OR coalesce(p.income, 0) <> d.total) ORDER BY d.document_id"
);
/// Payments, refunds and deposits that the ledger has with another amount, or not at all.
const MONEY: &str = concat!(
    money!(),
    ", posted AS (
        SELECT substring(e.text FROM ' finance:([0-9]{1,18})$')::bigint AS fact_id, e.wearer_id, sum(p.amount) AS amount
        FROM ledger_entries e JOIN ledger_postings p USING (entry_id) JOIN wearers w USING (wearer_id)
        WHERE w.unit_id = ANY ($1) AND e.at < $2 AND p.account IN ('assets:cash:fees', 'assets:cash:deposit')
            AND e.text ~ '^(payment|refund|deposit|reversal) finance:[0-9]{1,18}$' GROUP BY 1, 2)
    SELECT 'finance:' || m.fact_id, m.reference, m.amount, coalesce(p.amount, 0)::bigint
    FROM money m LEFT JOIN posted p ON p.fact_id = m.fact_id AND p.wearer_id = m.wearer_id
    WHERE m.amount <> coalesce(p.amount, 0) ORDER BY m.fact_id"
);
/// Fee money that came in and was not paid back, less what was spent of the set-aside, which is the central unit's.
const RECEIVED: &str = concat!(
    money!(),
    "SELECT coalesce(sum(amount) FILTER (WHERE kind <> 'deposit_payment'), 0)::bigint
        - CASE WHEN 1 = ANY ($1) THEN (SELECT coalesce(sum(amount), 0)::bigint FROM set_aside_spendings WHERE recorded_at < $2) ELSE 0 END FROM money"
);

/// Entries that belong to no document and to nothing that was recorded.
const STRANGE: &str = "
    SELECT e.text, coalesce(w.reference, ''), 0::bigint,
        (SELECT coalesce(sum(p.amount) FILTER (WHERE p.amount > 0), 0)::bigint FROM ledger_postings p WHERE p.entry_id = e.entry_id)
    FROM ledger_entries e LEFT JOIN wearers w USING (wearer_id)
    WHERE coalesce(w.unit_id, 1) = ANY ($1) AND e.at < $2 AND (e.wearer_id IS NULL OR e.text NOT IN ('deposit return', 'damage from deposit', 'set-aside'))
        AND NOT EXISTS (SELECT FROM set_aside_spendings s JOIN ledger_postings p ON p.entry_id = s.entry_id AND p.account = 'liabilities:setaside'
            WHERE s.entry_id = e.entry_id AND s.amount = p.amount AND e.wearer_id IS NULL)
        AND NOT EXISTS (SELECT FROM billing_documents d WHERE d.wearer_id = e.wearer_id AND coalesce(d.number, d.kind) = e.text)
        AND NOT EXISTS (SELECT FROM billing_facts f WHERE f.wearer_id = e.wearer_id AND f.fact_id = CASE
            WHEN e.text ~ '^(payment|refund|deposit|reversal) finance:[0-9]{1,18}$' THEN substring(e.text FROM '[0-9]+$')::bigint END)
        AND NOT EXISTS (SELECT FROM billing_facts f JOIN billing_documents d ON d.document_id = f.voids
            WHERE starts_with(e.text, 'void ') AND f.wearer_id = e.wearer_id AND e.text = 'void ' || d.number)
    ORDER BY e.entry_id";

/// Persons whose deposit money is not what is owed back to them.
const DEPOSITS: &str = "
    SELECT 'deposit', w.reference, -coalesce(sum(p.amount) FILTER (WHERE p.account = 'liabilities:deposit'), 0)::bigint,
        coalesce(sum(p.amount) FILTER (WHERE p.account = 'assets:cash:deposit'), 0)::bigint
    FROM ledger_entries e JOIN ledger_postings p USING (entry_id) JOIN wearers w USING (wearer_id)
    WHERE w.unit_id = ANY ($1) AND e.at < $2 AND p.account IN ('liabilities:deposit', 'assets:cash:deposit')
    GROUP BY w.wearer_id, w.reference HAVING sum(p.amount) <> 0 ORDER BY w.reference";

const OF_DOCUMENTS: &str = concat!(
    money!(),
    "SELECT (SELECT coalesce(sum(d.total), 0) FROM billing_documents d JOIN wearers w USING (wearer_id)
            WHERE w.unit_id = ANY ($1) AND d.run_at < $2 AND d.kind IN ('invoice', 'credit_note', 'damage_invoice'))::bigint
        - (SELECT coalesce(sum(k.amount), 0) FROM known k WHERE k.kind = 'void' AND k.since < $2)::bigint"
);
const INCOME_OF_DOCUMENTS: &str = "
    SELECT -coalesce(sum(p.amount), 0)::bigint FROM ledger_entries e JOIN ledger_postings p USING (entry_id) JOIN wearers w USING (wearer_id)
    WHERE w.unit_id = ANY ($1) AND e.at < $2 AND starts_with(p.account, 'income:') AND e.text <> 'damage from deposit'";
const REFERENCE: &str = "SELECT reference FROM wearers WHERE wearer_id = $1";

/// What does not agree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Difference {
    /// An entry of the ledger does not sum to nothing.
    Entry,
    /// A document asks for one amount, its entry puts another on receivables.
    DocumentReceivable,
    /// A document asks for one amount, its entry is another income.
    DocumentIncome,
    /// What was recorded of a payment, refund or deposit is not what the ledger has.
    Money,
    /// An entry belongs to no document and to nothing that was recorded.
    StrangeEntry,
    /// A person's receivables are not what is open on documents, less credit.
    Receivable,
    /// A person's deposit money is not what is owed back.
    Deposit,
    /// The fee money of all is not payments less refunds.
    CashFees,
    /// The documents of all are not the income.
    Income,
}

/// One difference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BooksDifference {
    /// What does not agree.
    pub what: Difference,
    /// The number of the document, the fact or the text of the entry; empty for sums of all.
    pub subject: String,
    /// The wearer's file reference; empty for sums of all.
    pub wearer: String,
    /// What it should be, rials.
    pub expected: Money,
    /// What the ledger has, rials.
    pub found: Money,
}

/// The sums that were compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BooksSums {
    /// On `assets:receivable`.
    pub receivable: Money,
    /// Open on documents.
    pub open: Money,
    /// Credit of persons.
    pub credit: Money,
    /// On `assets:cash:fees`.
    pub cash_fees: Money,
    /// Payments less refunds as they were recorded.
    pub received: Money,
    /// On `assets:cash:deposit`.
    pub cash_deposit: Money,
    /// Owed back, on `liabilities:deposit`.
    pub deposits_owed: Money,
    /// All invoices less credit notes and what is void.
    pub documents: Money,
    /// Income of documents in the ledger.
    pub income: Money,
}

impl Store {
    /// Compares the ledger, the documents and the money of the wearers of these units; no difference = all agrees.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn books_reconcile(&self, units: &[i64], as_of: AsOf) -> Result<(BooksSums, Vec<BooksDifference>), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
        let mut differences = Vec::new();
        let queries = [
            (UNBALANCED, Difference::Entry),
            (MONEY, Difference::Money),
            (STRANGE, Difference::StrangeEntry),
            (DEPOSITS, Difference::Deposit),
        ];
        let mut documents = transaction.query(DOCUMENTS, &[&units, &as_of.before]).await?;
        documents.extend(transaction.query(VOIDS, &[&units, &as_of.before]).await?);
        for row in documents {
            let (receivable, income) =
                (difference(Difference::DocumentReceivable, &row, 3), difference(Difference::DocumentIncome, &row, 4));
            differences.extend([receivable, income].into_iter().filter(|one| one.expected != one.found));
        }
        for (query, what) in queries {
            differences.extend(transaction.query(query, &[&units, &as_of.before]).await?.iter().map(|row| difference(what, row, 3)));
        }
        let sums = sums(&transaction, units, as_of, &mut differences).await?;
        for (what, expected, found) in
            [(Difference::CashFees, sums.received, sums.cash_fees), (Difference::Income, sums.documents, sums.income)]
        {
            if expected != found {
                differences.push(BooksDifference { what, subject: String::new(), wearer: String::new(), expected, found });
            }
        }
        Ok((sums, differences))
    }
}

async fn sums(
    transaction: &Transaction<'_>,
    units: &[i64],
    as_of: AsOf,
    differences: &mut Vec<BooksDifference>,
) -> Result<BooksSums, StoreError> {
    let (mut open, mut credit) = (0, 0);
    for one in uneven(transaction, units, as_of).await? {
        let receivables = &one.settled.receivables;
        let unreadable = |error: billing::MoneyError| StoreError::Unreadable(error.to_string());
        let of_person = receivables.balance_due().map_err(unreadable)?.minor_units();
        let left = receivables.credit().map_err(unreadable)?.minor_units();
        (open, credit) = (open + of_person, credit + left);
        if of_person - left != one.balance {
            let wearer: String = transaction.query_one(REFERENCE, &[&one.wearer_id]).await?.get(0);
            let (expected, found) = (Money::rials(of_person - left), Money::rials(one.balance));
            differences.push(BooksDifference { what: Difference::Receivable, subject: "receivable".to_owned(), wearer, expected, found });
        }
    }
    let balances = balances(transaction, units, as_of.before, i64::MAX).await?;
    let balance = |account: Account| balances.get(&account).map_or(0, |amount| amount.minor_units());
    let of = async |query: &str| transaction.query_one(query, &[&units, &as_of.before]).await.map(|row| Money::rials(row.get(0)));
    Ok(BooksSums {
        receivable: Money::rials(balance(Account::Receivable)),
        open: Money::rials(open),
        credit: Money::rials(credit),
        cash_fees: Money::rials(balance(Account::CashFees)),
        received: of(RECEIVED).await?,
        cash_deposit: Money::rials(balance(Account::CashDeposit)),
        deposits_owed: Money::rials(-balance(Account::LiabilityDeposit)),
        documents: of(OF_DOCUMENTS).await?,
        income: of(INCOME_OF_DOCUMENTS).await?,
    })
}

fn difference(what: Difference, row: &Row, found: usize) -> BooksDifference {
    let subject = row.get::<_, Option<String>>(0).unwrap_or_default();
    BooksDifference { what, subject, wearer: row.get(1), expected: Money::rials(row.get(2)), found: Money::rials(row.get(found)) }
}
