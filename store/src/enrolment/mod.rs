//! Wearers from enrolment to removal: files, orders, zones, tags, fittings, inspections, leave.

mod error;
mod import_rows;
mod imports;

pub use error::EnrolmentError;
pub use import_rows::{ImportFile, ImportRow, Imported};
pub use imports::{IMPORT_PIECE_BYTES, Import, ImportCheck, ImportKind, ImportState, NewImport};

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
