//! Rows out of a workbook.

use super::sheet::{COLUMNS_MAX, Cell, ROWS_MAX, Sheet, SheetError, Written};
use calamine::{DataRef, ExcelDateTime, Reader, Xlsx, XlsxError};
use std::io::{Cursor, Read};

/// Most bytes of all parts of a workbook when unpacked: a small file can hold any number of them.
const UNPACKED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Parts of a workbook; one of a hundred sheets has some four hundred.
const PARTS_MAX: usize = 2_000;

/// Digits that a spreadsheet's number holds. Of a longer one the last are zeros that nobody typed.
const DIGITS_MAX: usize = 15;

/// Reads the first sheet; of the others only whether they hold something.
///
/// # Errors
/// When it is damaged, holds nothing, or is too large.
pub fn read(bytes: &[u8]) -> Result<Sheet, SheetError> {
    weigh(bytes)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let names = workbook.sheet_names();
    let mut names = names.iter();
    let first = names.next().ok_or(SheetError::Empty)?;
    let mut sheet = rows(&mut workbook, first)?;
    for name in names {
        // A sheet of charts has no cells to read.
        if workbook.worksheet_cells_reader(name).is_ok_and(|mut cells| holds_something(&mut cells)) {
            sheet.others.push(name.clone());
        }
    }
    if sheet.rows.is_empty() { Err(SheetError::Empty) } else { Ok(sheet) }
}

/// Unpacks every part once and counts, so that no file unpacks to more than memory holds.
fn weigh(bytes: &[u8]) -> Result<(), SheetError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| SheetError::Damaged)?;
    if archive.len() > PARTS_MAX {
        return Err(SheetError::TooLarge);
    }
    let mut left = UNPACKED_BYTES_MAX;
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|_| SheetError::Damaged)?;
        let unpacked = std::io::copy(&mut part.take(left), &mut std::io::sink()).map_err(|_| SheetError::Damaged)?;
        left -= unpacked;
        if left == 0 {
            return Err(SheetError::TooLarge);
        }
    }
    Ok(())
}

type Workbook<'a> = Xlsx<Cursor<&'a [u8]>>;

/// Cell by cell as they stand in the file: a table of all that lies between the first and the last could be larger than any memory.
fn rows(workbook: &mut Workbook<'_>, name: &str) -> Result<Sheet, SheetError> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(damaged)?;
    let (mut sheet, mut row, mut number) = (Sheet::default(), Vec::new(), 0);
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (at, column) = cell.get_position();
        let cell = read_cell(cell.get_value())?;
        if cell.text.is_empty() {
            continue;
        }
        if column as usize >= COLUMNS_MAX || at as usize > ROWS_MAX * 10 {
            return Err(SheetError::TooLarge);
        }
        if at != number {
            sheet.push(number + 1, std::mem::take(&mut row))?;
            // Cells stand in the order of their rows, or the file is none of a spreadsheet's.
            if at < number {
                return Err(SheetError::Damaged);
            }
            number = at;
        }
        if row.len() <= column as usize {
            row.resize(column as usize + 1, Cell::default());
        }
        row[column as usize] = cell;
    }
    sheet.push(number + 1, row)?;
    Ok(sheet)
}

fn holds_something(cells: &mut calamine::XlsxCellReader<'_, Cursor<&[u8]>>) -> bool {
    while let Ok(Some(cell)) = cells.next_cell() {
        if read_cell(cell.get_value()).is_ok_and(|cell| !cell.text.is_empty()) {
            return true;
        }
    }
    false
}

fn read_cell(value: &DataRef<'_>) -> Result<Cell, SheetError> {
    match value {
        DataRef::Empty => Ok(Cell::default()),
        DataRef::String(text) => Cell::text(text),
        DataRef::SharedString(text) => Cell::text(text),
        DataRef::Int(number) => Cell::written(&number.to_string(), Written::Number),
        DataRef::Float(number) => Cell::written(&number_text(*number), Written::Number),
        DataRef::Bool(value) => Cell::text(if *value { "true" } else { "false" }),
        DataRef::DateTime(time) => day(*time),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            Cell::written(text.strip_suffix("T00:00:00").unwrap_or(text), Written::Day)
        }
        // As the spreadsheet shows it: `#N/A`.
        DataRef::Error(error) => Cell::text(&error.to_string()),
    }
}

/// The digits, without an exponent. Of a number that is longer than a spreadsheet's numbers are, the form with the exponent says that digits were lost.
fn number_text(number: f64) -> String {
    let plain = format!("{number}");
    let digits = plain.bytes().filter(u8::is_ascii_digit).count();
    if digits > DIGITS_MAX && number.fract() == 0.0 { format!("{number:e}").to_uppercase() } else { plain }
}

fn day(time: ExcelDateTime) -> Result<Cell, SheetError> {
    // Before March 1900 Excel's own count is wrong by a day, and other programs count backwards from 1899: no date that anybody meant.
    if time.is_duration() || !(61.0..2_958_466.0).contains(&time.as_f64()) {
        return Cell::written(&number_text(time.as_f64()), Written::Number);
    }
    let (year, month, day, hour, minute, ..) = time.to_ymd_hms_milli();
    let clock = if (hour, minute) == (0, 0) { String::new() } else { format!(" {hour:02}:{minute:02}") };
    Cell::written(&format!("{year:04}-{month:02}-{day:02}{clock}"), Written::Day)
}

fn damaged(_: XlsxError) -> SheetError {
    SheetError::Damaged
}

#[cfg(test)]
mod tests {
    use super::super::sheet::tests::texts;
    use super::{Sheet, SheetError, Written, number_text, read};
    use proptest::prelude::*;
    use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};

    fn day_format() -> Format {
        Format::new().set_num_format("yyyy/mm/dd")
    }

    fn saved(mut workbook: Workbook) -> Vec<u8> {
        workbook.save_to_buffer().unwrap()
    }

    #[test]
    fn cells_are_read_as_they_were_written() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet().set_right_to_left(true);
        sheet.write_string(0, 0, "کد ملی").unwrap().write_string(0, 2, "تولد").unwrap();
        sheet.write_number(2, 0, 12_345_679).unwrap().write_string(2, 1, " \u{200f}علی ").unwrap();
        sheet.write_datetime_with_format(2, 2, ExcelDateTime::from_ymd(1985, 3, 21).unwrap(), &day_format()).unwrap();
        sheet.write_string(3, 0, "  ").unwrap();
        sheet.write_number(5, 0, 356_307_042_441_013_f64).unwrap().write_string(5, 2, "1364/01/01").unwrap();
        let sheet = read(&saved(workbook)).unwrap();
        let expected =
            [(1, vec!["کد ملی", "", "تولد"]), (3, vec!["12345679", "علی", "1985-03-21"]), (6, vec!["356307042441013", "", "1364/01/01"])];
        assert_eq!(texts(&sheet), expected);
        assert_eq!(sheet.rows[1].cells.iter().map(|cell| cell.written).collect::<Vec<_>>(), [Written::Number, Written::Text, Written::Day]);
    }

    #[test]
    fn a_number_that_lost_digits_says_so() {
        for (number, text) in [
            (7.0, "7"),
            (0.5, "0.5"),
            (-12.0, "-12"),
            (356_307_042_441_013.0, "356307042441013"),
            (8_998_212_345_678_901_234.0, "8.998212345678901E18"),
            (1e300, "1E300"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn the_first_sheet_is_read_and_others_that_hold_something_are_named() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().write_string(0, 0, "a").unwrap();
        workbook.add_worksheet().set_name("خالی").unwrap();
        workbook.add_worksheet().set_name("قدیمی").unwrap().write_string(9, 9, "b").unwrap();
        let sheet = read(&saved(workbook)).unwrap();
        assert_eq!((texts(&sheet), sheet.others.as_slice()), (vec![(1, vec!["a"])], ["قدیمی".to_owned()].as_slice()));
        let mut workbook = Workbook::new();
        workbook.add_worksheet();
        assert_eq!(read(&saved(workbook)), Err(SheetError::Empty));
    }

    #[test]
    fn a_cell_far_away_is_no_table_in_between() {
        for (row, column) in [(1_048_575, 0), (0, 16_383), (1_048_575, 16_383)] {
            let mut workbook = Workbook::new();
            workbook.add_worksheet().write_string(0, 0, "a").unwrap().write_string(row, column, "b").unwrap();
            assert_eq!(read(&saved(workbook)), Err(SheetError::TooLarge), "{row} {column}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        /// Wherever a workbook is damaged, it is read or refused.
        #[test]
        fn a_damaged_workbook_is_no_fault(at in 0.0..1.0_f64, byte: u8, cut: bool) {
            let mut workbook = Workbook::new();
            workbook.add_worksheet().write_string(0, 0, "a").unwrap().write_number(1, 0, 5).unwrap();
            let mut bytes = saved(workbook);
            let at = (at * bytes.len() as f64) as usize;
            bytes[at] = byte;
            if cut {
                bytes.truncate(at);
            }
            let _either = Sheet::read(&bytes);
        }
    }
}
