//! Who is monitored, by which decision, with which tag, and what is missing before it may begin. Pure: no IO, no clock. Never knows SQL or gRPC.

mod fold;
pub mod inspection;
pub mod leave;
mod leave_return;
mod national_id;

pub use fold::{fold, search_words};
pub use leave_return::{ReturnAlert, ReturnFacts, ReturnOutcome};
pub use national_id::{NationalId, NationalIdError};
