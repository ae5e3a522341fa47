//! `index.html`: the page for people. Persian first and from right to left, English below; no script and nothing from elsewhere; to be printed.

use super::archive::DayCount;
use super::facts::Counts;
use super::{Explained, ReleaseFacts, words};
use crate::calendar::{persian_digits, shown};
use crate::language::Language;
use chrono::{DateTime, Utc};
use geofence::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Write;

const STYLE: &str = include_str!("page.css");

const CHECK: &str = "sha256sum -c SHA256SUMS
openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig
openssl pkey -pubin -in public-key.pem -outform DER | sha256sum";

/// The whole page.
pub(super) fn page(
    facts: &ReleaseFacts,
    counts: Counts,
    violations: &[Explained],
    days: &BTreeMap<String, DayCount>,
    key_fingerprint: &str,
) -> String {
    let content = Content { facts, counts, violations, days, key_fingerprint };
    let (persian, english) = (content.section(&PERSIAN), content.section(&ENGLISH));
    let number = facts.release_id;
    format!(
        "<!DOCTYPE html>\n<html lang=\"fa\" dir=\"rtl\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{} {}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{persian}{english}</body>\n</html>\n",
        PERSIAN.title,
        persian_digits(&number.to_string())
    )
}

struct Content<'a> {
    facts: &'a ReleaseFacts,
    counts: Counts,
    violations: &'a [Explained],
    days: &'a BTreeMap<String, DayCount>,
    key_fingerprint: &'a str,
}

/// The words of one language.
struct Words {
    language: Language,
    attributes: &'static str,
    title: &'static str,
    what: &'static str,
    judged_by_people: &'static str,
    facts: [&'static str; 15],
    violations: &'static str,
    violation_columns: [&'static str; 7],
    no_violations: &'static str,
    not_asked: &'static str,
    days: &'static str,
    day_columns: [&'static str; 4],
    no_positions: &'static str,
    deleted: (&'static str, &'static str),
    open: &'static str,
    late: &'static str,
    metres: &'static str,
    explained: [&'static str; 2],
    files: &'static str,
    file_list: [(&'static str, &'static str); 6],
    check: &'static str,
    check_text: &'static str,
    fingerprint: &'static str,
}

const PERSIAN: Words = Words {
    language: Language::Persian,
    attributes: "lang=\"fa\" dir=\"rtl\"",
    title: "داده‌های تحویل‌شدهٔ پایش الکترونیکی، تحویل شمارهٔ",
    what: "این بسته داده‌های پایش الکترونیکی یک مددجو در بازهٔ زیر است که به درخواست مرجع یادشده و با تأیید دو شخص تحویل شده است. این داده‌ها محرمانه است و تنها برای هدف یادشده به کار می‌رود.",
    judged_by_people: "سامانه آنچه را با قواعد محدوده‌ها سازگار نیست می‌یابد، ثبت می‌کند و دلیل آن را نشان می‌دهد. تصمیم با مرجع قضایی است.",
    facts: [
        "مددجو (شمارهٔ پرونده)",
        "نام",
        "شمارهٔ ملی",
        "از",
        "تا (خود این لحظه جزو بازه نیست)",
        "مرجع درخواست‌کننده",
        "شمارهٔ نامه",
        "تاریخ نامه",
        "هدف",
        "شمارهٔ پروندهٔ قضایی",
        "پیشنهاددهنده",
        "تأییدکننده",
        "زمان تحویل",
        "شمار موقعیت‌ها",
        "شمار نقض‌ها و رویدادها",
    ],
    violations: "نقض‌ها و رویدادها",
    violation_columns: ["شمارهٔ هشدار", "چه رخ داد", "محدوده", "آغاز", "پایان", "بیشترین فاصله از مرز", "دلیل"],
    no_violations: "در این بازه نقض یا رویدادی ثبت نشده است.",
    not_asked: "در این تحویل خواسته نشده است.",
    days: "موقعیت‌ها به تفکیک روز",
    day_columns: ["روز", "شمار موقعیت‌ها", "نخستین", "آخرین"],
    no_positions: "در این بازه موقعیتی ثبت نشده است.",
    deleted: (
        "مهلت نگهداری گزارش‌هایی که پیش از",
        "رسیده‌اند گذشته است و جز آنچه حذفش منع شده بود، حذف شده‌اند؛ پس ممکن است بخشی از بازه خالی باشد.",
    ),
    open: "هنوز باز است",
    late: "دیر دانسته شد:",
    metres: "متر",
    explained: ["گزارش‌ها و قاعده در violations.json", "گزارش‌های ثبت‌شده دیگر آن را نشان نمی‌دهد"],
    files: "پرونده‌های این بسته",
    file_list: [
        ("positions.csv", "موقعیت‌ها؛ با نرم‌افزار صفحه‌گسترده باز می‌شود"),
        ("violations.json", "نقض‌ها و رویدادها همراه قاعده، محدوده و گزارش‌هایی که آن‌ها را نشان می‌دهد"),
        ("release.json", "مشخصات این تحویل"),
        ("public-key.pem", "کلید عمومی برای بررسی امضا"),
        ("SHA256SUMS", "اثر انگشت همهٔ پرونده‌ها"),
        ("SHA256SUMS.sig", "امضای دیجیتال (Ed25519) روی اثر انگشت‌ها"),
    ],
    check: "چگونه می‌توان درستی این بسته را بررسی کرد",
    check_text: "بسته را باز کنید و در پوشهٔ آن این سه فرمان را اجرا کنید. فرمان نخست باید در برابر هر پرونده OK و فرمان دوم Signature Verified Successfully بنویسد. خروجی فرمان سوم را با اثر انگشت کلیدی که جداگانه از تحویل‌دهنده می‌گیرید مقایسه کنید؛ تنها همین مقایسه نشان می‌دهد که بسته از آنِ اوست.",
    fingerprint: "اثر انگشت کلید این بسته:",
};

const ENGLISH: Words = Words {
    language: Language::English,
    attributes: "lang=\"en\" dir=\"ltr\"",
    title: "Data of electronic monitoring that were handed over, release",
    what: "This archive holds the electronic monitoring data of one wearer in the span below. They were handed over at the request of the authority named, confirmed by two persons. They are confidential and serve the stated purpose alone.",
    judged_by_people: "The system finds what does not agree with the rules of the zones, records it and shows why. Deciding is for the judicial authority.",
    facts: [
        "Wearer (file reference)",
        "Name",
        "National id",
        "From",
        "To (exclusive)",
        "Asked for by",
        "Letter number",
        "Letter date",
        "Purpose",
        "Case number",
        "Proposed by",
        "Confirmed by",
        "Released at",
        "Positions",
        "Violations and events",
    ],
    violations: "Violations and events",
    violation_columns: ["Alert", "What happened", "Zone", "Began", "Ended", "Furthest beyond the edge", "Proof"],
    no_violations: "No violation or event is recorded in this span.",
    not_asked: "Not asked for in this release.",
    days: "Positions by day",
    day_columns: ["Day (Solar Hijri)", "Positions", "First", "Last"],
    no_positions: "No position is recorded in this span.",
    deleted: (
        "Reports received before",
        "were deleted after their time, but for those that a legal hold kept: parts of the span may be empty.",
    ),
    open: "still open",
    late: "known late:",
    metres: "m",
    explained: ["reports and rule in violations.json", "the stored reports no longer show it"],
    files: "Files of this archive",
    file_list: [
        ("positions.csv", "positions; a spreadsheet opens it"),
        ("violations.json", "violations and events with the rule, the zone and the reports that prove them"),
        ("release.json", "the particulars of this release"),
        ("public-key.pem", "the public key to check the signature with"),
        ("SHA256SUMS", "fingerprints of all files"),
        ("SHA256SUMS.sig", "a digital signature (Ed25519) of the fingerprints"),
    ],
    check: "How to check this archive",
    check_text: "Unpack the archive and run these three commands in its folder. The first must say OK for each file, the second Signature Verified Successfully. Compare what the third prints with the fingerprint that you are given separately by whoever handed the archive over: only that shows that it is theirs.",
    fingerprint: "Fingerprint of this archive's key:",
};

impl Content<'_> {
    fn section(&self, words: &Words) -> String {
        let mut out = String::new();
        let number = number(words, self.facts.release_id);
        put(&mut out, format_args!("<section {}>\n<h1>{} {number}</h1>\n<p>{}</p>\n", words.attributes, words.title, words.what));
        put(&mut out, format_args!("<p class=\"note\">{}</p>\n", words.judged_by_people));
        self.put_facts(&mut out, words);
        if let Some(since) = self.facts.deleted_before() {
            let (before, after) = words.deleted;
            put(&mut out, format_args!("<p class=\"note\">{before} {} {after}</p>\n", time(words, since)));
        }
        put(&mut out, format_args!("<h2>{}</h2>\n", words.violations));
        self.put_violations(&mut out, words);
        put(&mut out, format_args!("<h2>{}</h2>\n", words.days));
        self.put_days(&mut out, words);
        self.put_check(&mut out, words);
        out.push_str("</section>\n");
        out
    }

    fn put_facts(&self, out: &mut String, words: &Words) {
        let facts = self.facts;
        let (purpose, request) = (&facts.purpose, &facts.request);
        let purpose = if words.language == Language::Persian { &purpose.name_fa } else { &purpose.name_en };
        let person = |party: &super::Party| format!("{} ({})", text(&party.shown_name), text(&party.name));
        let values = [
            text(&facts.wearer.reference),
            text(&facts.wearer.name),
            text(&facts.wearer.national_id),
            instant(words, request.from),
            instant(words, request.to),
            text(&request.authority),
            text(&request.letter_number),
            text(&request.letter_date),
            text(purpose),
            text(&facts.case_number),
            person(&facts.proposed_by),
            person(&facts.confirmed_by),
            instant(words, facts.released_at),
            number(words, self.counts.positions),
            number(words, self.counts.violations),
        ];
        out.push_str("<table class=\"facts\">\n");
        for (name, value) in words.facts.iter().zip(values) {
            put(out, format_args!("<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>\n"));
        }
        out.push_str("</table>\n");
    }

    fn put_violations(&self, out: &mut String, words: &Words) {
        let nothing = match self.facts.request.violations {
            false => Some(words.not_asked),
            true => self.violations.is_empty().then_some(words.no_violations),
        };
        let rows = self.violations.iter().map(|explained| violation(words, explained));
        put_table(out, nothing, &words.violation_columns, rows);
    }

    fn put_days(&self, out: &mut String, words: &Words) {
        let nothing = match self.facts.request.positions {
            false => Some(words.not_asked),
            true => self.days.is_empty().then_some(words.no_positions),
        };
        let rows = self.days.iter().map(|(day, count)| {
            let day = if words.language == Language::Persian { persian_digits(day) } else { day.clone() };
            [bdi(&day), number(words, count.positions), time(words, count.first), time(words, count.last)]
        });
        put_table(out, nothing, &words.day_columns, rows);
    }

    fn put_check(&self, out: &mut String, words: &Words) {
        put(out, format_args!("<h2>{}</h2>\n<table class=\"facts\">\n", words.files));
        let request = &self.facts.request;
        let is_there = |name: &str| match name {
            super::POSITIONS => request.positions,
            super::VIOLATIONS => request.violations,
            _ => true,
        };
        for (name, about) in words.file_list.iter().filter(|(name, _)| is_there(name)) {
            put(out, format_args!("<tr><th scope=\"row\"><code>{name}</code></th><td>{about}</td></tr>\n"));
        }
        let Words { check, check_text, fingerprint, .. } = words;
        put(out, format_args!("</table>\n<h2>{check}</h2>\n<p>{check_text}</p>\n<pre>{}</pre>\n", escaped(CHECK)));
        put(out, format_args!("<p>{fingerprint} <code>{}</code></p>\n", self.key_fingerprint));
    }
}

fn violation(words: &Words, Explained { alert, evidence }: &Explained) -> [String; 7] {
    let persian = words.language == Language::Persian;
    let kind = if persian { words::kind_fa(alert.kind) } else { words::kind_en(alert.kind) };
    let mut what = escaped(kind);
    if alert.found_late {
        put(&mut what, format_args!("<br>{} {}", words.late, time(words, alert.recorded_at)));
    }
    let end = match alert.end {
        None => words.open.to_owned(),
        Some((at, reason)) => {
            format!("{}<br>{}", time(words, at), if persian { words::end_fa(reason) } else { words::end_en(reason) })
        }
    };
    let metres = alert.max_beyond_m.map_or(String::new(), |metres| format!("{} {}", number(words, metres.round()), words.metres));
    let proof = if evidence.is_ok() { words.explained[0] } else { words.explained[1] };
    let note = alert.note.as_deref().map_or(String::new(), |note| format!("<br>{}", text(note)));
    let begin = time(words, alert.started_at);
    [number(words, alert.alert_id), what, text(&alert.zone), begin, end, metres, format!("{proof}{note}")]
}

fn put_table<const COLUMNS: usize>(
    out: &mut String,
    nothing: Option<&str>,
    columns: &[&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) {
    if let Some(nothing) = nothing {
        return put(out, format_args!("<p>{nothing}</p>\n"));
    }
    out.push_str("<table>\n<thead><tr>");
    columns.iter().for_each(|column| put(out, format_args!("<th scope=\"col\">{column}</th>")));
    out.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        out.push_str("<tr>");
        row.iter().for_each(|cell| put(out, format_args!("<td>{cell}</td>")));
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes everything");
}

fn number(words: &Words, number: impl std::fmt::Display) -> String {
    if words.language == Language::Persian { persian_digits(&number.to_string()) } else { number.to_string() }
}

fn instant(words: &Words, at: DateTime<Utc>) -> String {
    bdi(&shown(at, words.language).unwrap_or_else(|| at.to_rfc3339()))
}

fn time(words: &Words, at: Timestamp) -> String {
    match DateTime::from_timestamp_millis(at.millis()) {
        Some(at) => instant(words, at),
        None => escaped(&at.to_string()),
    }
}

/// What others wrote: escaped, and isolated so that it does not turn the line around.
fn text(text: &str) -> String {
    bdi(text)
}

fn bdi(text: &str) -> String {
    format!("<bdi>{}</bdi>", escaped(text))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
