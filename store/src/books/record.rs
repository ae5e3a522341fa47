//! Recording a fact of finance: under the person's lock, once, and only if the books bear it.

use super::reckon::{BooksNow, Look, books_now};
use super::{BooksError, MoneyRefusal};
use crate::{Store, StoreError};
use access::Caller;
use billing::Reason;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

/// The wearer first, as everybody does: no two changes wait for each other in a circle.
const WEARER: &str = "
    SELECT w.wearer_id FROM wearers w WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))
    FOR NO KEY UPDATE OF w";
const LOCK: &str = "SELECT FROM wearers WHERE wearer_id = $1 FOR NO KEY UPDATE";
/// Of two at once under one reference the second waits here for the first.
const RECORD: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference, invoice, cancels, note)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING fact_id";
const SEEN: &str = "
    SELECT f.fact_id FROM billing_facts f JOIN wearers w USING (wearer_id) WHERE f.reference = $1 AND f.kind = $2
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($3))";
/// The same money recorded as something else.
const SEEN_OTHERWISE: &str = "
    SELECT f.fact_id, EXISTS (SELECT FROM wearers w JOIN unit_reach r ON r.unit_id = w.unit_id WHERE w.wearer_id = f.wearer_id AND r.above_id = ANY ($3))
    FROM billing_facts f WHERE f.reference = $1 AND f.kind <> $2 AND f.kind IN ('payment', 'deposit_payment')
        AND NOT EXISTS (SELECT FROM billing_facts c WHERE c.cancels = f.fact_id)";
const INVOICE: &str = "SELECT FROM billing_documents WHERE wearer_id = $1 AND number = $2 AND kind IN ('invoice', 'damage_invoice')";

/// A fact of finance about a person.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewFact<'a> {
    pub wearer_id: i64,
    /// As the table names it.
    pub kind: &'static str,
    pub at: DateTime<Utc>,
    /// Rials.
    pub amount: Option<i64>,
    pub reference: Option<&'a str>,
    pub invoice: Option<&'a str>,
    pub cancels: Option<i64>,
    pub note: &'a str,
}

impl<'a> NewFact<'a> {
    /// Money of a person that moves now.
    pub(super) const fn new(wearer_id: i64, kind: &'static str, at: DateTime<Utc>, amount: i64) -> Self {
        Self { wearer_id, kind, at, amount: Some(amount), reference: None, invoice: None, cancels: None, note: "" }
    }

    /// Another fact never was.
    pub(super) const fn cancel(wearer_id: i64, fact_id: i64, at: DateTime<Utc>, note: &'a str) -> Self {
        Self { wearer_id, kind: "cancel", at, amount: None, reference: None, invoice: None, cancels: Some(fact_id), note }
    }
}

/// A wearer within reach, who stays locked until the commit; and the instant, not before that lock: whoever had it before has recorded earlier.
pub(super) async fn wearer_locked(
    transaction: &Transaction<'_>,
    caller: &Caller,
    reference: &str,
) -> Result<(i64, DateTime<Utc>), BooksError> {
    caller.about_wearer(reference);
    let row = transaction.query_opt(WEARER, &[&reference, &caller.roots]).await?.ok_or(BooksError::UnknownWearer)?;
    Ok((row.get(0), Utc::now()))
}

/// The same of a wearer who is known already.
pub(super) async fn lock(transaction: &Transaction<'_>, wearer_id: i64) -> Result<DateTime<Utc>, BooksError> {
    transaction.query_opt(LOCK, &[&wearer_id]).await?;
    Ok(Utc::now())
}

/// Records a fact; the person is locked.
pub(super) async fn record(
    transaction: &Transaction<'_>,
    caller: &Caller,
    fact: &NewFact<'_>,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    let NewFact { wearer_id, kind, at, amount, reference, invoice, cancels, note } = fact;
    if let Some(invoice) = invoice
        && transaction.query_opt(INVOICE, &[wearer_id, invoice]).await?.is_none()
    {
        return Err(MoneyRefusal::UnknownInvoice((*invoice).to_owned()).into());
    }
    if let Some(reference) = reference
        && let Some(row) = transaction.query_opt(SEEN_OTHERWISE, &[reference, kind, &caller.roots]).await?
    {
        let is_within_reach: bool = row.get(1);
        return Err(MoneyRefusal::ReferenceSeen(Some(row.get(0)).filter(|_| is_within_reach)).into());
    }
    let who = caller.name();
    let row = transaction.query_opt(RECORD, &[wearer_id, kind, at, &now, &who, amount, reference, invoice, cancels, note]).await?;
    match (row, reference) {
        (Some(row), _) => Ok(row.get(0)),
        (None, Some(reference)) => {
            let seen = transaction.query_opt(SEEN, &[reference, kind, &caller.roots]).await?;
            Err(MoneyRefusal::ReferenceSeen(seen.map(|row| row.get(0))).into())
        }
        // Only a cancellation can collide otherwise.
        (None, None) => Err(MoneyRefusal::PaymentReversed.into()),
    }
}

/// The person's books with everything recorded so far, this transaction's too.
pub(super) async fn standing(transaction: &Transaction<'_>, wearer_id: i64, now: DateTime<Utc>) -> Result<BooksNow, BooksError> {
    books_now(transaction, wearer_id, now, Look::Issue).await?.map_err(|reason| MoneyRefusal::Blocked(reason).into())
}

/// The same after a fact was recorded, if they bear it: `about` is that fact, or the one that it cancels.
pub(super) async fn borne(
    transaction: &Transaction<'_>,
    (wearer_id, about): (i64, i64),
    now: DateTime<Utc>,
) -> Result<BooksNow, BooksError> {
    let now = standing(transaction, wearer_id, now).await?;
    let name = format!("finance:{about}");
    let against = now.books.work.iter().find(|work| work.events.iter().any(|event| event.to_string() == name));
    let Some(against) = against else { return Ok(now) };
    let why = match &against.reason {
        Reason::CannotTakeBack => MoneyRefusal::PaymentPaidOut,
        _ => MoneyRefusal::Blocked(against.into()),
    };
    Err(why.into())
}

impl Store {
    /// Carries the books of persons on after facts of theirs were recorded. The facts are safe already: what fails here is done by the next run.
    pub(super) async fn books_follow(&self, persons: &[i64]) -> Result<(), StoreError> {
        for portion in persons.chunks(100) {
            self.books_carry_on(portion, Utc::now()).await?;
        }
        Ok(())
    }
}
