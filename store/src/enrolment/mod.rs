//! Wearers from enrolment to removal: files, orders, zones, tags, fittings, inspections, leave.

mod error;

pub use error::EnrolmentError;

use chrono::NaiveDate;

/// A judicial decision or another letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Who decided.
    pub authority: String,
    /// Its number.
    pub number: String,
    /// Its day.
    pub date: NaiveDate,
}
