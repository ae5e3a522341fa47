//! Reminders as the person reads them.

use super::document_page::head;
use super::shown::page_language;
use crate::language::Language;
use billing::MoneyError;
use billing::calendar::Moment;
use billing::page::{Head, Letter, Reminded, letters};
use store::ReminderLetter;

/// A page with a sheet for each wearer, in the order in which the first document of each was asked for.
pub(super) fn html(due: &[ReminderLetter], language: Language) -> Result<String, MoneyError> {
    let heads: Vec<Head> = due.iter().map(|one| head(&one.whole, language)).collect();
    let mut sheets: Vec<Letter<'_>> = Vec::new();
    for (one, head) in due.iter().zip(&heads) {
        let Some(invoice) = reminded(one, head) else { continue };
        match sheets.iter_mut().find(|sheet| (&sheet.head.reference, &sheet.head.centre) == (&head.reference, &head.centre)) {
            Some(sheet) => sheet.invoices.push(invoice),
            None => sheets.push(Letter { head, day: one.today, invoices: vec![invoice] }),
        }
    }
    letters(&sheets, page_language(language))
}

fn reminded<'a>(one: &'a ReminderLetter, head: &'a Head) -> Option<Reminded<'a>> {
    let invoice = one.whole.shown.invoice.as_ref()?;
    let issued = Moment::try_from(one.whole.shown.row.run_at).ok()?.day();
    Some(Reminded { number: &invoice.number, issued, due: invoice.due, open: invoice.open, letter: one.number, head })
}
