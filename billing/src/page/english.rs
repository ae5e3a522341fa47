//! The page in English.

use super::amount::in_english_words;
use super::said::{FactKind, FactWords};
use super::words::{Labels, Words};
use crate::Currency;
use crate::document::{Kind, LineCode, Why};
use crate::rate::Code;

pub(super) const WORDS: Words = Words {
    lang: "en",
    dir: "ltr",
    is_persian: false,
    labels: Labels {
        name: "Wearer",
        reference: "File reference",
        centre: "Issued by",
        issued: "Issued on",
        month: "About the month",
        due: "To be paid by",
        void: "VOID: pay nothing for this document",
        open: "Still to pay",
        account: "To the account",
        holder: "Bank and holder",
        how: "How to pay",
        payment: "Bill and payment identifier",
        total: "Total",
        columns: ["What", "Month", "Days", "Price of a day", "Amount"],
        reasons: "Why these amounts",
    },
    until: "to",
    comma: ", ",
    days: "days",
    taken_back: "taken back:",
    decided_by: "by",
    tariff: "tariff",
    facts: FactWords {
        kind: fact,
        number: " no. ",
        percent: (" of ", " %"),
        day: " of ",
        decision: "decision",
        decided: " of ",
        authority: ", ",
    },
    rule: "rule",
    objection: "If you do not agree with a line, object to the centre's finance unit: the objection is recorded and answered in this file. A debt is no breach of the monitoring.",
    kind,
    line,
    why: Why::text,
    months: ["Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar", "Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand"],
    spelled: |amount| {
        let sign = if amount.is_negative() { "minus " } else { "" };
        let unit = if amount.minor_units().unsigned_abs() == 1 { "rial" } else { "rials" };
        (amount.currency() == Currency::IRR).then(|| format!("{sign}{} {unit}", in_english_words(amount.minor_units().unsigned_abs())))
    },
};

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Invoice => "Invoice",
        Kind::CreditNote => "Credit note",
        Kind::RerateNote => "Re-rate note (the sum does not change)",
        Kind::Statement => "Statement (nothing to pay)",
        Kind::DepositRequest => "Request of a deposit",
        Kind::DepositRelease => "Release of a part of the deposit",
        Kind::DamageInvoice => "Invoice of damage to the equipment",
    }
}

fn line(line: LineCode) -> String {
    let code = |code| match code {
        Code::Install => "installation fee",
        Code::Replace => "replacement fee",
        Code::Usage => "daily fee",
        Code::Waiver => "waiver",
        Code::Cap => "cap of the first month",
    };
    match line {
        LineCode::Charge(charged) => code(charged).to_owned(),
        LineCode::Adjust(adjusted) => format!("correction of the {}", code(adjusted)),
        LineCode::DepositRequest => "deposit for the equipment".to_owned(),
        LineCode::DepositRelease => "deposit released".to_owned(),
        LineCode::Damage => "damage beyond the deposit".to_owned(),
    }
}

fn fact(kind: FactKind) -> &'static str {
    match kind {
        FactKind::Leave => "leave",
        FactKind::LeaveEnded => "end or withdrawal of the leave",
        FactKind::Suspension => "suspension",
        FactKind::Variation => "change of the regime",
        FactKind::Class => "price class",
        FactKind::Waiver => "waiver",
        FactKind::ReliefEnded => "end of what was granted",
        FactKind::Installation => "fitting of the tag",
        FactKind::Replacement => "replacement of the tag",
        FactKind::Removal => "removal of the tag",
        FactKind::Damage => "report of damage",
        FactKind::Deposit => "deposit required",
        FactKind::FeeCorrection => "correction of the fee",
        FactKind::Other => "event",
    }
}
