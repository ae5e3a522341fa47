//! What each kind of file means.

mod cells;
mod orders;
mod tags;
mod wearers;
mod zones;

pub use zones::{EXAMPLE as FEATURES_EXAMPLE, Features, read as read_features};

use super::headings::{Cells, Column};
use chrono::{DateTime, Utc};
use store::{ImportKind, ImportRow};
use tonic_types::FieldViolation;

/// A kind of file that is rows and columns.
pub struct SheetKind {
    /// What it may have.
    pub columns: &'static [Column],
    /// A row as what it asks for, or every wrong field of it.
    pub read: fn(&Cells<'_>, DateTime<Utc>) -> Result<ImportRow, Vec<FieldViolation>>,
    /// What no two rows of a file may have the same, each with the field that it stands in.
    pub keys: fn(&ImportRow) -> Vec<(&'static str, String)>,
    /// The field that a refusal of the database is about, by its code; empty = the row as a whole.
    pub field_of: fn(&str) -> &'static str,
}

/// The columns of a kind; `None` = it is no rows and columns.
pub fn sheet_kind(kind: ImportKind) -> Option<&'static SheetKind> {
    match kind {
        ImportKind::Wearers => Some(&wearers::WEARERS),
        ImportKind::Orders => Some(&orders::ORDERS),
        ImportKind::Tags => Some(&tags::TAGS),
        ImportKind::Zones => None,
    }
}
