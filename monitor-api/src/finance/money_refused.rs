//! What stands against money in and out, as callers are told.

use super::statement_asked::wrong_line;
use crate::calendar::solar_hijri_day;
use crate::reason::{Reason, Wrong};
use crate::status::{invalid, refusal, wrong};
use billing::statement::Fault;
use geofence::Timestamp;
use store::MoneyRefusal;
use tonic::{Code, Status};

type Args = Vec<(&'static str, String)>;

/// Why money was not recorded, matched, reversed or paid back.
pub(super) fn refused(why: &MoneyRefusal) -> Status {
    let (missing, failed) = (Code::NotFound, Code::FailedPrecondition);
    let (code, reason, args): (Code, Reason, Args) = match why {
        MoneyRefusal::UnknownUnit => (missing, Reason::UnknownUnit, vec![]),
        MoneyRefusal::UnknownLine => (missing, Reason::UnknownStatementLine, vec![]),
        MoneyRefusal::UnknownPayment => (missing, Reason::UnknownPayment, vec![]),
        MoneyRefusal::UnknownRefund => (missing, Reason::UnknownRefund, vec![]),
        MoneyRefusal::UnknownDamage => (missing, Reason::UnknownDamage, vec![]),
        MoneyRefusal::UnknownPhoto(photo) => (missing, Reason::UnknownPhoto, vec![("photo", photo.to_string())]),
        MoneyRefusal::VersionChanged(version) => (Code::Aborted, Reason::VersionChanged, vec![("version", version.to_string())]),
        MoneyRefusal::SamePerson => (failed, Reason::SamePerson, vec![]),
        MoneyRefusal::ReferenceSeen(payment) => {
            let payment = payment.map_or_else(|| "—".to_owned(), |payment| payment.to_string());
            (Code::AlreadyExists, Reason::ReferenceSeen, vec![("payment", payment)])
        }
        MoneyRefusal::RefundReferenceSeen(refund) => {
            (Code::AlreadyExists, Reason::RefundReferenceSeen, vec![("refund", refund.to_string())])
        }
        MoneyRefusal::AboveAssessed(most) => {
            return invalid(vec![wrong("amount", Wrong::AboveMax, &[("max", most.to_string()), ("value", "—".to_owned())])]);
        }
        MoneyRefusal::ToldTooEarly(first) => {
            let from = solar_hijri_day(first.gregorian()).unwrap_or_default();
            return invalid(vec![wrong("day", Wrong::ToldTooEarly, &[("from", from)])]);
        }
        MoneyRefusal::ToldInFuture => return invalid(vec![wrong("day", Wrong::InFuture, &[])]),
        other => {
            let (reason, args) = hindered(other);
            (failed, reason, args)
        }
    };
    refusal(code, reason, &args)
}

/// What stands against it as things are now.
fn hindered(why: &MoneyRefusal) -> (Reason, Args) {
    let until = |until: &chrono::DateTime<chrono::Utc>| vec![("until", Timestamp::from(*until).to_string())];
    match why {
        MoneyRefusal::UnknownInvoice(invoice) => (Reason::InvoiceNotTheirs, vec![("invoice", invoice.clone())]),
        MoneyRefusal::AccountNew(accounts) => (Reason::AccountNew, vec![("accounts", accounts.clone())]),
        MoneyRefusal::AccountDiffers(number) => (Reason::AccountDiffers, vec![("number", number.clone())]),
        MoneyRefusal::LineOver(state) => (Reason::StatementLineOver, vec![("state", (*state).to_owned())]),
        MoneyRefusal::LineWentOut => (Reason::StatementLineWentOut, vec![]),
        MoneyRefusal::PaymentReversed => (Reason::PaymentReversed, vec![]),
        MoneyRefusal::PaymentPaidOut => (Reason::PaymentPaidOut, vec![]),
        MoneyRefusal::BeyondCredit(credit) => (Reason::RefundBeyondCredit, vec![("credit", credit.to_string())]),
        MoneyRefusal::BeyondDeposit(held) => (Reason::RefundBeyondDeposit, vec![("held", held.to_string())]),
        MoneyRefusal::BeyondRelease(released) => (Reason::RefundBeyondRelease, vec![("released", released.to_string())]),
        MoneyRefusal::BeyondCeiling(ceiling, held) => {
            (Reason::DepositBeyondCeiling, vec![("ceiling", ceiling.to_string()), ("held", held.to_string())])
        }
        MoneyRefusal::DepositNotAsked => (Reason::DepositNotAsked, vec![]),
        MoneyRefusal::TagFitted => (Reason::TagStillFitted, vec![]),
        MoneyRefusal::DamageUnsettled(damage) => (Reason::DamageUnsettled, vec![("damage", damage.to_string())]),
        MoneyRefusal::RefundOver(state) => (Reason::RefundOver, vec![("state", (*state).to_owned())]),
        MoneyRefusal::DamageOver(state) => (Reason::DamageOver, vec![("state", (*state).to_owned())]),
        MoneyRefusal::DamageNotTold => (Reason::DamageNotTold, vec![]),
        MoneyRefusal::ObjectionOpen(at) => (Reason::ObjectionOpen, until(at)),
        MoneyRefusal::ObjectionLate(at) => (Reason::ObjectionLate, until(at)),
        // Accounts for refunds, and lines.
        MoneyRefusal::HolderDiffers => (Reason::HolderDiffers, vec![]),
        MoneyRefusal::NoRefundAccount => (Reason::NoRefundAccount, vec![]),
        MoneyRefusal::RefundAccountChanged => (Reason::RefundAccountChanged, vec![]),
        MoneyRefusal::LineAmountDiffers(amount) => (Reason::LineAmountDiffers, vec![("amount", amount.to_string())]),
        MoneyRefusal::RefundLeft(line) => (Reason::RefundLeft, vec![("line", line.to_string())]),
        MoneyRefusal::HasLine(line) => (Reason::HasLine, vec![("line", line.to_string())]),
        MoneyRefusal::LineCameIn => (Reason::StatementLineCameIn, vec![]),
        other => {
            (Reason::BooksBlocked, vec![("why", if let MoneyRefusal::Blocked(why) = other { super::todo(why) } else { other.to_string() })])
        }
    }
}

/// A file that cannot be read, line by line.
pub(super) fn unreadable(faults: &[Fault]) -> Status {
    invalid(faults.iter().map(wrong_line).collect())
}
