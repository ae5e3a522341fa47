//! What a caller may ask of a list: checked here, so that the store gets only good filters.

use crate::reason::Wrong;
use crate::status::{check, length_violation, wrong};
use crate::{convert, page_token};
use geofence::Timestamp;
use proto::monitor::ListAlertsRequest;
use store::AlertFilter;
use tonic::Status;
use tonic_types::FieldViolation;

/// Longest file reference of a wearer, characters.
const WEARER_CHARACTERS_MAX: usize = 200;

/// The filter that the request means.
///
/// # Errors
/// `INVALID_ARGUMENT` with every wrong field.
pub fn filter(request: &ListAlertsRequest) -> Result<AlertFilter, Status> {
    let mut violations = Vec::new();
    let filter = AlertFilter {
        open_only: request.open_only,
        unacknowledged_only: request.unacknowledged_only,
        wearer: (!request.wearer.is_empty()).then(|| request.wearer.clone()),
        kinds: kinds(request, &mut violations),
        from: instant("from", request.from.as_ref(), &mut violations),
        to: instant("to", request.to.as_ref(), &mut violations),
        before: before(request, &mut violations),
        limit: request.page_size,
    };
    violations.extend(length_violation("wearer", &request.wearer, 0, WEARER_CHARACTERS_MAX));
    if filter.limit > AlertFilter::LIMIT_MAX {
        let args = [("max", AlertFilter::LIMIT_MAX.to_string()), ("value", filter.limit.to_string())];
        violations.push(wrong("page_size", Wrong::AboveMax, &args));
    }
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && from >= to
    {
        violations.push(wrong("to", Wrong::NotAfter, &[("from", from.to_string())]));
    }
    check(violations).map(|()| filter)
}

fn kinds(request: &ListAlertsRequest, violations: &mut Vec<FieldViolation>) -> Vec<geofence::ViolationKind> {
    let mut kinds = Vec::new();
    for (at, &number) in request.kinds.iter().enumerate() {
        match convert::violation_kind(number) {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None => violations.push(wrong(format!("kinds[{at}]"), Wrong::UnknownKind, &[("value", number.to_string())])),
        }
    }
    kinds
}

fn instant(field: &str, time: Option<&prost_types::Timestamp>, violations: &mut Vec<FieldViolation>) -> Option<Timestamp> {
    let instant = convert::instant(time?);
    if instant.is_none() {
        violations.push(wrong(field, Wrong::NoInstant, &[]));
    }
    instant
}

fn before(request: &ListAlertsRequest, violations: &mut Vec<FieldViolation>) -> Option<i64> {
    if request.page_token.is_empty() {
        return None;
    }
    let before = page_token::read(request);
    if before.is_none() {
        violations.push(wrong("page_token", Wrong::PageTokenForeign, &[]));
    }
    before
}

#[cfg(test)]
mod tests {
    use super::{ListAlertsRequest, filter};
    use prost_types::Timestamp;
    use tonic_types::StatusExt;

    fn at(seconds: i64) -> Option<Timestamp> {
        Some(Timestamp { seconds, nanos: 0 })
    }

    fn wrong_fields(request: &ListAlertsRequest) -> Vec<(String, String)> {
        let status = filter(request).unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        status.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| (v.field, v.reason)).collect()
    }

    #[test]
    fn a_request_of_nothing_means_everything() {
        let everything = filter(&ListAlertsRequest::default()).unwrap();
        assert!(everything.wearer.is_none() && everything.kinds.is_empty() && everything.before.is_none());
    }

    #[test]
    fn a_kind_named_twice_is_asked_for_once() {
        let request = ListAlertsRequest { kinds: vec![4, 6, 4], ..Default::default() };
        assert_eq!(filter(&request).unwrap().kinds, [geofence::ViolationKind::StrapOpen, geofence::ViolationKind::Sos]);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let default = ListAlertsRequest::default;
        let check = |request: ListAlertsRequest, fields: &[(&str, &str)]| {
            let fields: Vec<_> = fields.iter().map(|(field, reason)| ((*field).to_owned(), (*reason).to_owned())).collect();
            assert_eq!(wrong_fields(&request), fields);
        };
        check(ListAlertsRequest { kinds: vec![1, 0, 99], ..default() }, &[("kinds[1]", "UNKNOWN_KIND"), ("kinds[2]", "UNKNOWN_KIND")]);
        check(ListAlertsRequest { from: at(i64::MAX), ..default() }, &[("from", "NO_INSTANT")]);
        check(ListAlertsRequest { from: at(9), to: at(9), ..default() }, &[("to", "NOT_AFTER")]);
        check(ListAlertsRequest { page_size: 1001, ..default() }, &[("page_size", "ABOVE_MAX")]);
        check(ListAlertsRequest { page_token: "next".to_owned(), ..default() }, &[("page_token", "PAGE_TOKEN_FOREIGN")]);
        let long = ListAlertsRequest { wearer: "x".repeat(201), page_size: 1001, ..default() };
        check(long, &[("wearer", "TOO_LONG"), ("page_size", "ABOVE_MAX")]);
    }
}
