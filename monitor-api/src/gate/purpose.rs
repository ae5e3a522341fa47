//! Why somebody looks: what the call says, held against the catalogue.

use crate::reason::Reason;
use crate::status::{database_away, refusal};
use access::Purpose;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use store::Store;
use tonic::{Code, Status};

/// Where a call names its purpose, and the case's number.
const PURPOSE: &str = "paband-purpose";
const CASE: &str = "paband-case";

/// Longest case number, characters.
const CASE_CHARACTERS_MAX: usize = 100;

/// The purpose that the call names.
pub(crate) async fn named(headers: &HeaderMap, store: &Store) -> Result<Purpose, Status> {
    let refuse = |reason| refusal(Code::FailedPrecondition, reason, &[]);
    let code = text(headers, PURPOSE).filter(|code| !code.is_empty()).ok_or_else(|| refuse(Reason::PurposeNeeded))?;
    let row = store.purpose(&code).await.map_err(|_| database_away())?.ok_or_else(|| refuse(Reason::PurposeUnknown))?;
    let case_number = text(headers, CASE).unwrap_or_default();
    let length = case_number.chars().count();
    if (row.needs_case && length == 0) || length > CASE_CHARACTERS_MAX {
        return Err(refuse(Reason::CaseNeeded));
    }
    Ok(Purpose { code: row.code, case_number, needs_place: row.needs_place })
}

/// Percent-encoded UTF-8, as headers hold nothing else.
fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    Some(percent_decode_str(value).decode_utf8().ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, text};

    #[test]
    fn a_case_number_may_be_persian() {
        let headers = HeaderMap::from_iter([(http::HeaderName::from_static("paband-case"), "%DB%B1%DB%B2/a%20b".parse().unwrap())]);
        assert_eq!(text(&headers, "paband-case").as_deref(), Some("۱۲/a b"));
        assert_eq!(text(&headers, "paband-purpose"), None);
    }
}
