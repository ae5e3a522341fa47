//! Who is monitored, by which decision, with which tag, and what is missing before it may begin. Pure: no IO, no clock. Never knows SQL or gRPC.

pub mod checklist;
mod file_reference;
mod fold;
mod foreign_id;
pub mod inspection;
mod inventory;
pub mod leave;
mod leave_return;
mod national_id;
mod order_life;
mod removal;

pub use file_reference::file_reference;
pub use fold::{fold, search_words};
pub use foreign_id::{ForeignId, ForeignIdError, ForeignIdKind};
pub use inventory::{
    MODEL_MAX, NewTag, Protocol, SERIAL_MAX, TAG_NOTE_MAX, TagAsked, TagMistake, TagState, key_read, sim_mistake, tag_checked, text_mistake,
};
pub use leave_return::{ReturnAlert, ReturnFacts, ReturnOutcome};
pub use national_id::{NationalId, NationalIdError};
pub use order_life::{LifeError, LifeFact, OrderFactKind, OrderStanding, fact_fits, fact_goes, order_life};
pub use removal::{Condition, DepositConsequence, Payer, RemovalReason, ReplacementReason, removal_needs_second_person};
