//! How a document is to be paid: what, to which account, under which ids, and in which words.

use super::money;
use crate::language::Language;
use billing::identifier::PaymentId;
use billing::page::Head;
use billing::{Kind, Money};
use chrono::{DateTime, Utc};
use proto::billing as schema;
use store::{DocumentStatus, DocumentWhole, NewPayAccount};

/// What is to be paid, and how.
pub(super) struct PayTo<'a> {
    amount: Money,
    account: Option<&'a NewPayAccount>,
    bill_id: String,
    payment_id: String,
    is_internal: bool,
    is_deposit: bool,
}

/// Of a document that asks for money and is not paid.
pub(super) fn pay_to(whole: &DocumentWhole) -> Option<PayTo<'_>> {
    let DocumentWhole { shown, bill_id: (bill_id, is_internal), account, .. } = whole;
    let is_deposit = shown.row.kind == Kind::DepositRequest.name();
    let amount = match &shown.invoice {
        Some(invoice) if shown.status != DocumentStatus::Void && !invoice.open.is_zero() => invoice.open,
        None if is_deposit && whole.deposit_asked.is_positive() => whole.deposit_asked,
        _ => return None,
    };
    // Money that names a bill id is fee money.
    let bill_id = bill_id.filter(|_| !is_deposit);
    let (year, month) = year_and_month(shown.row.run_at).unwrap_or_default();
    let payment_id = bill_id.and_then(|bill| PaymentId::new(bill, amount, year, month).ok());
    Some(PayTo {
        amount,
        account: account.as_ref().map(|account| &account.named),
        bill_id: bill_id.map(|id| id.to_string()).unwrap_or_default(),
        payment_id: payment_id.map(|id| id.to_string()).unwrap_or_default(),
        is_internal: *is_internal && bill_id.is_some(),
        is_deposit,
    })
}

/// The last digit of the Solar Hijri year, and the month: year and period of a payment id.
fn year_and_month(at: DateTime<Utc>) -> Option<(u8, u8)> {
    let (year, month, _) = crate::calendar::solar_hijri_parts(crate::enrolment::tehran_day(at))?;
    Some((u8::try_from(year.rem_euclid(10)).ok()?, month))
}

impl PayTo<'_> {
    /// Into the head of the document's page.
    pub(super) fn head(&self, language: Language, head: Head) -> Head {
        let (account, holder) = self.account.map(|named| (account(named), holder(named, language))).unwrap_or_default();
        let ids = [&self.bill_id, &self.payment_id].into_iter().filter(|id| !id.is_empty()).cloned().collect::<Vec<_>>();
        Head { account, holder, payment: ids.join(" / "), how: self.how(language), ..head }
    }

    pub(super) fn told(&self, language: Language) -> schema::PayTo {
        let of = |part: fn(&NewPayAccount) -> &String| self.account.map(part).cloned().unwrap_or_default();
        schema::PayTo {
            amount: Some(money(self.amount)),
            bank: of(|named| &named.bank),
            holder: of(|named| &named.holder),
            account_number: of(|named| &named.number),
            sheba: of(|named| &named.sheba),
            bill_id: self.bill_id.clone(),
            payment_id: self.payment_id.clone(),
            is_internal: self.is_internal,
            how: self.how(language),
        }
    }

    /// In sentences: first what the centre says.
    fn how(&self, language: Language) -> Vec<String> {
        let mut how: Vec<String> = self.account.map(|named| named.how.clone()).filter(|how| !how.is_empty()).into_iter().collect();
        let is_bill = !self.payment_id.is_empty() && !self.is_internal;
        if self.account.is_none() {
            // No sentence that speaks of an account.
            how.push(said(language, NO_ACCOUNT));
            how.extend(is_bill.then(|| said(language, BILL_ALONE)));
            return how;
        }
        how.push(said(
            language,
            match (self.bill_id.is_empty(), self.payment_id.is_empty(), is_bill) {
                _ if self.is_deposit => DEPOSIT,
                (true, ..) => NO_BILL_ID,
                (_, true, _) => NO_PAYMENT_ID,
                (_, _, false) => INTERNAL,
                (_, _, true) => BILL,
            },
        ));
        how
    }
}

fn account(named: &NewPayAccount) -> String {
    [named.sheba.as_str(), named.number.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / ")
}

fn holder(named: &NewPayAccount, language: Language) -> String {
    let comma = if language == Language::Persian { "، " } else { ", " };
    format!("{}{comma}{}", named.bank, named.holder)
}

fn said(language: Language, (persian, english): (&str, &str)) -> String {
    (if language == Language::Persian { persian } else { english }).to_owned()
}

const NO_ACCOUNT: (&str, &str) = (
    "هنگام صدور این سند حسابی تعیین نشده بود: شمارهٔ حساب را از امور مالی مرکز بپرسید.",
    "No account was named when this was issued: ask the centre's finance unit for it.",
);
const BILL: (&str, &str) = (
    "با شناسهٔ قبض و شناسهٔ پرداخت از هر درگاه پرداخت قبض، یا به حساب بالا با همین شناسهٔ قبض.",
    "With bill id and payment id wherever bills are paid, or to the account above with the bill id as the identifier.",
);
const BILL_ALONE: (&str, &str) =
    ("با شناسهٔ قبض و شناسهٔ پرداخت از هر درگاه پرداخت قبض.", "With bill id and payment id wherever bills are paid.");
const INTERNAL: (&str, &str) = (
    "این شناسه‌ها مرجع داخلی‌اند و درگاه‌های پرداخت قبض آنها را نمی‌شناسند: مبلغ را به حساب بالا واریز کنید و شناسهٔ قبض را به جای شناسهٔ واریز بنویسید.",
    "These ids are references of this house, and no bank takes them for a bill: transfer the amount to the account above and write the bill id as the identifier.",
);
const NO_PAYMENT_ID: (&str, &str) = (
    "این مبلغ شناسهٔ پرداخت ندارد، چون شناسهٔ پرداخت تنها هزار ریال‌های کامل را می‌رساند: درست همین مبلغ را به حساب بالا واریز کنید و شناسهٔ قبض را به جای شناسهٔ واریز بنویسید.",
    "There is no payment id, because one carries whole thousands of rials only: transfer exactly this amount to the account above and write the bill id as the identifier.",
);
const NO_BILL_ID: (&str, &str) = (
    "این پرونده شناسهٔ قبض ندارد: مبلغ را به حساب بالا واریز کنید و شمارهٔ سند را بنویسید.",
    "This file has no bill id: transfer the amount to the account above and name the number of the document.",
);
const DEPOSIT: (&str, &str) = (
    "ودیعه را تنها به حساب ودیعه واریز کنید و شمارهٔ پرونده را بنویسید؛ رسید را به امور مالی مرکز بدهید.",
    "Pay the deposit to the account of deposits alone and name the file reference; hand the receipt to the centre's finance unit.",
);
