//! People, their roles and sessions, units, machines, and what waits for a second person.

mod account;
mod error;
mod grants;
mod log_in;
mod machines;
mod people_list;
mod proposals;
mod purposes;
mod sessions;
mod tries;
mod units;

pub use account::{FirstPassword, NewPassword};
pub use error::PeopleError;
pub use grants::RoleChange;
pub use log_in::{LogIn, LogInPerson, LogInTry, SecondFactor};
pub use people_list::{Person, PersonFilter};
pub(crate) use proposals::is_one_person;
pub use proposals::{Act, Decided, NewProposal, Proposal, ProposalState};
pub use purposes::PurposeRow;
pub use sessions::{OpenSession, SessionEnd, SessionListed};
pub(crate) use tries::Strangers;
pub(crate) use units::unit_within_reach;
pub use units::{Unit, UnitKind, UnitRow};
