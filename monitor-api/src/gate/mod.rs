//! The one gate that every call passes: who calls, whether the method is for them, and what the audit keeps of it. What no method declares is
//! refused to everybody; whoever adds a method to a schema without saying who may call it has added nothing.

mod admit;
mod body;
mod credential;
mod keeper;
mod layer;
mod once;
mod purpose;
mod rights;
mod standing;

use crate::reason::Reason;
use crate::status::refusal;
use access::Caller;
pub(crate) use credential::COOKIE_NAME;
pub(crate) use layer::Gate;
pub(crate) use once::asked;
pub(crate) use rights::role;
pub use rights::{MethodRights, Rights, RightsError};
pub(crate) use standing::Standing;
use std::sync::Arc;
use store::OpenSession;
use tonic::{Code, Request, Status};

/// Who makes the call, as the gate found out.
pub(crate) fn caller<T>(request: &Request<T>) -> Result<Caller, Status> {
    request.extensions().get::<Caller>().cloned().ok_or_else(|| refusal(Code::Internal, Reason::Internal, &[]))
}

/// The session that the call belongs to.
pub(crate) fn session<T>(request: &Request<T>) -> Result<Arc<OpenSession>, Status> {
    request.extensions().get::<Arc<OpenSession>>().cloned().ok_or_else(|| refusal(Code::PermissionDenied, Reason::PersonOnly, &[]))
}
