//! Orders of wearers whose files are there: one order a row.

use super::SheetKind;
use super::cells::{day, empty_column, instant};
use super::wearers::national_id;
use crate::calendar::midnight;
use crate::fields::{AUTHORITY_MAX, Fields, NUMBER_MAX, REASON_MAX, REFERENCE_MAX};
use crate::imports::headings::{Cells, Column};
use crate::reason::Wrong;
use chrono::{DateTime, TimeDelta, Utc};
use enrolment::fold;
use store::{Decision, ImportRow, LegalBasis, NewOrder, OrderTerms, Regime};
use tonic_types::FieldViolation;

/// An order may begin so many days after now. Later is a slip of the year.
const AHEAD_DAYS_MAX: i64 = 366;

/// Orders.
pub static ORDERS: SheetKind = SheetKind { columns: &COLUMNS, read, keys, field_of };

const COLUMNS: [Column; 11] = [
    Column {
        persian: &["شماره پرونده", "شماره پرونده مددجو"],
        english: &["file number", "wearer", "reference"],
        about: (
            "شمارهٔ پروندهٔ مددجو در این سامانه. یا این یا کد ملی باید پر باشد.",
            "The wearer's file number in this system. Either this or the national id must be there.",
        ),
        example: "1405/100",
        ..empty_column("wearer")
    },
    Column {
        persian: &["کد ملی", "شماره ملی"],
        english: &["national id", "national code", "national number"],
        is_digits: true,
        about: ("کد ملی مددجو، اگر شمارهٔ پرونده خالی است.", "The wearer's national id, if the file number is empty."),
        ..empty_column("national_id")
    },
    Column {
        persian: &["شروع", "تاریخ شروع", "از تاریخ"],
        english: &["from", "start", "begins"],
        is_needed: true,
        about: (
            "روز (و در صورت نیاز ساعت) آغاز حکم به وقت تهران؛ نه پیش از تاریخ رأی.",
            "The day (and the time, if need be) from which the order is in force, in Tehran; not before the day of the decision.",
        ),
        example: "1405/08/30",
        ..empty_column("at")
    },
    Column {
        persian: &["مرجع قضایی", "مرجع", "شعبه"],
        english: &["authority", "court"],
        is_needed: true,
        about: ("مرجعی که رأی داده است.", "Who decided."),
        example: "شعبهٔ ۳ دادگاه کیفری شیراز",
        ..empty_column("decision.authority")
    },
    Column {
        persian: &["شماره رأی", "شماره حکم", "شماره نامه"],
        english: &["decision number", "order number"],
        is_needed: true,
        is_digits: true,
        about: ("شمارهٔ رأی یا قرار.", "The number of the decision."),
        example: "140509970925",
        ..empty_column("decision.number")
    },
    Column {
        persian: &["تاریخ رأی", "تاریخ حکم", "تاریخ نامه"],
        english: &["decision date", "order date"],
        is_needed: true,
        about: ("روز رأی.", "The day of the decision."),
        example: "1405/08/28",
        ..empty_column("decision.date")
    },
    Column {
        persian: &["مستند قانونی", "مستند"],
        english: &["legal basis"],
        is_needed: true,
        about: ("قانونی که حکم بر آن استوار است.", "The law that the order rests on."),
        example: "ماده ۶۲",
        choices: &[
            ("ipc_62", &["ماده ۶۲", "ماده ۶۲ قانون مجازات اسلامی", "62"]),
            ("cpc_553", &["ماده ۵۵۳", "ماده ۵۵۳ آیین دادرسی کیفری", "553"]),
            ("cpc_217", &["ماده ۲۱۷", "ماده ۲۱۷ آیین دادرسی کیفری", "217"]),
            ("bylaw_191", &["ماده ۱۹۱", "ماده ۱۹۱ آیین نامه", "191"]),
            ("other", &["دیگر", "سایر"]),
        ],
        ..empty_column("terms.legal_basis")
    },
    Column {
        persian: &["نوع مراقبت"],
        english: &["regime"],
        is_needed: true,
        about: ("با پابند و محدوده، یا حبس خانگی.", "A tag with an area, or house arrest."),
        example: "پابند",
        choices: &[("tag", &["پابند", "پابند الکترونیکی"]), ("house", &["حبس خانگی", "خانه"])],
        ..empty_column("terms.regime")
    },
    Column {
        persian: &["درجه محدوده", "درجه"],
        english: &["zone degree", "degree"],
        about: ("۱، ۲ یا ۳؛ تنها برای مراقبت با پابند. خالی یعنی تعیین نشده است.", "1, 2 or 3, with a tag alone; empty = none was set."),
        example: "2",
        ..empty_column("terms.zone_degree")
    },
    Column {
        persian: &["پایان پیش بینی شده", "تاریخ پایان", "پایان"],
        english: &["planned end", "end"],
        about: ("آخرین روز؛ با رسیدن آن چیزی خودبه‌خود پایان نمی‌یابد.", "The last day; nothing ends by itself on it."),
        example: "1406/08/30",
        ..empty_column("terms.planned_end")
    },
    Column {
        persian: &["توضیح", "یادداشت"],
        english: &["note"],
        about: ("هر چیز دیگری که باید دانست.", "Whatever else is to be known."),
        ..empty_column("note")
    },
];

fn read(cells: &Cells<'_>, now: DateTime<Utc>) -> Result<ImportRow, Vec<FieldViolation>> {
    let mut fields = Fields::default();
    let (wearer, id) = (cells.text("wearer"), cells.text("national_id"));
    if wearer.is_empty() && id.is_empty() {
        fields.note("wearer", Wrong::Missing, &[]);
    }
    let wearer = fields.optional_text("wearer", wearer, REFERENCE_MAX);
    // Whoever gives both is held to the file number; the id is still read, so that a slip in it is told.
    let national_id = national_id(&mut fields, id).filter(|_| wearer.is_empty());
    let authority = fields.text("decision.authority", cells.text("decision.authority"), AUTHORITY_MAX);
    let number = fields.text("decision.number", cells.text("decision.number"), NUMBER_MAX);
    if cells.text("decision.date").is_empty() {
        fields.note("decision.date", Wrong::Missing, &[]);
    }
    let date = day(&mut fields, "decision.date", cells.text("decision.date"));
    let at = instant(&mut fields, "at", cells.text("at"));
    if let (Some(date), Some(at)) = (date, at)
        && at < midnight(date)
    {
        fields.note("at", Wrong::BeforeDecision, &[]);
    }
    if at.is_some_and(|at| at > now + TimeDelta::days(AHEAD_DAYS_MAX)) {
        fields.note("at", Wrong::TooFarAhead, &[("days", AHEAD_DAYS_MAX.to_string())]);
    }
    let terms = terms(&mut fields, cells, at);
    let note = fields.optional_text("note", cells.text("note"), REASON_MAX);
    let wrong = fields.into_wrong();
    let (Some(at), Some(date), Some(terms), []) = (at, date, terms, &wrong[..]) else { return Err(wrong) };
    let order = NewOrder { wearer, at, decision: Decision { authority, number, date }, terms, note };
    Ok(ImportRow::Order { national_id, order: Box::new(order) })
}

fn terms(fields: &mut Fields, cells: &Cells<'_>, at: Option<DateTime<Utc>>) -> Option<OrderTerms> {
    let legal_basis = chosen(fields, cells, "terms.legal_basis", &LegalBasis::ALL, LegalBasis::name);
    let regime = chosen(fields, cells, "terms.regime", &Regime::ALL, Regime::name);
    let degree = fold(cells.text("terms.zone_degree"));
    let zone_degree = match degree.as_str() {
        "" => None,
        "1" | "2" | "3" => degree.parse().ok(),
        _ => {
            let args = [("min", "1".to_owned()), ("max", "3".to_owned()), ("value", degree.clone())];
            fields.note("terms.zone_degree", Wrong::OutOfRange, &args);
            None
        }
    };
    if zone_degree.is_some() && regime == Some(Regime::House) {
        fields.note("terms.zone_degree", Wrong::DegreeNeedsTag, &[]);
    }
    let planned_end = day(fields, "terms.planned_end", cells.text("terms.planned_end"));
    if let (Some(end), Some(at)) = (planned_end, at)
        && midnight(end) + TimeDelta::days(1) <= at
    {
        fields.note("terms.planned_end", Wrong::BeforeStart, &[]);
    }
    Some(OrderTerms { legal_basis: legal_basis?, regime: regime?, zone_degree, planned_end })
}

fn chosen<T: Copy>(fields: &mut Fields, cells: &Cells<'_>, field: &str, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
    let text = cells.choice(field);
    let known = all.iter().copied().find(|known| name(*known) == text);
    match known {
        None if text.is_empty() => fields.note(field, Wrong::Missing, &[]),
        None => fields.note(field, Wrong::UnknownChoice, &[("value", text.to_owned())]),
        Some(_) => {}
    }
    known
}

fn keys(row: &ImportRow) -> Vec<(&'static str, String)> {
    let ImportRow::Order { national_id, order } = row else { return Vec::new() };
    let whose = national_id.as_ref().map_or_else(|| format!("file {}", order.wearer), |id| format!("national {}", id.as_str()));
    let Decision { number, date, .. } = &order.decision;
    vec![("decision.number", format!("{whose} {} {date} {}", fold(number), order.at.timestamp()))]
}

fn field_of(code: &str) -> &'static str {
    match code {
        "UNKNOWN_WEARER" | "WEARER_MERGED" => "wearer",
        "ORDER_OVERLAPS" | "ORDER_IN_FORCE" => "at",
        _ => "",
    }
}
