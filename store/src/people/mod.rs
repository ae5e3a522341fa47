//! People, their roles and sessions, units, machines, and what waits for a second person.

mod account;
mod acts;
mod approvals;
mod error;
mod grants;
mod log_in;
mod machines;
mod one_person;
mod people_list;
mod proposals;
mod purposes;
mod sessions;
mod tries;
mod units;

pub use account::{FirstPassword, NewPassword};
pub use acts::Act;
pub use error::PeopleError;
pub use grants::RoleChange;
pub use log_in::{LogIn, LogInPerson, LogInTry, SecondFactor};
pub(crate) use one_person::is_one_person;
pub use people_list::{Person, PersonFilter};
pub use proposals::{Decided, NewProposal, Proposal, ProposalState};
pub use purposes::PurposeRow;
pub use sessions::{OpenSession, SessionEnd, SessionListed};
pub(crate) use tries::Strangers;
pub(crate) use units::unit_within_reach;
pub use units::{Unit, UnitKind, UnitRow};
