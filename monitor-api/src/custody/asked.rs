//! What callers ask for, checked field by field.

use crate::calendar::{civil_date, with_ascii_digits};
use crate::fields::{AUTHORITY_MAX, Fields, NUMBER_MAX, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use proto::custody::{LiftHoldRequest, PlaceHoldRequest, ReleaseDataRequest};
use store::{Act, NewHold, ReleaseRequest};
use tonic::Status;

/// Longest span of one release, days. A longer one is refused: it is asked for in parts.
const RELEASE_DAYS_MAX: i64 = 366;

/// A hold to place.
pub(super) fn hold_asked(asked: PlaceHoldRequest) -> Result<NewHold, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let from = fields.instant("from", asked.from.as_ref());
    let to = fields.optional_instant("to", asked.to.as_ref());
    if let Some(to) = to {
        fields.order(from, to);
    }
    let authority = fields.text("authority", &asked.authority, AUTHORITY_MAX);
    let letter_number = fields.text("letter_number", &asked.letter_number, NUMBER_MAX);
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check()?;
    Ok(NewHold { wearer, from, to, authority, letter_number, reason })
}

/// A hold to lift.
pub(crate) fn lift_asked(asked: &LiftHoldRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    fields.check()?;
    Ok(Act::LiftHold { hold_id: asked.hold_id, reason })
}

/// Data to release.
pub(crate) fn release_asked(asked: ReleaseDataRequest) -> Result<ReleaseRequest, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let (from, to) = (fields.instant("from", asked.from.as_ref()), fields.instant("to", asked.to.as_ref()));
    fields.order(from, to);
    if to.signed_duration_since(from).num_days() >= RELEASE_DAYS_MAX && to > from + chrono::TimeDelta::days(RELEASE_DAYS_MAX) {
        fields.note("to", Wrong::SpanTooLong, &[("days", RELEASE_DAYS_MAX.to_string())]);
    }
    let authority = fields.text("authority", &asked.authority, AUTHORITY_MAX);
    let letter_number = fields.text("letter_number", &asked.letter_number, NUMBER_MAX);
    let letter_date = with_ascii_digits(asked.letter_date.trim());
    if civil_date(&letter_date).is_none() {
        fields.note("letter_date", Wrong::NoDate, &[]);
    }
    if !asked.positions && !asked.violations {
        fields.note("positions", Wrong::Missing, &[]);
    }
    fields.check()?;
    let (positions, violations) = (asked.positions, asked.violations);
    Ok(ReleaseRequest { wearer, from, to, authority, letter_number, letter_date, positions, violations })
}

#[cfg(test)]
mod tests {
    use super::release_asked;
    use proto::custody::ReleaseDataRequest;
    use tonic_types::StatusExt;

    #[test]
    fn every_wrong_field_of_a_release_is_named_at_once() {
        let status = release_asked(ReleaseDataRequest::default()).unwrap_err();
        let fields: Vec<String> = status.get_details_bad_request().unwrap().field_violations.into_iter().map(|wrong| wrong.field).collect();
        assert_eq!(fields, ["wearer", "from", "to", "authority", "letter_number", "letter_date", "positions"]);
    }

    #[test]
    fn a_year_is_released_at_once_and_more_is_not() {
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let text = || "x".to_owned();
        let asked = |days: i64, more: i64| ReleaseDataRequest {
            wearer: text(),
            from: time(0),
            to: time(days * 86_400 + more),
            authority: text(),
            letter_number: text(),
            letter_date: "1405/08/30".to_owned(),
            positions: true,
            violations: false,
        };
        assert!(release_asked(asked(366, 0)).is_ok());
        let wrong = release_asked(asked(366, 1)).unwrap_err().get_details_bad_request().unwrap().field_violations;
        assert_eq!(wrong[0].reason, "SPAN_TOO_LONG");
        let wrong = release_asked(asked(0, 0)).unwrap_err().get_details_bad_request().unwrap().field_violations;
        assert_eq!(wrong[0].reason, "NOT_AFTER");
    }
}
