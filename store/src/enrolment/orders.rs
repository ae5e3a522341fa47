//! Orders: judicial decisions that put a wearer under monitoring, recorded as facts.

use super::order_facts::{fact_insert, order_locked, period_free};
use super::wearers::wearer_within_reach;
use super::{Decision, EnrolmentError};
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use chrono::{DateTime, NaiveDate, Utc};
use enrolment::{LifeFact, OrderFactKind, fact_fits};
use tokio_postgres::Transaction;

const CREATE: &str = "INSERT INTO orders (wearer_id) VALUES ($1) RETURNING order_id";
const NEXT_VERSION: &str = "UPDATE orders SET version = version + 1 WHERE order_id = $1";

/// The law that an order rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LegalBasis {
    /// Islamic penal code, article 62.
    Ipc62,
    /// Criminal procedure code, article 553.
    Cpc553,
    /// Criminal procedure code, article 217.
    Cpc217,
    /// Prisons bylaw, article 191.
    Bylaw191,
    /// Another.
    Other,
}

impl LegalBasis {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Ipc62, Self::Cpc553, Self::Cpc217, Self::Bylaw191, Self::Other];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ipc62 => "ipc_62",
            Self::Cpc553 => "cpc_553",
            Self::Cpc217 => "cpc_217",
            Self::Bylaw191 => "bylaw_191",
            Self::Other => "other",
        }
    }
}

/// How the wearer is monitored.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Regime {
    /// By a tag with an area.
    Tag,
    /// At home.
    House,
}

impl Regime {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Tag, Self::House];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::House => "house",
        }
    }
}

/// Why an order rests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SuspensionCause {
    /// The wearer is in hospital.
    Hospital,
    /// Back in prison.
    Prison,
    /// Another.
    Other,
}

impl SuspensionCause {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Hospital, Self::Prison, Self::Other];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hospital => "hospital",
            Self::Prison => "prison",
            Self::Other => "other",
        }
    }
}

/// How an order is from the instant of its fact on, whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderTerms {
    /// The law.
    pub legal_basis: LegalBasis,
    /// The regime.
    pub regime: Regime,
    /// 1 to 3, of the regime tag; `None` = the judge set none.
    pub zone_degree: Option<i16>,
    /// The last day in Tehran; `None` = none was set. Nothing ends by itself on it.
    pub planned_end: Option<NaiveDate>,
}

/// What a fact says of its order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderSaying {
    /// It begins so.
    New(OrderTerms),
    /// It is so from here on.
    Variation(OrderTerms),
    /// It rests.
    Suspension(SuspensionCause),
    /// It goes on.
    Resumption,
    /// It was taken back.
    Revocation,
    /// It is served.
    End,
}

impl OrderSaying {
    /// What kind of fact it is.
    pub const fn kind(&self) -> OrderFactKind {
        match self {
            Self::New(_) => OrderFactKind::New,
            Self::Variation(_) => OrderFactKind::Variation,
            Self::Suspension(_) => OrderFactKind::Suspension,
            Self::Resumption => OrderFactKind::Resumption,
            Self::Revocation => OrderFactKind::Revocation,
            Self::End => OrderFactKind::End,
        }
    }
}

/// An order to record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOrder {
    /// The wearer's file reference.
    pub wearer: String,
    /// From when it is in force; may lie in the past or ahead.
    pub at: DateTime<Utc>,
    /// The decision.
    pub decision: Decision,
    /// What it orders.
    pub terms: OrderTerms,
    /// Whatever else is to be known.
    pub note: String,
}

/// A fact to record of an order that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewOrderFact {
    /// Which order.
    pub order_id: i64,
    /// The version that the caller saw.
    pub expected_version: i64,
    /// From when it holds.
    pub at: DateTime<Utc>,
    /// The decision that says so.
    pub decision: Decision,
    /// What; never `New`.
    pub saying: OrderSaying,
    /// Whatever else is to be known.
    pub note: String,
}

impl Store {
    /// Records a new order; its number.
    ///
    /// # Errors
    /// When another order is in force then, or the wearer is not within reach.
    pub async fn order_begin(&self, caller: &Caller, new: &NewOrder, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(order_id) => Ok(order_id),
            Change::Open(open) => {
                let order_id = order_record(&open.transaction, caller, new, now).await?;
                open.commit(order_id).await?;
                Ok(order_id)
            }
        }
    }

    /// Records a fact of an order.
    ///
    /// # Errors
    /// When it does not fit into the order's life, somebody else was quicker, or the order is not within reach.
    pub async fn order_continue(&self, caller: &Caller, new: &NewOrderFact, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(order_id) => Ok(order_id),
            Change::Open(open) => {
                order_fact_record(&open.transaction, caller, new, now).await?;
                open.commit(new.order_id).await?;
                Ok(new.order_id)
            }
        }
    }
}

/// Records a new order in the caller's transaction; its number.
pub(crate) async fn order_record(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewOrder,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let wearer_id = wearer_within_reach(transaction, caller, &new.wearer).await?;
    period_free(transaction, wearer_id, None, new.at, None).await?;
    let order_id: i64 = transaction.query_one(CREATE, &[&wearer_id]).await?.get(0);
    let fact = NewOrderFact {
        order_id,
        expected_version: 0,
        at: new.at,
        decision: new.decision.clone(),
        saying: OrderSaying::New(new.terms),
        note: new.note.clone(),
    };
    fact_insert(transaction, caller, 1, &fact, now).await?;
    caller.about(format!("order {order_id}"));
    Ok(order_id)
}

/// Records a fact in the caller's transaction.
pub(crate) async fn order_fact_record(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewOrderFact,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let order = order_locked(transaction, caller, new.order_id).await?;
    if order.version != new.expected_version {
        return Err(EnrolmentError::VersionChanged(order.version));
    }
    let number = order.facts_ever + 1;
    let fact = LifeFact { number, kind: new.saying.kind(), at: new.at };
    fact_fits(&order.facts, fact).map_err(EnrolmentError::OrderLife)?;
    fact_insert(transaction, caller, number, new, now).await?;
    transaction.execute(NEXT_VERSION, &[&new.order_id]).await?;
    Ok(())
}
