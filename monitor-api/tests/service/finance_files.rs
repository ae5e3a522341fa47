//! Files of finance: other programs accept them, and their sums are the ledger's.

use crate::finance_house::Office;
use crate::finance_reports::{day, office};
use crate::house::{reason, sql};
use calamine::{Data, Reader, Xlsx};
use proto::billing::{self as schema, LedgerFormat};
use proto::enrolment::Date;
use std::io::{Cursor, Write};
use std::process::{Command, Stdio};
use tonic::Streaming;

async fn file(mut stream: Streaming<schema::ExportPiece>) -> (String, Vec<u8>) {
    let (mut name, mut file) = (String::new(), Vec::new());
    while let Some(piece) = stream.message().await.unwrap() {
        name.push_str(&piece.file_name);
        file.extend(piece.piece);
    }
    (name, file)
}

async fn ledger(office: &Office, format: LedgerFormat, from: Option<Date>, to: Option<Date>) -> Vec<u8> {
    let asked = schema::ExportLedgerRequest { format: format.into(), from, to, unit: String::new() };
    let (name, file) = file(office.reports().await.export_ledger(asked).await.unwrap().into_inner()).await;
    assert!(name.starts_with("paband-ledger."), "{name}");
    file
}

/// What the program says to the text.
fn judged(program: &[&str], text: &[u8]) -> Result<(), String> {
    let spawned = Command::new(program[0]).args(&program[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{}: {error}; install it with ci/accountants.sh", program[0]));
    child.stdin.take().unwrap().write_all(text).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    if output.status.success() { Ok(()) } else { Err(said) }
}

#[tokio::test(flavor = "multi_thread")]
async fn accountants_programs_accept_the_ledger_and_any_part_of_it() {
    let office = office().await;
    let (hledger, bean_check) = (["hledger", "-f", "-", "check", "--strict", "ordereddates"], ["bean-check", "/dev/stdin"]);
    for (from, to) in
        [(None, None), (day("1403/03/01"), None), (day("1403/03/01"), day("1403/03/31")), (day("1390/01/01"), day("1391/01/01"))]
    {
        let journal = ledger(&office, LedgerFormat::Hledger, from.clone(), to.clone()).await;
        let text = String::from_utf8(journal.clone()).unwrap();
        assert_eq!(judged(&hledger, &journal), Ok(()), "{text}");
        let beans = ledger(&office, LedgerFormat::Beancount, from.clone(), to).await;
        assert_eq!(judged(&bean_check, &beans), Ok(()), "{}", String::from_utf8(beans.clone()).unwrap());
        assert!(from.is_none() || !text.contains("INV-tehran-1403-000001 "), "what was before is a balance");
    }
    let journal = String::from_utf8(ledger(&office, LedgerFormat::Hledger, None, None).await).unwrap();
    assert!(journal.contains("wearer:w-1, unit:tehran") && journal.contains("jalali:1403/02/01"), "{journal}");
    let forged = journal.replacen("assets:receivable  3000000", "assets:receivable  3000001", 1);
    assert_ne!(forged, journal);
    assert!(judged(&hledger, forged.as_bytes()).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_as_csv_and_as_a_workbook_has_equal_sums() {
    let office = office().await;
    let csv = String::from_utf8(ledger(&office, LedgerFormat::Csv, None, None).await).unwrap();
    assert!(csv.starts_with("\u{feff}entry,solar_hijri,gregorian,") && csv.contains("1,1403/02/01,2024-04-20,tehran,w-1,"), "{csv}");
    let columns: Vec<Vec<&str>> = csv.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let sum = |at: usize| columns.iter().filter_map(|row| row[at].parse::<i64>().ok()).sum::<i64>();
    assert_eq!(sum(7), sum(8));
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(ledger(&office, LedgerFormat::Xlsx, day("1403/03/01"), None).await)).unwrap();
    let range = workbook.worksheet_range("دفتر روزنامه").unwrap();
    let last = range.height() as u32 - 1;
    assert_eq!(range.get_value((last, 0)), Some(&Data::String("جمع".to_owned())));
    assert_eq!(range.get_value((last, 7)), range.get_value((last, 8)), "debit is credit");
    let debit: f64 = (1..last)
        .filter_map(|row| match range.get_value((row, 7)) {
            Some(Data::Float(number)) => Some(*number),
            _ => None,
        })
        .sum();
    assert_eq!(range.get_value((last, 7)), Some(&Data::Float(debit)));
    assert_eq!(range.get_value((1, 5)), Some(&Data::String("ماندهٔ آغاز".to_owned())));
}

fn documents_of(month: i32, format: schema::DocumentListFormat) -> schema::ExportDocumentsRequest {
    schema::ExportDocumentsRequest {
        unit: "tehran".to_owned(),
        month: Some(schema::SolarMonth { year: 1403, month }),
        format: format.into(),
        language: schema::DocumentLanguage::Persian.into(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documents_of_a_month_are_a_list_whose_sum_is_the_ledgers() {
    let office = office().await;
    let asked = documents_of(3, schema::DocumentListFormat::Xlsx);
    let (name, xlsx) = file(office.reports().await.export_documents(asked).await.unwrap().into_inner()).await;
    assert_eq!(name, "paband-documents-1403-03.xlsx");
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(&xlsx)).unwrap();
    let range = workbook.worksheet_range("سندهای ماه").unwrap();
    let at = |row: u32, column: u32| range.get_value((row, column)).cloned().unwrap_or(Data::Empty);
    let last = range.height() as u32 - 1;
    let totals: Vec<f64> =
        (2..last).map(|row| if let Data::Float(total) = at(row, 7) { total } else { panic!("{:?}", at(row, 7)) }).collect();
    assert_eq!(at(last, 7), Data::Float(totals.iter().sum()));
    assert!(totals.iter().any(|total| *total < 0.0), "a credit note is among them: {totals:?}");
    let rows: Vec<[Data; 4]> = (2..last).map(|row| [at(row, 0), at(row, 2), at(row, 5), at(row, 6)]).collect();
    let text = |text: &str| Data::String(text.to_owned());
    assert!(rows.contains(&[text("INV-tehran-1403-000005"), text("1403/03/01"), text("w-2"), text("=name 2")]), "{rows:?}");
    let mut archive = zip::ZipArchive::new(Cursor::new(&xlsx)).unwrap();
    let mut xml = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("xl/worksheets/sheet1.xml").unwrap(), &mut xml).unwrap();
    assert!(xml.contains("rightToLeft=\"1\""));

    let asked = documents_of(3, schema::DocumentListFormat::Csv);
    let (_, csv) = file(office.reports().await.export_documents(asked).await.unwrap().into_inner()).await;
    let csv = String::from_utf8(csv).unwrap();
    assert!(csv.starts_with('\u{feff}') && csv.contains(",1403/03/01,1403/03/10,tehran,w-2,'=name 2,3100000,3100000,0,"), "{csv}");
    // A ledger that has another sum is not hidden behind a list.
    let forged = "ALTER TABLE ledger_postings DISABLE TRIGGER billing_stays;
        UPDATE ledger_postings SET amount = amount + 1 WHERE account = 'assets:receivable' AND entry_id = (SELECT entry_id FROM ledger_entries WHERE text = 'INV-tehran-1403-000005')";
    sql(&office.house.database, forged).await;
    let refused = office.reports().await.export_documents(documents_of(3, schema::DocumentListFormat::Csv)).await.unwrap_err();
    assert_eq!(reason(&refused).0, "BOOKS_DISAGREE");
}
