//! The lines of a document, and why each is as it is.

use super::words::Words;
use super::{Head, escaped, isolated, said};
use crate::document::{Because, Document, Line};
use crate::fact::FactId;
use std::fmt::Write;

/// The lines as a table.
pub(super) fn table(words: &Words, document: &Document) -> String {
    let mut text = String::from("<table>\n<thead><tr>");
    for column in words.labels.columns {
        put(&mut text, format_args!("<th>{column}</th>"));
    }
    text.push_str("</tr></thead>\n<tbody>\n");
    for line in &document.lines {
        let month = line.of.as_ref().map_or(String::new(), |(_, month)| words.month(*month));
        let unit = line.days.as_ref().map_or(String::new(), |days| words.money(days.unit));
        put(
            &mut text,
            format_args!(
                "<tr><td>{}</td><td>{month}</td><td>{}</td><td>{unit}</td><td class=\"amount\">{}</td></tr>\n",
                (words.line)(line.code),
                days(words, line),
                words.money(line.amount)
            ),
        );
    }
    text + "</tbody>\n</table>\n"
}

/// `۱۲ روز: ۱۴۰۵/۰۸/۱۹ تا ۱۴۰۵/۰۸/۳۰`.
fn days(words: &Words, line: &Line) -> String {
    let Some(days) = &line.days else { return String::new() };
    let listed = |ranges: &[crate::calendar::DayRange]| ranges.iter().map(|range| words.range(*range)).collect::<Vec<_>>().join("<br>");
    let count = words.digits(&days.count.to_string()).replace('-', "\u{2212}");
    let mut text = format!("<span dir=\"ltr\">{count}</span> {}<br>{}", words.days, listed(&days.added));
    if !days.removed.is_empty() {
        put(&mut text, format_args!(" {} {}", words.taken_back, listed(&days.removed)));
    }
    text
}

/// Why each line is as it is; nothing where no line says.
pub(super) fn reasons(words: &Words, document: &Document, head: &Head) -> String {
    let explained = document.lines.iter().filter(|line| !line.because.is_empty());
    let mut rows = String::new();
    for line in explained {
        for because in &line.because {
            put(&mut rows, format_args!("<tr><td>{}</td>{}</tr>\n", (words.line)(line.code), reason(words, because, head)));
        }
    }
    if rows.is_empty() {
        return String::new();
    }
    format!("<h2>{}</h2>\n<table>\n<tbody>\n{rows}</tbody>\n</table>\n", words.labels.reasons)
}

fn reason(words: &Words, because: &Because, head: &Head) -> String {
    let days = because.days.map_or(String::new(), |range| words.range(range));
    let mut why = (words.why)(because.why).to_owned();
    if !because.events.is_empty() {
        let events: Vec<String> = because.events.iter().map(|event| fact(words, event, head)).collect();
        put(&mut why, format_args!("{}{} {}", words.comma, words.decided_by, events.join(words.comma)));
    }
    if let Some(tariff) = &because.tariff {
        put(&mut why, format_args!("{}{} {}", words.comma, words.tariff, escaped(&words.digits(tariff))));
    }
    format!("<td>{days}</td><td>{why} <span class=\"rule\">({} <bdi dir=\"ltr\">{}</bdi>)</span></td>", words.rule, because.why.rule())
}

/// A fact in words, or its name, which is Latin.
fn fact(words: &Words, event: &FactId, head: &Head) -> String {
    if head.facts.contains_key(&event.to_string()) { said(&words.fact(event, head)) } else { isolated(&event.to_string()) }
}

fn put(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("writing to a text never fails");
}
