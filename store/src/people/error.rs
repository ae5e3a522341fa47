//! Why something about people, roles, units or proposals was not done.

use crate::StoreError;

/// Told apart by what the caller is told.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// No such person within the caller's reach.
    #[error("there is no such person here")]
    UnknownPerson,
    /// Another person has the name.
    #[error("the name is taken")]
    NameTaken,
    /// No such unit within the caller's reach.
    #[error("there is no such unit here")]
    UnknownUnit,
    /// Another unit has the code.
    #[error("the code is taken")]
    UnitCodeTaken,
    /// The person does not hold the role there.
    #[error("the person does not hold that role there")]
    UnknownRole,
    /// The role is for the central unit alone.
    #[error("that role is held in the central unit alone")]
    CentralRole,
    /// The person holds a role in a unit that the caller does not reach.
    #[error("the person holds a role beyond the caller's reach")]
    BeyondReach,
    /// The central unit is switched off by nobody: nothing would be in force any more, and nobody could switch it on.
    #[error("the central unit stays switched on")]
    CentralUnitStays,
    /// The person holds the role there already.
    #[error("the person holds that role there already")]
    RoleHeldAlready,
    /// No such open session.
    #[error("there is no such open session")]
    UnknownSession,
    /// No such proposal within the caller's reach.
    #[error("there is no such proposal here")]
    UnknownProposal,
    /// It was decided, or nobody decided it in time.
    #[error("the proposal is over: {0}")]
    ProposalOver(&'static str),
    /// Who proposes an act cannot confirm it.
    #[error("somebody else must confirm it")]
    SamePerson,
    /// A password of before.
    #[error("the password was used before")]
    PasswordUsedBefore,
    /// No such wearer within the caller's reach.
    #[error("there is no such wearer here")]
    UnknownWearer,
    /// No such hold within the caller's reach.
    #[error("there is no such hold here")]
    UnknownHold,
    /// It was lifted already.
    #[error("the hold was lifted already")]
    HoldOver,
    /// There are two administrators already: they give roles to everybody else.
    #[error("there are two administrators already; they create everybody else (People.CreatePerson, People.GrantRole)")]
    EnoughAdministrators,
    /// About a wearer, an order, a zone, a tag or a leave.
    #[error(transparent)]
    Enrolment(#[from] crate::EnrolmentError),
    /// About bills.
    #[error(transparent)]
    Books(#[from] crate::BooksError),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<crate::change::ChangeError> for PeopleError {
    fn from(error: crate::change::ChangeError) -> Self {
        Self::Enrolment(error.into())
    }
}

impl From<tokio_postgres::Error> for PeopleError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}
