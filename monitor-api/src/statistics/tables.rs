//! Tables as they are shown, whatever shows them: rows of units or of months, columns of numbers, and the sum below.

use crate::language::Language;
use store::{StatisticsCount, StatisticsTopic, StatisticsUnit};

use super::period::Month;
use super::words;

/// A table in one language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Table {
    /// For programs.
    pub code: String,
    pub title: String,
    /// What its numbers mean, and what they do not.
    pub note: String,
    /// Above the titles of the rows.
    pub corner: String,
    pub columns: Vec<Heading>,
    pub rows: Vec<TableRow>,
}

/// A code for programs and words for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Heading {
    pub code: String,
    pub title: String,
}

/// One number for each column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct TableRow {
    pub heading: Heading,
    pub numbers: Vec<i64>,
}

impl Table {
    /// A row for each unit and the sum. `counts` are of one span.
    pub fn by_unit(topic: StatisticsTopic, units: &[StatisticsUnit], counts: &[StatisticsCount], language: Language) -> Self {
        let heading = |unit: &StatisticsUnit| Heading {
            code: unit.code.clone(),
            title: if language == Language::Persian { unit.name_fa.clone() } else { unit.name_en.clone() },
        };
        let of_unit = |unit: &StatisticsUnit| sums(topic, counts.iter().filter(|count| count.unit_id == unit.unit_id));
        let rows = units.iter().map(|unit| TableRow { heading: heading(unit), numbers: of_unit(unit) }).collect();
        Self::new(topic, rows, words::UNIT, "", language, true)
    }

    /// A row for each month with the units together, and the sum where numbers of months can be added.
    pub fn by_month(topic: StatisticsTopic, months: &[Month], counts: &[StatisticsCount], language: Language) -> Self {
        let of_span = |span: usize| sums(topic, counts.iter().filter(|count| count.span == span));
        let heading =
            |month: &Month| Heading { code: format!("{:04}/{:02}", month.year, month.month), title: words::month(month, language) };
        let rows = months.iter().enumerate().map(|(span, month)| TableRow { heading: heading(month), numbers: of_span(span) }).collect();
        Self::new(topic, rows, words::MONTH, "_by_month", language, topic != StatisticsTopic::Wearers)
    }

    fn new(topic: StatisticsTopic, mut rows: Vec<TableRow>, corner: words::Words, suffix: &str, language: Language, has_sum: bool) -> Self {
        let columns: Vec<Heading> = words::columns(topic)
            .into_iter()
            .map(|(code, title)| Heading { code: code.to_owned(), title: title.of(language).to_owned() })
            .collect();
        if has_sum {
            let sum = |column: usize| rows.iter().map(|row| row.numbers[column]).sum();
            let numbers = (0..columns.len()).map(sum).collect();
            rows.push(TableRow {
                heading: Heading { code: words::TOTAL_CODE.to_owned(), title: words::SUM.of(language).to_owned() },
                numbers,
            });
        }
        let table = words::table(topic);
        Self {
            code: format!("{}{suffix}", table.code),
            title: table.title.of(language).to_owned(),
            note: table.note.of(language).to_owned(),
            corner: corner.of(language).to_owned(),
            columns,
            rows,
        }
    }
}

/// The numbers of a row, in the order of the columns. What adds up to all has its sum first.
fn sums<'a>(topic: StatisticsTopic, counts: impl Iterator<Item = &'a StatisticsCount>) -> Vec<i64> {
    let counts: Vec<_> = counts.collect();
    let of = |code: &str| counts.iter().filter(|count| count.column == code).map(|count| count.number).sum::<i64>();
    let columns = words::columns(topic);
    let all: i64 = columns.iter().filter(|(code, _)| words::adds_up(topic, code)).map(|(code, _)| of(code)).sum();
    columns.iter().map(|(code, _)| if *code == words::ALL { all } else { of(code) }).collect()
}

#[cfg(test)]
mod tests {
    use super::{StatisticsCount, StatisticsTopic, StatisticsUnit, Table};
    use crate::language::Language;

    #[test]
    fn a_table_has_a_row_for_every_unit_and_the_sum_below() {
        let unit =
            |unit_id, code: &str| StatisticsUnit { unit_id, code: code.to_owned(), name_fa: "قم".to_owned(), name_en: "Qom".to_owned() };
        let count = |unit_id, column: &str, number| StatisticsCount { unit_id, span: 0, column: column.to_owned(), number };
        let counts = [count(2, "strap_open", 3), count(2, "sos", 1), count(2, "refuted", 5), count(2, "found_late", 2), count(3, "sos", 4)];
        let table = Table::by_unit(
            StatisticsTopic::Violations,
            &[unit(1, "central"), unit(2, "qom"), unit(3, "prison")],
            &counts,
            Language::English,
        );
        let at = |code: &str| table.columns.iter().position(|column| column.code == code).unwrap();
        let column = |code: &str| table.rows.iter().map(|row| row.numbers[at(code)]).collect::<Vec<_>>();
        assert_eq!(column("sos"), [0, 1, 4, 5]);
        assert_eq!(column("all"), [0, 4, 4, 8], "refuted ones and those that are of which are not counted twice");
        assert_eq!(column("refuted"), [0, 5, 0, 5]);
        assert_eq!(table.rows.iter().map(|row| row.heading.code.as_str()).collect::<Vec<_>>(), ["central", "qom", "prison", "total"]);
    }

    #[test]
    fn every_column_has_its_words_in_both_languages() {
        for topic in super::words::TOPICS {
            let table = |language| Table::by_unit(topic, &[], &[], language);
            let (persian, english) = (table(Language::Persian), table(Language::English));
            for (fa, en) in persian.columns.iter().zip(&english.columns) {
                assert_eq!(fa.code, en.code);
                assert!(en.title.is_ascii() && !fa.title.is_ascii(), "{} {}", fa.title, en.title);
                assert!(!fa.title.contains(['ي', 'ك']), "{}", fa.title);
            }
            assert!(!persian.note.is_ascii() && english.note.is_ascii());
        }
    }
}
