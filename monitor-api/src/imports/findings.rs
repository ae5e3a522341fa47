//! What is wrong with a file, in words that say where: `row 12, column "national id": ...`.

use crate::calendar::persian_digits;
use crate::language::{Language, current};
use crate::reason::Wrong;
use crate::status::wrong;
use proto::enrolment::ImportFinding;
use tonic_types::FieldViolation;

/// Most findings that are told. All are counted.
pub const FINDINGS_TOLD_MAX: usize = 1000;

/// Longest text of a cell in a finding, characters.
const CELL_CHARACTERS_MAX: usize = 200;

/// The row of what concerns the file as a whole.
pub const WHOLE_FILE: u32 = 0;

/// Everything that was found, of which the first are told.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Findings {
    told: Vec<ImportFinding>,
    count: usize,
}

/// Where something was found: the row, the heading as it stands in the file, what stands in the cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Place<'a> {
    pub row: u32,
    pub column: &'a str,
    pub cell: &'a str,
}

impl Findings {
    /// Notes one, in the language of the call.
    pub fn add(&mut self, place: Place<'_>, code: &str, what: &str) {
        self.count += 1;
        if self.told.len() < FINDINGS_TOLD_MAX {
            let cell = place.cell.chars().take(CELL_CHARACTERS_MAX).collect();
            let message = sentence(place, what, current());
            self.told.push(ImportFinding { row: place.row.into(), column: place.column.to_owned(), cell, code: code.to_owned(), message });
        }
    }

    /// The same by its code.
    pub fn note(&mut self, place: Place<'_>, wrongness: Wrong, args: &[(&str, String)]) {
        self.violation(place, &wrong("", wrongness, args));
    }

    /// The same as a request would be told it.
    pub fn violation(&mut self, place: Place<'_>, violation: &FieldViolation) {
        self.add(place, &violation.reason, &violation.description);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// These and others, by row; of one row these first.
    pub fn with(mut self, others: Self) -> Self {
        self.count += others.count;
        self.told.extend(others.told);
        self.told.sort_by_key(|finding| finding.row);
        self.told.truncate(FINDINGS_TOLD_MAX);
        self
    }

    /// Those that are told, by row.
    pub fn into_told(mut self) -> Vec<ImportFinding> {
        self.told.sort_by_key(|finding| finding.row);
        self.told
    }
}

fn sentence(place: Place<'_>, what: &str, language: Language) -> String {
    let Place { row, column, .. } = place;
    match (language, row, column) {
        (_, WHOLE_FILE, "") => what.to_owned(),
        (Language::Persian, WHOLE_FILE, _) => format!("ستون «{column}»: {what}"),
        (Language::Persian, _, "") => format!("{}: {what}", persian_digits(&format!("ردیف {row}"))),
        (Language::Persian, ..) => format!("{}، ستون «{column}»: {what}", persian_digits(&format!("ردیف {row}"))),
        (Language::English, WHOLE_FILE, _) => format!("column \"{column}\": {what}"),
        (Language::English, _, "") => format!("row {row}: {what}"),
        (Language::English, ..) => format!("row {row}, column \"{column}\": {what}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{FINDINGS_TOLD_MAX, Findings, Place};
    use crate::language::{Language, speaking_at_once};
    use crate::reason::Wrong;

    #[test]
    fn a_finding_says_where_it_is_in_the_callers_language() {
        let told = |language, place| {
            speaking_at_once(language, || {
                let mut findings = Findings::default();
                findings.note(place, Wrong::Missing, &[]);
                findings.into_told().remove(0).message
            })
        };
        let place = |row, column| Place { row, column, cell: "" };
        for (place, persian, english) in [
            (place(12, "کد ملی"), "ردیف ۱۲، ستون «کد ملی»: باید پر شود", "row 12, column \"کد ملی\": must be filled in"),
            (place(12, ""), "ردیف ۱۲: باید پر شود", "row 12: must be filled in"),
            (place(0, "unit"), "ستون «unit»: باید پر شود", "column \"unit\": must be filled in"),
            (place(0, ""), "باید پر شود", "must be filled in"),
        ] {
            assert_eq!(told(Language::Persian, place), persian);
            assert_eq!(told(Language::English, place), english);
        }
    }

    #[test]
    fn the_first_thousand_rows_are_told_and_all_are_counted() {
        let mut findings = [Findings::default(), Findings::default()];
        for row in 1..=1500 {
            findings[row % 2].note(Place { row: row as u32, ..Place::default() }, Wrong::Missing, &[]);
        }
        let [even, odd] = findings;
        let both = odd.with(even);
        assert_eq!(both.count(), 1500);
        let rows: Vec<i64> = both.into_told().iter().map(|finding| finding.row).collect();
        assert_eq!(rows, (1..=FINDINGS_TOLD_MAX as i64).collect::<Vec<_>>());
    }
}
