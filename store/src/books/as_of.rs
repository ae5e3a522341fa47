//! The instant as of which books are asked.

use crate::StoreError;
use billing::calendar::{Day, Moment};
use chrono::{DateTime, TimeDelta, Utc};

/// Everything before an instant, and the civil day by which debts are aged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AsOf {
    /// The first instant that does not count any more.
    pub before: DateTime<Utc>,
    /// The day.
    pub day: Day,
}

impl AsOf {
    /// An instant, itself included.
    ///
    /// # Errors
    /// Outside the years that are reckoned.
    pub fn instant(at: DateTime<Utc>) -> Result<Self, StoreError> {
        let moment = Moment::try_from(at).map_err(|error| StoreError::Refused(error.to_string()))?;
        Ok(Self { before: at + TimeDelta::microseconds(1), day: moment.day() })
    }

    /// The end of a day.
    pub fn end_of(day: Day) -> Self {
        Self { before: Moment::start_of(day.plus(1)).utc(), day }
    }
}
