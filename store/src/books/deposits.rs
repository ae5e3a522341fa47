//! What is held of a person for the equipment, and what may be.

use super::damages::{self, Damage};
use super::reckon::BooksNow;
use super::record::{standing, wearer_locked};
use super::{BooksError, MoneyRefusal};
use crate::{Store, StoreError};
use access::Caller;
use billing::{Money, MoneyError, Regime, deposit_terms};
use chrono::{DateTime, Utc};
use enrolment::DepositConsequence;
use tokio_postgres::Transaction;

const PROPOSED: &str = "
    SELECT r.deposit, r.deposit_rial FROM removals r JOIN fittings f USING (fitting_id) WHERE f.wearer_id = $1 ORDER BY r.at DESC LIMIT 1";
const REGIME: &str = "SELECT regime FROM order_in_force($1, $2)";

/// A person's deposit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DepositStanding {
    /// What the authority asks for; nothing if it was not recorded.
    pub required: Money,
    /// The most that may be held now; `None` = the tariff names no ceiling.
    pub ceiling: Option<Money>,
    /// Received, less damage, less returned.
    pub held: Money,
    /// Returned.
    pub returned: Money,
    /// Taken for damage.
    pub damage: Money,
    /// Newest first.
    pub damages: Vec<Damage>,
    /// What technical staff proposed when the tag came off last.
    pub proposed: Option<DepositConsequence>,
}

impl Store {
    /// The deposit of a wearer, with every damage.
    ///
    /// # Errors
    /// When the wearer is not within reach, or their books are blocked.
    pub async fn deposit(&self, caller: &Caller, wearer: &str) -> Result<DepositStanding, BooksError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let (wearer_id, now) = wearer_locked(&transaction, caller, wearer).await?;
        let books = standing(&transaction, wearer_id, now).await?;
        let (required, ceiling) = terms(&transaction, wearer_id, &books).await?;
        let damages = damages::of_wearer(&transaction, caller, wearer_id).await?;
        let deposit = &books.books.deposit;
        let proposed = transaction.query_opt(PROPOSED, &[&wearer_id]).await?;
        let proposed = proposed.and_then(|row| DepositConsequence::named(row.get(0), row.get(1)));
        let (held, returned, damage) = (deposit.held, deposit.returned, deposit.damage);
        Ok(DepositStanding { required, ceiling, held, returned, damage, damages, proposed })
    }
}

/// Whether what is held now, with what was just recorded, may be held.
pub(super) async fn within_ceiling(transaction: &Transaction<'_>, wearer_id: i64, now: DateTime<Utc>) -> Result<(), BooksError> {
    let books = standing(transaction, wearer_id, now).await?;
    let held = books.books.deposit.held.minor_units();
    match terms(transaction, wearer_id, &books).await? {
        (_, Some(ceiling)) if ceiling.is_zero() => Err(MoneyRefusal::DepositNotAsked.into()),
        (_, Some(ceiling)) if held > ceiling.minor_units() => Err(MoneyRefusal::BeyondCeiling(ceiling.minor_units(), held).into()),
        _ => Ok(()),
    }
}

/// What may go back of the deposit while a tag stays on.
pub(super) fn released(BooksNow { books, facts, tariffs, as_of }: &BooksNow) -> Result<Money, StoreError> {
    let unreadable = |error: MoneyError| StoreError::Unreadable(error.to_string());
    let terms = deposit_terms(facts, tariffs, *as_of).map_err(unreadable)?;
    terms.map_or(Ok(Money::zero(tariffs.currency())), |terms| terms.released(books.deposit.held).map_err(unreadable))
}

/// What is required, and the most that may be held. Before the tag is fitted the ceiling is that of the order's regime, by the tariff of the day: the
/// deposit is asked for at the installation. Without an order nothing may be held.
pub(super) async fn terms(transaction: &Transaction<'_>, wearer_id: i64, now: &BooksNow) -> Result<(Money, Option<Money>), BooksError> {
    let BooksNow { facts, tariffs, as_of, .. } = now;
    let fitted = deposit_terms(facts, tariffs, *as_of).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    if let Some(terms) = fitted {
        return Ok((terms.required, terms.ceiling));
    }
    let nothing = Money::zero(tariffs.currency());
    let Some(order) = transaction.query_opt(REGIME, &[&wearer_id, &as_of.utc()]).await? else { return Ok((nothing, Some(nothing))) };
    let regime = if order.get::<_, &str>(0) == "house" { Regime::House } else { Regime::Tag };
    let row = tariffs.in_force(as_of.day(), *as_of);
    Ok((nothing, row.and_then(|row| row.deposit_ceiling.get(&regime).copied())))
}
