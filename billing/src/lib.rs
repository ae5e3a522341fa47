//! What it costs: calendar, tariff, usage, documents, ledger. Never knows a clock, a file, a database or a socket.
//!
//! [`rate`] tells the truth about a person's facts as of a run, [`difference`] compares it with what was billed, [`Books`] issue what differs.
//! The rules R1 to R11 and decisions D1 to D43 are those of the billing policy; `docs/billing.md` tells them in short.

mod account;
mod books;
pub mod calendar;
mod cap;
mod cash;
pub mod command;
mod deposit;
mod difference;
mod document;
mod elsewhere;
mod explain;
pub mod export;
mod fact;
mod fitting;
pub mod identifier;
mod known;
mod ledger;
mod money;
pub mod page;
mod policy;
mod rate;
mod receivables;
mod reminder;
mod replay;
mod settle;
mod standing;
pub mod statement;
mod stored;
mod summary;
mod tariff;
mod void;
mod work;

pub use account::{AccountNumbers, DepositNumbers};
pub use books::Books;
pub use deposit::{Deposit, DepositTerms, deposit_terms};
pub use difference::{Billed, Difference, Note, difference};
pub use document::{Because, Days, Document, Kind, Line, LineCode, Why};
pub use fact::{Covered, Fact, FactId, OrderId, Period, What};
pub use fitting::{Fitting, Fittings};
pub use known::known_at;
pub use ledger::{Account, Entry, Ledger, Posting};
pub use money::{Currency, Money, MoneyError};
pub use policy::{CapWindow, DUE_DAYS_MAX, LeaveDay, Mode, Policy, PolicyError, UseDay};
pub use rate::{Code, Fee, Item, Key, Part, Rated, horizon, rate};
pub use receivables::{Invoice, Origin, Receivables};
pub use reminder::{REMINDER_DAYS, reminder_day, reminder_number};
pub use replay::{Timeline, carry_on, replay, run_times};
pub use settle::{Claim, Settled, settle};
pub use standing::{Price, Standing};
pub use stored::{StoredDocument, StoredError, StoredLine};
pub use summary::{Aging, MonthTruth, Status, months};
pub use tariff::{Regime, Tariff, TariffError, Tariffs};
pub use work::{Reason, Work};

/// Why a person cannot be billed.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// An amount cannot be reckoned.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The time zone data are wrong.
    #[error(transparent)]
    Calendar(#[from] calendar::CalendarError),
    /// A document charges a fee of a fact that is not there.
    #[error("a document charges \"{0}\", and no such event is recorded: report this, documents and events have come apart")]
    FactMissing(FactId),
    /// A document was kept that no run or event issues.
    #[error("the document of {0} was issued, and nothing recorded issues it: report this, documents and events have come apart")]
    KeptInVain(String),
    /// An entry of the ledger does not sum to nothing: a fault of this program.
    #[error("the entry \"{0}\" does not sum to 0: report this with the case that shows it")]
    Unbalanced(String),
}
