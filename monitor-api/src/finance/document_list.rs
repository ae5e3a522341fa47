//! The documents of a month as a file: a workbook or CSV. Amounts are numbers, numbers of documents and dates texts, and the last row is the sum.

use super::document_list_words::{COLUMNS, heading, ledger_head, status, sum, title};
use super::ledger_sheet::write_sum;
use super::shown::page_language;
use crate::language::Language;
use crate::sheets::csv_text::{self, harmless};
use crate::sheets::workbook::{Formats, sheet};
use billing::Kind;
use billing::calendar::{Day, Month};
use billing::page::kind_words;
use rust_xlsxwriter::{Workbook, XlsxError};
use store::{DocumentShown, LedgerHead};

/// Most documents of a file.
pub(super) const ROWS_MAX: usize = 500_000;

/// Columns of texts before the amounts.
const TEXTS: usize = 7;
const AMOUNTS: usize = 4;
/// The rows above the documents of a workbook: a title and headings.
const HEADINGS: u32 = 2;

/// One row as it is written.
struct ListRow {
    texts: [String; TEXTS],
    /// Total, paid, open and what is void; `None` where the document asks for no money.
    amounts: [Option<i64>; AMOUNTS],
    status: &'static str,
}

fn row(shown: &DocumentShown, language: Language) -> ListRow {
    let DocumentShown { row, invoice, status: stands } = shown;
    let kind = Kind::ALL.into_iter().find(|kind| kind.name() == row.kind);
    let kind = kind.map_or(row.kind.as_str(), |kind| kind_words(page_language(language), kind));
    let issued = Day::try_from(crate::enrolment::tehran_day(row.run_at)).map(|day| day.to_string()).unwrap_or_default();
    let due = row.due.map(|day| day.to_string()).unwrap_or_default();
    let number = row.number.clone().unwrap_or_default();
    let paid = invoice.as_ref().and_then(|invoice| invoice.paid().ok()).map(billing::Money::minor_units);
    let void = invoice.as_ref().filter(|invoice| invoice.is_void).map(|invoice| invoice.total.minor_units());
    ListRow {
        texts: [number, kind.to_owned(), issued, due, row.issuer.clone(), row.wearer.clone(), row.wearer_name.clone()],
        amounts: [Some(row.total.minor_units()), paid, invoice.as_ref().map(|invoice| invoice.open.minor_units()), void],
        status: status(*stands, language),
    }
}

fn sums(rows: &[ListRow]) -> [i64; AMOUNTS] {
    let mut sums = [0_i64; AMOUNTS];
    for row in rows {
        for (sum, amount) in sums.iter_mut().zip(row.amounts) {
            *sum = sum.saturating_add(amount.unwrap_or_default());
        }
    }
    sums
}

/// What these documents ask for altogether, as the ledger should have it: deposits are no receivables.
pub(super) fn receivable(documents: &[DocumentShown]) -> i64 {
    let kinds = [Kind::Invoice, Kind::CreditNote, Kind::DamageInvoice].map(Kind::name);
    documents.iter().filter(|one| kinds.contains(&one.row.kind.as_str())).map(|one| one.row.total.minor_units()).sum()
}

/// A workbook; the ledger's end is in its first row.
pub(super) fn xlsx(documents: &[DocumentShown], month: Month, head: &LedgerHead, language: Language) -> Result<Vec<u8>, XlsxError> {
    let rows: Vec<ListRow> = documents.iter().map(|document| row(document, language)).collect();
    let mut workbook = Workbook::new();
    let formats = Formats::new(language);
    let sheet = sheet(&mut workbook, title(language), language)?;
    sheet.write_string_with_format(0, 0, format!("{} {month}", title(language)), &formats.title)?;
    for (text, column) in head_texts(head, language).iter().zip([3, 4, 5, 6]) {
        sheet.write_string_with_format(0, column, text, &formats.code)?;
    }
    for ((_, _, width), column) in COLUMNS.iter().zip(0_u16..) {
        sheet.set_column_width(column, *width)?;
        sheet.write_string_with_format(HEADINGS - 1, column, heading(usize::from(column), language), &formats.heading)?;
    }
    sheet.set_freeze_panes(HEADINGS, 1)?.set_repeat_rows(HEADINGS - 1, HEADINGS - 1)?;
    for (row, at) in rows.iter().zip(HEADINGS..) {
        for (text, column) in row.texts.iter().zip(0..) {
            let format = if matches!(column, 1 | 6) { &formats.text } else { &formats.code };
            sheet.write_string_with_format(at, column, text, format)?;
        }
        for (amount, column) in row.amounts.iter().zip(TEXTS as u16..) {
            match amount {
                Some(amount) => sheet.write_number_with_format(at, column, *amount as f64, &formats.number)?,
                None => sheet.write_blank(at, column, &formats.number)?,
            };
        }
        sheet.write_string_with_format(at, (TEXTS + AMOUNTS) as u16, row.status, &formats.text)?;
    }
    let last = HEADINGS + rows.len() as u32;
    sheet.write_string_with_format(last, 0, sum(language), &formats.sum_text)?;
    for (result, column) in sums(&rows).into_iter().zip(TEXTS as u16..) {
        write_sum(sheet, (last, column), (HEADINGS, last - 1), result, &formats)?;
    }
    workbook.save_to_buffer()
}

/// CSV with ASCII digits; the ledger's end is its last row.
pub(super) fn csv(documents: &[DocumentShown], head: &LedgerHead, language: Language) -> Result<Vec<u8>, csv::Error> {
    let rows: Vec<ListRow> = documents.iter().map(|document| row(document, language)).collect();
    let mut writer = csv_text::begin();
    writer.write_record((0..COLUMNS.len()).map(|column| heading(column, language)))?;
    for row in &rows {
        let amounts = row.amounts.iter().map(|amount| amount.map(|amount| amount.to_string()).unwrap_or_default());
        writer.write_record(row.texts.iter().map(|text| harmless(text)).chain(amounts).chain([row.status.to_owned()]))?;
    }
    let texts = std::iter::once(sum(language).to_owned()).chain(std::iter::repeat_n(String::new(), TEXTS - 1));
    writer.write_record(texts.chain(sums(&rows).iter().map(i64::to_string)).chain([String::new()]))?;
    let head = head_texts(head, language).into_iter();
    writer.write_record(head.chain(std::iter::repeat_n(String::new(), COLUMNS.len() - 4)))?;
    csv_text::end(writer)
}

/// The end of the ledger when the list was made: with the paper one can tell later that nothing before it was changed.
fn head_texts(head: &LedgerHead, language: Language) -> [String; 4] {
    let day = head.at.and_then(|at| Day::try_from(crate::enrolment::tehran_day(at)).ok()).map(|day| day.to_string());
    [ledger_head(language).to_owned(), head.number.to_string(), day.unwrap_or_default(), head.hash.clone()]
}
