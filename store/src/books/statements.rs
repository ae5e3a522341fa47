//! Bank statements read in: each line once, and matched where it is certain whose it is.

use super::refund_lines::match_outgoing;
use super::statement_match::{Found, Sought, match_lines};
use super::{BooksError, MoneyRefusal};
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use billing::Money;
use billing::calendar::{Day, Moment};
use billing::statement::{Line, Statement, import_ids, named};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeSet, HashMap};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Transaction};

/// Two imports of a unit at once come one after the other.
const UNIT: &str = "
    SELECT u.unit_id FROM units u WHERE u.code = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = u.unit_id AND r.above_id = ANY ($2))
    FOR NO KEY UPDATE OF u";
const ACCOUNTS: &str =
    "SELECT account, coalesce(max(account_number), '') FROM statements WHERE unit_id = $1 GROUP BY account ORDER BY account LIMIT 50";
const BEGIN: &str = "
    INSERT INTO statements (unit_id, account, account_number, format, imported_at, imported_by, line_count, first_day, last_day, closing, closing_day)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING statement_id";
const LINES: &str = "
    INSERT INTO statement_lines (statement_id, unit_id, import_id, place, day, amount, identifier, reference, text, state)
    SELECT $1, $2, i, p, d, a, n, r, t, CASE WHEN a < 0 THEN 'outgoing' ELSE 'waiting' END
    FROM unnest($3::text[], $4::integer[], $5::date[], $6::bigint[], $7::text[], $8::text[], $9::text[]) AS given (i, p, d, a, n, r, t)
    ON CONFLICT (import_id) DO NOTHING RETURNING import_id";
const END: &str = "
    UPDATE statements SET new_count = $2, matched_count = $3, waiting_count = $4, outgoing_count = $5 WHERE statement_id = $1";
const ONE: &str = "
    SELECT s.statement_id, s.line_count, s.new_count, s.matched_count, s.waiting_count, s.outgoing_count FROM statements s
    WHERE s.statement_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = s.unit_id AND r.above_id = ANY ($2))";
/// How many of these lines are of a file.
const OF_STATEMENT: &str = "SELECT count(*) FROM statement_lines WHERE statement_id = $1 AND line_id = ANY ($2)";
/// Whose books the payments of a file concern.
const PAID: &str = "
    SELECT DISTINCT f.wearer_id FROM statement_lines l JOIN billing_facts f USING (fact_id) WHERE l.statement_id = $1 ORDER BY 1";

/// A file that was read, to be taken in.
#[derive(Clone, Debug)]
pub struct NewStatement {
    /// The code of the unit whose account it is.
    pub unit: String,
    /// What the unit calls it.
    pub account: String,
    /// It is the first statement of that account.
    pub is_new_account: bool,
    /// As the table names it: `csv`, `mt940`, `camt053`.
    pub format: &'static str,
    /// What is in it.
    pub statement: Statement,
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StatementImport {
    /// Which.
    pub statement_id: i64,
    /// Its lines.
    pub lines: u32,
    /// Of these, lines that no earlier file had.
    pub new: u32,
    /// Of the new ones, those that were matched.
    pub matched: u32,
    /// Of the new ones, those that wait for a person.
    pub waiting: u32,
    /// Of the new ones, those that went out and are no refund (yet).
    pub outgoing: u32,
}

impl Store {
    /// Takes a statement in: its new lines, and what is certain of them. The books of whoever paid are carried on.
    ///
    /// # Errors
    /// When the unit is not within reach, or the account is not the one that it was.
    pub async fn statement_import(&self, caller: &Caller, new: &NewStatement, now: DateTime<Utc>) -> Result<StatementImport, BooksError> {
        let mut client = self.client().await?;
        let statement_id = match change::begin(&mut client, caller).await? {
            Change::Done(statement_id) => statement_id,
            Change::Open(open) => {
                let statement_id = statement_import(&open.transaction, caller, new, now).await?;
                open.commit(statement_id).await?;
                statement_id
            }
        };
        let row = client.query_opt(ONE, &[&statement_id, &caller.roots]).await?.ok_or(MoneyRefusal::UnknownUnit)?;
        let paid: Vec<i64> = client.query(PAID, &[&statement_id]).await?.iter().map(|row| row.get(0)).collect();
        drop(client);
        self.books_follow(&paid).await?;
        Ok(import_from(&row))
    }
}

async fn statement_import(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewStatement,
    now: DateTime<Utc>,
) -> Result<i64, BooksError> {
    let row = transaction.query_opt(UNIT, &[&new.unit, &caller.roots]).await?.ok_or(MoneyRefusal::UnknownUnit)?;
    let unit_id: i64 = row.get(0);
    let NewStatement { account, format, statement, .. } = new;
    let number = account_checked(transaction, unit_id, new).await?;
    let who = caller.name();
    let count = statement.lines.len() as i32;
    let (first, last, closing, closing_day) = covered(statement, now);
    let begun = [&unit_id as &(dyn ToSql + Sync), account, &number, format, &now, &who, &count, &first, &last, &closing, &closing_day];
    let row = transaction.query_one(BEGIN, &begun).await?;
    let statement_id: i64 = row.get(0);
    caller.about(format!("statement {statement_id} of {} {account}", new.unit));
    // By the unit too: two units may call their accounts alike.
    let ids = import_ids(&format!("{}/{account}", new.unit), &statement.lines);
    let fresh = insert(transaction, (statement_id, unit_id), &ids, &statement.lines).await?;
    let (mut sought, mut outgoing) = (Vec::new(), 0);
    for (import_id, line) in ids.iter().zip(&statement.lines).filter(|(id, _)| fresh.contains(*id)) {
        if line.amount.is_negative() {
            outgoing += 1;
        } else {
            sought.push(Sought { import_id, paid_at: billing::calendar::Moment::start_of(line.day).utc(), line, named: named(line) });
        }
    }
    let Found { matched } = match_lines(transaction, caller, (unit_id, format), &sought, now).await?;
    let waiting = sought.len() as i32 - matched;
    let refunds = match_outgoing(transaction, caller, unit_id, now).await?;
    let refunds = transaction.query_one(OF_STATEMENT, &[&statement_id, &refunds]).await?.get::<_, i64>(0) as i32;
    let (matched, outgoing) = (matched + refunds, outgoing - refunds);
    transaction.execute(END, &[&statement_id, &(fresh.len() as i32), &matched, &waiting, &outgoing]).await?;
    Ok(statement_id)
}

/// The first and the last day that a file covers, and the balance after its last line with its day. No bank knows a day that is yet to come.
fn covered(statement: &Statement, now: DateTime<Utc>) -> (Option<NaiveDate>, Option<NaiveDate>, Option<i64>, Option<NaiveDate>) {
    let days = statement.lines.iter().map(|line| line.day);
    let today = Moment::try_from(now).map(Moment::day).ok();
    let closing_day = statement.closing_day.map(|day| today.map_or(day, |today| day.min(today))).or_else(|| days.clone().max());
    let closing_day = closing_day.filter(|_| statement.closing.is_some());
    let (first, last) = (days.clone().chain(closing_day).min(), days.chain(closing_day).max());
    let closing = statement.closing.filter(|_| closing_day.is_some()).map(Money::minor_units);
    (first.map(Day::gregorian), last.map(Day::gregorian), closing, closing_day.map(Day::gregorian))
}

/// The number of the account. Under another name, or from another account, the same line would be two payments.
async fn account_checked(transaction: &Transaction<'_>, unit_id: i64, new: &NewStatement) -> Result<String, BooksError> {
    let rows = transaction.query(ACCOUNTS, &[&unit_id]).await?;
    let known: HashMap<&str, &str> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let named = new.statement.account.as_str();
    match known.get(new.account.as_str()) {
        None if !new.is_new_account => {
            let names: BTreeSet<&str> = known.keys().copied().collect();
            Err(MoneyRefusal::AccountNew(names.into_iter().collect::<Vec<_>>().join(", ")).into())
        }
        Some(number) if !named.is_empty() && !number.is_empty() && *number != named => {
            Err(MoneyRefusal::AccountDiffers((*number).to_owned()).into())
        }
        _ => Ok(named.to_owned()),
    }
}

/// Which of the lines no earlier file had.
async fn insert(
    transaction: &Transaction<'_>,
    (statement_id, unit_id): (i64, i64),
    ids: &[String],
    lines: &[Line],
) -> Result<BTreeSet<String>, BooksError> {
    let places: Vec<i32> = lines.iter().map(|line| line.place as i32).collect();
    let days: Vec<NaiveDate> = lines.iter().map(|line| Day::gregorian(line.day)).collect();
    let amounts: Vec<i64> = lines.iter().map(|line| line.amount.minor_units()).collect();
    let texts = |of: fn(&Line) -> &String| lines.iter().map(|line| of(line).as_str()).collect::<Vec<_>>();
    let (identifiers, references) = (texts(|line| &line.identifier), texts(|line| &line.reference));
    let told = texts(|line| &line.text);
    let rows =
        transaction.query(LINES, &[&statement_id, &unit_id, &ids, &places, &days, &amounts, &identifiers, &references, &told]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

fn import_from(row: &Row) -> StatementImport {
    let count = |column: usize| u32::try_from(row.get::<_, i32>(column)).unwrap_or_default();
    StatementImport { statement_id: row.get(0), lines: count(1), new: count(2), matched: count(3), waiting: count(4), outgoing: count(5) }
}
