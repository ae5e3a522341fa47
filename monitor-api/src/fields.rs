//! Reads the fields of a request and notes everything that is wrong with them, so that a person is told all of it at once.

use crate::calendar::civil_date;
use crate::convert;
use crate::reason::Wrong;
use crate::status::{check, length_violation, wrong};
use chrono::{DateTime, NaiveDate, Utc};
use enrolment::NationalId;
use proto::enrolment::{Date, Decision};
use tonic::Status;
use tonic_types::FieldViolation;

/// Longest texts, characters.
pub const REFERENCE_MAX: usize = 200;
pub const AUTHORITY_MAX: usize = 200;
pub const NUMBER_MAX: usize = 100;
pub const REASON_MAX: usize = 1000;

/// The fields of one request.
#[derive(Default)]
pub struct Fields {
    wrong: Vec<FieldViolation>,
}

impl Fields {
    /// # Errors
    /// `INVALID_ARGUMENT` with every wrong field.
    pub fn check(self) -> Result<(), Status> {
        check(self.wrong)
    }

    /// Everything that is wrong so far.
    pub fn into_wrong(self) -> Vec<FieldViolation> {
        self.wrong
    }

    pub fn note(&mut self, field: impl Into<String>, wrongness: Wrong, args: &[(&str, String)]) {
        self.wrong.push(wrong(field, wrongness, args));
    }

    /// A text that must be there.
    pub fn text(&mut self, field: &str, text: &str, max: usize) -> String {
        self.text_of(field, text, 1, max)
    }

    /// A text that may be empty.
    pub fn optional_text(&mut self, field: &str, text: &str, max: usize) -> String {
        self.text_of(field, text, 0, max)
    }

    fn text_of(&mut self, field: &str, text: &str, min: usize, max: usize) -> String {
        self.wrong.extend(length_violation(field, text.trim(), min, max));
        text.trim().to_owned()
    }

    pub fn instant(&mut self, field: &str, time: Option<&prost_types::Timestamp>) -> DateTime<Utc> {
        let instant = time.and_then(convert::instant).and_then(|time| DateTime::from_timestamp_millis(time.millis()));
        if instant.is_none() {
            self.note(field, Wrong::NoInstant, &[]);
        }
        instant.unwrap_or_default()
    }

    pub fn optional_instant(&mut self, field: &str, time: Option<&prost_types::Timestamp>) -> Option<DateTime<Utc>> {
        time.map(|time| self.instant(field, Some(time)))
    }

    /// Two instants of which the second is later. One that is wrong in itself was noted already.
    pub fn order(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        if to <= from && !self.wrong.iter().any(|wrong| ["from", "to"].contains(&wrong.field.as_str())) {
            let from = geofence::Timestamp::from(from).to_string();
            self.note("to", Wrong::NotAfter, &[("from", from)]);
        }
    }

    /// A day that must be there.
    pub fn date(&mut self, field: &str, date: Option<&Date>) -> NaiveDate {
        let day = self.optional_date(field, date);
        if day.is_none() && !self.has(field) {
            self.note(field, Wrong::Missing, &[]);
        }
        day.unwrap_or_default()
    }

    /// A day in either calendar, or both.
    pub fn optional_date(&mut self, field: &str, date: Option<&Date>) -> Option<NaiveDate> {
        let date = date?;
        let given = [&date.solar_hijri, &date.gregorian].into_iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let days: Vec<Option<NaiveDate>> = given.map(civil_date).collect();
        match days[..] {
            [] => None,
            [Some(one)] => Some(one),
            [Some(one), Some(other)] if one == other => Some(one),
            [Some(_), Some(_)] => {
                self.note(field, Wrong::DatesDiffer, &[]);
                None
            }
            _ => {
                self.note(field, Wrong::NoDate, &[]);
                None
            }
        }
    }

    /// Who decided, in which letter, of when. What is wrong with it is named by its field within `field`.
    pub fn decision(&mut self, field: &str, decision: Option<&Decision>) -> store::Decision {
        let none = Decision::default();
        let decision = decision.unwrap_or(&none);
        store::Decision {
            authority: self.text(&format!("{field}.authority"), &decision.authority, AUTHORITY_MAX),
            number: self.text(&format!("{field}.number"), &decision.number, NUMBER_MAX),
            date: self.date(&format!("{field}.date"), decision.date.as_ref()),
        }
    }

    /// A national id, as ten ASCII digits; empty stays empty.
    pub fn national_id(&mut self, field: &str, text: &str) -> Option<NationalId> {
        if text.trim().is_empty() {
            return None;
        }
        match NationalId::parse(text) {
            Ok(id) => Some(id),
            Err(error) => {
                let wrongness = match error {
                    enrolment::NationalIdError::Length => Wrong::NationalIdLength,
                    enrolment::NationalIdError::CheckDigit => Wrong::NationalIdCheck,
                };
                self.note(field, wrongness, &[]);
                None
            }
        }
    }

    /// Whether something is wrong with the field already.
    pub fn has(&self, field: &str) -> bool {
        self.wrong.iter().any(|wrong| wrong.field == field)
    }
}

/// A day as answers show it, in both calendars.
pub fn date(day: NaiveDate) -> Date {
    Date { solar_hijri: crate::calendar::solar_hijri_day(day).unwrap_or_default(), gregorian: day.format("%Y-%m-%d").to_string() }
}

/// A decision as answers show it.
pub fn decision(decision: store::Decision) -> Decision {
    Decision { authority: decision.authority, number: decision.number, date: Some(date(decision.date)) }
}

#[cfg(test)]
mod tests {
    use super::{Date, Fields, date};

    fn read(solar_hijri: &str, gregorian: &str) -> Result<String, String> {
        let mut fields = Fields::default();
        let day = fields.date("date", Some(&Date { solar_hijri: solar_hijri.to_owned(), gregorian: gregorian.to_owned() }));
        match fields.into_wrong().pop() {
            Some(wrong) => Err(wrong.reason),
            None => Ok(date(day).solar_hijri),
        }
    }

    #[test]
    fn a_day_is_given_in_either_calendar_and_shown_in_both() {
        for (solar_hijri, gregorian, expected) in [
            ("1405/08/30", "", Ok("1405/08/30")),
            ("", "2026-11-21", Ok("1405/08/30")),
            ("۱۴۰۵/۰۸/۳۰", "2026-11-21", Ok("1405/08/30")),
            ("1403/12/30", "2025-03-20", Ok("1403/12/30")),
            ("1405/08/30", "2026-11-22", Err("DATES_DIFFER")),
            ("1404/12/30", "", Err("NO_DATE")),
            ("1405/08/30", "21.11.2026", Err("NO_DATE")),
            ("1405-08-30", "", Err("NO_DATE")),
            ("", "1405/08/30", Ok("1405/08/30")),
            ("", "", Err("MISSING")),
        ] {
            assert_eq!(read(solar_hijri, gregorian), expected.map(str::to_owned).map_err(str::to_owned), "{solar_hijri} {gregorian}");
        }
    }
}
