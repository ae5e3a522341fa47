//! CSV with headings, Persian or English, in any order; separated by commas, semicolons or tabs.

use super::cells::{amount, day};
use super::fault::Why;
use super::letters::{heading, plain};
use super::{LINES_MAX, Line, Reading};
use crate::money::Money;
use csv::{ReaderBuilder, StringRecord};

/// Banks write their name and the account's above the headings: so many rows are looked through for them.
const HEADINGS_WITHIN: usize = 20;

/// What a column may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Day,
    Amount,
    In,
    Out,
    Identifier,
    Reference,
    Text,
}

/// Headings of each column, as [`heading`] folds them.
const HEADINGS: &[(Column, &[&str])] = &[
    (Column::Day, &["تاریخ", "تاریخ تراکنش", "تاریخ سند", "تاریخ ثبت", "date", "booking date", "transaction date", "value date"]),
    (Column::Amount, &["مبلغ", "مبلغ تراکنش", "amount", "transaction amount"]),
    (Column::In, &["واریز", "مبلغ واریز", "بستانکار", "مبلغ بستانکار", "گردش بستانکار", "credit", "deposit", "credit amount"]),
    (Column::Out, &["برداشت", "مبلغ برداشت", "بدهکار", "مبلغ بدهکار", "گردش بدهکار", "debit", "withdrawal", "debit amount"]),
    (
        Column::Identifier,
        &["شناسه واریز", "شناسه پرداخت", "شناسه قبض", "شناسه", "payment identifier", "payment id", "bill id", "identifier", "deposit id"],
    ),
    (
        Column::Reference,
        &[
            "شماره پیگیری",
            "کد پیگیری",
            "شماره مرجع",
            "شماره سند",
            "کد رهگیری",
            "reference",
            "reference number",
            "tracking number",
            "document number",
            "trace number",
        ],
    ),
    (Column::Text, &["شرح", "شرح تراکنش", "توضیحات", "بابت", "description", "details", "remarks"]),
];

pub(super) fn read(text: &str, reading: &mut Reading) {
    if text.matches('"').count() % 2 == 1 {
        // Everything behind it would be one cell.
        let before = text.rfind('"').map_or(text, |at| &text[..at]);
        return reading.fault(1 + before.matches('\n').count(), Why::QuoteOpen);
    }
    let tables = [b',', b';', b'\t'].map(|separator| rows(text, separator));
    let found = tables.iter().find_map(|rows| {
        let at = rows.iter().take(HEADINGS_WITHIN).position(|(_, row)| is_headings(row))?;
        Some((&rows[at], &rows[at + 1..]))
    });
    let Some(((place, headings), rows)) = found else {
        reading.fault(1, Why::HeadingMissing("تاریخ / date"));
        return reading.fault(1, Why::HeadingMissing("مبلغ / amount"));
    };
    let Some(columns) = columns(*place, headings, reading) else { return };
    if rows.len() > LINES_MAX {
        return reading.fault(*place, Why::TooManyLines);
    }
    for (place, row) in rows {
        line(*place, &Cells { columns: &columns, row }, reading);
    }
}

/// Rows that are not empty, each with the line of the file in which it begins.
fn rows(text: &str, separator: u8) -> Vec<(usize, StringRecord)> {
    let mut reader = ReaderBuilder::new().delimiter(separator).has_headers(false).flexible(true).from_reader(text.as_bytes());
    let (mut rows, mut row) = (Vec::new(), StringRecord::new());
    let (mut counted, mut place) = (0, 1);
    // What is UTF-8 and may have any number of cells is always read.
    while reader.read_record(&mut row).unwrap_or(false) {
        // The library's own count is one behind where lines end with CR LF: a row's place in it may be before the LF.
        let at = row.position().map_or(counted, |position| position.byte() as usize).min(text.len());
        let at = at + text.as_bytes()[at..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        place += text.as_bytes()[counted..at].iter().filter(|byte| **byte == b'\n').count();
        counted = at;
        if row.iter().any(|cell| !plain(cell).is_empty()) {
            rows.push((place, row.clone()));
        }
    }
    rows
}

fn column(cell: &str) -> Option<Column> {
    let heading = heading(cell);
    HEADINGS.iter().find(|(_, names)| names.contains(&heading.as_str())).map(|(column, _)| *column)
}

fn is_headings(row: &StringRecord) -> bool {
    let columns: Vec<Column> = row.iter().filter_map(column).collect();
    columns.contains(&Column::Day) && columns.iter().any(|column| matches!(column, Column::Amount | Column::In | Column::Out))
}

/// Which column each cell is. Identifiers, references and texts may be there several times; they are joined.
fn columns(place: usize, headings: &StringRecord, reading: &mut Reading) -> Option<Vec<Option<Column>>> {
    let columns: Vec<Option<Column>> = headings.iter().map(column).collect();
    let mut is_whole = true;
    for once in [Column::Day, Column::Amount, Column::In, Column::Out] {
        let mut found = columns.iter().zip(headings).filter(|(column, _)| **column == Some(once)).skip(1);
        if let Some((_, twice)) = found.next() {
            reading.fault(place, Why::HeadingTwice(plain(twice)));
            is_whole = false;
        }
    }
    is_whole.then_some(columns)
}

struct Cells<'a> {
    columns: &'a [Option<Column>],
    row: &'a StringRecord,
}

impl Cells<'_> {
    /// The cells of a column, joined.
    fn text(&self, wanted: Column) -> String {
        let cells = self.columns.iter().zip(self.row).filter(|(column, _)| **column == Some(wanted));
        cells.map(|(_, cell)| plain(cell)).filter(|cell| !cell.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// An amount; none if the cell is empty, a dash or nothing.
    fn amount(&self, wanted: Column) -> Result<Option<Money>, Why> {
        let text = self.text(wanted);
        if text.is_empty() || text == "-" {
            return Ok(None);
        }
        amount(&text).map(|amount| Some(amount).filter(|amount| !amount.is_zero()))
    }

    /// Above nothing in, below nothing out.
    fn moved(&self) -> Result<Money, Why> {
        let (both, came, went) = (self.amount(Column::Amount)?, self.amount(Column::In)?, self.amount(Column::Out)?);
        match (both, came, went) {
            (None, Some(came), None) if came.is_positive() => Ok(came),
            // Some banks write what went out with a minus sign in its own column, some without.
            (None, None, Some(went)) if went.is_positive() => went.negated().map_err(|_| Why::Sum),
            (None, None, Some(went)) => Ok(went),
            (Some(moved), None, None) => Ok(moved),
            _ => Err(Why::InOrOut),
        }
    }
}

fn line(place: usize, cells: &Cells<'_>, reading: &mut Reading) {
    let day = reading.or_note(place, day(&cells.text(Column::Day)));
    let amount = reading.or_note(place, cells.moved());
    if let (Some(day), Some(amount)) = (day, amount) {
        let (identifier, reference) = (cells.text(Column::Identifier), cells.text(Column::Reference));
        reading.add(Line { place, day, amount, identifier, reference, text: cells.text(Column::Text) });
    }
}
