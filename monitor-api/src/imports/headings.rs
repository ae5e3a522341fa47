//! Which column of a file means what: by Persian and English headings, in any order, however their letters are written.

use super::findings::{Findings, Place};
use super::sheet::{Cell, SheetRow, Written};
use crate::language::Language;
use crate::reason::Wrong;
use enrolment::fold;

/// A column that a kind of file has.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The field of the request that it fills: mistakes are told by it.
    pub field: &'static str,
    /// What may stand above it in Persian; the first stands in the template.
    pub persian: &'static [&'static str],
    /// The same in English.
    pub english: &'static [&'static str],
    /// The file must have it. A cell of it may still be empty if the field may.
    pub is_needed: bool,
    /// It holds digits: a number that lost some is told.
    pub is_digits: bool,
    /// What it is, for the template.
    pub about: (&'static str, &'static str),
    /// For the template.
    pub example: &'static str,
    /// What may stand in it, if it is a choice: the name for programs, and the words for it.
    pub choices: &'static [(&'static str, &'static [&'static str])],
}

impl Column {
    /// The heading in the template.
    pub fn title(&self, language: Language) -> &'static str {
        let names = if language == Language::Persian { self.persian } else { self.english };
        names.first().copied().unwrap_or(self.field)
    }

    /// Whether a heading means this column.
    fn is_named(&self, heading: &str) -> bool {
        self.persian.iter().chain(self.english).chain([&self.field]).any(|name| heading_fold(name) == heading)
    }
}

/// Where each column stands in a file.
#[derive(Clone, Debug)]
pub struct Headings {
    columns: &'static [Column],
    /// For each column its place and its heading in the file.
    found: Vec<Option<(usize, String)>>,
    /// Headings that mean nothing here.
    pub unread: Vec<String>,
}

impl Headings {
    /// Reads the first row. `None` if a needed column is missing or one is there twice, which is noted.
    pub fn read(columns: &'static [Column], row: &SheetRow, language: Language, findings: &mut Findings) -> Option<Self> {
        let mut headings = Self { columns, found: vec![None; columns.len()], unread: Vec::new() };
        let before = findings.count();
        for (at, cell) in row.cells.iter().enumerate().filter(|(_, cell)| !cell.text.is_empty()) {
            let folded = heading_fold(&cell.text);
            match columns.iter().position(|column| column.is_named(&folded)) {
                None => headings.unread.push(cell.text.clone()),
                Some(column) if headings.found[column].is_some() => {
                    let place = Place { row: row.number, ..Place::default() };
                    findings.note(place, Wrong::HeadingTwice, &[("heading", cell.text.clone())]);
                }
                Some(column) => headings.found[column] = Some((at, cell.text.clone())),
            }
        }
        for (column, found) in columns.iter().zip(&headings.found) {
            if column.is_needed && found.is_none() {
                let heading = column.title(language).to_owned();
                findings.note(Place { row: row.number, ..Place::default() }, Wrong::HeadingMissing, &[("heading", heading)]);
            }
        }
        (findings.count() == before).then_some(headings)
    }

    /// The heading of a field as it stands in the file; empty if the file has no such column.
    fn heading(&self, field: &str) -> &str {
        self.at(field).map_or("", |(_, heading)| heading)
    }

    fn at(&self, field: &str) -> Option<(usize, &str)> {
        let column = self.columns.iter().position(|column| column.field == field)?;
        self.found[column].as_ref().map(|(at, heading)| (*at, heading.as_str()))
    }
}

/// One row with its headings.
#[derive(Clone, Copy)]
pub struct Cells<'a> {
    pub headings: &'a Headings,
    pub row: &'a SheetRow,
}

impl<'a> Cells<'a> {
    /// The text of a field; empty if the file has no such column.
    pub fn text(&self, field: &str) -> &'a str {
        self.cell(field).map_or("", |cell| cell.text.as_str())
    }

    /// Which of the column's choices stands there, by its name for programs; what is none of them as it is.
    pub fn choice(&self, field: &str) -> &'a str {
        let text = self.text(field);
        let column = self.headings.columns.iter().find(|column| column.field == field);
        let folded = fold(text);
        let chosen = column.and_then(|column| {
            let is_it = |(name, words): &&(&str, &[&str])| fold(name) == folded || words.iter().any(|word| fold(word) == folded);
            column.choices.iter().find(is_it)
        });
        chosen.map_or(text, |(name, _)| name)
    }

    /// Where a mistake of a field is. A key is never shown.
    pub fn place(&self, field: &str) -> Place<'a> {
        let cell = if field == "key" { "" } else { self.text(field) };
        Place { row: self.row.number, column: self.headings.heading(field), cell }
    }

    /// Columns whose numbers lost digits in a spreadsheet.
    pub fn digits_lost(&self) -> impl Iterator<Item = &'static str> + use<'a> {
        let cells = *self;
        let columns = self.headings.columns.iter().filter(|column| column.is_digits);
        columns.map(|column| column.field).filter(move |field| cells.cell(field).is_some_and(has_lost_digits))
    }

    fn cell(&self, field: &str) -> Option<&'a Cell> {
        let (at, _) = self.headings.at(field)?;
        self.row.cells.get(at)
    }
}

/// `3.56307E+14`: how a spreadsheet shows a long number, and saves it as CSV.
fn has_lost_digits(cell: &Cell) -> bool {
    let text = fold(&cell.text).replace(['٫', ','], ".");
    let Some((digits, exponent)) = text.split_once('e') else {
        return cell.written == Written::Number && text.contains('.');
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    is_number(digits) && exponent.trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit()) && exponent.len() > 1
}

/// Without what people put around a heading: stars, colons, brackets.
fn heading_fold(heading: &str) -> String {
    fold(heading).replace(['_', '*', ':', '(', ')', '-', '/'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Cell, Cells, Column, Findings, Headings, Language, SheetRow, Written, has_lost_digits};

    const COLUMNS: [Column; 3] = [
        Column {
            field: "national_id",
            persian: &["کد ملی", "شماره ملی"],
            english: &["national id"],
            is_needed: true,
            is_digits: true,
            about: ("", ""),
            example: "",
            choices: &[],
        },
        Column {
            field: "risk_class",
            persian: &["سطح خطر"],
            english: &["risk class"],
            is_needed: false,
            is_digits: false,
            about: ("", ""),
            example: "",
            choices: &[("low", &["کم"]), ("high", &["زیاد"])],
        },
        Column {
            field: "unit",
            persian: &["واحد"],
            english: &[],
            is_needed: true,
            is_digits: false,
            about: ("", ""),
            example: "",
            choices: &[],
        },
    ];

    fn row(number: u32, texts: &[&str]) -> SheetRow {
        SheetRow { number, cells: texts.iter().map(|text| Cell::text(text).unwrap()).collect() }
    }

    fn read(texts: &[&str]) -> Result<Headings, Vec<(String, String)>> {
        let mut findings = Findings::default();
        let headings = Headings::read(&COLUMNS, &row(1, texts), Language::English, &mut findings);
        headings.ok_or_else(|| findings.into_told().into_iter().map(|finding| (finding.code, finding.message)).collect())
    }

    #[test]
    fn headings_are_found_in_any_order_and_spelling() {
        for texts in [
            &["کد ملی", "واحد"][..],
            &["واحد *", "كد ملي:"],
            &["", "National_ID", "یادداشت", "واحد"],
            &["UNIT", "شمارهٔ ملی"],
            &["national_id", "unit", "سطح\u{200c}خطر"],
        ] {
            assert!(read(texts).is_ok(), "{texts:?}");
        }
        assert_eq!(read(&["واحد", "رنگ", "کد ملی"]).unwrap().unread, ["رنگ"]);
    }

    #[test]
    fn a_heading_that_is_missing_or_there_twice_is_told() {
        let codes = |texts: &[&str]| read(texts).unwrap_err().into_iter().map(|(code, _)| code).collect::<Vec<_>>();
        assert_eq!(codes(&["کد ملی"]), ["HEADING_MISSING"]);
        assert_eq!(codes(&["علی", "رضایی"]), ["HEADING_MISSING", "HEADING_MISSING"]);
        assert_eq!(codes(&["کد ملی", "national id", "واحد"]), ["HEADING_TWICE"]);
    }

    #[test]
    fn a_choice_is_known_by_its_words() {
        let headings = read(&["کد ملی", "واحد", "سطح خطر"]).unwrap();
        let choice = |text: &str| Cells { headings: &headings, row: &row(2, &["", "", text]) }.choice("risk_class").to_owned();
        for (text, expected) in [("کم", "low"), ("زیاد ", "high"), ("HIGH", "high"), ("", ""), ("هیچ", "هیچ")] {
            assert_eq!(choice(text), expected);
        }
    }

    #[test]
    fn a_number_that_lost_its_digits_is_seen() {
        for (text, written, expected) in [
            ("3.56307E+14", Written::Text, true),
            ("3,56307E+14", Written::Text, true),
            ("8.998212345678901E18", Written::Number, true),
            ("356307042441013.5", Written::Number, true),
            ("356307042441013", Written::Number, false),
            ("0012345679", Written::Text, false),
            ("12E", Written::Text, false),
            ("E12", Written::Text, false),
            ("", Written::Text, false),
        ] {
            assert_eq!(has_lost_digits(&Cell { text: text.to_owned(), written }), expected, "{text}");
        }
    }
}
