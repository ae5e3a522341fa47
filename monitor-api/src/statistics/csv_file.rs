//! Tables as CSV for Excel: UTF-8 with a mark at its beginning, lines ended by CR LF, one table below the other.

use super::counting::Counted;
use super::tables::Table;
use super::words;
use crate::sheets::csv_text::{self, harmless};

/// The file.
pub(super) fn write(counted: &Counted) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv_text::begin();
    for (title, text) in counted.about() {
        writer.write_record([harmless(&title), harmless(&text)])?;
    }
    for table in &counted.tables {
        write_table(&mut writer, table, counted)?;
    }
    csv_text::end(writer)
}

fn write_table(writer: &mut csv::Writer<Vec<u8>>, table: &Table, counted: &Counted) -> Result<(), csv::Error> {
    // A row of nothing between tables: the library writes `""` for it.
    writer.write_record([""])?;
    writer.write_record([harmless(&table.title), harmless(&table.note)])?;
    let corner = [table.corner.as_str(), words::CODE.of(counted.language)].map(harmless);
    writer.write_record(corner.into_iter().chain(table.columns.iter().map(|column| harmless(&column.title))))?;
    for row in &table.rows {
        let heading = [&row.heading.title, &row.heading.code].map(|text| harmless(text));
        writer.write_record(heading.into_iter().chain(row.numbers.iter().map(i64::to_string)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::counting::tests::counted;
    use super::write;
    use crate::language::Language;

    #[test]
    fn a_file_begins_with_its_mark_and_ends_its_lines_for_excel() {
        let bytes = write(&counted(Language::Persian, "=HYPERLINK(\"http://x\")")).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.starts_with("\u{feff}آمار"), "{text}");
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        assert!(text.contains("\"'=HYPERLINK(\"\"http://x\"\")\",qom,4,"), "{text}");
        assert!(text.contains("از ۱۴۰۴/۰۱/۰۱ تا ۱۴۰۴/۱۲/۲۹"), "{text}");
        assert!(text.contains("جمع,total,4,"), "{text}");
    }
}
