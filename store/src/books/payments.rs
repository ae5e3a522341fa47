//! Payments: recorded by hand, listed, reversed. Those of statements are the same facts.

use super::merged::file_locked;
use super::record::{NewFact, borne, lock, record};
use super::statement_lines::like;
use super::{BooksError, MoneyRefusal, deposits};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use billing::Money;
use billing::identifier::BillId;
use billing::statement::plain;
use chrono::{DateTime, Utc};
use tokio_postgres::{GenericClient, Row, Transaction};

macro_rules! payment_columns {
    () => {
        "SELECT f.fact_id, w.reference, f.amount, f.at, coalesce(f.reference, ''), coalesce(f.invoice, ''), f.kind = 'deposit_payment', f.recorded_by,
            f.recorded_at, f.note, coalesce(own.line_id, l.line_id, 0), coalesce(c.recorded_by, ''), c.recorded_at, coalesce(c.note, ''), f.wearer_id
        FROM billing_facts f JOIN wearers w USING (wearer_id) LEFT JOIN wearers m ON m.wearer_id = w.merged_into
            LEFT JOIN billing_facts c ON c.cancels = f.fact_id AND c.kind = 'cancel'
            LEFT JOIN statement_lines own ON own.fact_id = f.fact_id
            LEFT JOIN statement_lines l ON l.import_id = split_part(f.reference, '/', 1) "
    };
}

const ONE: &str = concat!(
    payment_columns!(),
    "WHERE f.fact_id = $1 AND f.kind IN ('payment', 'deposit_payment')
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (w.unit_id, m.unit_id) AND r.above_id = ANY ($2))"
);
/// In whose books it is.
const BOOKED: &str = "SELECT wearer_id FROM billing_facts WHERE fact_id = $1";
const LIST: &str = concat!(
    payment_columns!(),
    "WHERE f.kind IN ('payment', 'deposit_payment') AND ($1 = '' OR w.reference = $1) AND ($5::bigint = 0 OR f.fact_id < $5)
        AND ($3::timestamptz IS NULL OR f.recorded_at >= $3) AND ($4::timestamptz IS NULL OR f.recorded_at < $4)
        AND ($2 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units u ON u.unit_id = r.above_id WHERE r.unit_id = w.unit_id AND u.code = $2))
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (w.unit_id, m.unit_id) AND r.above_id = ANY ($6))
        AND ($8::bigint = 0 OR f.amount = $8) AND ($9 = '' OR f.fact_id IN (
            SELECT p.fact_id FROM billing_facts p WHERE p.kind IN ('payment', 'deposit_payment') AND (p.reference LIKE $9 OR p.reference LIKE $10)
            UNION ALL SELECT o.fact_id FROM statement_lines o WHERE o.fact_id IS NOT NULL AND (o.reference LIKE $9 OR o.identifier LIKE $9)
            UNION ALL SELECT p.fact_id FROM statement_lines o JOIN billing_facts p ON p.reference = ANY (references_of(o.import_id))
                WHERE o.reference LIKE $9 OR o.identifier LIKE $9))
    ORDER BY f.fact_id DESC LIMIT $7"
);
/// A standing payment of the same bank reference and amount that came with a statement.
const LIKE_OF_STATEMENT: &str = "
    SELECT CASE WHEN EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($3)) THEN l.fact_id END
    FROM statement_lines l JOIN billing_facts f USING (fact_id) JOIN wearers w ON w.wearer_id = f.wearer_id
    WHERE l.state = 'matched' AND l.reference = $1 AND l.amount = $2
        AND NOT EXISTS (SELECT FROM billing_facts c WHERE c.cancels = f.fact_id AND c.kind = 'cancel') LIMIT 1";
/// Payments of a reference, and which of them were another's; the number of one within reach.
const OF_REFERENCE: &str = "
    SELECT CASE WHEN EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2)) THEN f.fact_id END, m.fact_id IS NOT NULL
    FROM billing_facts f JOIN wearers w USING (wearer_id) LEFT JOIN misdirected_payments m USING (fact_id)
    WHERE f.reference = ANY (references_of($1)) AND f.kind IN ('payment', 'deposit_payment') ORDER BY f.fact_id";
const MISDIRECTED: &str = "INSERT INTO misdirected_payments (fact_id) VALUES ($1)";
const LINE_WAITS: &str = "
    UPDATE statement_lines SET version = version + 1, state = 'waiting', fact_id = NULL, is_automatic = false, decided_by = $2, decided_at = $3, reason = $4
    WHERE fact_id = $1";
const BILL_WEARER: &str = "
    SELECT w.wearer_id FROM wearers w WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";

const CODES: &str = "SELECT company, service FROM bill_codes ORDER BY since DESC LIMIT 1";

/// A payment, of fees or as a deposit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payment {
    /// Which.
    pub payment_id: i64,
    /// Whose: the file reference.
    pub wearer: String,
    /// How much.
    pub amount: Money,
    /// When it was paid.
    pub paid_at: DateTime<Utc>,
    /// The bank's reference, or the name of the statement's line.
    pub reference: String,
    /// The invoice that it names; empty = none.
    pub invoice: String,
    /// It is a deposit.
    pub is_deposit: bool,
    /// Who recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
    /// What was noted with it.
    pub note: String,
    /// The statement's line; 0 = none.
    pub line_id: i64,
    /// Who reversed it; empty = it stands.
    pub reversed_by: String,
    /// When.
    pub reversed_at: Option<DateTime<Utc>>,
    /// Why.
    pub reverse_reason: String,
    pub(super) wearer_id: i64,
}

/// A payment that is recorded by hand.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPayment {
    /// Whose: the file reference.
    pub wearer: String,
    /// Rials, above nothing.
    pub amount: i64,
    /// When it was paid.
    pub paid_at: DateTime<Utc>,
    /// The bank's.
    pub reference: String,
    /// The invoice that it names; empty = none.
    pub invoice: String,
    /// It is a deposit.
    pub is_deposit: bool,
    /// What is noted with it.
    pub note: String,
}

/// Which payments to list. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct PaymentFilter {
    /// Only this wearer's; empty = all.
    pub wearer: String,
    /// Only of this unit and those below, by code; empty = all.
    pub unit: String,
    /// Only those recorded in [from, to).
    pub from: Option<DateTime<Utc>>,
    /// See `from`.
    pub to: Option<DateTime<Utc>>,
    /// Only those whose reference, or whose line's reference or identifier, begins so; empty = all.
    pub begins: String,
    /// Only those of this amount, rials; 0 = all.
    pub amount: i64,
    /// Only numbers below this; 0 = all.
    pub before: i64,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Records a payment and carries the person's books on.
    ///
    /// # Errors
    /// When the wearer is not within reach, the reference was seen, the invoice is not theirs, or a deposit is beyond what may be held.
    pub async fn payment_record(&self, caller: &Caller, new: &NewPayment) -> Result<Payment, BooksError> {
        caller.about_wearer(&new.wearer);
        let mut client = self.client().await?;
        let payment_id = match change::begin(&mut client, caller).await? {
            Change::Done(payment_id) => payment_id,
            Change::Open(open) => {
                let payment_id = payment_record(&open.transaction, caller, new).await?;
                open.commit(payment_id).await?;
                payment_id
            }
        };
        drop(client);
        self.payment_followed(caller, payment_id).await
    }

    /// Payments within the caller's reach that match the filter, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn payment_list(&self, caller: &Caller, filter: &PaymentFilter) -> Result<Vec<Payment>, StoreError> {
        let PaymentFilter { wearer, unit, from, to, begins, amount, before, limit } = filter;
        let client = self.client().await?;
        // What somebody typed stays as it was typed; what a bank says is read with plain digits.
        let (limit, begins, typed) = (i64::from(*limit), like(&plain(begins)), like(begins));
        let rows = client.query(LIST, &[wearer, unit, from, to, before, &caller.roots, &limit, amount, &begins, &typed]).await?;
        Ok(rows.iter().map(payment_from).collect())
    }

    /// Reverses a payment: what it paid is open again. `waits_again`: the money is another's, so the statement's line waits.
    ///
    /// # Errors
    /// When there is none such, it is reversed already, or a part of it left the account again.
    pub async fn payment_reverse(&self, caller: &Caller, payment_id: i64, waits_again: bool, reason: &str) -> Result<Payment, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            payment_reverse(&open.transaction, caller, payment_id, waits_again, reason).await?;
            open.commit(payment_id).await?;
        }
        drop(client);
        self.payment_followed(caller, payment_id).await
    }

    /// The bill id of a wearer, and whether it is an internal reference; none if the number of the file is too long for one.
    ///
    /// # Errors
    /// When the wearer is not within reach.
    pub async fn bill_id(&self, caller: &Caller, wearer: &str) -> Result<(Option<BillId>, bool), BooksError> {
        caller.about_wearer(wearer);
        let client = self.client().await?;
        let row = client.query_opt(BILL_WEARER, &[&wearer, &caller.roots]).await?.ok_or(BooksError::UnknownWearer)?;
        Ok(bill_id_of(&**client, row.get(0)).await?)
    }

    async fn payment_followed(&self, caller: &Caller, payment_id: i64) -> Result<Payment, BooksError> {
        let client = self.client().await?;
        let booked: Vec<i64> = client.query(BOOKED, &[&payment_id]).await?.iter().map(|row| row.get(0)).collect();
        drop(client);
        self.books_follow(&booked).await?;
        one(&*self.client().await?.transaction().await?, caller, payment_id).await
    }
}

/// The bill id of a wearer by the newest codes, and whether it is an internal reference.
pub(super) async fn bill_id_of(client: &impl GenericClient, wearer_id: i64) -> Result<(Option<BillId>, bool), StoreError> {
    let codes = client.query_opt(CODES, &[]).await?;
    let (company, service) = codes.as_ref().map_or((0, 0), |row| (row.get::<_, i16>(0) as u16, row.get::<_, i16>(1) as u8));
    let file = u32::try_from(wearer_id).ok();
    Ok((file.and_then(|file| BillId::new(file, company, service).ok()), codes.is_none()))
}

async fn payment_record(transaction: &Transaction<'_>, caller: &Caller, new: &NewPayment) -> Result<i64, BooksError> {
    let (wearer_id, now) = file_locked(transaction, caller, &new.wearer, &new.invoice).await?;
    let kind = if new.is_deposit { "deposit_payment" } else { "payment" };
    let like = transaction.query_opt(LIKE_OF_STATEMENT, &[&new.reference, &new.amount, &caller.roots]).await?;
    if let Some(like) = like {
        return Err(MoneyRefusal::ReferenceSeen(like.get(0)).into());
    }
    let reference = next_reference(transaction, caller, &new.reference).await?;
    let invoice = Some(new.invoice.as_str()).filter(|invoice| !invoice.is_empty());
    let fact = NewFact { reference: Some(&reference), invoice, note: &new.note, ..NewFact::new(wearer_id, kind, new.paid_at, new.amount) };
    let payment_id = record(transaction, caller, &fact, now).await?;
    if new.is_deposit {
        deposits::within_ceiling(transaction, wearer_id, now).await?;
    }
    caller.about(format!("payment {payment_id}"));
    Ok(payment_id)
}

/// What a payment under a reference of the bank is named by: the reference, and how often it was recorded before for somebody whose the money was not.
async fn next_reference(transaction: &Transaction<'_>, caller: &Caller, reference: &str) -> Result<String, BooksError> {
    let before = transaction.query(OF_REFERENCE, &[&reference, &caller.roots]).await?;
    if let Some(row) = before.iter().find(|row| !row.get::<_, bool>(1)) {
        return Err(MoneyRefusal::ReferenceSeen(row.get(0)).into());
    }
    Ok(if before.is_empty() { reference.to_owned() } else { format!("{reference}/{}", before.len() + 1) })
}

async fn payment_reverse(
    transaction: &Transaction<'_>,
    caller: &Caller,
    payment_id: i64,
    waits_again: bool,
    reason: &str,
) -> Result<(), BooksError> {
    let payment = one(transaction, caller, payment_id).await?;
    let now = lock(transaction, payment.wearer_id).await?;
    record(transaction, caller, &NewFact::cancel(payment.wearer_id, payment_id, now, reason), now).await?;
    borne(transaction, (payment.wearer_id, payment_id), now).await?;
    if waits_again {
        transaction.execute(MISDIRECTED, &[&payment_id]).await?;
        transaction.execute(LINE_WAITS, &[&payment_id, &caller.name(), &now, &reason]).await?;
    }
    Ok(())
}

pub(super) async fn one(transaction: &Transaction<'_>, caller: &Caller, payment_id: i64) -> Result<Payment, BooksError> {
    let row = transaction.query_opt(ONE, &[&payment_id, &caller.roots]).await?.ok_or(MoneyRefusal::UnknownPayment)?;
    let payment = payment_from(&row);
    caller.about_wearer(&payment.wearer);
    caller.about(format!("payment {payment_id}"));
    Ok(payment)
}

fn payment_from(row: &Row) -> Payment {
    Payment {
        payment_id: row.get(0),
        wearer: row.get(1),
        amount: Money::rials(row.get(2)),
        paid_at: row.get(3),
        reference: row.get(4),
        invoice: row.get(5),
        is_deposit: row.get(6),
        recorded_by: row.get(7),
        recorded_at: row.get(8),
        note: row.get(9),
        line_id: row.get(10),
        reversed_by: row.get(11),
        reversed_at: row.get(12),
        reverse_reason: row.get(13),
        wearer_id: row.get(14),
    }
}
