//! Files of wearers: one person a row.

use super::SheetKind;
use super::cells::{day, empty_column};
use crate::fields::Fields;
use crate::imports::headings::{Cells, Column};
use crate::reason::Wrong;
use chrono::{DateTime, NaiveDate, Utc};
use enrolment::{ForeignId, ForeignIdError, ForeignIdKind, NationalId, fold};
use store::{Contact, ContactKind, ImportRow, NewWearer, RiskClass, WearerFields};
use tonic_types::FieldViolation;

/// Longest texts, characters.
const NAME_MAX: usize = 100;
const REFERENCE_MAX: usize = 60;
const UNIT_MAX: usize = 40;
const ADDRESS_MAX: usize = 500;
const FILE_NUMBER_MAX: usize = 40;

/// Most numbers of files elsewhere, and telephones.
const SEVERAL_MAX: usize = 10;

/// Digits of a telephone's number.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 4..=15;

/// Nobody who is monitored was born before.
const BORN_FROM: Option<NaiveDate> = NaiveDate::from_ymd_opt(1900, 1, 1);

/// Files of wearers.
pub static WEARERS: SheetKind = SheetKind { columns: &COLUMNS, read, keys, field_of };

const COLUMNS: [Column; 15] = [
    Column {
        persian: &["شماره پرونده", "شماره پرونده مددجو"],
        english: &["file number", "reference"],
        about: (
            "شمارهٔ پروندهٔ مددجو در این سامانه، حداکثر ۶۰ نویسه. اگر خالی بماند، سامانه شماره‌ای می‌دهد.",
            "The file number in this system, at most 60 characters. If empty, the system gives one.",
        ),
        example: "1405/100",
        ..empty_column("reference")
    },
    Column {
        persian: &["واحد", "کد واحد"],
        english: &["unit", "unit code"],
        is_needed: true,
        about: ("کد واحدی که مددجو به آن تعلق دارد، با حروف لاتین.", "The code of the unit that the wearer belongs to."),
        example: "fars",
        ..empty_column("unit")
    },
    Column {
        persian: &["نام"],
        english: &["given name", "first name"],
        is_needed: true,
        about: ("نام.", "The given name."),
        example: "علی",
        ..empty_column("given_name")
    },
    Column {
        persian: &["نام خانوادگی"],
        english: &["family name", "last name", "surname"],
        is_needed: true,
        about: ("نام خانوادگی.", "The family name."),
        example: "رضایی",
        ..empty_column("family_name")
    },
    Column {
        persian: &["نام پدر"],
        english: &["father name", "father's name"],
        about: ("نام پدر؛ اگر معلوم نیست خالی بماند.", "The father's name; empty if not known."),
        example: "حسن",
        ..empty_column("father_name")
    },
    Column {
        persian: &["کد ملی", "شماره ملی"],
        english: &["national id", "national code", "national number"],
        is_digits: true,
        about: (
            "کد ملی ۱۰ رقمی با صفرهای آغاز. ستون باید «متن» باشد. اتباع خارجی: خالی.",
            "The national id of 10 digits with its leading zeros; the column must be a text. Of foreigners: empty.",
        ),
        example: "0076229645",
        ..empty_column("national_id")
    },
    Column {
        persian: &["نوع شناسه اتباع"],
        english: &["foreign id kind"],
        about: ("نوع مدرک کسی که کد ملی ندارد.", "The paper of who has no national id."),
        choices: &[
            ("passport", &["گذرنامه", "پاسپورت"]),
            ("universal", &["شناسه فراگیر", "فراگیر"]),
            ("refugee_card", &["کارت آمایش", "آمایش"]),
            ("other", &["دیگر", "سایر"]),
        ],
        ..empty_column("foreign_id.kind")
    },
    Column {
        persian: &["شناسه اتباع", "شماره اتباع"],
        english: &["foreign id", "foreign number"],
        is_digits: true,
        about: ("شمارهٔ آن مدرک.", "The number of that paper."),
        ..empty_column("foreign_id.number")
    },
    Column {
        persian: &["تاریخ تولد"],
        english: &["birth date", "date of birth"],
        about: ("روز تولد، خورشیدی یا میلادی.", "The day of birth, Solar Hijri or Gregorian."),
        example: "1364/01/01",
        ..empty_column("birth_date")
    },
    Column {
        persian: &["زبان"],
        english: &["language"],
        about: ("کد زبان مددجو: fa، ps، ar؛ خالی یعنی fa.", "The wearer's language: fa, ps, ar; empty = fa."),
        example: "fa",
        choices: &[("fa", &["فارسی"]), ("ps", &["پشتو"]), ("ar", &["عربی"])],
        ..empty_column("language")
    },
    Column {
        persian: &["سطح خطر", "خطر"],
        english: &["risk class", "risk"],
        about: ("سطح خطر؛ خالی یعنی متوسط.", "How closely the wearer is watched; empty = medium."),
        example: "متوسط",
        choices: &[("low", &["کم"]), ("medium", &["متوسط"]), ("high", &["زیاد"])],
        ..empty_column("risk_class")
    },
    Column {
        persian: &["شماره پرونده‌های دیگر", "شماره پرونده در زندان"],
        english: &["other file numbers", "file numbers"],
        about: (
            "شماره‌های پرونده در زندان، دادگاه یا نزد مجری، با «؛» از هم جدا.",
            "Numbers of files at the prison, the court or the executor, separated by semicolons.",
        ),
        example: "زندان-12",
        ..empty_column("file_numbers")
    },
    Column {
        persian: &["تلفن", "شماره تلفن", "موبایل", "تلفن همراه"],
        english: &["phone", "telephone", "mobile"],
        is_digits: true,
        about: ("شماره‌های تلفن، با «؛» از هم جدا.", "Telephone numbers, separated by semicolons."),
        example: "09121234567",
        ..empty_column("phone")
    },
    Column {
        persian: &["نشانی", "آدرس"],
        english: &["address"],
        about: ("نشانی پستی.", "The postal address."),
        example: "شیراز، خیابان زند",
        ..empty_column("address")
    },
    Column {
        persian: &["رایانامه", "ایمیل"],
        english: &["email", "e-mail"],
        about: ("رایانامه.", "An e-mail address."),
        ..empty_column("email")
    },
];

fn read(cells: &Cells<'_>, now: DateTime<Utc>) -> Result<ImportRow, Vec<FieldViolation>> {
    let mut fields = Fields::default();
    let new = NewWearer {
        reference: fields.optional_text("reference", cells.text("reference"), REFERENCE_MAX),
        unit: fields.text("unit", cells.text("unit"), UNIT_MAX),
        fields: WearerFields {
            given_name: fields.text("given_name", cells.text("given_name"), NAME_MAX),
            family_name: fields.text("family_name", cells.text("family_name"), NAME_MAX),
            father_name: fields.optional_text("father_name", cells.text("father_name"), NAME_MAX),
            national_id: national_id(&mut fields, cells.text("national_id")),
            foreign_id: foreign_id(&mut fields, cells),
            birth_date: birth_date(&mut fields, cells.text("birth_date"), now),
            language: language(&mut fields, cells.choice("language")),
            risk_class: risk_class(&mut fields, cells),
            file_numbers: file_numbers(&mut fields, cells.text("file_numbers")),
            contacts: contacts(&mut fields, cells),
        },
    };
    let wrong = fields.into_wrong();
    if wrong.is_empty() { Ok(ImportRow::Wearer(Box::new(new))) } else { Err(wrong) }
}

/// A national id; one that a spreadsheet took the leading zeros of is told as that.
pub(super) fn national_id(fields: &mut Fields, text: &str) -> Option<NationalId> {
    let digits = fold(text);
    if matches!(digits.len(), 8 | 9) && digits.bytes().all(|digit| digit.is_ascii_digit()) {
        fields.note("national_id", Wrong::ZerosLost, &[("digits", digits.len().to_string())]);
        return None;
    }
    fields.national_id("national_id", text)
}

fn foreign_id(fields: &mut Fields, cells: &Cells<'_>) -> Option<ForeignId> {
    let (kind, number) = (cells.choice("foreign_id.kind"), cells.text("foreign_id.number"));
    if kind.is_empty() && number.is_empty() {
        return None;
    }
    if !cells.text("national_id").is_empty() {
        fields.note("foreign_id.number", Wrong::NumbersTwice, &[]);
    }
    let known = ForeignIdKind::ALL.into_iter().find(|known| known.name() == kind);
    match known {
        None if kind.is_empty() => fields.note("foreign_id.kind", Wrong::Missing, &[]),
        None => fields.note("foreign_id.kind", Wrong::UnknownChoice, &[("value", kind.to_owned())]),
        Some(_) => {}
    }
    if number.is_empty() {
        fields.note("foreign_id.number", Wrong::Missing, &[]);
        return None;
    }
    match ForeignId::parse(known?, number) {
        Ok(id) => Some(id),
        Err(ForeignIdError::Characters) => {
            fields.note("foreign_id.number", Wrong::ForeignIdCharacters, &[]);
            None
        }
        Err(ForeignIdError::Length { min, max }) => {
            let length = number.chars().count();
            let (wrongness, limit) = if length < min { (Wrong::TooShort, ("min", min)) } else { (Wrong::TooLong, ("max", max)) };
            fields.note("foreign_id.number", wrongness, &[(limit.0, limit.1.to_string()), ("length", length.to_string())]);
            None
        }
    }
}

fn birth_date(fields: &mut Fields, text: &str, now: DateTime<Utc>) -> Option<NaiveDate> {
    let date = day(fields, "birth_date", text)?;
    if date > now.date_naive() {
        fields.note("birth_date", Wrong::InFuture, &[]);
    } else if BORN_FROM.is_some_and(|from| date < from) {
        fields.note("birth_date", Wrong::VeryLongAgo, &[]);
    }
    Some(date)
}

fn language(fields: &mut Fields, code: &str) -> String {
    let code = code.trim().to_ascii_lowercase();
    if code.is_empty() {
        return "fa".to_owned();
    }
    if !matches!(code.len(), 2 | 3) || !code.bytes().all(|letter| letter.is_ascii_lowercase()) {
        fields.note("language", Wrong::NotALanguage, &[]);
    }
    code
}

fn risk_class(fields: &mut Fields, cells: &Cells<'_>) -> RiskClass {
    let name = cells.choice("risk_class");
    let known = RiskClass::ALL.into_iter().find(|known| known.name() == name);
    if known.is_none() && !name.is_empty() {
        fields.note("risk_class", Wrong::UnknownChoice, &[("value", name.to_owned())]);
    }
    known.unwrap_or_default()
}

fn file_numbers(fields: &mut Fields, text: &str) -> Vec<String> {
    let numbers = several(fields, "file_numbers", text);
    for number in &numbers {
        fields.text("file_numbers", number, FILE_NUMBER_MAX);
    }
    numbers
}

fn contacts(fields: &mut Fields, cells: &Cells<'_>) -> Vec<Contact> {
    let contact = |kind, value: String| Contact { kind, value, whose: String::new() };
    let mut contacts = Vec::new();
    for phone in several(fields, "phone", cells.text("phone")) {
        let number: String = fold(&phone).chars().filter(|character| !matches!(character, ' ' | '-' | '(' | ')' | '/')).collect();
        let digits = number.strip_prefix('+').unwrap_or(&number);
        if !PHONE_DIGITS.contains(&digits.len()) || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            fields.note("phone", Wrong::NotAPhone, &[]);
        }
        contacts.push(contact(ContactKind::Phone, number));
    }
    for (field, kind) in [("address", ContactKind::Address), ("email", ContactKind::Email)] {
        let value = fields.optional_text(field, cells.text(field), ADDRESS_MAX);
        if !value.is_empty() {
            contacts.push(contact(kind, value));
        }
    }
    contacts
}

/// Parts between semicolons of either script.
fn several(fields: &mut Fields, field: &str, text: &str) -> Vec<String> {
    let parts: Vec<String> = text.split([';', '؛', '\n']).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if parts.len() > SEVERAL_MAX {
        fields.note(field, Wrong::TooMany, &[("max", SEVERAL_MAX.to_string()), ("count", parts.len().to_string())]);
    }
    parts
}

fn keys(row: &ImportRow) -> Vec<(&'static str, String)> {
    let ImportRow::Wearer(new) = row else { return Vec::new() };
    let national = new.fields.national_id.as_ref().map(|id| ("national_id", format!("national {}", id.as_str())));
    let foreign = new.fields.foreign_id.as_ref().map(|id| ("foreign_id.number", format!("{} {}", id.kind().name(), id.number())));
    let reference = Some(("reference", format!("file {}", new.reference))).filter(|_| !new.reference.is_empty());
    [national, foreign, reference].into_iter().flatten().collect()
}

fn field_of(code: &str) -> &'static str {
    match code {
        "REFERENCE_TAKEN" => "reference",
        "PERSON_ENROLLED" | "PERSON_ENROLLED_ELSEWHERE" => "national_id",
        "UNKNOWN_UNIT" | "UNIT_NOT_ON" => "unit",
        _ => "",
    }
}
