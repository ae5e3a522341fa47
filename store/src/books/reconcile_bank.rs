//! The bank held against the books: what statements of each account cover and say, and money that stands in one of the two alone.

use super::reconcile_person::Found;
use super::{AsOf, BankAccount, BankSums, Difference};
use crate::StoreError;
use billing::Money;
use chrono::NaiveDate;
use tokio_postgres::{Row, Transaction};

/// Lines of accounts of these units ($1), as they stood before an instant ($2).
macro_rules! lines_then {
    () => {
        "lines AS (
        SELECT l.line_id, l.unit_id, s.account, l.day, l.amount,
            CASE WHEN l.decided_at >= $2 THEN coalesce(h.state, CASE WHEN l.amount < 0 THEN 'outgoing' ELSE 'waiting' END) ELSE l.state END AS state,
            CASE WHEN l.decided_at >= $2 THEN h.fact_id ELSE l.fact_id END AS fact_id
        FROM statement_lines l JOIN statements s USING (statement_id) LEFT JOIN LATERAL (
            SELECT h.state, h.fact_id FROM statement_line_states h WHERE l.decided_at >= $2 AND h.line_id = l.line_id AND h.at < $2
            ORDER BY h.state_id DESC LIMIT 1) h ON true
        WHERE l.unit_id = ANY ($1) AND s.imported_at < $2)"
    };
}

/// The days that statements of each account cover, by what was read in before an instant ($2).
macro_rules! accounts_then {
    () => {
        "accounts AS (
        SELECT unit_id, account, min(first_day) AS first_day, max(last_day) AS last_day FROM statements WHERE imported_at < $2 GROUP BY unit_id, account)"
    };
}

/// The same for each unit of these ($1): of its own accounts and those of the units above.
macro_rules! covered {
    () => {
        concat!(
            "WITH ",
            accounts_then!(),
            ", covered AS (
        SELECT r.unit_id, a.first_day, a.last_day FROM accounts a JOIN unit_reach r ON r.above_id = a.unit_id WHERE r.unit_id = ANY ($1)) "
        )
    };
}

/// Whether a line was this fact before the instant.
macro_rules! is_a_line {
    ($fact:literal) => {
        concat!(
            "(EXISTS (SELECT FROM statement_lines l WHERE l.fact_id = ",
            $fact,
            " AND (l.decided_at IS NULL OR l.decided_at < $2)) OR EXISTS (
        SELECT FROM statement_line_states h WHERE h.fact_id = ",
            $fact,
            " AND h.at < $2
            AND NOT EXISTS (SELECT FROM statement_line_states n WHERE n.line_id = h.line_id AND n.state_id > h.state_id AND n.at < $2)))"
        )
    };
}

/// Whether the bank would have shown by now what moved on a day: there are statements of around that day, and of each such account up to a week after it.
/// An account whose last line is a month older is not in use any more.
macro_rules! would_be_seen {
    ($day:literal) => {
        concat!(
            "(SELECT bool_and(c.last_day >= ",
            $day,
            " + 7) FROM covered c WHERE c.unit_id = w.unit_id AND c.first_day <= ",
            $day,
            " AND c.last_day >= ",
            $day,
            " - 31)"
        )
    };
}

const NOTHING: BankSums =
    BankSums { total: Money::rials(0), matched: Money::rials(0), waiting: Money::rials(0), set_aside: Money::rials(0), waiting_lines: 0 };

/// A row for each account, direction and state.
const ACCOUNTS: &str = concat!(
    "WITH ",
    lines_then!(),
    ", ",
    accounts_then!(),
    ", balances AS (
        SELECT DISTINCT ON (unit_id, account) unit_id, account, closing, closing_day FROM statements WHERE imported_at < $2 AND closing IS NOT NULL
        ORDER BY unit_id, account, closing_day DESC, statement_id DESC
    ), sums AS (
        SELECT unit_id, account, amount > 0 AS came_in, state, sum(abs(amount))::bigint AS amount, count(*) AS lines FROM lines GROUP BY 1, 2, 3, 4
    )
    SELECT u.code, a.account, a.first_day, a.last_day, b.closing, b.closing_day, s.came_in, s.state, s.amount, s.lines
    FROM accounts a JOIN units u USING (unit_id) LEFT JOIN balances b USING (unit_id, account) LEFT JOIN sums s USING (unit_id, account)
    WHERE a.unit_id = ANY ($1) ORDER BY u.code, a.account"
);
/// Payments that stand, are no line, and are not like one that waits.
const PAYMENTS: &str = concat!(
    covered!(),
    "SELECT w.wearer_id, w.reference, 'payment ' || f.fact_id, f.amount, 0::bigint
    FROM billing_facts f JOIN wearers w USING (wearer_id) CROSS JOIN LATERAL (SELECT (f.at AT TIME ZONE 'Asia/Tehran')::date AS day) paid
    WHERE w.unit_id = ANY ($1) AND w.unit_id IN (SELECT unit_id FROM covered) AND f.kind IN ('payment', 'deposit_payment') AND f.recorded_at < $2
        AND NOT EXISTS (SELECT FROM billing_facts c WHERE c.cancels = f.fact_id AND c.kind = 'cancel' AND c.recorded_at < $2)
        AND NOT ",
    is_a_line!("f.fact_id"),
    " AND NOT EXISTS (SELECT FROM statement_lines l JOIN statements s USING (statement_id)
            WHERE l.reference IN (f.reference, regexp_replace(f.reference, '/[2-9]$', '')) AND l.reference <> '' AND l.amount = f.amount
                AND s.imported_at < $2 AND (l.state = 'waiting' OR l.decided_at >= $2))
        AND ",
    would_be_seen!("paid.day"),
    " ORDER BY f.fact_id"
);
/// Refunds that were sent and did not come back, or came back by a line, and are no line. A bulk transfer is one line, of the same reference.
const REFUNDS: &str = concat!(
    covered!(),
    "SELECT w.wearer_id, w.reference, 'refund ' || r.refund_id, -r.amount, 0::bigint
    FROM refunds r JOIN wearers w USING (wearer_id) CROSS JOIN LATERAL (SELECT (r.sent_at AT TIME ZONE 'Asia/Tehran')::date AS day) sent
        LEFT JOIN billing_facts c ON c.cancels = r.fact_id AND c.kind = 'cancel' AND c.recorded_at < $2
    WHERE w.unit_id = ANY ($1) AND w.unit_id IN (SELECT unit_id FROM covered) AND r.sent_at < $2 AND r.state IN ('sent', 'returned')
        AND (c.fact_id IS NULL OR ",
    is_a_line!("c.fact_id"),
    ") AND NOT ",
    is_a_line!("r.fact_id"),
    " AND NOT EXISTS (SELECT FROM statement_lines l JOIN statements s USING (statement_id)
            WHERE l.reference = r.bank_reference AND l.amount <= -r.amount AND s.imported_at < $2 AND (l.fact_id IS NULL OR l.decided_at >= $2))
        AND ",
    would_be_seen!("sent.day"),
    " ORDER BY r.refund_id"
);
/// Lines whose payment bounced or whose refund came back without a line, by account and amount, the last first: whether their week is over, and how many
/// lines of the same amount that are nothing went the other way since.
const REVERSED: &str = concat!(
    "WITH ",
    accounts_then!(),
    ", gone AS (
        SELECT l.line_id, l.unit_id, s.account, l.day, l.amount, f.wearer_id, c.fact_id, (c.recorded_at AT TIME ZONE 'Asia/Tehran')::date AS since
        FROM billing_facts c JOIN billing_facts f ON f.fact_id = c.cancels JOIN statement_lines l ON l.fact_id = f.fact_id JOIN statements s USING (statement_id)
        WHERE c.kind = 'cancel' AND c.recorded_at < $2 AND l.unit_id = ANY ($1) AND s.imported_at < $2 AND (l.decided_at IS NULL OR l.decided_at < $2)
    )
    SELECT g.wearer_id, CASE WHEN w.unit_id = ANY ($1) THEN w.reference ELSE '' END, 'line ' || g.line_id, 0::bigint, g.amount, g.unit_id, g.account,
        a.last_day >= g.since + 7, (SELECT count(*) FROM statement_lines o JOIN statements s USING (statement_id)
            WHERE o.unit_id = g.unit_id AND s.account = g.account AND o.amount = -g.amount AND o.day >= g.day AND o.fact_id IS NULL AND s.imported_at < $2)
    FROM gone g JOIN accounts a USING (unit_id, account) JOIN wearers w USING (wearer_id)
    WHERE NOT ",
    is_a_line!("g.fact_id"),
    " ORDER BY g.unit_id, g.account, g.amount, g.day DESC, g.line_id DESC"
);
/// Lines of another amount than what they are.
const AMOUNTS: &str = concat!(
    "WITH ",
    lines_then!(),
    " SELECT f.wearer_id, CASE WHEN w.unit_id = ANY ($1) THEN w.reference ELSE '' END, 'line ' || l.line_id, booked.amount, l.amount
    FROM lines l JOIN billing_facts f USING (fact_id) LEFT JOIN billing_facts back ON back.fact_id = f.cancels JOIN wearers w ON w.wearer_id = f.wearer_id
        CROSS JOIN LATERAL (SELECT CASE WHEN f.kind IN ('refund', 'deposit_return') THEN -f.amount ELSE coalesce(f.amount, back.amount) END AS amount) booked
    WHERE booked.amount <> l.amount ORDER BY l.line_id"
);

/// What statements say of the accounts of these units. What differs from the books is added to what was found.
pub(super) async fn bank(
    transaction: &Transaction<'_>,
    units: &[i64],
    as_of: AsOf,
    found: &mut Found,
) -> Result<Vec<BankAccount>, StoreError> {
    let asked: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&units, &as_of.before];
    for (what, query) in
        [(Difference::PaymentNotAtBank, PAYMENTS), (Difference::RefundNotAtBank, REFUNDS), (Difference::LineAmount, AMOUNTS)]
    {
        for row in transaction.query(query, &asked).await? {
            found.differ_of((row.get(0), row.get(1)), what, row.get(2), (row.get(3), row.get(4)));
        }
    }
    let reversed = transaction.query(REVERSED, &asked).await?;
    let same = |a: &Row, b: &Row| key(a) == key(b);
    reversed.chunk_by(same).for_each(|lines| add_reversed(lines, found));
    let mut accounts: Vec<BankAccount> = Vec::new();
    for row in transaction.query(ACCOUNTS, &asked).await? {
        add(&mut accounts, &row);
    }
    Ok(accounts)
}

/// Account and amount.
fn key(row: &Row) -> (i64, &str, i64) {
    (row.get(5), row.get(6), row.get(4))
}

/// Adds those of one account and amount that nothing undid; the last comes first. Of a payment any line that went out since may be the one by which it
/// bounced, each of one payment; of a refund only the one that somebody named.
fn add_reversed(lines: &[Row], found: &mut Found) {
    let mut undone = 0;
    for row in lines {
        let (amount, is_over, since): (i64, bool, i64) = (row.get(4), row.get(7), row.get(8));
        if amount > 0 && since > undone {
            undone += 1;
        } else if is_over {
            found.differ_of((row.get(0), row.get(1)), Difference::LineReversed, row.get(2), (row.get(3), amount));
        }
    }
}

/// Adds the sum of one direction and state to its account, which comes with its rows one after the other.
fn add(accounts: &mut Vec<BankAccount>, row: &Row) {
    let (unit, name): (&str, &str) = (row.get(0), row.get(1));
    if accounts.last().is_none_or(|last| (last.unit.as_str(), last.account.as_str()) != (unit, name)) {
        let closing = row.get::<_, Option<i64>>(4).map(Money::rials).zip(row.get::<_, Option<NaiveDate>>(5));
        let days = row.get::<_, Option<NaiveDate>>(2).zip(row.get::<_, Option<NaiveDate>>(3));
        let (unit, account) = (unit.to_owned(), name.to_owned());
        accounts.push(BankAccount { unit, account, days, came_in: NOTHING, went_out: NOTHING, closing });
    }
    let (Some(account), Some(came_in)) = (accounts.last_mut(), row.get::<_, Option<bool>>(6)) else { return };
    let sums = if came_in { &mut account.came_in } else { &mut account.went_out };
    let (amount, lines): (i64, i64) = (row.get(8), row.get(9));
    sums.total = Money::rials(sums.total.minor_units() + amount);
    match row.get(7) {
        "matched" => sums.matched = Money::rials(amount),
        "set_aside" => sums.set_aside = Money::rials(amount),
        // Of one direction there is one such state.
        _ => (sums.waiting, sums.waiting_lines) = (Money::rials(amount), lines.unsigned_abs()),
    }
}
