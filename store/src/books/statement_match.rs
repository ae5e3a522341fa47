//! Whose a line is: by itself where it is certain, else by the word of a person.

use super::merged::file_locked;
use super::payments::{self, Payment};
use super::record::{NewFact, lock, record};
use super::statement_invoices::invoices_named;
use super::statement_lines::{LineState, StatementLine, one, one_to_change};
use super::statement_owners::{Owner, Owners, booked};
use super::{BooksError, MoneyRefusal, deposits, refund_lines, refunds};
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use billing::statement::{Line, Named};
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use tokio_postgres::Transaction;

/// Lines that may have been paid in already: by hand under the same bank reference, or read in from a file of another format, which names them otherwise.
const DOUBTFUL: &str = "
    SELECT g.import_id FROM unnest($1::text[], $2::text[], $3::bigint[], $4::date[]) AS g (import_id, reference, amount, day)
    WHERE (g.reference <> '' AND EXISTS (SELECT FROM billing_facts f WHERE f.reference = ANY (references_of(g.reference)) AND f.amount = g.amount
            AND f.kind IN ('payment', 'deposit_payment') AND NOT EXISTS (SELECT FROM billing_facts c WHERE c.cancels = f.fact_id AND c.kind = 'cancel')))
        OR (g.reference <> '' AND EXISTS (SELECT FROM statement_lines l WHERE l.state = 'matched' AND l.reference = g.reference AND l.amount = g.amount))
        OR EXISTS (SELECT FROM statement_lines l JOIN statements s USING (statement_id)
            WHERE l.unit_id = $5 AND s.format <> $6 AND l.state = 'matched' AND l.amount = g.amount AND l.day = g.day)";
/// Persons, and those of refunds that a line of the unit may be: whoever locks several locks them at once and in this order.
const LOCK_ALL: &str = "
    SELECT w.wearer_id FROM wearers w WHERE w.wearer_id IN (SELECT unnest($1::bigint[]) UNION
        SELECT r.wearer_id FROM statement_lines l JOIN refunds r ON r.amount = -l.amount JOIN wearers p ON p.wearer_id = r.wearer_id
        WHERE l.unit_id = $2 AND l.state = 'outgoing' AND r.state IN ('approved', 'sent', 'returned') AND NOT EXISTS (SELECT FROM statement_lines o WHERE o.fact_id = r.fact_id)
            AND EXISTS (SELECT FROM unit_reach x WHERE x.unit_id = p.unit_id AND x.above_id = ANY ($3)))
    ORDER BY w.wearer_id FOR NO KEY UPDATE OF w";
const PAY_ALL: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference, invoice)
    SELECT w, 'payment', t, $6, $7, a, i, n FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[], $4::text[], $5::text[]) AS given (w, t, a, i, n)
    RETURNING reference, fact_id";
const MATCHED_ALL: &str = "
    UPDATE statement_lines l SET state = 'matched', fact_id = given.fact_id, is_automatic = true, matched_count = 1, decided_by = $3, decided_at = $4
    FROM unnest($1::text[], $2::bigint[]) AS given (import_id, fact_id) WHERE l.import_id = given.import_id";
const MATCHED: &str = "
    UPDATE statement_lines SET version = version + 1, state = 'matched', fact_id = $2, is_automatic = false, matched_count = matched_count + 1,
        decided_by = $3, decided_at = $4, reason = '' WHERE line_id = $1";
const ASIDE: &str = "
    UPDATE statement_lines SET version = version + 1, state = 'set_aside', fact_id = NULL, is_automatic = false, decided_by = $2, decided_at = $3, reason = $4 WHERE line_id = $1";

/// A new line that came in.
pub(super) struct Sought<'a> {
    pub import_id: &'a String,
    pub paid_at: DateTime<Utc>,
    pub line: &'a Line,
    pub named: Named,
}

/// How many were matched.
pub(super) struct Found {
    pub matched: i32,
}

/// Whose a line is, by the word of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineMatch {
    /// Which.
    pub line_id: i64,
    /// The version that was looked at.
    pub expected_version: i64,
    /// What it is.
    pub is: LineIs,
}

/// What a line of a statement is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LineIs {
    /// A new payment of a wearer.
    PaymentOf {
        /// Whose: the file reference.
        wearer: String,
        /// The invoice that it pays first; empty = the oldest.
        invoice: String,
        /// It is a deposit.
        is_deposit: bool,
        /// It is another payment than the one of the same bank reference and amount.
        is_another: bool,
    },
    /// A payment that was recorded by hand.
    Payment(i64),
    /// A refund, if the line went out; if it came in, one that came back.
    Refund(i64),
}

impl Store {
    /// Says what a line is: a new payment of a wearer, a payment that was recorded by hand, or a refund. The books are carried on.
    ///
    /// # Errors
    /// When the line or what it is said to be is not within reach, was changed meanwhile, is matched already or of another amount, or a deposit is beyond what
    /// may be held.
    pub async fn statement_line_match(&self, caller: &Caller, asked: &LineMatch) -> Result<StatementLine, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            line_match(&open.transaction, caller, asked).await?;
            open.commit(asked.line_id).await?;
        }
        let line = one(&*client.transaction().await?, caller, asked.line_id).await?;
        drop(client);
        self.books_follow(line.wearer_id.as_slice()).await?;
        Ok(line)
    }

    /// Says that a line is no payment of a wearer and no refund.
    ///
    /// # Errors
    /// When it is not within reach, was changed meanwhile, or is a payment.
    pub async fn statement_line_set_aside(
        &self,
        caller: &Caller,
        (line_id, expected_version): (i64, i64),
        reason: &str,
    ) -> Result<StatementLine, BooksError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            // The person of a refund first, as everywhere.
            if let Some(wearer_id) = one(&open.transaction, caller, line_id).await?.wearer_id {
                lock(&open.transaction, wearer_id).await?;
            }
            let line = one_to_change(&open.transaction, caller, line_id, expected_version).await?;
            match (line.state, line.fact_id) {
                (LineState::Waiting | LineState::Outgoing, _) => {}
                (LineState::Matched, Some(fact_id)) if line.amount.is_negative() => {
                    refund_lines::not_sent(&open.transaction, fact_id).await?;
                }
                _ => return Err(MoneyRefusal::LineOver(line.state.name()).into()),
            }
            open.transaction.execute(ASIDE, &[&line_id, &caller.name(), &Utc::now(), &reason]).await?;
            open.commit(line_id).await?;
        }
        one(&*client.transaction().await?, caller, line_id).await
    }
}

async fn line_match(transaction: &Transaction<'_>, caller: &Caller, asked: &LineMatch) -> Result<(), BooksError> {
    match &asked.is {
        LineIs::PaymentOf { wearer, invoice, .. } => {
            let (wearer_id, now) = file_locked(transaction, caller, wearer, invoice).await?;
            let line = waiting_line(transaction, caller, asked).await?;
            line_is_new(transaction, caller, &line, (wearer_id, &asked.is), now).await
        }
        LineIs::Payment(payment_id) => {
            let now = lock(transaction, payments::one(transaction, caller, *payment_id).await?.wearer_id).await?;
            let line = waiting_line(transaction, caller, asked).await?;
            let payment = payments::one(transaction, caller, *payment_id).await?;
            line_is_payment(transaction, caller, &line, &payment, now).await
        }
        LineIs::Refund(refund_id) => {
            let now = lock(transaction, refunds::whose(transaction, caller, *refund_id).await?).await?;
            let line = one_to_change(transaction, caller, asked.line_id, asked.expected_version).await?;
            refund_lines::line_is_refund(transaction, caller, &line, *refund_id, now).await
        }
    }
}

/// A line that came in and is nothing yet.
async fn waiting_line(transaction: &Transaction<'_>, caller: &Caller, asked: &LineMatch) -> Result<StatementLine, BooksError> {
    let line = one_to_change(transaction, caller, asked.line_id, asked.expected_version).await?;
    if line.amount.is_negative() {
        return Err(MoneyRefusal::LineWentOut.into());
    }
    match line.state {
        LineState::Waiting | LineState::SetAside => Ok(line),
        LineState::Matched | LineState::Outgoing => Err(MoneyRefusal::LineOver(line.state.name()).into()),
    }
}

async fn line_is_new(
    transaction: &Transaction<'_>,
    caller: &Caller,
    line: &StatementLine,
    (wearer_id, is): (i64, &LineIs),
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    let LineIs::PaymentOf { invoice, is_deposit, is_another, .. } = is else { return Ok(()) };
    if line.has_like && !is_another {
        return Err(MoneyRefusal::ReferenceSeen(line.like_payment_id).into());
    }
    let kind = if *is_deposit { "deposit_payment" } else { "payment" };
    let reference = line.next_reference();
    let invoice = Some(invoice.as_str()).filter(|invoice| !invoice.is_empty());
    let new = NewFact::new(wearer_id, kind, line.paid_at(), line.amount.minor_units());
    let fact_id = record(transaction, caller, &NewFact { reference: Some(&reference), invoice, ..new }, now).await?;
    if *is_deposit {
        deposits::within_ceiling(transaction, wearer_id, now).await?;
    }
    transaction.execute(MATCHED, &[&line.line_id, &fact_id, &caller.name(), &now]).await?;
    Ok(())
}

/// The line is a payment that was recorded by hand: nothing is booked again.
async fn line_is_payment(
    transaction: &Transaction<'_>,
    caller: &Caller,
    line: &StatementLine,
    payment: &Payment,
    now: DateTime<Utc>,
) -> Result<(), BooksError> {
    if payment.reversed_at.is_some() {
        return Err(MoneyRefusal::PaymentReversed.into());
    }
    if payment.line_id != 0 {
        return Err(MoneyRefusal::HasLine(payment.line_id).into());
    }
    if payment.amount != line.amount {
        return Err(MoneyRefusal::LineAmountDiffers(payment.amount.minor_units()).into());
    }
    transaction.execute(MATCHED, &[&line.line_id, &payment.payment_id, &caller.name(), &now]).await?;
    Ok(())
}

/// Matches what is certain: the line names bill ids and invoices of one person alone, and nothing else may be the same payment. The persons of
/// refunds that lines of the unit may be are locked with the others.
pub(super) async fn match_lines(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (unit_id, format): (i64, &str),
    sought: &[Sought<'_>],
    now: DateTime<Utc>,
) -> Result<Found, BooksError> {
    let owners = Owners::of(transaction, caller, sought).await?;
    let certain: Vec<(&Sought<'_>, Owner)> = sought.iter().filter_map(|sought| Some((sought, owners.of_line(&sought.named)?))).collect();
    // The persons first: what somebody records of them by hand at this moment is seen by the doubts.
    let persons: Vec<i64> = certain.iter().flat_map(|(_, owner)| owner.files()).collect();
    transaction.query(LOCK_ALL, &[&persons, &unit_id, &caller.roots]).await?;
    let doubtful = doubtful(transaction, (unit_id, format), &certain).await?;
    let certain = booked(transaction, certain.into_iter().filter(|(sought, _)| !doubtful.contains(sought.import_id)).collect()).await?;
    let wearers: Vec<i64> = certain.iter().map(|(_, wearer_id)| *wearer_id).collect();
    let times: Vec<DateTime<Utc>> = certain.iter().map(|(sought, _)| sought.paid_at).collect();
    let amounts: Vec<i64> = certain.iter().map(|(sought, _)| sought.line.amount.minor_units()).collect();
    let ids: Vec<&str> = certain.iter().map(|(sought, _)| sought.import_id.as_str()).collect();
    let invoices = invoices_named(transaction, &certain).await?;
    let recorded_at = now.max(Utc::now());
    let rows = transaction.query(PAY_ALL, &[&wearers, &times, &amounts, &ids, &invoices, &recorded_at, &caller.name()]).await?;
    let (names, facts): (Vec<String>, Vec<i64>) = rows.iter().map(|row| (row.get::<_, String>(0), row.get::<_, i64>(1))).unzip();
    transaction.execute(MATCHED_ALL, &[&names, &facts, &caller.name(), &recorded_at]).await?;
    Ok(Found { matched: facts.len() as i32 })
}

async fn doubtful(
    transaction: &Transaction<'_>,
    (unit_id, format): (i64, &str),
    certain: &[(&Sought<'_>, Owner)],
) -> Result<HashSet<String>, BooksError> {
    let lines = certain.iter().map(|(sought, _)| sought);
    let ids: Vec<&str> = lines.clone().map(|sought| sought.import_id.as_str()).collect();
    let references: Vec<&str> = lines.clone().map(|sought| sought.line.reference.as_str()).collect();
    let amounts: Vec<i64> = lines.clone().map(|sought| sought.line.amount.minor_units()).collect();
    let days: Vec<chrono::NaiveDate> = lines.map(|sought| sought.line.day.gregorian()).collect();
    let rows = transaction.query(DOUBTFUL, &[&ids, &references, &amounts, &days, &unit_id, &format]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}
