//! The ledger as a workbook, from right to left: a row for each posting, and below them the sums, which are equal.

use crate::language::Language;
use crate::sheets::workbook::{Formats, sheet};
use billing::export::Balances;
use billing::{Account, Money};
use rust_xlsxwriter::{Formula, Workbook, Worksheet, XlsxError};
use store::LedgerRow;

/// Most postings: a sheet takes a million rows, and half of that is a file that still opens.
pub(super) const ROWS_MAX: usize = 500_000;

const HEADINGS: [(&str, f64); 9] = [
    ("شمارهٔ ثبت", 10.0),
    ("تاریخ", 12.0),
    ("تاریخ میلادی", 12.0),
    ("واحد", 14.0),
    ("شمارهٔ پرونده", 16.0),
    ("شرح", 30.0),
    ("حساب", 24.0),
    ("بدهکار (ریال)", 18.0),
    ("بستانکار (ریال)", 18.0),
];
const DEBIT: u16 = 7;
const CREDIT: u16 = 8;

/// The file.
pub(super) fn write(opening: &Balances, rows: &[LedgerRow]) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let formats = Formats::new(Language::Persian);
    let sheet = sheet(&mut workbook, "دفتر روزنامه", Language::Persian)?;
    for ((heading, width), column) in HEADINGS.iter().zip(0..) {
        sheet.set_column_width(column, *width)?.write_string_with_format(0, column, *heading, &formats.heading)?;
    }
    sheet.set_freeze_panes(1, 0)?.set_repeat_rows(0, 0)?;
    let mut sums = [0_i64; 2];
    let mut at = 1;
    for (account, amount) in opening.iter().filter(|(_, amount)| !amount.is_zero()) {
        let about = ["0", "", "", "", "", "ماندهٔ آغاز"].map(str::to_owned);
        write_row(sheet, at, &about, (*account, *amount), &mut sums, &formats)?;
        at += 1;
    }
    for row in rows {
        let (day, entry) = (row.entry.at.day(), &row.entry);
        let about = [
            row.entry_id.to_string(),
            day.to_string(),
            day.gregorian().to_string(),
            row.unit.clone(),
            row.wearer.clone(),
            entry.text.clone(),
        ];
        for posting in &entry.postings {
            write_row(sheet, at, &about, *posting, &mut sums, &formats)?;
            at += 1;
        }
    }
    sheet.write_string_with_format(at, 0, "جمع", &formats.sum_text)?;
    for (column, sum) in [(DEBIT, sums[0]), (CREDIT, sums[1])] {
        write_sum(sheet, (at, column), (1, at.saturating_sub(1)), sum, &formats)?;
    }
    workbook.save_to_buffer()
}

fn write_row(
    sheet: &mut Worksheet,
    at: u32,
    about: &[String; 6],
    (account, amount): (Account, Money),
    sums: &mut [i64; 2],
    formats: &Formats,
) -> Result<(), XlsxError> {
    for (text, column) in about.iter().zip(0..) {
        let format = if column == 5 { &formats.text } else { &formats.code };
        sheet.write_string_with_format(at, column, text, format)?;
    }
    sheet.write_string_with_format(at, 6, account.name(), &formats.code)?;
    let column = if amount.is_negative() { CREDIT } else { DEBIT };
    let units = amount.minor_units().unsigned_abs();
    sheet.write_number_with_format(at, column, units as f64, &formats.number)?;
    let sum = &mut sums[usize::from(amount.is_negative())];
    *sum = sum.saturating_add(i64::try_from(units).unwrap_or(i64::MAX));
    Ok(())
}

/// A sum that the sheet adds up itself, with its result for programs that do not calculate.
pub(super) fn write_sum(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    (first, last): (u32, u32),
    result: i64,
    formats: &Formats,
) -> Result<(), XlsxError> {
    let letter = char::from(b'A' + u8::try_from(column).unwrap_or(25).min(25));
    // Rows count from 1 for people.
    let formula = Formula::new(format!("=SUM({letter}{}:{letter}{})", first + 1, last.max(first) + 1)).set_result(result.to_string());
    sheet.write_formula_with_format(row, column, formula, &formats.sum_number)?;
    Ok(())
}
