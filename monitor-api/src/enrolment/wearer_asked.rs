//! What a caller may say of a wearer: checked here, so that the store gets only good files. An import of rows is checked by the same.

use crate::fields::{Fields, REASON_MAX, REFERENCE_MAX};
use crate::reason::Wrong;
use enrolment::{ForeignId, ForeignIdError, ForeignIdKind, fold, search_words};
use proto::enrolment::{
    self as schema, ChangeWearerRequest, CreateWearerRequest, ListWearersRequest, MergeWearersRequest, WearerFields as AskedFields,
};
use store::{Contact, ContactKind, NewWearer, RiskClass, WearerChange, WearerFields, WearerFilter, WearerMerge, WearerState};

/// Longest name, characters.
const NAME_MAX: usize = 100;
/// Longest reference of a new file, characters.
const NEW_REFERENCE_MAX: usize = 60;
/// Most numbers of files elsewhere, and contacts.
const NUMBERS_MAX: usize = 10;
const FILE_NUMBER_MAX: usize = 40;
const CONTACT_MAX: usize = 500;
const WHOSE_MAX: usize = 100;
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 4..=15;
/// Longest search, characters and words.
const TEXT_MAX: usize = 200;
const WORDS_MAX: usize = 8;
/// Files in one answer, at most and if the caller does not say.
const PAGE_MAX: u32 = 1000;
const PAGE_UNSAID: u32 = 50;

/// A file to open.
pub fn wearer_asked(fields: &mut Fields, asked: &CreateWearerRequest) -> NewWearer {
    NewWearer {
        reference: fields.optional_text("reference", &asked.reference, NEW_REFERENCE_MAX),
        unit: fields.text("unit", &asked.unit, REFERENCE_MAX),
        fields: wearer_fields(fields, asked.fields.as_ref()),
    }
}

/// A file to change.
pub fn change_asked(fields: &mut Fields, asked: &ChangeWearerRequest) -> WearerChange {
    WearerChange {
        reference: fields.text("reference", &asked.reference, REFERENCE_MAX),
        expected_version: expected_version(fields, asked.expected_version),
        unit: fields.text("unit", &asked.unit, REFERENCE_MAX),
        fields: wearer_fields(fields, asked.fields.as_ref()),
    }
}

/// Two files to merge.
pub fn merge_asked(fields: &mut Fields, asked: &MergeWearersRequest) -> WearerMerge {
    WearerMerge {
        keeps: fields.text("keeps", &asked.keeps, REFERENCE_MAX),
        duplicate: fields.text("duplicate", &asked.duplicate, REFERENCE_MAX),
        reason: fields.text("reason", &asked.reason, REASON_MAX),
    }
}

/// A list to read; its place is read by the caller, who knows the tokens.
pub fn list_asked(fields: &mut Fields, asked: &ListWearersRequest) -> WearerFilter {
    let words = search_words(&fields.optional_text("text", &asked.text, TEXT_MAX));
    if words.len() > WORDS_MAX {
        fields.note("text", Wrong::TooMany, &[("max", WORDS_MAX.to_string()), ("count", words.len().to_string())]);
    }
    if asked.page_size > PAGE_MAX {
        fields.note("page_size", Wrong::AboveMax, &[("max", PAGE_MAX.to_string()), ("value", asked.page_size.to_string())]);
    }
    let state = match asked.state() {
        schema::WearerState::Unspecified if asked.state != 0 => {
            fields.note("state", Wrong::UnknownChoice, &[("value", asked.state.to_string())]);
            None
        }
        schema::WearerState::Unspecified => None,
        schema::WearerState::Registered => Some(WearerState::Registered),
        schema::WearerState::UnderOrder => Some(WearerState::UnderOrder),
        schema::WearerState::Monitored => Some(WearerState::Monitored),
    };
    let limit = if asked.page_size == 0 { PAGE_UNSAID } else { asked.page_size };
    WearerFilter { words, unit: fields.optional_text("unit", &asked.unit, REFERENCE_MAX), state, after: None, limit }
}

/// The version that a change is of.
pub fn expected_version(fields: &mut Fields, version: i64) -> i64 {
    if version <= 0 {
        fields.note("expected_version", Wrong::MustBeAboveZero, &[("value", version.to_string())]);
    }
    version
}

fn wearer_fields(fields: &mut Fields, asked: Option<&AskedFields>) -> WearerFields {
    let none = AskedFields::default();
    let asked = asked.unwrap_or(&none);
    let national_id = fields.national_id("fields.national_id", &asked.national_id);
    let foreign_id = asked.foreign_id.as_ref().filter(|id| !id.number.trim().is_empty() || id.kind != 0);
    if foreign_id.is_some() && !asked.national_id.trim().is_empty() {
        fields.note("fields.foreign_id", Wrong::NumbersTwice, &[]);
    }
    let birth_date = fields.optional_date("fields.birth_date", asked.birth_date.as_ref());
    if birth_date.is_some_and(|day| day > super::tehran_day(chrono::Utc::now())) {
        fields.note("fields.birth_date", Wrong::InFuture, &[]);
    }
    WearerFields {
        given_name: fields.text("fields.given_name", &asked.given_name, NAME_MAX),
        family_name: fields.text("fields.family_name", &asked.family_name, NAME_MAX),
        father_name: fields.optional_text("fields.father_name", &asked.father_name, NAME_MAX),
        national_id,
        foreign_id: foreign_id.and_then(|id| foreign_id_asked(fields, id)),
        birth_date,
        language: language(fields, &asked.language),
        risk_class: risk_class(fields, asked.risk_class),
        file_numbers: file_numbers(fields, &asked.file_numbers),
        contacts: contacts(fields, &asked.contacts),
    }
}

fn foreign_id_asked(fields: &mut Fields, asked: &schema::ForeignId) -> Option<ForeignId> {
    let kind = match asked.kind() {
        schema::ForeignIdKind::Unspecified => {
            fields.note("fields.foreign_id.kind", Wrong::UnknownChoice, &[("value", asked.kind.to_string())]);
            return None;
        }
        schema::ForeignIdKind::Passport => ForeignIdKind::Passport,
        schema::ForeignIdKind::Universal => ForeignIdKind::Universal,
        schema::ForeignIdKind::RefugeeCard => ForeignIdKind::RefugeeCard,
        schema::ForeignIdKind::Other => ForeignIdKind::Other,
    };
    let length = fold(&asked.number).chars().count();
    let told = |limit: usize, name| [(name, limit.to_string()), ("length", length.to_string())];
    match ForeignId::parse(kind, &asked.number) {
        Ok(id) => return Some(id),
        Err(ForeignIdError::Length { min, .. }) if length < min => {
            fields.note("fields.foreign_id.number", Wrong::TooShort, &told(min, "min"));
        }
        Err(ForeignIdError::Length { max, .. }) => fields.note("fields.foreign_id.number", Wrong::TooLong, &told(max, "max")),
        Err(ForeignIdError::Characters) => fields.note("fields.foreign_id.number", Wrong::ForeignIdCharacters, &[]),
    }
    None
}

fn language(fields: &mut Fields, asked: &str) -> String {
    let language = asked.trim();
    if language.is_empty() {
        return "fa".to_owned();
    }
    if !matches!(language.len(), 2 | 3) || !language.bytes().all(|byte| byte.is_ascii_lowercase()) {
        fields.note("fields.language", Wrong::NotALanguage, &[]);
    }
    language.to_owned()
}

fn risk_class(fields: &mut Fields, asked: i32) -> RiskClass {
    match schema::RiskClass::try_from(asked) {
        Ok(schema::RiskClass::Low) => RiskClass::Low,
        Ok(schema::RiskClass::Medium | schema::RiskClass::Unspecified) => RiskClass::Medium,
        Ok(schema::RiskClass::High) => RiskClass::High,
        Err(_) => {
            fields.note("fields.risk_class", Wrong::UnknownChoice, &[("value", asked.to_string())]);
            RiskClass::Medium
        }
    }
}

fn file_numbers(fields: &mut Fields, asked: &[String]) -> Vec<String> {
    at_most(fields, "fields.file_numbers", asked.len());
    let numbered = asked.iter().take(NUMBERS_MAX).enumerate();
    numbered.map(|(at, number)| fields.text(&format!("fields.file_numbers[{at}]"), number, FILE_NUMBER_MAX)).collect()
}

fn contacts(fields: &mut Fields, asked: &[schema::Contact]) -> Vec<Contact> {
    at_most(fields, "fields.contacts", asked.len());
    asked.iter().take(NUMBERS_MAX).enumerate().map(|(at, contact)| contact_asked(fields, at, contact)).collect()
}

fn contact_asked(fields: &mut Fields, at: usize, asked: &schema::Contact) -> Contact {
    let kind = match asked.kind() {
        schema::ContactKind::Unspecified => {
            fields.note(format!("fields.contacts[{at}].kind"), Wrong::UnknownChoice, &[("value", asked.kind.to_string())]);
            ContactKind::Address
        }
        schema::ContactKind::Phone => ContactKind::Phone,
        schema::ContactKind::Address => ContactKind::Address,
        schema::ContactKind::Email => ContactKind::Email,
    };
    let field = format!("fields.contacts[{at}].value");
    let value = fields.text(&field, &asked.value, CONTACT_MAX);
    let value = if kind == ContactKind::Phone { phone(fields, &field, &value) } else { value };
    Contact { kind, value, whose: fields.optional_text(&format!("fields.contacts[{at}].whose"), &asked.whose, WHOSE_MAX) }
}

/// A number in one form, however it is grouped: so it is found by any part.
fn phone(fields: &mut Fields, field: &str, text: &str) -> String {
    let number: String = fold(text).chars().filter(|character| !matches!(character, ' ' | '-' | '(' | ')' | '/' | '.')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    if !text.is_empty() && (!PHONE_DIGITS.contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit())) {
        fields.note(field, Wrong::NotAPhone, &[]);
    }
    number
}

fn at_most(fields: &mut Fields, field: &str, length: usize) {
    if length > NUMBERS_MAX {
        fields.note(field, Wrong::TooMany, &[("max", NUMBERS_MAX.to_string()), ("count", length.to_string())]);
    }
}

#[cfg(test)]
mod tests {
    use super::{AskedFields, CreateWearerRequest, Fields, schema, wearer_asked};

    fn good() -> AskedFields {
        AskedFields {
            given_name: " علی ".into(), family_name: "کریمی".into(), national_id: "۰۰۷۶۲۲۹۶۴۵".into(), ..AskedFields::default()
        }
    }

    fn wrong(asked: AskedFields) -> Vec<(String, String)> {
        let mut fields = Fields::default();
        wearer_asked(&mut fields, &CreateWearerRequest { reference: String::new(), unit: "tehran".into(), fields: Some(asked) });
        fields.into_wrong().into_iter().map(|wrong| (wrong.field, wrong.reason)).collect()
    }

    #[test]
    fn a_good_file_is_taken_in_one_form() {
        let mut fields = Fields::default();
        let contact = schema::Contact { kind: 1, value: "۰۹۱۲ ۱۲۳-۴۵۶۷".into(), whose: "خود".into() };
        let asked = AskedFields { contacts: vec![contact], ..good() };
        let new = wearer_asked(&mut fields, &CreateWearerRequest { reference: String::new(), unit: "tehran".into(), fields: Some(asked) });
        assert!(fields.into_wrong().is_empty());
        assert_eq!((new.fields.name().as_str(), new.fields.language.as_str()), ("علی کریمی", "fa"));
        assert_eq!(new.fields.contacts[0].value, "09121234567");
        assert_eq!(new.fields.national_id.unwrap().as_str(), "0076229645");
    }

    #[test]
    fn everything_that_is_wrong_with_a_file_is_told_at_once() {
        let passport = |number: &str| Some(schema::ForeignId { kind: 1, number: number.into() });
        let contact = |kind: i32, value: &str| vec![schema::Contact { kind, value: value.into(), whose: String::new() }];
        let day = |solar_hijri: &str| Some(schema::Date { solar_hijri: solar_hijri.into(), gregorian: String::new() });
        for (asked, expected) in [
            (AskedFields { given_name: " ".into(), ..good() }, ("fields.given_name", "MISSING")),
            (AskedFields { family_name: "x".repeat(101), ..good() }, ("fields.family_name", "TOO_LONG")),
            (AskedFields { national_id: "0076229646".into(), ..good() }, ("fields.national_id", "NATIONAL_ID_CHECK")),
            (AskedFields { foreign_id: passport("A1234567"), ..good() }, ("fields.foreign_id", "NUMBERS_TWICE")),
            (AskedFields { national_id: String::new(), foreign_id: passport("A1"), ..good() }, ("fields.foreign_id.number", "TOO_SHORT")),
            (
                AskedFields { national_id: String::new(), foreign_id: passport("A_12345"), ..good() },
                ("fields.foreign_id.number", "FOREIGN_ID_CHARACTERS"),
            ),
            (AskedFields { birth_date: day("1500/01/01"), ..good() }, ("fields.birth_date", "IN_FUTURE")),
            (AskedFields { birth_date: day("1370/12/31"), ..good() }, ("fields.birth_date", "NO_DATE")),
            (AskedFields { language: "Farsi".into(), ..good() }, ("fields.language", "NOT_A_LANGUAGE")),
            (AskedFields { risk_class: 9, ..good() }, ("fields.risk_class", "UNKNOWN_CHOICE")),
            (AskedFields { file_numbers: vec!["1".into(); 11], ..good() }, ("fields.file_numbers", "TOO_MANY")),
            (AskedFields { file_numbers: vec![String::new()], ..good() }, ("fields.file_numbers[0]", "MISSING")),
            (AskedFields { contacts: contact(1, "0912-call-me"), ..good() }, ("fields.contacts[0].value", "NOT_A_PHONE")),
            (AskedFields { contacts: contact(7, "x"), ..good() }, ("fields.contacts[0].kind", "UNKNOWN_CHOICE")),
        ] {
            assert_eq!(wrong(asked), [(expected.0.to_owned(), expected.1.to_owned())]);
        }
        let fields: Vec<String> = wrong(AskedFields::default()).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["fields.given_name", "fields.family_name"]);
    }
}
