//! How refusals look: a gRPC code, a sentence for people, and google.rpc details for programs.

use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The `domain` of every `ErrorInfo`.
const DOMAIN: &str = "paband";

/// Shortest wait before a client asks again after `UNAVAILABLE`.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// A refusal with a reason that programs act on, and what belongs to it.
pub fn refusal(code: Code, reason: &str, message: impl Into<String>, metadata: &[(&str, String)]) -> Status {
    let metadata: HashMap<String, String> = metadata.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    let mut details = ErrorDetails::with_error_info(reason, DOMAIN, metadata);
    if matches!(code, Code::Unavailable | Code::ResourceExhausted) {
        details.set_retry_info(Some(RETRY_AFTER));
    }
    Status::with_error_details(code, message, details)
}

/// The end of a stream: why, and the sequence to ask for next.
pub fn stream_end(code: Code, reason: &str, message: &str, resume_after: i64) -> Status {
    refusal(code, reason, format!("{message}; resume after sequence {resume_after}"), &[("resume_after", resume_after.to_string())])
}

/// Fields of the request that are wrong, all of them at once.
pub fn invalid(violations: Vec<FieldViolation>) -> Status {
    let message = violations.iter().map(|v| format!("{}: {}", v.field, v.description)).collect::<Vec<_>>().join("; ");
    let mut details = ErrorDetails::with_error_info("INVALID_FIELDS", DOMAIN, HashMap::new());
    details.set_bad_request(violations);
    Status::with_error_details(Code::InvalidArgument, message, details)
}

/// Refuses unless nothing is wrong.
pub fn check(violations: Vec<FieldViolation>) -> Result<(), Status> {
    if violations.is_empty() { Ok(()) } else { Err(invalid(violations)) }
}

/// A wrong length of a text, counted in characters.
pub fn length_violation(field: &str, text: &str, min: usize, max: usize) -> Option<FieldViolation> {
    let length = text.chars().count();
    (length < min || length > max).then(|| FieldViolation::new(field, format!("must have {min} to {max} characters, has {length}")))
}

/// The database cannot answer now.
pub fn database_away() -> Status {
    refusal(Code::Unavailable, "DATABASE_AWAY", "the server cannot reach its database now; ask again shortly", &[])
}
