//! How refusals look: a gRPC code, words for people in their language, and google.rpc details for programs.

use crate::catalogue::text;
use crate::language::{Language, current};
use crate::reason::{Reason, Wrong};
use std::collections::HashMap;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

/// The `domain` of every `ErrorInfo`.
const DOMAIN: &str = "paband";

/// Shortest wait before a client asks again after `UNAVAILABLE`.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The argument that says how long to wait instead.
const SECONDS: &str = "seconds";

/// Longest argument, characters. A longer one is cut, so that what a caller sent cannot make a refusal too long to be sent back.
const ARGUMENT_CHARACTERS_MAX: usize = 200;

/// Wrong fields in the details and in the sentence, bytes: clients take 16 KiB of trailers, and Persian grows threefold in them. The
/// first is always told; those beyond are told when it is corrected.
const VIOLATION_BYTES_MAX: usize = 4096;
const SENTENCE_BYTES_MAX: usize = 1024;

/// A refusal with a reason that programs act on, and what belongs to it: `args` are the arguments of the message, and the metadata as
/// they are (instants in RFC 3339). One named `seconds` is how long to wait before asking again.
pub fn refusal(code: Code, reason: Reason, args: &[(&str, String)]) -> Status {
    let args = cut(args);
    let mut details = details(reason, &args);
    if let Some(wait) = retry_after(code, &args) {
        details.set_retry_info(Some(wait));
    }
    told(code, reason, &args, details)
}

/// The end of a stream: why, and the sequence to ask for next.
pub fn stream_end(code: Code, reason: Reason, args: &[(&str, String)], resume_after: i64) -> Status {
    refusal(code, reason, &[args, &[("resume_after", resume_after.to_string())]].concat())
}

/// What is wrong with one field.
pub fn wrong(field: impl Into<String>, wrong: Wrong, args: &[(&str, String)]) -> FieldViolation {
    expect_arguments(wrong.code(), wrong.arguments(), args);
    let description = text(&wrong.message_id(), &cut(args));
    FieldViolation { reason: wrong.code().to_owned(), ..FieldViolation::new(field, description) }
}

/// Fields of the request that are wrong, all of them at once.
pub fn invalid(mut violations: Vec<FieldViolation>) -> Status {
    violations.dedup_by(|one, other| one.field == other.field && one.reason == other.reason);
    violations.truncate(within(VIOLATION_BYTES_MAX, &violations));
    let in_sentence = &violations[..within(SENTENCE_BYTES_MAX, &violations)];
    let fields = sentence(in_sentence);
    let mut details = ErrorDetails::with_error_info(Reason::InvalidFields.code(), DOMAIN, HashMap::new());
    details.set_bad_request(violations);
    told(Code::InvalidArgument, Reason::InvalidFields, &[("fields", fields)], details)
}

/// Refuses unless nothing is wrong.
pub fn check(violations: Vec<FieldViolation>) -> Result<(), Status> {
    if violations.is_empty() { Ok(()) } else { Err(invalid(violations)) }
}

/// A wrong length of a text, counted in characters; or the character of number 0 in it.
pub fn length_violation(field: &str, text: &str, min: usize, max: usize) -> Option<FieldViolation> {
    let length = text.chars().count();
    let counted = |name, limit: usize| [(name, limit.to_string()), ("length", length.to_string())];
    match length {
        // The database's texts cannot hold it.
        _ if text.contains('\0') => Some(wrong(field, Wrong::NotACode, &[])),
        0 if min > 0 => Some(wrong(field, Wrong::Missing, &[])),
        _ if length < min => Some(wrong(field, Wrong::TooShort, &counted("min", min))),
        _ if length > max => Some(wrong(field, Wrong::TooLong, &counted("max", max))),
        _ => None,
    }
}

/// The database cannot answer now.
pub fn database_away() -> Status {
    refusal(Code::Unavailable, Reason::DatabaseAway, &[])
}

fn details(reason: Reason, args: &[(&str, String)]) -> ErrorDetails {
    let metadata: HashMap<String, String> = args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    ErrorDetails::with_error_info(reason.code(), DOMAIN, metadata)
}

fn told(code: Code, reason: Reason, args: &[(&str, String)], mut details: ErrorDetails) -> Status {
    expect_arguments(reason.code(), reason.arguments(), args);
    let message = text(&reason.message_id(), args);
    details.set_localized_message(current().locale(), &message);
    Status::with_error_details(code, message, details)
}

/// A caller in this crate forgot an argument: tests stop here; a person would read the argument's name in the message.
fn expect_arguments(code: &str, needed: &[&str], args: &[(&str, String)]) {
    debug_assert!(needed.iter().all(|needed| args.iter().any(|(name, _)| name == needed)), "{code} needs {needed:?}, has {args:?}");
}

fn retry_after(code: Code, args: &[(&str, String)]) -> Option<Duration> {
    let said = args.iter().find(|(name, _)| *name == SECONDS).and_then(|(_, seconds)| seconds.parse().ok());
    let retryable = matches!(code, Code::Unavailable | Code::ResourceExhausted);
    said.map(Duration::from_secs).or(retryable.then_some(RETRY_AFTER))
}

fn cut<'a>(args: &[(&'a str, String)]) -> Vec<(&'a str, String)> {
    args.iter().map(|(name, value)| (*name, value.chars().take(ARGUMENT_CHARACTERS_MAX).collect())).collect()
}

/// How many violations from the front fit; at least one.
fn within(bytes_max: usize, violations: &[FieldViolation]) -> usize {
    let mut bytes = 0;
    let beyond = violations.iter().position(|violation| {
        bytes += violation.field.len() + violation.description.len() + violation.reason.len();
        bytes > bytes_max
    });
    beyond.map_or(violations.len(), |at| at.max(1))
}

fn sentence(violations: &[FieldViolation]) -> String {
    // The name of a field is Latin: isolated in a Persian sentence.
    let (open, close, between) = match current() {
        Language::Persian => ("\u{2068}", "\u{2069}", "؛ "),
        Language::English => ("", "", "; "),
    };
    let fields = violations.iter().map(|violation| format!("{open}{}{close}: {}", violation.field, violation.description));
    fields.collect::<Vec<_>>().join(between)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::speaking;

    /// What clients take of trailers, bytes, less what is not the status.
    const TRAILER_BYTES_MAX: usize = 16 * 1024 - 512;

    /// `grpc-message` with every byte outside ASCII written with three, and `grpc-status-details-bin` in base 64.
    fn trailer_bytes(status: &Status) -> usize {
        let message: usize = status.message().bytes().map(|byte| if byte.is_ascii_graphic() { 1 } else { 3 }).sum();
        message + status.details().len().div_ceil(3) * 4
    }

    #[tokio::test]
    async fn a_refusal_says_the_same_to_people_and_to_programs() {
        let args = [("by", "op 7".to_owned()), ("at", "2026-11-22T09:52:05Z".to_owned())];
        for (language, locale) in [(Language::Persian, "fa-IR"), (Language::English, "en")] {
            let refuse = async { refusal(Code::FailedPrecondition, Reason::AlreadyAcknowledged, &args) };
            let status = speaking(language, refuse).await;
            let info = status.get_details_error_info().unwrap();
            assert_eq!((info.reason.as_str(), info.domain.as_str()), ("ALREADY_ACKNOWLEDGED", "paband"));
            assert_eq!(info.metadata, HashMap::from([("by", "op 7"), ("at", "2026-11-22T09:52:05Z")].map(|(k, v)| (k.into(), v.into()))));
            let localized = status.get_details_localized_message().unwrap();
            assert_eq!((localized.locale.as_str(), localized.message.as_str()), (locale, status.message()));
            assert!(status.get_details_retry_info().is_none());
        }
    }

    #[test]
    fn who_may_ask_again_is_told_when() {
        let check = |code, reason, args: &[(&str, String)], seconds: Option<u64>| {
            let retry = refusal(code, reason, args).get_details_retry_info().and_then(|retry| retry.retry_delay);
            assert_eq!(retry, seconds.map(Duration::from_secs), "{code:?} {reason:?}");
        };
        check(Code::Unavailable, Reason::DatabaseAway, &[], Some(1));
        check(Code::ResourceExhausted, Reason::TagBusy, &[], Some(1));
        check(Code::ResourceExhausted, Reason::LogInLocked, &[("seconds", "60".to_owned())], Some(60));
        check(Code::PermissionDenied, Reason::NotAllowed, &[], None);
    }

    #[test]
    fn a_wrong_length_is_told_as_what_it_is() {
        let reason = |text: &str, min, max| length_violation("note", text, min, max).map(|violation| violation.reason);
        assert_eq!(reason("", 1, 3).as_deref(), Some("MISSING"));
        assert_eq!(reason("پا", 3, 9).as_deref(), Some("TOO_SHORT"));
        assert_eq!(reason("پابند", 1, 4).as_deref(), Some("TOO_LONG"));
        assert_eq!(reason("پابند", 5, 5), None);
        assert_eq!(reason("", 0, 3), None);
        assert_eq!(reason("a\0", 1, 3).as_deref(), Some("NOT_A_CODE"));
    }

    #[tokio::test]
    async fn a_wrong_field_has_a_code_and_the_sentence_names_it() {
        let status = speaking(Language::Persian, async { invalid(vec![wrong("note", Wrong::Missing, &[])]) }).await;
        let violation = &status.get_details_bad_request().unwrap().field_violations[0];
        assert_eq!((violation.field.as_str(), violation.reason.as_str()), ("note", "MISSING"));
        assert!(status.message().contains("\u{2068}note\u{2069}: ") && status.message().contains(&violation.description), "{status}");
        assert_eq!(status.get_details_error_info().unwrap().reason, "INVALID_FIELDS");
    }

    #[tokio::test]
    async fn no_refusal_is_longer_than_clients_take() {
        let value = "ش".repeat(100_000);
        let longest = speaking(Language::Persian, async {
            let field = |at| wrong(format!("kinds[{at}]"), Wrong::UnknownChoice, &[("value", value.clone())]);
            [
                invalid((0..5000).map(field).collect()),
                refusal(Code::FailedPrecondition, Reason::AlreadyAcknowledged, &[("by", value.clone()), ("at", value.clone())]),
            ]
        });
        for status in longest.await {
            assert!(trailer_bytes(&status) < TRAILER_BYTES_MAX, "{} bytes", trailer_bytes(&status));
        }
    }
}
