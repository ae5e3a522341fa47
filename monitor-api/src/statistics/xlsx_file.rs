//! Tables as a workbook: a sheet about the whole, then one for each table; in Persian from right to left.

use super::counting::Counted;
use super::tables::Table;
use super::words;
use crate::sheets::workbook::{Formats, sheet};
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

/// Rows above the numbers: title, note, headings.
const TITLE: u32 = 0;
const NOTE: u32 = 1;
const HEADINGS: u32 = 3;

/// Widths of columns, characters.
const FIRST_WIDTH: f64 = 30.0;
const CODE_WIDTH: f64 = 14.0;
const NUMBER_WIDTH: f64 = 13.0;

/// The file.
pub(super) fn write(counted: &Counted) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let formats = Formats::new(counted.language);
    let cover = sheet(&mut workbook, words::COVER.of(counted.language), counted.language)?;
    write_cover(cover, counted, &formats)?;
    for table in &counted.tables {
        let name = if table.code.ends_with("_by_month") {
            format!("{} - {}", table.title, words::MONTH.of(counted.language))
        } else {
            table.title.clone()
        };
        let sheet = sheet(&mut workbook, &name, counted.language)?;
        write_table(sheet, table, counted, &formats)?;
    }
    workbook.save_to_buffer()
}

fn write_cover(sheet: &mut Worksheet, counted: &Counted, formats: &Formats) -> Result<(), XlsxError> {
    sheet.set_column_width(0, 24)?.set_column_width(1, 100)?;
    for ((title, text), row) in counted.about().iter().zip(0..) {
        let format = if row == 0 { &formats.title } else { &formats.note };
        sheet.write_string_with_format(row, 0, title, if row == 0 { &formats.title } else { &formats.heading })?;
        sheet.write_string_with_format(row, 1, text, format)?;
    }
    let first = counted.about().len() as u32 + 1;
    sheet.write_string_with_format(first, 0, words::TABLE.of(counted.language), &formats.heading)?;
    sheet.write_string_with_format(first, 1, words::NOTE.of(counted.language), &formats.heading)?;
    let mut explained: Vec<&Table> = counted.tables.iter().collect();
    explained.dedup_by_key(|table| table.title.clone());
    for (table, row) in explained.into_iter().zip(first + 1..) {
        sheet.write_string_with_format(row, 0, &table.title, &formats.note)?.write_string_with_format(
            row,
            1,
            &table.note,
            &formats.note,
        )?;
    }
    Ok(())
}

fn write_table(sheet: &mut Worksheet, table: &Table, counted: &Counted, formats: &Formats) -> Result<(), XlsxError> {
    let last = table.columns.len() as u16 + 1;
    sheet.write_string_with_format(TITLE, 0, format!("{} - {}", table.title, counted.days()), &formats.title)?;
    sheet.merge_range(NOTE, 0, NOTE, last.max(1), &table.note, &formats.note)?.set_row_height(NOTE, 44)?.set_row_height(HEADINGS, 48)?;
    sheet.set_column_width(0, FIRST_WIDTH)?.set_column_width(1, CODE_WIDTH)?.set_freeze_panes(HEADINGS + 1, 1)?;
    sheet.set_repeat_rows(HEADINGS, HEADINGS)?;
    sheet.write_string_with_format(HEADINGS, 0, &table.corner, &formats.heading)?;
    sheet.write_string_with_format(HEADINGS, 1, words::CODE.of(counted.language), &formats.heading)?;
    for (column, at) in table.columns.iter().zip(2..) {
        sheet.set_column_width(at, NUMBER_WIDTH)?.write_string_with_format(HEADINGS, at, &column.title, &formats.heading)?;
    }
    for (row, at) in table.rows.iter().zip(HEADINGS + 1..) {
        let is_sum = row.heading.code == words::TOTAL_CODE;
        let (text, code, number) = if is_sum {
            (&formats.sum_text, &formats.sum_text, &formats.sum_number)
        } else {
            (&formats.text, &formats.code, &formats.number)
        };
        sheet.write_string_with_format(at, 0, &row.heading.title, text)?.write_string_with_format(at, 1, &row.heading.code, code)?;
        for (value, column) in row.numbers.iter().zip(2..) {
            sheet.write_number_with_format(at, column, *value as f64, number)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::counting::tests::counted;
    use super::{HEADINGS, write};
    use crate::language::Language;
    use calamine::{Data, Reader, Xlsx};
    use std::io::{Cursor, Read};

    #[test]
    fn what_is_written_is_read_back() {
        for language in [Language::Persian, Language::English] {
            let counted = counted(language, "=1+1");
            let bytes = write(&counted).unwrap();
            let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(&bytes)).unwrap();
            let names = workbook.sheet_names();
            assert_eq!(names.len(), counted.tables.len() + 1, "{names:?}");
            for (table, name) in counted.tables.iter().zip(&names[1..]) {
                let range = workbook.worksheet_range(name).unwrap();
                let text = |row: u32, column: u32| range.get_value((row, column)).map(Data::to_string).unwrap_or_default();
                for (column, at) in table.columns.iter().zip(2..) {
                    assert_eq!(text(HEADINGS, at), column.title);
                }
                for (row, at) in table.rows.iter().zip(HEADINGS + 1..) {
                    assert_eq!((text(at, 0), text(at, 1)), (row.heading.title.clone(), row.heading.code.clone()));
                    for (number, column) in row.numbers.iter().zip(2..) {
                        assert_eq!(range.get_value((at, column)), Some(&Data::Float(*number as f64)));
                    }
                }
            }
        }
    }

    #[test]
    fn a_persian_sheet_runs_from_right_to_left_and_its_headings_stay() {
        for (language, is_right_to_left) in [(Language::Persian, true), (Language::English, false)] {
            let bytes = write(&counted(language, "قم")).unwrap();
            let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
            let mut xml = String::new();
            archive.by_name("xl/worksheets/sheet2.xml").unwrap().read_to_string(&mut xml).unwrap();
            assert_eq!(xml.contains("rightToLeft=\"1\""), is_right_to_left);
            assert!(xml.contains("state=\"frozen\"") && xml.contains("ySplit=\"4\""), "{xml}");
            assert!(!xml.contains("<f>"), "no formula");
        }
    }
}
