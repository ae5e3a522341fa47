//! CSV for Excel: UTF-8 with a mark at its beginning, lines ended by CR LF, no cell that is calculated.

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA_BEGINS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A file that begins with its mark.
pub(crate) fn begin() -> csv::Writer<Vec<u8>> {
    with("\u{feff}".as_bytes().to_vec())
}

/// Records that go on with a file.
pub(crate) fn go_on() -> csv::Writer<Vec<u8>> {
    with(Vec::new())
}

fn with(beginning: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(beginning)
}

/// What was written.
pub(crate) fn end(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>, csv::Error> {
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// A cell that a spreadsheet would calculate begins with an apostrophe: names come from people, and quotation marks do not keep Excel from calculating. In
/// a workbook nothing of the kind is needed, because there a text is a text.
pub(crate) fn harmless(text: &str) -> String {
    if text.starts_with(FORMULA_BEGINS) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn no_cell_is_calculated() {
        for (text, expected) in [("=1+1", "'=1+1"), ("+98", "'+98"), ("-5", "'-5"), ("@x", "'@x"), ("\tx", "'\tx"), ("قم", "قم"), ("", "")]
        {
            assert_eq!(harmless(text), expected);
        }
    }
}
