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

/// Longest code of a purpose, bytes.
const CODE_BYTES_MAX: usize = 40;

/// Longest case number, characters.
const CASE_CHARACTERS_MAX: usize = 100;

/// The purpose that the call names.
pub(crate) async fn named(headers: &HeaderMap, store: &Store) -> Result<Purpose, Status> {
    let refuse = |reason| refusal(Code::FailedPrecondition, reason, &[]);
    let code = text(headers, PURPOSE).map_err(|()| refuse(Reason::PurposeUnknown))?;
    let code = code.filter(|code| !code.is_empty()).ok_or_else(|| refuse(Reason::PurposeNeeded))?;
    // No code is longer or holds anything else: the database is not asked.
    if code.len() > CODE_BYTES_MAX || !code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        return Err(refuse(Reason::PurposeUnknown));
    }
    let row = store.purpose(&code).await.map_err(|_| database_away())?.ok_or_else(|| refuse(Reason::PurposeUnknown))?;
    // What cannot be read is no case number, needed or not: the audit keeps it as given.
    let case_number = text(headers, CASE).map_err(|()| refuse(Reason::CaseNeeded))?.unwrap_or_default();
    let length = case_number.chars().count();
    if (row.needs_case && length == 0) || length > CASE_CHARACTERS_MAX || case_number.contains(char::is_control) {
        return Err(refuse(Reason::CaseNeeded));
    }
    Ok(Purpose { code: row.code, case_number, needs_place: row.needs_place })
}

/// Percent-encoded UTF-8, as headers hold nothing else; `None` = nothing is said.
///
/// # Errors
/// When it cannot be read, or is said twice.
fn text(headers: &HeaderMap, name: &str) -> Result<Option<String>, ()> {
    let mut values = headers.get_all(name).into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(());
    }
    let text = percent_decode_str(value.to_str().map_err(drop)?).decode_utf8().map_err(drop)?;
    Ok(Some(text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, text};

    #[test]
    fn a_case_number_may_be_persian() {
        let case = http::HeaderName::from_static("paband-case");
        let mut headers = HeaderMap::from_iter([(case.clone(), "%DB%B1%DB%B2/a%20b".parse().unwrap())]);
        assert_eq!(text(&headers, "paband-case"), Ok(Some("۱۲/a b".to_owned())));
        assert_eq!(text(&headers, "paband-purpose"), Ok(None));
        headers.append(case.clone(), "13".parse().unwrap());
        assert_eq!(text(&headers, "paband-case"), Err(()), "said twice");
        headers.insert(case, "%FF%FE".parse().unwrap());
        assert_eq!(text(&headers, "paband-case"), Err(()), "no UTF-8");
    }
}
