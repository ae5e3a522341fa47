//! What was granted to persons, and what was required of them as a deposit.

use super::BooksError;
use crate::enrolment::Decision;
use crate::{Store, StoreError};
use access::Caller;
use billing::{Covered, Money};
use chrono::{DateTime, Utc};
use tokio_postgres::{Row, Transaction};

macro_rules! relief_columns {
    () => {
        "SELECT r.relief_id, w.reference, r.kind, f.at, f.until, f.class, f.percent, f.covers, q.amount, r.authority, r.decision_number, r.decision_date,
            r.found_by, r.proposed_by, r.approved_by, r.at, c.recorded_at, c.recorded_by, c.note, r.wearer_id, r.fact_id,
            f.fee_of, f.chargeable, r.cause, r.reason
        FROM billing_reliefs r JOIN wearers w ON w.wearer_id = r.wearer_id LEFT JOIN billing_facts f ON f.fact_id = r.fact_id
            LEFT JOIN deposit_requirements q ON q.relief_id = r.relief_id LEFT JOIN billing_facts c ON c.cancels = r.fact_id AND c.kind = 'cancel'
        WHERE EXISTS (SELECT FROM unit_reach u WHERE u.unit_id = w.unit_id AND u.above_id = ANY ($1)) "
    };
}

const ONE: &str = concat!(relief_columns!(), "AND r.relief_id = $2");
const OF_WEARER: &str = concat!(relief_columns!(), "AND w.reference = $2 ORDER BY r.relief_id DESC");
const WEARER: &str = "
    SELECT FROM wearers w WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";

/// What is granted or required.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReliefTerms {
    /// Days cost what the tariff asks of a class.
    Class {
        /// The first instant.
        from: DateTime<Utc>,
        /// The first instant after it.
        to: Option<DateTime<Utc>>,
        /// Which.
        class: String,
    },
    /// A part of the fees is waived.
    Waiver {
        /// The first instant.
        from: DateTime<Utc>,
        /// The first instant after it.
        to: Option<DateTime<Utc>>,
        /// 1 to 100.
        percent: u8,
        /// Of which fees: one at least.
        covers: Vec<Covered>,
    },
    /// The deposit that the authority requires.
    Deposit(Money),
    /// Days are not billed: there was no use (decision D9). It may have begun before the decision, which states a fact.
    Suspension {
        /// The first instant.
        from: DateTime<Utc>,
        /// The first instant after it.
        to: Option<DateTime<Utc>>,
        /// Why.
        cause: NoUseCause,
    },
    /// Whether the fee of a fitting is charged from now on, whatever was recorded with it (decision D15).
    Fee {
        /// The installation or replacement.
        fitting_id: i64,
        /// Whether it is.
        chargeable: bool,
        /// Why.
        reason: String,
    },
}

/// Why use was suspended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoUseCause {
    /// The tag was out of order.
    Defect,
    /// The person was in hospital.
    Hospital,
    /// The person was back in prison.
    Prison,
    /// The tag was off by order.
    OrderedOff,
    /// The record says that a tag was worn, and none was: a removal was recorded late, or at a wrong time.
    WrongRecord,
}

impl NoUseCause {
    const ALL: [Self; 5] = [Self::Defect, Self::Hospital, Self::Prison, Self::OrderedOff, Self::WrongRecord];

    /// As the database writes it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Defect => "defect",
            Self::Hospital => "hospital",
            Self::Prison => "prison",
            Self::OrderedOff => "ordered_off",
            Self::WrongRecord => "wrong_record",
        }
    }
}

/// What is to be granted to a wearer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRelief {
    /// To whom: the file reference.
    pub wearer: String,
    /// What.
    pub terms: ReliefTerms,
    /// By which decision.
    pub decision: Decision,
    /// Who found that it is so.
    pub found_by: String,
}

/// What was granted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Relief {
    /// Which.
    pub relief_id: i64,
    /// What, to whom and why.
    pub granted: NewRelief,
    /// Who proposed it.
    pub proposed_by: String,
    /// Who approved it.
    pub approved_by: String,
    /// When.
    pub at: DateTime<Utc>,
    /// When, by whom and why it was ended.
    pub ended: Option<(DateTime<Utc>, String, String)>,
    pub(super) wearer_id: i64,
    pub(super) fact_id: Option<i64>,
}

impl Store {
    /// Whatever was granted to a wearer, newest first.
    ///
    /// # Errors
    /// When the wearer is not within reach.
    pub async fn relief_list(&self, caller: &Caller, wearer: &str) -> Result<Vec<Relief>, BooksError> {
        caller.about_wearer(wearer);
        let client = self.client().await?;
        client.query_opt(WEARER, &[&wearer, &caller.roots]).await?.ok_or(BooksError::UnknownWearer)?;
        let rows = client.query(OF_WEARER, &[&caller.roots, &wearer]).await?;
        Ok(rows.iter().map(relief_from).collect::<Result<_, _>>()?)
    }
}

pub(super) async fn one(transaction: &Transaction<'_>, caller: &Caller, relief_id: i64) -> Result<Relief, BooksError> {
    let row = transaction.query_opt(ONE, &[&caller.roots, &relief_id]).await?.ok_or(BooksError::UnknownRelief)?;
    let relief = relief_from(&row)?;
    caller.about_wearer(&relief.granted.wearer);
    caller.about(format!("relief {relief_id}"));
    Ok(relief)
}

fn relief_from(row: &Row) -> Result<Relief, StoreError> {
    let relief_id = row.get(0);
    let kind: &str = row.get(2);
    let terms = match (kind, row.get(3), row.get::<_, Option<i64>>(8)) {
        ("class", Some(from), _) => ReliefTerms::Class { from, to: row.get(4), class: row.get(5) },
        ("waiver", Some(from), _) => {
            let percent = u8::try_from(row.get::<_, i16>(6)).unwrap_or_default();
            let covers = row.get::<_, Vec<String>>(7).iter().filter_map(|name| covered(name)).collect();
            ReliefTerms::Waiver { from, to: row.get(4), percent, covers }
        }
        ("deposit", _, Some(amount)) => ReliefTerms::Deposit(Money::rials(amount)),
        ("suspension", Some(from), _) => {
            let named = |cause: &NoUseCause| Some(cause.name()) == row.get::<_, Option<&str>>(23);
            let cause = NoUseCause::ALL.into_iter().find(named);
            let cause = cause.ok_or_else(|| StoreError::Unreadable(format!("the cause of relief {relief_id}")))?;
            ReliefTerms::Suspension { from, to: row.get(4), cause }
        }
        ("fee", Some(_), _) => ReliefTerms::Fee { fitting_id: row.get(21), chargeable: row.get(22), reason: row.get(24) },
        _ => return Err(StoreError::Unreadable(format!("relief {relief_id}"))),
    };
    let decision = Decision { authority: row.get(9), number: row.get(10), date: row.get(11) };
    let ended: Option<DateTime<Utc>> = row.get(16);
    Ok(Relief {
        relief_id,
        granted: NewRelief { wearer: row.get(1), terms, decision, found_by: row.get(12) },
        proposed_by: row.get(13),
        approved_by: row.get(14),
        at: row.get(15),
        ended: ended.map(|at| (at, row.get(17), row.get(18))),
        wearer_id: row.get(19),
        fact_id: row.get(20),
    })
}

const COVERED: [(Covered, &str); 3] = [(Covered::Daily, "daily"), (Covered::Install, "install"), (Covered::Replace, "replace")];

fn covered(name: &str) -> Option<Covered> {
    COVERED.iter().find(|(_, known)| *known == name).map(|(covered, _)| *covered)
}

/// As the table names them.
pub(super) fn covered_names(covers: &[Covered]) -> Vec<&'static str> {
    COVERED.iter().filter(|(covered, _)| covers.contains(covered)).map(|(_, name)| *name).collect()
}
