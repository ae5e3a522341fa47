//! Who is monitored, by which decision, with which tag, and what is missing before it may begin. Pure: no IO, no clock. Never knows SQL or gRPC.

pub mod checklist;
mod fold;
mod inventory;
mod national_id;
mod removal;

pub use fold::{fold, search_words};
pub use inventory::{
    MODEL_MAX, NewTag, Protocol, SERIAL_MAX, TAG_NOTE_MAX, TagAsked, TagMistake, TagState, key_read, sim_mistake, tag_checked, text_mistake,
};
pub use national_id::{NationalId, NationalIdError};
pub use removal::{Condition, DepositConsequence, Payer, RemovalReason, ReplacementReason, removal_needs_second_person};
