//! Lines of statements as they are read: one, and lists.

use super::{BooksError, MoneyRefusal};
use crate::{Store, StoreError};
use access::Caller;
use billing::Money;
use billing::statement::plain;
use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, Transaction};

macro_rules! line_columns {
    () => {
        "SELECT l.line_id, l.version, l.statement_id, l.place, u.code, s.account, l.day, l.amount, l.identifier, l.reference, l.text, l.state,
            CASE WHEN EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) THEN w.reference END,
            CASE WHEN rf.refund_id IS NULL THEN l.fact_id END, l.is_automatic, coalesce(l.decided_by, ''), l.decided_at, l.reason, f.wearer_id, l.import_id, l.matched_count,
            alike.fact_id IS NOT NULL, CASE WHEN EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = alike.unit_id AND r.above_id = ANY ($1)) THEN alike.fact_id END,
            CASE WHEN EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) THEN rf.refund_id END, l.fact_id
        FROM statement_lines l JOIN statements s USING (statement_id) JOIN units u ON u.unit_id = l.unit_id LEFT JOIN billing_facts f ON f.fact_id = l.fact_id
            LEFT JOIN refunds rf ON rf.fact_id = coalesce(f.cancels, f.fact_id) LEFT JOIN wearers w ON w.wearer_id = f.wearer_id
            LEFT JOIN LATERAL (SELECT a.fact_id, aw.unit_id FROM billing_facts a JOIN wearers aw USING (wearer_id)
                WHERE l.state IN ('waiting', 'set_aside') AND l.reference <> '' AND a.amount = l.amount AND a.kind IN ('payment', 'deposit_payment')
                    AND a.fact_id IN (SELECT h.fact_id FROM billing_facts h WHERE h.reference = ANY (references_of(l.reference))
                        UNION ALL SELECT o.fact_id FROM statement_lines o WHERE o.state = 'matched' AND o.reference = l.reference AND o.amount = l.amount)
                    AND NOT EXISTS (SELECT FROM billing_facts c WHERE c.cancels = a.fact_id AND c.kind = 'cancel')
                ORDER BY a.fact_id LIMIT 1) alike ON true
        WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = l.unit_id AND r.above_id = ANY ($1)) "
    };
}

const ONE: &str = concat!(line_columns!(), "AND l.line_id = $2");
const LOCK: &str = "SELECT FROM statement_lines WHERE line_id = $1 FOR UPDATE";
const LIST: &str = concat!(
    line_columns!(),
    "AND ($2 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units a ON a.unit_id = r.above_id WHERE r.unit_id = l.unit_id AND a.code = $2))
        AND ($3::text[] = '{}' OR l.state = ANY ($3)) AND ($4::bigint = 0 OR l.statement_id = $4)
        AND ($5::date IS NULL OR l.day >= $5) AND ($6::date IS NULL OR l.day <= $6)
        AND ($10::bigint = 0 OR l.amount IN ($10, -$10)) AND ($11 = '' OR l.reference LIKE $11 OR l.identifier LIKE $11)
        AND ($7::bigint = 0 OR (l.state <> 'waiting', -l.line_id) > ($8::boolean, -$7::bigint))
    ORDER BY l.state <> 'waiting', l.line_id DESC LIMIT $9"
);

/// How a line stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineState {
    /// It came in, and nobody knows yet whose it is.
    Waiting,
    /// It is a payment, or a refund that came back; of one that went out, a refund.
    Matched,
    /// It is no payment of a wearer, and no refund.
    SetAside,
    /// It went out, and nobody knows yet which refund it is.
    Outgoing,
}

impl LineState {
    const ALL: [Self; 4] = [Self::Waiting, Self::Matched, Self::SetAside, Self::Outgoing];

    /// As the table names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Matched => "matched",
            Self::SetAside => "set_aside",
            Self::Outgoing => "outgoing",
        }
    }
}

/// A line of a statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StatementLine {
    /// Which.
    pub line_id: i64,
    /// For changes of it.
    pub version: i64,
    /// The first file that had it.
    pub statement_id: i64,
    /// Its line there.
    pub place: u32,
    /// Whose account: the unit's code.
    pub unit: String,
    /// What the unit calls it.
    pub account: String,
    /// When the bank booked it.
    pub day: NaiveDate,
    /// Below nothing: it went out.
    pub amount: Money,
    /// What the payer named it by.
    pub identifier: String,
    /// The bank's.
    pub reference: String,
    /// What else the bank says.
    pub text: String,
    /// How it stands.
    pub state: LineState,
    /// Whose it is, if that is within reach; else empty.
    pub wearer: String,
    /// The payment that it is.
    pub payment_id: Option<i64>,
    /// No person had to say so.
    pub is_automatic: bool,
    /// Who decided last; empty = nobody.
    pub decided_by: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why.
    pub reason: String,
    /// A payment of the same bank reference and amount within reach.
    pub like_payment_id: Option<i64>,
    /// There is one, within reach or not.
    pub(super) has_like: bool,
    /// The refund that it is, or that came back by it, if that is within reach.
    pub refund_id: Option<i64>,
    pub(super) fact_id: Option<i64>,
    pub(super) wearer_id: Option<i64>,
    import_id: String,
    matched_count: i32,
}

impl StatementLine {
    /// What its next payment is named by: its own name, and how often it was matched before.
    pub(super) fn next_reference(&self) -> String {
        match self.matched_count {
            0 => self.import_id.clone(),
            before => format!("{}/{}", self.import_id, before + 1),
        }
    }

    /// The first instant of the day on which it was booked.
    pub(super) fn paid_at(&self) -> DateTime<Utc> {
        // Eight o'clock of Greenwich is noon in Tehran or nearly so.
        let noon = self.day.and_hms_opt(8, 0, 0).expect("eight o'clock is on every day").and_utc();
        billing::calendar::Moment::try_from(noon).map_or(noon, |noon| billing::calendar::Moment::start_of(noon.day()).utc())
    }
}

/// Which lines to list. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct LineFilter {
    /// Of this unit and those below, by code; empty = all.
    pub unit: String,
    /// Only in these states; empty = all.
    pub states: Vec<LineState>,
    /// Only what was new in this import; 0 = all.
    pub statement_id: i64,
    /// Only lines of these days, both included.
    pub from: Option<NaiveDate>,
    /// See `from`.
    pub to: Option<NaiveDate>,
    /// Only lines whose reference or identifier begins so; empty = all.
    pub begins: String,
    /// Only lines of this amount, rials, whether they came in or went out; 0 = all.
    pub amount: i64,
    /// The last line of the page before, and whether it waited no more.
    pub after: Option<(bool, i64)>,
    /// At most so many.
    pub limit: u32,
}

impl Store {
    /// Lines within the caller's reach that match the filter: those that wait first, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn statement_line_list(&self, caller: &Caller, filter: &LineFilter) -> Result<Vec<StatementLine>, StoreError> {
        let LineFilter { unit, statement_id, from, to, amount, .. } = filter;
        let states: Vec<&str> = filter.states.iter().map(|state| state.name()).collect();
        let (is_over, after) = filter.after.unwrap_or_default();
        let (limit, begins) = (i64::from(filter.limit), like(&plain(&filter.begins)));
        let client = self.client().await?;
        let asked =
            [&caller.roots as &(dyn ToSql + Sync), unit, &states, statement_id, from, to, &after, &is_over, &limit, amount, &begins];
        let rows = client.query(LIST, &asked).await?;
        rows.iter().map(line_from).collect()
    }
}

/// The pattern of texts that begin so; empty for none.
pub(super) fn like(begins: &str) -> String {
    let plain = begins.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    if plain.is_empty() { plain } else { plain + "%" }
}

/// One line within the caller's reach.
pub(super) async fn one(transaction: &Transaction<'_>, caller: &Caller, line_id: i64) -> Result<StatementLine, BooksError> {
    let row = transaction.query_opt(ONE, &[&caller.roots, &line_id]).await?.ok_or(MoneyRefusal::UnknownLine)?;
    caller.about(format!("line {line_id} of a statement"));
    Ok(line_from(&row)?)
}

/// The same to be changed: at this version, and nobody else changes it until the commit.
pub(super) async fn one_to_change(
    transaction: &Transaction<'_>,
    caller: &Caller,
    line_id: i64,
    expected_version: i64,
) -> Result<StatementLine, BooksError> {
    let line = line_locked(transaction, caller, line_id).await?;
    if line.version == expected_version { Ok(line) } else { Err(MoneyRefusal::VersionChanged(line.version).into()) }
}

/// The same at whatever version.
pub(super) async fn line_locked(transaction: &Transaction<'_>, caller: &Caller, line_id: i64) -> Result<StatementLine, BooksError> {
    transaction.query_opt(LOCK, &[&line_id]).await?;
    one(transaction, caller, line_id).await
}

fn line_from(row: &Row) -> Result<StatementLine, StoreError> {
    let state = LineState::ALL.into_iter().find(|state| state.name() == row.get::<_, &str>(11));
    Ok(StatementLine {
        line_id: row.get(0),
        version: row.get(1),
        statement_id: row.get(2),
        place: u32::try_from(row.get::<_, i32>(3)).unwrap_or_default(),
        unit: row.get(4),
        account: row.get(5),
        day: row.get(6),
        amount: Money::rials(row.get(7)),
        identifier: row.get(8),
        reference: row.get(9),
        text: row.get(10),
        state: state.ok_or_else(|| StoreError::Unreadable(format!("line {} of a statement", row.get::<_, i64>(0))))?,
        wearer: row.get::<_, Option<String>>(12).unwrap_or_default(),
        payment_id: row.get(13),
        is_automatic: row.get(14),
        decided_by: row.get(15),
        decided_at: row.get(16),
        reason: row.get(17),
        wearer_id: row.get(18),
        import_id: row.get(19),
        matched_count: row.get(20),
        has_like: row.get(21),
        like_payment_id: row.get(22),
        refund_id: row.get(23),
        fact_id: row.get(24),
    })
}
