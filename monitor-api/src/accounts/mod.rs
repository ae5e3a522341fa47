//! People: logging in, their accounts, their units.

mod hashing;
mod log_in;
mod people;
mod sessions;
mod units;

pub(crate) use people::{PeopleService, page_size_violation, role_change};
pub(crate) use sessions::SessionService;
pub(crate) use units::UnitService;

use crate::convert;
use crate::reason::Reason;
use crate::status::refusal;
use access::{Grant, Role};
use chrono::{DateTime, Utc};
use proto::access as schema;
use store::PeopleError;
use tonic::{Code, Status};

/// Why the store did not do it, as callers are told.
pub(crate) fn refused(request: &'static str, error: &PeopleError) -> Status {
    let (code, reason) = match error {
        PeopleError::UnknownPerson => (Code::NotFound, Reason::UnknownPerson),
        PeopleError::NameTaken => (Code::AlreadyExists, Reason::NameTaken),
        PeopleError::UnknownUnit => (Code::NotFound, Reason::UnknownUnit),
        PeopleError::UnitCodeTaken => (Code::AlreadyExists, Reason::UnitCodeTaken),
        PeopleError::UnknownRole => (Code::NotFound, Reason::UnknownRole),
        PeopleError::CentralRole => (Code::FailedPrecondition, Reason::CentralRole),
        PeopleError::RoleHeldAlready => (Code::AlreadyExists, Reason::RoleHeldAlready),
        PeopleError::UnknownSession => (Code::NotFound, Reason::UnknownSession),
        PeopleError::UnknownProposal => (Code::NotFound, Reason::UnknownProposal),
        PeopleError::ProposalOver(state) => {
            return refusal(Code::FailedPrecondition, Reason::ProposalOver, &[("state", (*state).to_owned())]);
        }
        PeopleError::SamePerson => (Code::FailedPrecondition, Reason::SamePerson),
        PeopleError::PasswordUsedBefore => (Code::FailedPrecondition, Reason::PasswordUsedBefore),
        PeopleError::UnknownWearer => (Code::NotFound, Reason::UnknownWearer),
        PeopleError::BeyondReach => (Code::PermissionDenied, Reason::NotAllowed),
        PeopleError::CentralUnitStays => (Code::FailedPrecondition, Reason::CentralUnitStays),
        PeopleError::UnknownHold => (Code::NotFound, Reason::UnknownHold),
        PeopleError::HoldOver => (Code::FailedPrecondition, Reason::HoldOver),
        PeopleError::EnoughAdministrators => (Code::FailedPrecondition, Reason::NotAllowed),
        PeopleError::Enrolment(error) => return crate::enrolment::refused(request, error),
        PeopleError::Books(error) => return crate::finance::refused(request, error),
        PeopleError::Store(error) => return crate::alerts::store_failed(request, error),
    };
    refusal(code, reason, &[])
}

fn grant(grant: &Grant) -> schema::RoleGrant {
    schema::RoleGrant { role: role_number(grant.role).into(), unit: grant.unit.clone(), in_force: grant.in_force }
}

fn role_number(role: Role) -> schema::Role {
    match role {
        Role::Operator => schema::Role::Operator,
        Role::CentralOperator => schema::Role::CentralOperator,
        Role::Intake => schema::Role::Intake,
        Role::Technical => schema::Role::Technical,
        Role::Finance => schema::Role::Finance,
        Role::Supervisor => schema::Role::Supervisor,
        Role::Auditor => schema::Role::Auditor,
        Role::Administrator => schema::Role::Administrator,
        Role::Technician => schema::Role::Technician,
    }
}

/// An instant of the server's clock as a message.
pub(crate) fn instant(at: DateTime<Utc>) -> prost_types::Timestamp {
    convert::timestamp(at.into())
}
