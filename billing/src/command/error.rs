//! What may be wrong with a case file, and where.

use super::input::{AMOUNT_MAX, EVENTS_MAX, YEARS_MAX};
use crate::calendar::{CalendarError, Moment};
use crate::policy::PolicyError;
use crate::tariff::TariffError;
use crate::{BillingError, MoneyError};

/// Why a case cannot be computed. Says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Not JSON, or the wrong shape at the top.
    #[error("the case: {0}")]
    Shape(String),
    /// The time up to which is computed.
    #[error("as_of: {0}")]
    AsOf(CalendarError),
    /// The policy has an unknown switch or value.
    #[error("policy: {0}")]
    Policy(String),
    /// A tariff row. Rows are counted from 1.
    #[error("tariff {0}: {1}")]
    Tariff(usize, String),
    /// The rows make no table.
    #[error("tariffs: {0}")]
    Tariffs(#[from] TariffError),
    /// An event. Events are counted from 1.
    #[error("event {number}{}: {why}", kind(kind_name))]
    Event {
        /// Which event of the file, from 1.
        number: usize,
        /// Its type, if it has one.
        kind_name: Option<String>,
        /// What is wrong with it.
        why: String,
    },
    /// Two events of one id.
    #[error("event {0}: another event has the id \"{1}\" already: give each its own; cancel an event by its id, never repeat it")]
    Twice(usize, String),
    /// Too many.
    #[error("the case has {0} events: at most {EVENTS_MAX} are computed at once; split it by person")]
    TooMany(usize),
    /// Too long a time.
    #[error("the first installation is at {0}, more than {YEARS_MAX} years before as_of: correct one of them")]
    TooLong(Moment),
    /// It cannot be reckoned.
    #[error(transparent)]
    Billing(#[from] BillingError),
}

impl From<PolicyError> for CaseError {
    fn from(error: PolicyError) -> Self {
        Self::Policy(error.to_string())
    }
}

impl From<MoneyError> for CaseError {
    fn from(error: MoneyError) -> Self {
        Self::Billing(error.into())
    }
}

fn kind(name: &Option<String>) -> String {
    name.as_ref().map_or(String::new(), |name| format!(" ({name})"))
}

/// The text for an amount that is out of range.
pub(super) fn amount_range(amount: i64, least: i64) -> String {
    format!("the amount {amount} is out of range: write {least} to {AMOUNT_MAX}")
}
