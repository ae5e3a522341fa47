//! The books in the database: what is billed follows from the facts that staff recorded, by the `billing` crate alone.

mod account;
mod as_of;
mod asked_run;
mod bill_codes;
mod damage_acts;
mod damages;
mod deposit_requests;
mod deposits;
mod document_acts;
mod document_events;
mod document_whole;
mod documents;
mod elsewhere;
mod error;
mod everybody;
mod facts;
mod facts_of_orders;
mod facts_said;
mod heard;
mod holidays;
mod issue;
mod late;
mod late_facts;
mod late_kind;
mod ledger;
mod ledger_head;
mod ledger_pages;
mod merged;
mod money_refusal;
mod numbers;
mod objections;
mod owing;
mod pay_accounts;
mod payments;
mod people;
mod persons;
mod policy_acts;
mod portion;
mod preview;
mod reckon;
mod reconcile;
mod reconcile_bank;
mod reconcile_person;
mod record;
mod refund_accounts;
mod refund_acts;
mod refund_lines;
mod refunds;
mod refunds_due;
mod relief_acts;
mod relief_fees;
mod reliefs;
mod reminder_letters;
mod reminders;
mod required;
mod rows;
mod runs;
mod set_aside;
mod statement_invoices;
mod statement_lines;
mod statement_match;
mod statement_owners;
mod statements;
mod tags;
mod tariff_acts;
mod tariffs;
mod verify;
mod void;
mod work;
mod written;

pub use account::PersonAccount;
pub use as_of::AsOf;
pub use bill_codes::BillCodes;
pub(crate) use bill_codes::{bill_codes_concerns, bill_codes_record};
pub use damage_acts::NewDamage;
pub use damages::{Damage, DamageFilter, DamageNotice, DamageState, DamageStep};
pub use deposit_requests::DepositRequests;
pub use deposits::DepositStanding;
pub use document_acts::{CollectibleMark, UncollectibleMark};
pub(crate) use document_acts::{collectible_concerns, collectible_mark, uncollectible_concerns, uncollectible_mark};
pub use document_events::{DocumentEvent, DocumentHappening, ObjectionOutcome};
pub use document_whole::{DocumentPayment, DocumentWhole};
pub use documents::{DocumentFilter, DocumentPage, DocumentRow, DocumentShown, DocumentStatus};
pub use error::BooksError;
pub use holidays::Holiday;
pub use issue::Issued;
pub use late::LateRefusal;
pub use late_facts::{LateApproval, LateFact, LateFilter};
pub(crate) use late_facts::{late_approve, late_concerns};
pub use late_kind::LateKind;
pub use ledger_head::LedgerHead;
pub use ledger_pages::LedgerRow;
pub use merged::MergedFile;
pub use money_refusal::MoneyRefusal;
pub use objections::WaitingObjection;
pub use owing::OpenInvoice;
pub use pay_accounts::{NewPayAccount, PayAccount, PayPurpose};
pub(crate) use pay_accounts::{pay_account_concerns, pay_account_name};
pub use payments::{NewPayment, Payment, PaymentFilter};
pub use persons::{BOOKS_PORTION, BooksPersons};
pub use policy_acts::PolicyRow;
pub(crate) use policy_acts::{policy_concerns, policy_set};
pub use portion::PortionOf;
pub use preview::{Alternative, Previewed, WhatIf};
pub use reconcile::{BankAccount, BankSums, BooksDifference, BooksSums, Difference};
pub use refund_accounts::{HolderGround, NewRefundAccount, RefundAccount};
pub use refund_acts::NewRefund;
pub use refunds::{Refund, RefundFilter, RefundState};
pub use refunds_due::RefundDue;
pub(crate) use relief_acts::{relief_concerns, relief_grant};
pub use reliefs::{NewRelief, NoUseCause, Relief, ReliefTerms};
pub use reminder_letters::ReminderLetter;
pub use reminders::{ReminderRow, ReminderSent, ReminderState};
pub use runs::BillingRun;
pub use set_aside::{NewSpending, SetAsideYear, Spending, SpendingBack, TakenBack};
pub(crate) use set_aside::{spend, spending_back_concerns, spending_concerns, spending_take_back};
pub use statement_lines::{LineFilter, LineState, StatementLine};
pub use statement_match::{LineIs, LineMatch};
pub use statements::{NewStatement, StatementImport};
pub use tags::{StrayTag, TagComparison, TagDifference, TagPortion};
pub use tariff_acts::TariffRow;
pub(crate) use tariff_acts::{tariff_add, tariff_concerns, tariff_reaches_back};
pub use verify::BooksFault;
pub use work::{BillingWork, WorkReason};

use crate::StoreError;
use billing::BillingError;
use people::lock;

/// A person's facts cannot be billed as they are: for a person to look at, never in the way of anybody else.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PersonError {
    /// Nothing tells which order a fitting follows.
    #[error("fitting {0} began without an order in force: record the order it follows")]
    NoOrder(i64),
    /// What was recorded makes no sense.
    #[error("{0}")]
    Facts(String),
    /// What was issued cannot be read, or does not follow from the facts.
    #[error(transparent)]
    Billing(#[from] BillingError),
}

impl From<BillingError> for StoreError {
    fn from(error: BillingError) -> Self {
        Self::Unreadable(error.to_string())
    }
}
