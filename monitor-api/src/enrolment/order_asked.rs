//! What a caller may say of an order: checked here, so that the store gets only good facts. An import of rows is checked by the same.

use super::tehran_day;
use super::wearer_asked::expected_version;
use crate::fields::{Fields, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use proto::enrolment::{self as schema, CancelOrderFactRequest, OrderEntry, RecordOrderRequest};
use store::{Decision, FactCancellation, LegalBasis, NewOrder, NewOrderFact, OrderSaying, OrderTerms, Regime, SuspensionCause};

/// A fact holds from at most so many days ahead.
const AHEAD_DAYS_MAX: i64 = 366;

/// Nothing about an order is older: electronic monitoring in Iran is not. An older day is a slip.
const FIRST_YEAR: i32 = 2000;

/// A new order.
pub fn order_asked(fields: &mut Fields, asked: &RecordOrderRequest, now: DateTime<Utc>) -> NewOrder {
    let new = NewOrder {
        wearer: fields.text("wearer", &asked.wearer, REFERENCE_MAX),
        at: at_asked(fields, "at", asked.at.as_ref(), now),
        decision: decision_asked(fields, "decision", asked.decision.as_ref(), now),
        terms: terms_asked(fields, asked.terms.as_ref()),
        note: fields.optional_text("note", &asked.note, REASON_MAX),
    };
    if !fields.has("at") && !fields.has("decision.date") && tehran_day(new.at) < new.decision.date {
        fields.note("at", Wrong::BeforeDecision, &[]);
    }
    end_after(fields, &new.terms, new.at, "at");
    new
}

/// A later entry that says `saying`.
pub fn entry_asked(fields: &mut Fields, asked: Option<&OrderEntry>, saying: OrderSaying, now: DateTime<Utc>) -> NewOrderFact {
    let none = OrderEntry::default();
    let asked = asked.unwrap_or(&none);
    let new = NewOrderFact {
        order_id: asked.order_id,
        expected_version: expected_version(fields, asked.expected_version),
        at: at_asked(fields, "entry.at", asked.at.as_ref(), now),
        decision: decision_asked(fields, "entry.decision", asked.decision.as_ref(), now),
        saying,
        note: fields.optional_text("entry.note", &asked.note, REASON_MAX),
    };
    if let OrderSaying::Variation(terms) = &saying {
        end_after(fields, terms, new.at, "entry.at");
    }
    new
}

/// A wrong entry to cancel.
pub fn cancellation_asked(fields: &mut Fields, asked: &CancelOrderFactRequest) -> FactCancellation {
    FactCancellation {
        fact_id: asked.fact_id,
        expected_version: expected_version(fields, asked.expected_version),
        reason: fields.text("reason", &asked.reason, REASON_MAX),
    }
}

/// What an order orders.
pub fn terms_asked(fields: &mut Fields, asked: Option<&schema::OrderTerms>) -> OrderTerms {
    let none = schema::OrderTerms::default();
    let asked = asked.unwrap_or(&none);
    let regime = match asked.regime() {
        schema::Regime::Tag => Some(Regime::Tag),
        schema::Regime::House => Some(Regime::House),
        schema::Regime::Unspecified => None,
    };
    let legal_basis = match asked.legal_basis() {
        schema::LegalBasis::Ipc62 => Some(LegalBasis::Ipc62),
        schema::LegalBasis::Cpc553 => Some(LegalBasis::Cpc553),
        schema::LegalBasis::Cpc217 => Some(LegalBasis::Cpc217),
        schema::LegalBasis::Bylaw191 => Some(LegalBasis::Bylaw191),
        schema::LegalBasis::Other => Some(LegalBasis::Other),
        schema::LegalBasis::Unspecified => None,
    };
    for (field, number, is_known) in
        [("terms.legal_basis", asked.legal_basis, legal_basis.is_some()), ("terms.regime", asked.regime, regime.is_some())]
    {
        if !is_known {
            fields.note(field, if number == 0 { Wrong::Missing } else { Wrong::UnknownChoice }, &[("value", number.to_string())]);
        }
    }
    let zone_degree = degree_asked(fields, asked.zone_degree, regime);
    OrderTerms {
        legal_basis: legal_basis.unwrap_or(LegalBasis::Other),
        regime: regime.unwrap_or(Regime::Tag),
        zone_degree,
        planned_end: fields.optional_date("terms.planned_end", asked.planned_end.as_ref()),
    }
}

/// Why an order rests.
pub fn cause_asked(fields: &mut Fields, number: i32) -> SuspensionCause {
    match schema::SuspensionCause::try_from(number) {
        Ok(schema::SuspensionCause::Hospital) => SuspensionCause::Hospital,
        Ok(schema::SuspensionCause::Prison) => SuspensionCause::Prison,
        Ok(schema::SuspensionCause::Other) => SuspensionCause::Other,
        _ => {
            fields.note("cause", if number == 0 { Wrong::Missing } else { Wrong::UnknownChoice }, &[("value", number.to_string())]);
            SuspensionCause::Other
        }
    }
}

fn degree_asked(fields: &mut Fields, degree: u32, regime: Option<Regime>) -> Option<i16> {
    match degree {
        0 => None,
        1..=3 if regime == Some(Regime::House) => {
            fields.note("terms.zone_degree", Wrong::DegreeNeedsTag, &[]);
            None
        }
        1..=3 => i16::try_from(degree).ok(),
        _ => {
            let args = [("min", "1".to_owned()), ("max", "3".to_owned()), ("value", degree.to_string())];
            fields.note("terms.zone_degree", Wrong::OutOfRange, &args);
            None
        }
    }
}

fn at_asked(fields: &mut Fields, field: &str, time: Option<&prost_types::Timestamp>, now: DateTime<Utc>) -> DateTime<Utc> {
    let at = fields.instant(field, time);
    if at > now + TimeDelta::days(AHEAD_DAYS_MAX) {
        fields.note(field, Wrong::TooFarAhead, &[("days", AHEAD_DAYS_MAX.to_string())]);
    } else if at.year() < FIRST_YEAR && !fields.has(field) {
        fields.note(field, Wrong::VeryLongAgo, &[]);
    }
    at
}

fn decision_asked(fields: &mut Fields, field: &str, decision: Option<&schema::Decision>, now: DateTime<Utc>) -> Decision {
    let decision = fields.decision(field, decision);
    let dated = format!("{field}.date");
    if !fields.has(&dated) {
        if decision.date > tehran_day(now) {
            fields.note(dated, Wrong::InFuture, &[]);
        } else if decision.date.year() < FIRST_YEAR {
            fields.note(dated, Wrong::VeryLongAgo, &[]);
        }
    }
    decision
}

fn end_after(fields: &mut Fields, terms: &OrderTerms, at: DateTime<Utc>, field: &str) {
    if !fields.has(field) && terms.planned_end.is_some_and(|end| end < tehran_day(at)) {
        fields.note("terms.planned_end", Wrong::BeforeStart, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, RecordOrderRequest, Utc, order_asked, schema};
    use chrono::DateTime;

    const NOW: i64 = 1_795_652_000; // 1405/09/05, 02:00 in Tehran

    fn day(solar_hijri: &str) -> Option<schema::Date> {
        Some(schema::Date { solar_hijri: solar_hijri.into(), gregorian: String::new() })
    }

    fn decision(date: &str) -> Option<schema::Decision> {
        Some(schema::Decision { authority: "Branch 3".into(), number: "9/12".into(), date: day(date) })
    }

    fn good() -> RecordOrderRequest {
        let terms = schema::OrderTerms { legal_basis: 1, regime: 1, zone_degree: 2, planned_end: day("1405/12/29") };
        RecordOrderRequest {
            wearer: "1405/1".into(),
            at: Some(prost_types::Timestamp { seconds: NOW, nanos: 0 }),
            decision: decision("1405/09/01"),
            terms: Some(terms),
            note: String::new(),
        }
    }

    fn wrong(asked: &RecordOrderRequest) -> Vec<(String, String)> {
        let mut fields = Fields::default();
        let now: DateTime<Utc> = DateTime::from_timestamp(NOW, 0).unwrap();
        order_asked(&mut fields, asked, now);
        fields.into_wrong().into_iter().map(|wrong| (wrong.field, wrong.reason)).collect()
    }

    #[test]
    fn an_order_makes_sense_before_it_is_recorded() {
        let terms = |change: fn(&mut schema::OrderTerms)| {
            let mut asked = good();
            change(asked.terms.as_mut().unwrap());
            asked
        };
        let at = |seconds: i64| RecordOrderRequest { at: Some(prost_types::Timestamp { seconds, nanos: 0 }), ..good() };
        assert_eq!(wrong(&good()), []);
        for (asked, field, reason) in [
            (at(NOW + 367 * 86_400), "at", "TOO_FAR_AHEAD"),
            (at(0), "at", "VERY_LONG_AGO"),
            (at(NOW - 5 * 86_400), "at", "BEFORE_DECISION"),
            (RecordOrderRequest { at: None, ..good() }, "at", "NO_INSTANT"),
            (RecordOrderRequest { decision: decision("1405/09/06"), ..good() }, "decision.date", "IN_FUTURE"),
            (RecordOrderRequest { decision: decision("1350/09/06"), ..good() }, "decision.date", "VERY_LONG_AGO"),
            (terms(|terms| terms.planned_end = day("1405/09/04")), "terms.planned_end", "BEFORE_START"),
            (terms(|terms| terms.regime = 2), "terms.zone_degree", "DEGREE_NEEDS_TAG"),
            (terms(|terms| terms.zone_degree = 4), "terms.zone_degree", "OUT_OF_RANGE"),
            (terms(|terms| terms.legal_basis = 0), "terms.legal_basis", "MISSING"),
            (terms(|terms| terms.regime = 7), "terms.regime", "UNKNOWN_CHOICE"),
        ] {
            assert_eq!(wrong(&asked), [(field.to_owned(), reason.to_owned())]);
        }
    }
}
