//! Wearers from enrolment to removal: files, orders, zones, tags, fittings, inspections, leave.

mod contacts;
mod error;
mod merge;
mod order_facts;
mod order_list;
mod orders;
mod person_numbers;
mod photos;
mod wearer_files;
mod wearer_search;
mod wearers;

pub use contacts::{Contact, ContactKind};
pub use error::EnrolmentError;
pub use merge::WearerMerge;
pub(crate) use merge::{merge_concerns, wearer_merge};
pub use order_facts::{FactCancellation, FactCancelled};
pub(crate) use order_facts::{fact_cancel, fact_cancellation_possible};
pub use order_list::{FactEnd, Order, OrderFact, OrderState, OverdueOrder};
pub use orders::{LegalBasis, NewOrder, NewOrderFact, OrderSaying, OrderTerms, Regime, SuspensionCause};
#[allow(unused_imports, reason = "pictures of removals and homes")]
pub(crate) use photos::photo_insert;
pub use photos::{NewPhoto, Photo, PhotoSubject};
pub use wearer_files::{Merged, WearerFile, WearerNow, WearerState, WearerVersion};
pub use wearer_search::{WearerFilter, WearerPage, WearerPlace};
pub use wearers::{NewWearer, RiskClass, WearerChange, WearerFields};

use chrono::NaiveDate;

/// A judicial decision or another letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Who decided.
    pub authority: String,
    /// Its number.
    pub number: String,
    /// Its day.
    pub date: NaiveDate,
}
