//! What every file for a spreadsheet has in common, whatever is in it.

pub(crate) mod csv_text;
pub(crate) mod workbook;
