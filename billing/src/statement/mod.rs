//! Bank statements: bytes in, lines out. Never knows who paid, and never guesses: a file with a line that cannot be read is read by nobody.
//!
//! Three formats are read: CSV as banks and spreadsheets write it, MT940 and CAMT.053. Where a format has balances, the opening one and the movements must
//! make the closing one, or a line is missing.

mod camt053;
mod cells;
mod csv_file;
mod fault;
mod import_id;
mod letters;
mod mt940;
mod named;

pub use fault::{Fault, Why};
pub use import_id::import_ids;
pub use letters::plain;
pub use named::{Named, named};

use crate::calendar::Day;
use crate::money::Money;

/// Most lines of one file. A longer one is refused: split it by days.
pub const LINES_MAX: usize = 20_000;
/// Longest identifier, reference or text of a line, characters. A line with a longer one is told as wrong.
pub const TEXT_MAX: usize = 1000;

/// How a statement is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns by their headings, Persian or English.
    Csv,
    /// SWIFT MT940.
    Mt940,
    /// ISO 20022 CAMT.053.
    Camt053,
}

/// One movement on the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The line of the file in which it begins, from 1.
    pub place: usize,
    /// When the bank booked it.
    pub day: Day,
    /// Above nothing: it came in; below: it went out. Never nothing.
    pub amount: Money,
    /// What the payer named it by: a bill id, a payment id. May be empty.
    pub identifier: String,
    /// The bank's reference. May be empty.
    pub reference: String,
    /// What else the bank says of it.
    pub text: String,
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    /// The account that the file names; empty = it names none.
    pub account: String,
    /// The balance before the first line, if the format has it.
    pub opening: Option<Money>,
    /// The balance after the last line, if the format has it.
    pub closing: Option<Money>,
    /// The day of that balance, if the file says it.
    pub closing_day: Option<Day>,
    /// In the order of the file.
    pub lines: Vec<Line>,
}

/// Reads a file. `today` is the last day on which a line can have been booked.
///
/// ```
/// use billing::statement::{Format, read};
/// let today = "1405/09/05".parse()?;
/// let file = "تاریخ,مبلغ,شرح\n۱۴۰۵/۰۹/۰۱,\"۳٬۰۰۰٬۰۰۰\",قبض پابند\n";
/// let statement = read(Format::Csv, file.as_bytes(), today).map_err(|faults| faults[0].to_string())?;
/// assert_eq!(statement.lines[0].amount, billing::Money::rials(3_000_000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// With everything that is wrong, in the order of the file.
pub fn read(format: Format, bytes: &[u8], today: Day) -> Result<Statement, Vec<Fault>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        vec![Fault::at(1 + before.iter().filter(|byte| **byte == b'\n').count(), Why::Encoding)]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(vec![Fault::at(1, Why::Empty)]);
    }
    let mut reading = Reading { today, statement: Statement::default(), faults: Vec::new() };
    match format {
        Format::Csv => csv_file::read(text, &mut reading),
        Format::Mt940 => mt940::read(text, &mut reading),
        Format::Camt053 => camt053::read(text, &mut reading),
    }
    reading.end()
}

/// A file on its way.
struct Reading {
    today: Day,
    statement: Statement,
    faults: Vec<Fault>,
}

impl Reading {
    fn fault(&mut self, place: usize, why: Why) {
        self.faults.push(Fault::at(place, why));
    }

    /// What was read, or what is wrong with it (noted).
    fn or_note<T>(&mut self, place: usize, read: Result<T, Why>) -> Option<T> {
        read.map_err(|why| self.fault(place, why)).ok()
    }

    /// One more line, if it makes sense.
    fn add(&mut self, line: Line) {
        if line.day > self.today {
            self.fault(line.place, Why::InFuture(line.day));
        }
        if [&line.identifier, &line.reference, &line.text].into_iter().any(|text| text.chars().count() > TEXT_MAX) {
            self.fault(line.place, Why::TextTooLong);
        }
        self.statement.lines.push(line);
    }

    fn end(mut self) -> Result<Statement, Vec<Fault>> {
        if self.statement.lines.len() > LINES_MAX {
            self.fault(1, Why::TooManyLines);
        }
        // Of a file without balances an empty one is a mistake; with balances it says that nothing moved.
        if self.faults.is_empty() && self.statement.lines.is_empty() && self.statement.closing.is_none() {
            self.fault(1, Why::NoLines);
        }
        self.faults.sort_by_key(|fault| fault.place);
        if self.faults.is_empty() { Ok(self.statement) } else { Err(self.faults) }
    }

    /// The opening balance and these movements must make the closing one. Not asked where a line could not be read: it would be told twice.
    fn balance(&mut self, place: usize, (opening, closing): (Money, Money), movements: impl Iterator<Item = Money>) {
        if !self.faults.is_empty() {
            return;
        }
        match Money::sum(opening.currency(), movements).and_then(|moved| Ok((moved, opening.plus(moved)?))) {
            Ok((_, reached)) if reached == closing => {}
            Ok((moved, _)) => self.fault(place, Why::Balance { opening, moved, closing }),
            Err(_) => self.fault(place, Why::Sum),
        }
    }
}
