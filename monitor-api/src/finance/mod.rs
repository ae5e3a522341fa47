//! What wearers pay, for finance: tariffs, runs, documents, payments.

mod account_shown;
mod accounts;
mod deposits;
mod document_acts;
mod document_asked;
mod document_list;
mod document_list_words;
mod document_page;
mod document_shown;
mod documents;
mod late_facts;
mod ledger_file;
mod ledger_sheet;
mod looks;
mod money_asked;
mod money_refused;
mod money_shown;
mod pay_to;
mod paying;
mod payments;
mod policies;
mod refunds;
mod relief;
mod relief_asked;
mod relief_shown;
mod reminder_page;
mod reminders;
mod reports;
mod reports_shown;
mod runs;
mod runs_asked;
mod runs_shown;
mod set_aside;
mod shown;
mod statement_asked;
mod statements;
mod tags_shown;
mod tariffs;

pub(crate) use accounts::AccountService;
pub(crate) use deposits::DepositService;
pub(crate) use document_acts::{collectible_act, uncollectible_act};
pub(crate) use documents::DocumentService;
pub(crate) use late_facts::{LateFactService, late_fact_act};
pub use ledger_file::{LedgerAsked, LedgerFileError, LedgerFormat, write_ledger};
pub(crate) use paying::{PayingService, bill_codes_act, pay_account_act};
pub(crate) use payments::PaymentService;
pub(crate) use policies::{PolicyService, policy_act};
pub(crate) use refunds::RefundService;
pub(crate) use relief::{ReliefService, class_act, deposit_act, fee_act, suspension_act, waiver_act};
pub(crate) use reminders::ReminderService;
pub(crate) use reports::ReportService;
pub(crate) use runs::RunService;
pub(crate) use set_aside::{SetAsideService, spending_act, spending_back_act};
pub(crate) use statement_asked::STATEMENT_BYTES_MAX;
pub(crate) use statements::StatementService;
pub(crate) use tariffs::{TariffService, tariff_act};

use crate::calendar::solar_hijri_day;
use crate::catalogue::text;
use crate::fields::Fields;
use crate::reason::{Reason, Todo, Wrong};
use crate::status::{invalid, refusal, wrong};
use billing::Money;
use geofence::Timestamp;
use proto::billing as schema;
use store::{BooksError, WorkReason};
use tonic::{Code, Status};

/// Why the store did not do it, as callers are told.
pub(crate) fn refused(request: &'static str, error: &BooksError) -> Status {
    let (code, reason) = match error {
        BooksError::UnknownWearer => (Code::NotFound, Reason::UnknownWearer),
        BooksError::UnknownUnit => (Code::NotFound, Reason::UnknownUnit),
        BooksError::UnitNeeded => return invalid(vec![wrong("unit", Wrong::Missing, &[])]),
        BooksError::UnknownRun => (Code::NotFound, Reason::UnknownRun),
        BooksError::CentralOnly => (Code::PermissionDenied, Reason::CentralOnly),
        BooksError::TariffTaken(version) => {
            return refusal(Code::AlreadyExists, Reason::TariffTaken, &[("version", version.clone())]);
        }
        BooksError::SetAsideTooLittle(left) => {
            return refusal(Code::FailedPrecondition, Reason::SetAsideTooLittle, &[("left", left.to_string())]);
        }
        BooksError::UnknownSpending => (Code::NotFound, Reason::UnknownSpending),
        BooksError::KeyUsed => (Code::AlreadyExists, Reason::IdempotencyKeyUsed),
        BooksError::Money(why) => return money_refused::refused(why),
        // Documents and reports.
        BooksError::UnknownDocument => (Code::NotFound, Reason::UnknownDocument),
        BooksError::UnknownObjection => (Code::NotFound, Reason::UnknownObjection),
        BooksError::ObjectionAnswered => (Code::FailedPrecondition, Reason::ObjectionAnswered),
        BooksError::NothingOwed => (Code::FailedPrecondition, Reason::NothingOwed),
        BooksError::UncollectibleAlready => (Code::FailedPrecondition, Reason::UncollectibleAlready),
        BooksError::NotUncollectible => (Code::FailedPrecondition, Reason::NotUncollectible),
        BooksError::ReminderNotDue => (Code::FailedPrecondition, Reason::ReminderNotDue),
        BooksError::HappenedAlready => (Code::FailedPrecondition, Reason::HappenedAlready),
        BooksError::Blocked(why) => return refusal(Code::FailedPrecondition, Reason::BooksBlocked, &[("why", todo(why))]),
        // Void documents, and how people pay.
        BooksError::DocumentVoid => (Code::FailedPrecondition, Reason::DocumentVoid),
        BooksError::VoidNoInvoice => (Code::FailedPrecondition, Reason::VoidNoInvoice),
        BooksError::DocumentSent => (Code::FailedPrecondition, Reason::DocumentSent),
        BooksError::DocumentPaid => (Code::FailedPrecondition, Reason::DocumentPaid),
        BooksError::DocumentCorrected(later) => {
            return refusal(Code::FailedPrecondition, Reason::DocumentCorrected, &[("later", later.clone())]);
        }
        BooksError::BillCodesInUse => (Code::FailedPrecondition, Reason::BillCodesInUse),
        // Relief.
        BooksError::UnknownRelief => (Code::NotFound, Reason::UnknownRelief),
        BooksError::ReliefOver => (Code::FailedPrecondition, Reason::ReliefOver),
        BooksError::ReliefIsDeposit => (Code::FailedPrecondition, Reason::ReliefIsDeposit),
        BooksError::ReliefEndOutside(from) => {
            return refusal(Code::FailedPrecondition, Reason::ReliefEndOutside, &[("from", Timestamp::from(*from).to_string())]);
        }
        BooksError::ClassWithoutPrice { class, tariff } => {
            let args = [("class", class.clone()), ("tariff", tariff.clone())];
            return refusal(Code::FailedPrecondition, Reason::ClassWithoutPrice, &args);
        }
        BooksError::ClassOverlaps(from) => {
            return refusal(Code::FailedPrecondition, Reason::ClassOverlaps, &[("from", Timestamp::from(*from).to_string())]);
        }
        BooksError::SuspensionOverlaps(from) => {
            return refusal(Code::FailedPrecondition, Reason::SuspensionOverlaps, &[("from", Timestamp::from(*from).to_string())]);
        }
        BooksError::UnknownFitting => (Code::NotFound, Reason::UnknownFitting),
        BooksError::FeeIsSo => (Code::FailedPrecondition, Reason::FeeIsSo),
        BooksError::RequiredBeyondCeiling(ceiling) => {
            let args = [("ceiling", ceiling.minor_units().to_string())];
            return refusal(Code::FailedPrecondition, Reason::RequiredBeyondCeiling, &args);
        }
        BooksError::PolicyInUse => (Code::FailedPrecondition, Reason::PolicyInUse),
        // Late facts.
        BooksError::UnknownLateFact => (Code::NotFound, Reason::UnknownLateFact),
        BooksError::LateFactTooLate(day) => {
            let until = solar_hijri_day(day.gregorian()).unwrap_or_default();
            return refusal(Code::FailedPrecondition, Reason::LateFactTooLate, &[("until", until)]);
        }
        BooksError::Store(error) => return crate::alerts::store_failed(request, error),
    };
    refusal(code, reason, &[])
}

/// Why somebody must look at a person's bill, and what to do, in the caller's language. One that this program does not know stays in English.
pub(crate) fn todo(reason: &WorkReason) -> String {
    let known = Todo::ALL.iter().find(|todo| todo.code() == reason.code);
    let arguments = |todo: &Todo| -> Option<Vec<(&str, String)>> {
        todo.arguments().iter().map(|name| Some((*name, reason.arguments.get(*name)?.clone()))).collect()
    };
    known.and_then(|todo| Some(text(&todo.message_id(), &arguments(todo)?))).unwrap_or_else(|| reason.text.clone())
}

/// An amount as it is shown.
pub(crate) fn money(amount: Money) -> schema::Money {
    schema::Money { amount: amount.minor_units(), currency: amount.currency().to_string() }
}

/// No single amount is larger, rials: a slip of the hand.
const AMOUNT_MAX: i64 = 1_000_000_000_000_000;

/// An amount that must be there, in rials, and so much at least: 0 or 1.
pub(crate) fn money_asked(fields: &mut Fields, field: &str, asked: Option<&schema::Money>, min: i64) -> Money {
    let Some(asked) = asked else {
        fields.note(field, Wrong::Missing, &[]);
        return Money::rials(0);
    };
    if !["", "IRR"].contains(&asked.currency.as_str()) {
        fields.note(field, Wrong::NotRials, &[("value", asked.currency.chars().take(10).collect())]);
    }
    if asked.amount > AMOUNT_MAX {
        fields.note(field, Wrong::AboveMax, &[("max", AMOUNT_MAX.to_string()), ("value", asked.amount.to_string())]);
    }
    if asked.amount < min {
        let wrong = if min > 0 { Wrong::MustBeAboveZero } else { Wrong::MustNotBeNegative };
        fields.note(field, wrong, &[("value", asked.amount.to_string())]);
    }
    Money::rials(asked.amount)
}
