//! What callers ask for, checked field by field.

use crate::calendar::is_persian_date;
use crate::convert;
use crate::reason::Wrong;
use crate::status::{check, length_violation, wrong};
use chrono::{DateTime, NaiveDate, Utc};
use proto::custody::{LiftHoldRequest, PlaceHoldRequest, ReleaseDataRequest};
use store::{Act, NewHold, ReleaseRequest};
use tonic::Status;
use tonic_types::FieldViolation;

/// Longest texts, characters.
const REFERENCE_MAX: usize = 200;
const AUTHORITY_MAX: usize = 200;
const LETTER_NUMBER_MAX: usize = 100;
const REASON_MAX: usize = 1000;

/// Longest span of one release, days. A longer one is refused: it is asked for in parts.
const RELEASE_DAYS_MAX: i64 = 366;

/// A hold to place.
pub(super) fn hold_asked(asked: PlaceHoldRequest) -> Result<NewHold, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let from = fields.instant("from", asked.from.as_ref());
    let to = asked.to.as_ref().map(|to| fields.instant("to", Some(to)));
    if let Some(to) = to {
        fields.order(from, to);
    }
    let authority = fields.text("authority", &asked.authority, AUTHORITY_MAX);
    let letter_number = fields.text("letter_number", &asked.letter_number, LETTER_NUMBER_MAX);
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    check(fields.wrong)?;
    Ok(NewHold { wearer, from, to, authority, letter_number, reason })
}

/// A hold to lift.
pub(crate) fn lift_asked(asked: &LiftHoldRequest) -> Result<Act, Status> {
    let mut fields = Fields::default();
    let reason = fields.text("reason", &asked.reason, REASON_MAX);
    check(fields.wrong)?;
    Ok(Act::LiftHold { hold_id: asked.hold_id, reason })
}

/// Data to release.
pub(crate) fn release_asked(asked: ReleaseDataRequest) -> Result<ReleaseRequest, Status> {
    let mut fields = Fields::default();
    let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
    let (from, to) = (fields.instant("from", asked.from.as_ref()), fields.instant("to", asked.to.as_ref()));
    fields.order(from, to);
    if to.signed_duration_since(from).num_days() >= RELEASE_DAYS_MAX && to > from + chrono::TimeDelta::days(RELEASE_DAYS_MAX) {
        fields.wrong.push(wrong("to", Wrong::SpanTooLong, &[("days", RELEASE_DAYS_MAX.to_string())]));
    }
    let authority = fields.text("authority", &asked.authority, AUTHORITY_MAX);
    let letter_number = fields.text("letter_number", &asked.letter_number, LETTER_NUMBER_MAX);
    let letter_date = with_ascii_digits(asked.letter_date.trim());
    if !is_date(&letter_date) {
        fields.wrong.push(wrong("letter_date", Wrong::NoDate, &[]));
    }
    if !asked.positions && !asked.violations {
        fields.wrong.push(wrong("positions", Wrong::Missing, &[]));
    }
    check(fields.wrong)?;
    let (positions, violations) = (asked.positions, asked.violations);
    Ok(ReleaseRequest { wearer, from, to, authority, letter_number, letter_date, positions, violations })
}

/// Reads fields and notes what is wrong with them.
#[derive(Default)]
struct Fields {
    wrong: Vec<FieldViolation>,
}

impl Fields {
    fn text(&mut self, field: &str, text: &str, max: usize) -> String {
        self.wrong.extend(length_violation(field, text.trim(), 1, max));
        text.trim().to_owned()
    }

    fn instant(&mut self, field: &str, time: Option<&prost_types::Timestamp>) -> DateTime<Utc> {
        let instant = time.and_then(convert::instant).and_then(|time| DateTime::from_timestamp_millis(time.millis()));
        if instant.is_none() {
            self.wrong.push(wrong(field, Wrong::NoInstant, &[]));
        }
        instant.unwrap_or_default()
    }

    /// An instant that is wrong in itself was noted already.
    fn order(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        if to <= from && !self.wrong.iter().any(|wrong| ["from", "to"].contains(&wrong.field.as_str())) {
            let from = geofence::Timestamp::from(from).to_string();
            self.wrong.push(wrong("to", Wrong::NotAfter, &[("from", from)]));
        }
    }
}

/// `1405/08/30` of the Solar Hijri calendar, or `2026-11-21`.
fn is_date(text: &str) -> bool {
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return date.format("%Y-%m-%d").to_string() == text;
    }
    let parts: Vec<&str> = text.split('/').collect();
    let [year, month, day] = parts[..] else { return false };
    let lengths =
        [year.len(), month.len(), day.len()] == [4, 2, 2] && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    let number = |part: &str| part.parse::<u8>().unwrap_or_default();
    lengths && is_persian_date(year.parse().unwrap_or_default(), number(month), number(day))
}

/// Persian digits as ASCII ones: a date is typed as it stands on the letter.
fn with_ascii_digits(text: &str) -> String {
    let ascii = |character: char| (character as u32).checked_sub('۰' as u32).and_then(|digit| char::from_digit(digit, 10));
    text.chars().map(|character| ascii(character).unwrap_or(character)).collect()
}

#[cfg(test)]
mod tests {
    use super::{is_date, release_asked, with_ascii_digits};
    use proto::custody::ReleaseDataRequest;
    use tonic_types::StatusExt;

    #[test]
    fn a_letter_has_a_date_of_either_calendar() {
        for (text, expected) in [
            ("1405/08/30", true),
            ("1403/12/30", true),
            ("1404/12/30", false),
            ("1405/13/01", false),
            ("1405/00/01", false),
            ("1405/8/30", false),
            ("2026-11-21", true),
            ("2026-02-30", false),
            ("2026-2-3", false),
            ("", false),
        ] {
            assert_eq!(is_date(text), expected, "{text}");
        }
        assert_eq!(with_ascii_digits("۱۴۰۵/۰۸/۳۰"), "1405/08/30");
    }

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
