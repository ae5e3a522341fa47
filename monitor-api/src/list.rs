//! What a caller may ask of a list: checked here, so that the store gets only good filters.

use crate::status::{check, length_violation};
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
    let mut wrong = Vec::new();
    let filter = AlertFilter {
        open_only: request.open_only,
        unacknowledged_only: request.unacknowledged_only,
        wearer: (!request.wearer.is_empty()).then(|| request.wearer.clone()),
        kinds: kinds(request, &mut wrong),
        from: instant("from", request.from.as_ref(), &mut wrong),
        to: instant("to", request.to.as_ref(), &mut wrong),
        before: before(request, &mut wrong),
        limit: request.page_size,
    };
    wrong.extend(length_violation("wearer", &request.wearer, 0, WEARER_CHARACTERS_MAX));
    if filter.limit > AlertFilter::LIMIT_MAX {
        wrong.push(FieldViolation::new("page_size", format!("must be at most {}, is {}", AlertFilter::LIMIT_MAX, filter.limit)));
    }
    if let (Some(from), Some(to)) = (filter.from, filter.to)
        && from >= to
    {
        wrong.push(FieldViolation::new("to", format!("must be after from, {from}, is {to}")));
    }
    check(wrong).map(|()| filter)
}

fn kinds(request: &ListAlertsRequest, wrong: &mut Vec<FieldViolation>) -> Vec<geofence::ViolationKind> {
    let mut kinds = Vec::new();
    for (at, &number) in request.kinds.iter().enumerate() {
        match convert::violation_kind(number) {
            Some(kind) if kinds.contains(&kind) => {}
            Some(kind) => kinds.push(kind),
            None => wrong.push(FieldViolation::new(format!("kinds[{at}]"), format!("{number} is no kind of alert"))),
        }
    }
    kinds
}

fn instant(field: &str, time: Option<&prost_types::Timestamp>, wrong: &mut Vec<FieldViolation>) -> Option<Timestamp> {
    let instant = convert::instant(time?);
    if instant.is_none() {
        wrong.push(FieldViolation::new(field, "is no instant of the years 1 to 9999"));
    }
    instant
}

fn before(request: &ListAlertsRequest, wrong: &mut Vec<FieldViolation>) -> Option<i64> {
    if request.page_token.is_empty() {
        return None;
    }
    let before = page_token::read(request);
    if before.is_none() {
        wrong.push(FieldViolation::new("page_token", "is not from an answer to this filter; start again without it"));
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

    fn wrong_fields(request: &ListAlertsRequest) -> Vec<String> {
        let status = filter(request).unwrap_err();
        assert_eq!(status.code(), tonic::Code::InvalidArgument);
        status.get_details_bad_request().unwrap().field_violations.into_iter().map(|v| v.field).collect()
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
        let check = |request: ListAlertsRequest, fields: &[&str]| assert_eq!(wrong_fields(&request), fields);
        check(ListAlertsRequest { kinds: vec![1, 0, 99], ..default() }, &["kinds[1]", "kinds[2]"]);
        check(ListAlertsRequest { from: at(i64::MAX), ..default() }, &["from"]);
        check(ListAlertsRequest { from: at(9), to: at(9), ..default() }, &["to"]);
        check(ListAlertsRequest { page_size: 1001, ..default() }, &["page_size"]);
        check(ListAlertsRequest { page_token: "next".to_owned(), ..default() }, &["page_token"]);
        check(ListAlertsRequest { wearer: "x".repeat(201), page_size: 1001, ..default() }, &["wearer", "page_size"]);
    }
}
