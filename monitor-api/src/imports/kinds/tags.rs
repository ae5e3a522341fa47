//! Tags for the inventory: one tag a row.

use super::SheetKind;
use super::cells::empty_column;
use crate::enrolment::tag_read;
use crate::imports::headings::{Cells, Column};
use chrono::{DateTime, Utc};
use enrolment::TagAsked;
use store::ImportRow;
use tonic_types::FieldViolation;

/// Tags.
pub static TAGS: SheetKind = SheetKind { columns: &COLUMNS, read, keys, field_of };

const COLUMNS: [Column; 8] = [
    Column {
        persian: &["شماره IMEI", "IMEI", "شماره دستگاه"],
        english: &["imei"],
        is_needed: true,
        is_digits: true,
        about: ("شمارهٔ ۱۵ رقمی پابند. ستون باید «متن» باشد.", "The tag's number of 15 digits. The column must be a text."),
        example: "356307042441013",
        ..empty_column("imei")
    },
    Column {
        persian: &["شماره سریال", "سریال"],
        english: &["serial", "serial number"],
        is_digits: true,
        about: ("شمارهٔ سازنده، حداکثر ۶۴ نویسه.", "The maker's number, at most 64 characters."),
        example: "A-4711",
        ..empty_column("serial")
    },
    Column {
        persian: &["پروتکل"],
        english: &["protocol"],
        is_needed: true,
        about: ("زبان پابند.", "How the tag speaks."),
        example: "teltonika",
        choices: &[("teltonika", &["تلتونیکا"]), ("native", &["پابند", "بومی"])],
        ..empty_column("protocol")
    },
    Column { persian: &["مدل"], english: &["model"], about: ("مدل.", "The model."), example: "TAT240", ..empty_column("model") },
    Column {
        persian: &["شماره سیم کارت", "سیم کارت"],
        english: &["sim number", "sim"],
        is_digits: true,
        about: ("شمارهٔ سیم‌کارت، ۵ تا ۲۰ رقم.", "The SIM card's number, 5 to 20 digits."),
        example: "09121234567",
        ..empty_column("sim_number")
    },
    Column {
        persian: &["کلید"],
        english: &["key"],
        about: ("کلید ورود پابند، ۶۴ رقم شانزده‌شانزدهی؛ خالی یعنی هنوز ندارد.", "The login key, 64 hexadecimal digits; empty = none yet."),
        ..empty_column("key")
    },
    Column {
        persian: &["توضیح", "یادداشت"],
        english: &["note"],
        about: ("هر چیز دیگری که باید دانست.", "Whatever else is to be known."),
        ..empty_column("note")
    },
    Column {
        persian: &["واحد", "کد واحد"],
        english: &["unit", "unit code"],
        is_needed: true,
        about: ("کد واحدی که پابند در دست اوست.", "The code of the unit that answers for the tag."),
        example: "fars",
        ..empty_column("unit")
    },
];

fn read(cells: &Cells<'_>, _: DateTime<Utc>) -> Result<ImportRow, Vec<FieldViolation>> {
    let text = |field| cells.text(field).to_owned();
    let asked = TagAsked {
        imei: text("imei"),
        serial: text("serial"),
        protocol: cells.choice("protocol").to_owned(),
        model: text("model"),
        sim_number: text("sim_number"),
        key: text("key"),
        note: text("note"),
        unit: text("unit"),
    };
    tag_read(&asked).map(|tag| ImportRow::Tag(Box::new(tag)))
}

fn keys(row: &ImportRow) -> Vec<(&'static str, String)> {
    let ImportRow::Tag(tag) = row else { return Vec::new() };
    let serial = tag.serial.as_ref().map(|serial| ("serial", format!("serial {serial}")));
    [Some(("imei", format!("imei {}", tag.imei))), serial].into_iter().flatten().collect()
}

fn field_of(code: &str) -> &'static str {
    match code {
        "TAG_KNOWN" => "imei",
        "SERIAL_KNOWN" => "serial",
        "UNKNOWN_UNIT" => "unit",
        _ => "",
    }
}
