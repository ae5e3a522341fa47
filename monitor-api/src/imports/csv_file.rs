//! Rows out of a text with separators, as spreadsheets and old programs write it.

use super::sheet::{COLUMNS_MAX, Cell, Sheet, SheetError};

/// Between cells: of Excel with Persian settings, with English ones, and of what was copied out of a table.
const SEPARATORS: [char; 3] = [';', ',', '\t'];

/// What Excel takes as a first line that names the separator.
const SEPARATOR_LINE: &str = "sep=";

/// Reads UTF-8, with or without a mark at its beginning. The separator is the one that the first row holds most of.
///
/// # Errors
/// When it is no UTF-8, holds nothing, or is too large.
pub fn read(bytes: &[u8]) -> Result<Sheet, SheetError> {
    let text = std::str::from_utf8(bytes).map_err(|_| SheetError::Encoding)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut sheet = Sheet::default();
    let (text, separator, first) = begun(text);
    let mut rows = Rows { rest: text, separator, number: first };
    while let Some((number, texts)) = rows.next()? {
        let cells = texts.iter().map(|text| Cell::text(text)).collect::<Result<_, _>>()?;
        sheet.push(number, cells)?;
    }
    if sheet.rows.is_empty() { Err(SheetError::Empty) } else { Ok(sheet) }
}

/// The text behind a line that names the separator, the separator, and the number of the first row.
fn begun(text: &str) -> (&str, char, u32) {
    if let Some(named) = text.strip_prefix(SEPARATOR_LINE)
        && let Some(separator) = named.chars().next().filter(|separator| SEPARATORS.contains(separator))
        && let Some(end) = text.find('\n')
    {
        return (&text[end + 1..], separator, 2);
    }
    let mut is_quoted = false;
    let mut counts = [0_usize; SEPARATORS.len()];
    for character in text.trim_start().chars() {
        match character {
            '"' => is_quoted = !is_quoted,
            '\n' if !is_quoted => break,
            _ => {}
        }
        if let Some(at) = SEPARATORS.iter().position(|separator| *separator == character && !is_quoted) {
            counts[at] += 1;
        }
    }
    let most = (0..SEPARATORS.len()).rev().max_by_key(|at| counts[*at]).unwrap_or_default();
    (text, SEPARATORS[most], 1)
}

/// The rows one by one. The `csv` crate does not say how many empty lines it passed over, and a clerk is told the row as the spreadsheet shows it.
struct Rows<'a> {
    rest: &'a str,
    separator: char,
    number: u32,
}

impl Rows<'_> {
    /// The next row with its number; a quoted cell may hold separators, line ends and doubled quotation marks.
    fn next(&mut self) -> Result<Option<(u32, Vec<String>)>, SheetError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (number, mut cells) = (self.number, vec![String::new()]);
        let (mut is_quoted, mut was_quoted) = (false, false);
        let mut characters = self.rest.char_indices().peekable();
        let mut end = self.rest.len();
        while let Some((at, character)) = characters.next() {
            let count = cells.len();
            let cell = cells.last_mut().expect("a row has a cell");
            match character {
                '"' if is_quoted && characters.next_if(|(_, next)| *next == '"').is_some() => cell.push('"'),
                '"' if is_quoted => is_quoted = false,
                _ if is_quoted => cell.push(character),
                '"' if cell.is_empty() && !was_quoted => (is_quoted, was_quoted) = (true, true),
                _ if character == self.separator && count > COLUMNS_MAX * 10 => return Err(SheetError::TooLarge),
                _ if character == self.separator => {
                    cells.push(String::new());
                    was_quoted = false;
                }
                '\n' | '\r' => {
                    let skipped = if character == '\r' && self.rest[at + 1..].starts_with('\n') { 2 } else { 1 };
                    end = at + skipped;
                    break;
                }
                _ => cell.push(character),
            }
        }
        if is_quoted {
            return Err(SheetError::OpenQuote(number));
        }
        self.rest = &self.rest[end..];
        self.number = number.saturating_add(1);
        Ok(Some((number, cells)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::texts;
    use super::{Rows, SheetError, read};
    use proptest::prelude::*;

    #[test]
    fn a_text_is_read_whatever_separates_its_cells() {
        for text in [
            "نام;کد\nعلی;0012345679",
            "نام,کد\r\nعلی,0012345679\r\n",
            "\u{feff}نام\tکد\nعلی\t0012345679\n\n\n",
            "\"نام\";کد\n\"علی\";\"0012345679\"",
            "نام;کد;\nعلی;0012345679;;;;",
            "نام;کد\rعلی;0012345679\r",
        ] {
            assert_eq!(texts(&read(text.as_bytes()).unwrap()), [(1, vec!["نام", "کد"]), (2, vec!["علی", "0012345679"])], "{text:?}");
        }
        assert_eq!(texts(&read(b"sep=;\na;b,c\n").unwrap()), [(2, vec!["a", "b,c"])]);
    }

    #[test]
    fn a_row_has_the_number_that_the_spreadsheet_shows() {
        let text = "a,b\n\n\"two\nlines, and \"\"marks\"\"\",x\n,\nc,d \"e\" f\n";
        let sheet = read(text.as_bytes()).unwrap();
        assert_eq!(texts(&sheet), [(1, vec!["a", "b"]), (3, vec!["two\nlines, and \"marks\"", "x"]), (5, vec!["c", "d \"e\" f"])]);
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        // The same words in Windows-1256.
        assert_eq!(read(b"\xe4\xc7\xe3;\xdf\xcf\n"), Err(SheetError::Encoding));
        assert_eq!(read("a,b\n\"c,d\ne,f\n".as_bytes()), Err(SheetError::OpenQuote(2)));
        assert_eq!(read(",".repeat(5_000).as_bytes()), Err(SheetError::TooLarge));
    }

    proptest! {
        /// What the field's own library writes is read back as it was.
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(prop::collection::vec("[a;,\"\n\r\tب ]{0,6}", 2..5), 1..8)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let mut read = Rows { rest: &text, separator: ',', number: 1 };
            for (row, number) in rows.iter().zip(1..) {
                prop_assert_eq!(read.next().unwrap(), Some((number, row.clone())));
            }
            prop_assert_eq!(read.next().unwrap(), None);
        }
    }
}
