//! What each kind of file means.

use super::findings::Findings;
use super::headings::{Cells, Column};
use chrono::{DateTime, Utc};
use store::{ImportKind, ImportRow};
use tonic_types::FieldViolation;

/// A kind of file that is rows and columns.
pub struct SheetKind {
    /// What it may have.
    pub columns: &'static [Column],
    /// A row as what it asks for, or every wrong field of it: the same checks as those of a call that asks for it.
    pub read: fn(&Cells<'_>, DateTime<Utc>) -> Result<ImportRow, Vec<FieldViolation>>,
    /// What no two rows of a file may have the same, each with the field that it stands in.
    pub keys: fn(&ImportRow) -> Vec<(&'static str, String)>,
    /// The field that a refusal of the database is about, by its code; empty = the row as a whole.
    pub field_of: fn(&str) -> &'static str,
}

/// A file that is no rows and columns, read.
pub struct Features {
    /// How many.
    pub count: usize,
    pub good: Vec<ImportRow>,
    /// The number of each good one in the file, from 1.
    pub numbers: Vec<u32>,
    pub findings: Findings,
}

/// What stands in the template of zones.
pub const FEATURES_EXAMPLE: &str = "{}";

/// The columns of a kind; `None` = it is no rows and columns.
pub fn sheet_kind(_kind: ImportKind) -> Option<&'static SheetKind> {
    None
}

/// Reads zones.
pub fn read_features(_bytes: &[u8], _now: DateTime<Utc>) -> Features {
    Features { count: 0, good: Vec::new(), numbers: Vec::new(), findings: Findings::default() }
}
