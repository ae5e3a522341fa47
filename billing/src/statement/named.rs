//! Whom a line names: bill ids and numbers of invoices in it. Whose they are is for others to know.

use super::Line;
use crate::document::Kind;
use crate::identifier::{BillId, PaymentId};
use std::collections::BTreeSet;

/// Digits of the barcode of a bill: bill id and payment id.
const BARCODE_DIGITS: usize = 26;

/// What a line names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// Bill ids whose check digit fits.
    pub bills: BTreeSet<BillId>,
    /// Payment ids that belong to the bill id before them.
    pub payments: BTreeSet<PaymentId>,
    /// Numbers of invoices, as they are written: `INV-tehran-1405-000123`.
    pub invoices: BTreeSet<String>,
}

/// What a line names. Bill ids are looked for in the identifier alone: elsewhere every tenth number would be one by chance, amounts among them. A number of
/// an invoice is too peculiar to be there by chance, so it is looked for everywhere.
pub fn named(line: &Line) -> Named {
    let invoices = [&line.identifier, &line.reference, &line.text].into_iter().flat_map(|text| invoices(text)).collect();
    let mut named = Named { invoices, ..Named::default() };
    let mut before: Option<BillId> = None;
    for digits in line.identifier.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| !digits.is_empty()) {
        if let Some((bill, payment)) = barcode(digits) {
            named.bills.insert(bill);
            named.payments.insert(payment);
        } else if let Some(payment) = before.and_then(|bill| PaymentId::parse(digits, bill).ok()) {
            named.payments.insert(payment);
        } else if let Ok(bill) = BillId::parse(digits) {
            named.bills.insert(bill);
            before = Some(bill);
        }
    }
    named
}

fn barcode(digits: &str) -> Option<(BillId, PaymentId)> {
    let (bill, payment) = (digits.len() == BARCODE_DIGITS).then(|| digits.split_at(BARCODE_DIGITS / 2))?;
    let bill = BillId::parse(bill).ok()?;
    Some((bill, PaymentId::parse(payment, bill).ok()?))
}

fn invoices(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_');
    let is_number = |word: &&str| {
        [Kind::Invoice, Kind::DamageInvoice].iter().filter_map(|kind| kind.prefix()).any(|prefix| {
            word.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-') && rest.ends_with(|last: char| last.is_ascii_digit()))
        })
    };
    words.filter(is_number).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::{BillId, Line, named};
    use crate::money::Money;

    fn of(identifier: &str, reference: &str, text: &str) -> (Vec<String>, Vec<String>) {
        let (day, amount) = ("1405/08/30".parse().unwrap(), Money::rials(1));
        let line = Line { place: 1, day, amount, identifier: identifier.into(), reference: reference.into(), text: text.into() };
        let found = named(&line);
        (found.bills.iter().map(BillId::to_string).collect(), found.invoices.into_iter().collect())
    }

    #[test]
    fn bill_ids_stand_in_the_identifier_and_invoices_anywhere() {
        let check = |line: (&str, &str, &str), bills: &[&str], invoices: &[&str]| {
            assert_eq!(
                of(line.0, line.1, line.2),
                (bills.iter().map(|s| (*s).into()).collect(), invoices.iter().map(|s| (*s).into()).collect())
            );
        };
        check(("9403272004129", "", ""), &["9403272004129"], &[]);
        check(("9403272004129/95570163", "", ""), &["9403272004129"], &[]);
        check(("10643481031150000097570237", "", ""), &["1064348103115"], &[]);
        check(("10643481031150000097570238", "", ""), &[], &[]); // The payment id does not fit.
        check(("9403272004128", "9403272004129", "9403272004129"), &[], &[]);
        check(("", "INV-tehran-1405-000123", ""), &[], &["INV-tehran-1405-000123"]);
        check(("", "", "بابت INV-tehran-1405-000123، با تشکر"), &[], &["INV-tehran-1405-000123"]);
        check(("", "DMG-qom-1405-000001 INV-qom-1405-000002", ""), &[], &["DMG-qom-1405-000001", "INV-qom-1405-000002"]);
        check(("", "INV", "INVOICE-7 XINV-a-1 INV-"), &[], &[]);
    }
}
