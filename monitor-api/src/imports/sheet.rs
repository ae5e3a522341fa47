//! A file of rows as a clerk saved it: CSV or XLSX in, rows of texts out, each with the number that the spreadsheet shows. Never knows what the
//! columns mean.

use super::{csv_file, xlsx_file};

/// Longest file, bytes. A longer one is refused before its first piece.
pub const FILE_BYTES_MAX: usize = 20 * 1024 * 1024;

/// Most rows below the headings. A longer file is refused as a whole: it is imported in parts.
pub const ROWS_MAX: usize = 100_000;

/// Most columns. What stands further to the right is refused: nobody meant it.
pub const COLUMNS_MAX: usize = 100;

/// Longest text of one cell, characters: what Excel takes.
pub const CELL_CHARACTERS_MAX: usize = 32_767;

/// Most bytes of all texts together: one text of a workbook can stand in any number of its cells.
const TEXT_BYTES_MAX: usize = 128 * 1024 * 1024;

/// How a cell was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Written {
    /// As a text; everything of a CSV is.
    #[default]
    Text,
    /// As a number: leading zeros are gone, and digits beyond the fifteenth too.
    Number,
    /// As a date, Gregorian inside: the text is `2026-11-21`, or `2026-11-21 08:30` with a time of day.
    Day,
}

/// One cell.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// What stands there, without blanks and invisible marks around it.
    pub text: String,
    /// How.
    pub written: Written,
}

/// One row that holds something.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SheetRow {
    /// As the spreadsheet shows it, from 1.
    pub number: u32,
    /// From the first column; cells to the right of the last one that holds something are left out.
    pub cells: Vec<Cell>,
}

/// The rows of the first sheet; empty ones are left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sheet {
    /// In their order.
    pub rows: Vec<SheetRow>,
    /// The names of further sheets that hold something: nothing of them is read.
    pub others: Vec<String>,
    text_bytes: usize,
}

/// Why a file cannot be read at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SheetError {
    /// It holds nothing.
    Empty,
    /// It is the format of Excel before 2007, or another that is neither XLSX nor text.
    Format,
    /// It is text, but not UTF-8: Windows-1256 as old programs save it, or UTF-16.
    Encoding,
    /// It begins like a workbook and is damaged, or encrypted.
    Damaged,
    /// More rows, columns, characters in a cell, or bytes when unpacked, than are read.
    TooLarge,
    /// A quotation mark is opened and never closed, in the row of this number.
    OpenQuote(u32),
}

impl Sheet {
    /// Reads a file of either format, told apart by how it begins.
    ///
    /// # Errors
    /// When it cannot be read as a whole; nothing of it is known then.
    pub fn read(bytes: &[u8]) -> Result<Self, SheetError> {
        match bytes {
            _ if bytes.len() > FILE_BYTES_MAX => Err(SheetError::TooLarge),
            [b'P', b'K', 3, 4, ..] => xlsx_file::read(bytes),
            [0xd0, 0xcf, 0x11, 0xe0, ..] | [b'%', b'P', b'D', b'F', ..] | [b'P', b'K', ..] => Err(SheetError::Format),
            _ => csv_file::read(bytes),
        }
    }

    /// Adds a row, unless it is empty.
    pub(super) fn push(&mut self, number: u32, mut cells: Vec<Cell>) -> Result<(), SheetError> {
        let filled = cells.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |last| last + 1);
        cells.truncate(filled);
        if filled == 0 {
            return Ok(());
        }
        self.text_bytes += cells.iter().map(|cell| cell.text.len()).sum::<usize>();
        if filled > COLUMNS_MAX || self.rows.len() > ROWS_MAX || self.text_bytes > TEXT_BYTES_MAX {
            return Err(SheetError::TooLarge);
        }
        self.rows.push(SheetRow { number, cells });
        Ok(())
    }
}

impl Cell {
    /// A text as it was typed.
    pub(super) fn text(text: &str) -> Result<Self, SheetError> {
        Self::written(text, Written::Text)
    }

    pub(super) fn written(text: &str, written: Written) -> Result<Self, SheetError> {
        let text = cleaned(text);
        if text.chars().count() > CELL_CHARACTERS_MAX { Err(SheetError::TooLarge) } else { Ok(Self { text, written }) }
    }
}

/// Without marks of direction, which copying from a page brings along, and without blanks and joiners around.
fn cleaned(text: &str) -> String {
    let marks = ['\u{200e}', '\u{200f}', '\u{feff}', '\0'];
    let is_mark = |character: char| marks.contains(&character) || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let bare: String = text.chars().filter(|character| !is_mark(*character)).collect();
    let around = |character: char| character.is_whitespace() || matches!(character, '\u{200b}'..='\u{200d}');
    bare.trim_matches(around).to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::{Cell, FILE_BYTES_MAX, Sheet, SheetError};
    use proptest::prelude::*;

    /// The rows as texts.
    pub fn texts(sheet: &Sheet) -> Vec<(u32, Vec<&str>)> {
        sheet.rows.iter().map(|row| (row.number, row.cells.iter().map(|cell| cell.text.as_str()).collect())).collect()
    }

    #[test]
    fn what_is_no_sheet_is_told_by_how_it_begins() {
        for (bytes, error) in [
            (&b""[..], SheetError::Empty),
            (b"\n \n;;\n", SheetError::Empty),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", SheetError::Format),
            (b"%PDF-1.7", SheetError::Format),
            (b"PK\x05\x06", SheetError::Format),
            (b"PK\x03\x04 and then nothing", SheetError::Damaged),
            (b"\xff\xfea\0,\0", SheetError::Encoding),
        ] {
            assert_eq!(Sheet::read(bytes), Err(error), "{bytes:?}");
        }
        assert_eq!(Sheet::read(&vec![b'a'; FILE_BYTES_MAX + 1]), Err(SheetError::TooLarge));
    }

    #[test]
    fn invisible_marks_around_a_text_are_no_part_of_it() {
        for (typed, text) in [
            ("\u{200f}علی\u{200e} ", "علی"),
            ("\u{202b}12\u{202c}", "12"),
            ("\u{a0} a \u{200c}", "a"),
            ("می\u{200c}رزا", "می\u{200c}رزا"),
            ("\u{200b}", ""),
        ] {
            assert_eq!(Cell::text(typed).unwrap().text, text);
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_a_fault(bytes: Vec<u8>) {
            let _either = Sheet::read(&bytes);
            let zip = [b"PK\x03\x04".as_slice(), &bytes].concat();
            let _either = Sheet::read(&zip);
        }
    }
}
