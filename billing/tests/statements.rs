//! Bank statements: what is read of files as banks write them, and what is told of files that are wrong.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

use billing::statement::{Format, Line, Statement, import_ids, read};
use proptest::prelude::*;

const BANK_FA: &[u8] = include_bytes!("statements/bank-fa.csv");
const PLAIN_EN: &[u8] = include_bytes!("statements/plain-en.csv");
const TWO_PAGES: &[u8] = include_bytes!("statements/two-pages.sta");
const BATCH: &[u8] = include_bytes!("statements/batch.xml");
const FILES: [(Format, &[u8]); 4] = [(Format::Csv, BANK_FA), (Format::Csv, PLAIN_EN), (Format::Mt940, TWO_PAGES), (Format::Camt053, BATCH)];

fn parsed(format: Format, bytes: &[u8]) -> Result<Statement, Vec<String>> {
    let today = "1405/09/05".parse().unwrap();
    read(format, bytes, today).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn told(lines: &[Line]) -> Vec<String> {
    let one = |line: &Line| {
        format!("{} {} {} [{}] [{}] {}", line.place, line.day, line.amount.minor_units(), line.identifier, line.reference, line.text)
    };
    lines.iter().map(one).collect()
}

fn check(format: Format, bytes: &[u8], expected: &[&str]) -> Statement {
    let statement = parsed(format, bytes).unwrap();
    assert_eq!(told(&statement.lines), expected);
    statement
}

#[test]
fn a_bank_s_table_is_read_in_persian_and_in_english() {
    let expected = [
        "4 1405/09/01 3000000 [700002] [8812] انتقال پایا",
        "5 1405/09/01 500000 [] [8813] قبض INV-tehran-1405-000001، خانم \"ر\"",
        "6 1405/09/02 -1000 [] [8814] کارمزد",
    ];
    let statement = check(Format::Csv, BANK_FA, &expected);
    assert_eq!((statement.account.as_str(), statement.closing), ("", None));
    let lines = [
        "2 1405/09/01 3000000 [9403272004129] [T-1] first",
        "3 1405/09/01 3000000 [9403272004129] [T-1] first",
        "4 1405/09/02 -1000 [] [T-2] fee",
    ];
    let statement = check(Format::Csv, PLAIN_EN, &lines);
    let ids = import_ids("melli", &statement.lines);
    assert_eq!(ids[1], format!("{}-2", ids[0]));
}

#[test]
fn pages_of_mt940_are_one_statement_and_must_follow_each_other() {
    let expected = [
        "6 1405/09/01 3000000 [700002] [B7781] PAYA from a payer second line INV-tehran-1405-000001",
        "10 1405/09/01 -1000 [] [B7782] fee",
        "19 1405/09/02 -3000000 [700002] [B7783] bounced",
    ];
    let statement = check(Format::Mt940, TWO_PAGES, &expected);
    assert_eq!(statement.account, "IR240150000001177301920207");
    assert_eq!(statement.opening.zip(statement.closing).map(|(a, b)| (a.minor_units(), b.minor_units())), Some((10_000_000, 9_999_000)));
    assert_eq!(statement.closing_day.map(|day| day.to_string()).as_deref(), Some("1405/09/02"));

    let text = std::str::from_utf8(TWO_PAGES).unwrap();
    let wrong = |from: &str, to: &str| parsed(Format::Mt940, text.replace(from, to).as_bytes()).unwrap_err();
    let fault = wrong(":61:261122D1000,NCHGNONREF//B7782\n", "");
    assert!(fault[0].starts_with("line 11: the opening balance 10000000 IRR"), "{fault:?}");
    assert!(wrong(":60M:C261122IRR12999000,", ":60M:C261122IRR12999001,")[0].contains("between them is missing"));
    assert_eq!(wrong(":62F:C261123IRR9999000,00\n", ""), ["line 15: the field 62F is missing or cannot be read"]);
    assert_eq!(wrong("IRR9999000,00", "USD9999000,00"), ["line 21: the amount is in USD: only rials (IRR) are booked"]);
    assert_eq!(wrong("D1000,", "D1000,50"), ["line 10: \"1000,50\" is no amount of whole rials"]);
    assert!(wrong(":25:IR240150000001177301920207\n:28C:00001/002", ":25:IR43\n:28C:00001/002")[0].contains("a second account"));
}

#[test]
fn an_entry_of_camt_is_as_many_lines_as_it_has_payments() {
    let expected = [
        "10 1405/09/01 3000000 [700002] [B7781/1] ",
        "10 1405/09/01 500000 [E2E-9] [B7781] invoice INV-tehran-1405-000001",
        "24 1405/09/01 -1000 [] [B7782] fee",
    ];
    let statement = check(Format::Camt053, BATCH, &expected);
    assert_eq!(statement.account, "IR240150000001177301920207");
    let closing = statement.closing.zip(statement.closing_day).map(|(closing, day)| (closing.minor_units(), day.to_string()));
    assert_eq!(closing, Some((13_499_000, "1405/09/01".to_owned())));
    let text = std::str::from_utf8(BATCH).unwrap();
    // Parts that do not make the whole are one line.
    let parts = text.replace("<Amt Ccy=\"IRR\">500000</Amt>", "<Amt Ccy=\"IRR\">500001</Amt>");
    assert_eq!(parsed(Format::Camt053, parts.as_bytes()).unwrap().lines.len(), 2);
    let wrong = |from: &str, to: &str| parsed(Format::Camt053, text.replace(from, to).as_bytes()).unwrap_err();
    assert!(wrong(">13499000<", ">13499001<")[0].contains("a line is missing or too much"));
    assert_eq!(wrong("CLBD", "XXXX"), ["line 5: the field CLBD is missing or cannot be read"]);
    assert!(wrong("<Amt Ccy=\"IRR\">1000<", "<Amt Ccy=\"EUR\">1000<")[0].contains("only rials"));
    assert!(parsed(Format::Camt053, b"<!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>").is_err());
}

#[test]
fn every_bad_line_is_told_with_its_number() {
    let file = "date,amount,credit,debit\n2026-11-22,,,\n1404/12/30,5,,\n2026-11-22,1.000,,\n2026-11-22,,5,5\n2026-12-22,5,,\n2026-11-22,0,,\nsum,5,,\n";
    let faults = parsed(Format::Csv, file.as_bytes()).unwrap_err();
    let expected = [
        "line 2: the line must have an amount that came in or one that went out, and only one of them",
        "line 3: \"1404/12/30\" is no date: write 1405/08/30 or 2026-11-21",
        "line 4: \"1.000\" is no amount of whole rials",
        "line 5: the line must have an amount that came in or one that went out, and only one of them",
        "line 6: 1405/10/01 is in the future",
        "line 7: the line must have an amount that came in or one that went out, and only one of them",
        "line 8: \"sum\" is no date: write 1405/08/30 or 2026-11-21",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn what_is_no_statement_is_refused_with_what_to_do() {
    let row = |format, bytes: &[u8], expected: &str| {
        let faults = parsed(format, bytes).unwrap_err();
        assert!(faults[0].contains(expected), "{faults:?} for {expected}");
    };
    row(Format::Csv, b"", "empty");
    row(Format::Csv, b"\xef\xbb\xbf \n", "empty");
    row(Format::Csv, b"date,amount\n2026-11-22,\xc7\xe4\n", "line 2: the text is not UTF-8");
    row(Format::Csv, b"date,amount\n2026-11-22,\"5\n2026-11-23,7\n", "line 2: a quotation mark");
    row(Format::Csv, b"name,amount\nx,5\n", "is missing");
    row(Format::Csv, b"date,amount,amount\n2026-11-22,5,5\n", "\"amount\" is there twice");
    row(Format::Csv, b"date,amount\n", "no line");
    row(Format::Csv, format!("date,amount,description\n2026-11-22,5,{}\n", "x".repeat(1001)).as_bytes(), "too long");
    row(Format::Csv, format!("date,amount\n{}", "2026-11-22,5\n".repeat(20_001)).as_bytes(), "too many lines");
    row(Format::Mt940, PLAIN_EN, "not written in the format");
    row(Format::Camt053, TWO_PAGES, "not written in the format");
    row(Format::Camt053, b"<Document/>", "not written in the format");
}

/// Never a panic, and never another line than the whole file has, except the one that was cut.
#[test]
fn files_cut_at_every_byte_are_refused_or_read_in_part() {
    for (format, bytes) in FILES {
        let whole = told(&parsed(format, bytes).unwrap().lines);
        for end in 0..bytes.len() {
            let Ok(cut) = parsed(format, &bytes[..end]) else { continue };
            let cut = told(&cut.lines);
            let before = cut.len().saturating_sub(1);
            assert!(cut.len() <= whole.len() && cut[..before] == whole[..before], "{format:?} cut at {end}: {cut:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(place in 0..2000_usize, with in proptest::collection::vec(any::<u8>(), 0..8), which in 0..4_usize) {
        let (format, bytes) = FILES[which];
        let at = place % bytes.len();
        let mut changed = bytes[..at].to_vec();
        changed.extend(&with);
        changed.extend(&bytes[(at + with.len()).min(bytes.len())..]);
        let _ = parsed(format, &changed);
        for format in [Format::Csv, Format::Mt940, Format::Camt053] {
            let _ = parsed(format, &with);
        }
    }
}
