//! Files taken in through a real connection: every bad row is told, and all of a file is stored or nothing.

use crate::house::{As, House, owned, reason, sql, wrong_fields};
use access::Role;
use calamine::{Reader, Xlsx};
use proto::enrolment::import_progress::Message;
use proto::enrolment::imports_client::ImportsClient;
use proto::enrolment::{
    AbandonImportRequest, AddPieceRequest, BeginImportRequest, CheckImportRequest, GetImportRequest, GetImportTemplateRequest, Import,
    ImportFinding, ImportKind, ImportOutcome, ImportProgress, ImportState, ListImportsRequest, RunImportRequest,
};
use std::io::Cursor;
use std::time::Instant;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

const PIECE: usize = 1024 * 1024;

type Client = ImportsClient<InterceptedService<Channel, As>>;

async fn client(house: &House, name: &str, role: Role, unit: &str) -> Client {
    ImportsClient::with_interceptor(house.channel().await, house.log_in(name, &[(role, unit)]).await)
}

async fn house() -> House {
    let house = House::new().await;
    let units = "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
        VALUES ('fars', 1, 'province', 'فارس', 'Fars', true), ('qom', 1, 'province', 'قم', 'Qom', true)";
    sql(&house.database, units).await;
    house
}

async fn begin(client: &mut Client, kind: ImportKind, bytes: usize) -> Result<Import, Status> {
    let request = BeginImportRequest { kind: kind.into(), file_name: "فایل.csv".to_owned(), bytes: bytes as i64 };
    Ok(client.begin_import(request).await?.into_inner())
}

/// Sends a whole file.
async fn send(client: &mut Client, kind: ImportKind, file: &[u8]) -> i64 {
    let import_id = begin(client, kind, file.len()).await.unwrap().import_id;
    for (piece, number) in file.chunks(PIECE).zip(0..) {
        let piece = AddPieceRequest { import_id, offset: number * PIECE as i64, piece: piece.to_vec() };
        client.add_piece(piece).await.unwrap();
    }
    import_id
}

/// What a stream told: steps, findings, the outcome.
#[derive(Debug)]
struct Told {
    steps: usize,
    findings: Vec<ImportFinding>,
    outcome: ImportOutcome,
}

impl Told {
    fn codes(&self) -> Vec<(i64, &str, &str)> {
        self.findings.iter().map(|finding| (finding.row, finding.column.as_str(), finding.code.as_str())).collect()
    }

    fn import(&self) -> &Import {
        self.outcome.import.as_ref().unwrap()
    }
}

async fn told(mut stream: Streaming<ImportProgress>) -> Told {
    let (mut steps, mut findings, mut outcome) = (0, Vec::new(), None);
    while let Some(progress) = stream.message().await.unwrap() {
        match progress.message.unwrap() {
            Message::Step(_) => steps += 1,
            Message::Finding(finding) => findings.push(finding),
            Message::Outcome(last) => outcome = Some(last),
        }
    }
    Told { steps, findings, outcome: outcome.expect("a stream ends with its outcome") }
}

async fn check(client: &mut Client, import_id: i64) -> Told {
    told(client.check_import(CheckImportRequest { import_id }).await.unwrap().into_inner()).await
}

async fn run(client: &mut Client, import_id: i64) -> Told {
    told(client.run_import(RunImportRequest { import_id }).await.unwrap().into_inner()).await
}

async fn count(house: &House, table: &str) -> i64 {
    house.database.client().await.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

/// Ten digits of which the last checks the others.
fn national_id(number: u32) -> String {
    let nine = format!("{number:09}");
    let sum: u32 = nine.bytes().zip((2..=10).rev()).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = if sum % 11 < 2 { sum % 11 } else { 11 - sum % 11 };
    format!("{nine}{check}")
}

/// Rows of the long file.
const MANY: u32 = 1_200;

const HEADINGS: &str = "نام;نام خانوادگي;کد ملی;تاریخ تولد;واحد";

fn row(number: u32) -> String {
    format!("علی;رضایی {number};{};1364/{:02}/{:02};fars", national_id(10_000_000 + number), number % 12 + 1, number % 29 + 1)
}

fn csv(rows: &[String]) -> Vec<u8> {
    format!("\u{feff}{HEADINGS}\r\n{}\r\n", rows.join("\r\n")).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn seven_bad_rows_among_many_are_told_and_nothing_is_stored_until_they_are_mended() {
    let house = house().await;
    let mut clerk = client(&house, "clerk", Role::Intake, "fars").await;
    let first = send(&mut clerk, ImportKind::Wearers, &csv(&[row(0)])).await;
    assert!(run(&mut clerk, first).await.outcome.stored);
    let good: Vec<String> = (1..=MANY).map(row).collect();
    let mut bad = good.clone();
    let last = good[1_198].clone();
    for (at, line) in [
        (3, "علی;رضایی;0076229646;1364/01/01;fars".to_owned()),
        (777, "علی;رضایی;76229645;1364/01/01;fars".to_owned()),
        (900, format!("علی;;{};1364/01/01;fars", national_id(999_000_001))),
        (1_000, format!("علی;رضایی;{};1404/12/30;fars", national_id(999_000_002))),
        (1_050, format!("علی;رضایی;{};1364/01/01;tehran", national_id(999_000_003))),
        // The person of the first import under another name; and one who is in this file a second time.
        (1_100, row(0).replace("علی", "حسن")),
        (1_199, last),
    ] {
        bad[at] = line;
    }
    let import_id = send(&mut clerk, ImportKind::Wearers, &csv(&bad)).await;
    let started = Instant::now();
    let checked = check(&mut clerk, import_id).await;
    println!("{MANY} wearers checked in {:?}", started.elapsed());
    // Row 1 holds the headings.
    let expected = [
        (5, "کد ملی", "NATIONAL_ID_CHECK"),
        (779, "کد ملی", "ZEROS_LOST"),
        (902, "نام خانوادگي", "MISSING"),
        (1_002, "تاریخ تولد", "NO_DATE"),
        (1_052, "واحد", "UNKNOWN_UNIT"),
        (1_102, "کد ملی", "PERSON_ENROLLED"),
        (1_201, "کد ملی", "ROW_TWICE"),
    ];
    assert_eq!(checked.codes(), expected);
    assert_eq!(checked.findings[0].message.split(": ").next(), Some("row 5, column \"کد ملی\""));
    assert!(checked.steps >= 10 && !checked.outcome.stored, "{} steps", checked.steps);
    assert_eq!((checked.import().rows, checked.import().findings), (i64::from(MANY), 7));
    let refused = run(&mut clerk, import_id).await;
    assert_eq!((refused.codes().len(), refused.outcome.stored, count(&house, "wearers").await), (7, false, 2), "nothing is stored");

    let import_id = send(&mut clerk, ImportKind::Wearers, &csv(&good)).await;
    let started = Instant::now();
    let stored = run(&mut clerk, import_id).await;
    println!("{MANY} wearers stored in {:?}", started.elapsed());
    assert!(stored.steps >= 10 && stored.outcome.stored && stored.findings.is_empty(), "{stored:?}");
    assert_eq!(count(&house, "wearers").await, i64::from(MANY) + 2);
    assert_eq!(count(&house, "import_files WHERE import_id = (SELECT max(import_id) FROM imports)").await, 0, "the file is gone");
    // Once more under another name: everything is there already.
    let again = send(&mut clerk, ImportKind::Wearers, &csv(&good)).await;
    let known = run(&mut clerk, again).await;
    assert_eq!((known.import().rows_known, known.outcome.rows_known.len(), known.outcome.stored), (i64::from(MANY), 1_000, true));
    assert_eq!(count(&house, "wearers").await, i64::from(MANY) + 2);
    assert_eq!(run(&mut clerk, import_id).await.import(), stored.import(), "run again it says the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_find_their_wearers_and_tags_their_unit() {
    let house = house().await;
    let mut clerk = client(&house, "clerk", Role::Intake, "fars").await;
    let wearers = send(&mut clerk, ImportKind::Wearers, &csv(&[row(1), row(2)])).await;
    assert!(run(&mut clerk, wearers).await.outcome.stored);
    let heading = "کد ملی,شروع,مرجع,شماره رأی,تاریخ رأی,مستند,نوع مراقبت,درجه";
    let order = |id: &str, rest: &str| format!("{id},1404/03/02,شعبه ۳,{rest}");
    let (one, two) = (national_id(10_000_001), national_id(10_000_002));
    let good = format!("{heading}\n{}\n{}\n", order(&one, "12/3,1404/03/01,ماده ۶۲,پابند,2"), order(&two, "13,1404/3/1,553,حبس خانگی,"));
    let bad = format!(
        "{heading}\n{}\n{}\n{}\n",
        order(&one, "14,1404/03/03,ماده ۹۹,پابند,4"),
        order(&national_id(77), "15,1404/03/01,ماده ۶۲,خانه,1"),
        order(&national_id(78), "16,1404/03/01,ماده ۶۲,پابند,1"),
    );
    let import_id = send(&mut clerk, ImportKind::Orders, bad.as_bytes()).await;
    let expected = [
        (2, "شروع", "BEFORE_DECISION"),
        (2, "مستند", "UNKNOWN_CHOICE"),
        (2, "درجه", "OUT_OF_RANGE"),
        (3, "درجه", "DEGREE_NEEDS_TAG"),
        (4, "", "UNKNOWN_WEARER"),
    ];
    assert_eq!(check(&mut clerk, import_id).await.codes(), expected);
    let import_id = send(&mut clerk, ImportKind::Orders, good.as_bytes()).await;
    assert_eq!(run(&mut clerk, import_id).await.codes(), []);
    assert_eq!(count(&house, "order_spans").await, 2);
    let import_id = send(&mut clerk, ImportKind::Orders, good.as_bytes()).await;
    assert_eq!(run(&mut clerk, import_id).await.import().rows_known, 2);
    // Another order of the same time.
    let import_id = send(&mut clerk, ImportKind::Orders, good.replace("12/3", "12/4").as_bytes()).await;
    assert_eq!(check(&mut clerk, import_id).await.codes(), [(2, "شروع", "ORDER_OVERLAPS")]);

    let mut technician = client(&house, "technician", Role::Technician, "fars").await;
    let tags = "IMEI\tserial\tprotocol\tunit\n356307042441021\tA1\tتلتونیکا\tfars\n3.56307E+14\tA2\tteltonika\tfars\n356307042441013\tA3\tteltonika\tfars\n";
    let import_id = send(&mut technician, ImportKind::Tags, tags.as_bytes()).await;
    assert_eq!(check(&mut technician, import_id).await.codes(), [(3, "IMEI", "DIGITS_LOST"), (4, "IMEI", "TAG_KNOWN")]);
    let tags = tags.lines().take(2).collect::<Vec<_>>().join("\n");
    let import_id = send(&mut technician, ImportKind::Tags, tags.as_bytes()).await;
    assert!(run(&mut technician, import_id).await.outcome.stored);
    assert_eq!(count(&house, "tags JOIN units USING (unit_id) WHERE code = 'fars'").await, 1);
    // Each sees and begins only what it takes in.
    let refused = begin(&mut technician, ImportKind::Wearers, 1).await.unwrap_err();
    assert_eq!(reason(&refused).0, "NOT_ALLOWED");
    let refused = begin(&mut clerk, ImportKind::Tags, 1).await.unwrap_err();
    assert_eq!(reason(&refused).0, "NOT_ALLOWED");
    let listed = technician.list_imports(ListImportsRequest::default()).await.unwrap().into_inner().imports;
    assert!(listed.len() == 2 && listed.iter().all(|import| import.kind() == ImportKind::Tags), "{listed:?}");
    let refused = technician.get_import(GetImportRequest { import_id: wearers }).await.unwrap_err();
    assert_eq!(reason(&refused).0, "UNKNOWN_IMPORT");
}

#[tokio::test(flavor = "multi_thread")]
async fn zones_are_drawn_for_those_who_are_there_and_wear_no_tag() {
    let house = house().await;
    let mut clerk = client(&house, "clerk", Role::Intake, "central").await;
    let point = |properties: &str| {
        format!(r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[51.4,35.7]}},"properties":{{{properties}}}}}"#)
    };
    let file = |features: &[String]| format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(",")).into_bytes();
    let school = point(r#""wearer":"1404/12","zone":"school","sense":"exclusion","radius_m":300"#);
    let nobody = point(r#""wearer":"1404/99","zone":"school","sense":"exclusion","radius_m":300"#);
    let senseless = point(r#""wearer":"1404/12","zone":"work","radius_m":300"#);
    let import_id = send(&mut clerk, ImportKind::Zones, &file(&[nobody, school.clone(), senseless])).await;
    let found = check(&mut clerk, import_id).await;
    assert_eq!(found.findings.iter().map(|finding| finding.row).collect::<Vec<_>>(), [1, 3], "{found:?}");
    assert_eq!(found.findings[0].code, "UNKNOWN_WEARER");
    let import_id = send(&mut clerk, ImportKind::Zones, &file(std::slice::from_ref(&school))).await;
    assert!(run(&mut clerk, import_id).await.outcome.stored);
    assert_eq!(count(&house, "zone_versions").await, 1);
    let import_id = send(&mut clerk, ImportKind::Zones, &file(std::slice::from_ref(&school))).await;
    assert_eq!(run(&mut clerk, import_id).await.import().rows_known, 1);
    sql(&house.database, "INSERT INTO fittings (tag_id, wearer_id, period) VALUES (1, 1, tstzrange(now(), NULL))").await;
    let import_id = send(&mut clerk, ImportKind::Zones, &file(&[school.replace("300", "400")])).await;
    let found = check(&mut clerk, import_id).await;
    assert_eq!(found.codes(), [(1, "", "SECOND_PERSON_NEEDED")], "whoever wears a tag has zones by two persons");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_in_pieces_that_may_come_twice() {
    let house = house().await;
    let mut clerk = client(&house, "clerk", Role::Intake, "fars").await;
    let file = vec![b'x'; PIECE + 3];
    let import_id = begin(&mut clerk, ImportKind::Wearers, file.len()).await.unwrap().import_id;
    let piece = |offset: usize, bytes: &[u8]| AddPieceRequest { import_id, offset: offset as i64, piece: bytes.to_vec() };
    for (offset, bytes) in [(0, &file[..PIECE - 1]), (1, &file[..PIECE]), (PIECE, &file[..4]), (2 * PIECE, &file[..1]), (PIECE, &[])] {
        let refused = clerk.add_piece(piece(offset, bytes)).await.unwrap_err();
        assert_eq!(reason(&refused).0, "PIECE_MISPLACED", "{offset}");
    }
    assert_eq!(reason(&clerk.check_import(CheckImportRequest { import_id }).await.unwrap_err()).0, "IMPORT_INCOMPLETE");
    for _ in 0..2 {
        let half = clerk.add_piece(piece(PIECE, &file[PIECE..])).await.unwrap().into_inner();
        assert_eq!((half.bytes_received, half.state()), (3, ImportState::Receiving));
    }
    assert_eq!(reason(&clerk.add_piece(piece(PIECE, b"abc")).await.unwrap_err()).0, "PIECE_DIFFERS");
    let whole = clerk.add_piece(piece(0, &file[..PIECE])).await.unwrap().into_inner();
    assert_eq!((whole.bytes_received, whole.state()), (file.len() as i64, ImportState::Received));
    // Another clerk sees that it is there, and goes on with nothing of it.
    let mut other = client(&house, "other", Role::Intake, "fars").await;
    assert_eq!(other.get_import(GetImportRequest { import_id }).await.unwrap().into_inner(), whole);
    assert_eq!(reason(&other.run_import(RunImportRequest { import_id }).await.unwrap_err()).0, "UNKNOWN_IMPORT");
    assert_eq!(reason(&other.abandon_import(AbandonImportRequest { import_id }).await.unwrap_err()).0, "UNKNOWN_IMPORT");
    let gone = clerk.abandon_import(AbandonImportRequest { import_id }).await.unwrap().into_inner();
    assert_eq!((gone.bytes_received, gone.state()), (0, ImportState::Abandoned));
    assert_eq!(reason(&clerk.run_import(RunImportRequest { import_id }).await.unwrap_err()).0, "IMPORT_OVER");
    for _ in 0..5 {
        begin(&mut clerk, ImportKind::Wearers, 1).await.unwrap();
    }
    assert_eq!(reason(&begin(&mut clerk, ImportKind::Wearers, 1).await.unwrap_err()).0, "TOO_MANY_IMPORTS");
    // What nobody ran in a week is deleted.
    sql(&house.database, "UPDATE imports SET begun_at = now() - interval '8 days'").await;
    begin(&mut clerk, ImportKind::Wearers, 1).await.unwrap();
    assert_eq!(count(&house, "imports WHERE state = 'abandoned'").await, 6);
    let wrong = begin(&mut clerk, ImportKind::Unspecified, 20 * 1024 * 1024 + 1).await.unwrap_err();
    assert_eq!(wrong_fields(&wrong), [owned(("kind", "UNKNOWN_CHOICE")), owned(("bytes", "OUT_OF_RANGE"))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_read_is_told_as_a_whole_and_in_persian() {
    let house = house().await;
    let persian = house.log_in("clerk", &[(Role::Intake, "fars")]).await.with("accept-language", "fa");
    let mut clerk = ImportsClient::with_interceptor(house.channel().await, persian);
    for (file, code, message) in [
        (&b"\xe4\xc7\xe3;\xdf\xcf\n"[..], "FILE_ENCODING", "UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "FILE_FORMAT", "XLSX"),
        (b"PK\x03\x04nothing", "FILE_DAMAGED", "گذرواژه"),
        ("نام;کد ملی\nعلی;1\n".as_bytes(), "HEADING_MISSING", "ردیف ۱"),
        (csv(&[]).trim_ascii_end(), "NO_ROWS", "ردیفی نیست"),
    ] {
        let import_id = send(&mut clerk, ImportKind::Wearers, file).await;
        let found = check(&mut clerk, import_id).await;
        let finding = &found.findings[0];
        assert_eq!(finding.code, code);
        assert!(finding.message.contains(message), "{}", finding.message);
        clerk.abandon_import(AbandonImportRequest { import_id }).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_filled_in_is_taken_in_as_it_is() {
    let house = house().await;
    for (kind, role, rows) in
        [(ImportKind::Wearers, Role::Intake, 1), (ImportKind::Orders, Role::Intake, 1), (ImportKind::Tags, Role::Technical, 1)]
    {
        for language in ["fa", "en"] {
            let who = house.log_in(role.name(), &[(role, "central")]).await.with("accept-language", language);
            let mut client = ImportsClient::with_interceptor(house.channel().await, who);
            let template = client.get_import_template(GetImportTemplateRequest { kind: kind.into() }).await.unwrap().into_inner();
            let workbook: Xlsx<_> = Xlsx::new(Cursor::new(&template.file)).unwrap();
            assert_eq!(workbook.sheet_names().len(), 2);
            let import_id = send(&mut client, kind, &template.file).await;
            let found = check(&mut client, import_id).await;
            // The example is of a unit or a wearer that this database has not, or of a tag that it has; nothing else is wrong with it.
            let codes: Vec<&str> = found.findings.iter().map(|finding| finding.code.as_str()).collect();
            assert!(codes.iter().all(|code| ["UNKNOWN_WEARER", "TAG_KNOWN"].contains(code)), "{codes:?}");
            assert_eq!((found.import().rows, found.outcome.sheets_unread.len(), found.outcome.columns_unread.len()), (rows, 0, 0));
            client.abandon_import(AbandonImportRequest { import_id }).await.unwrap();
        }
    }
    let mut clerk = client(&house, "clerk", Role::Intake, "central").await;
    let zones = clerk.get_import_template(GetImportTemplateRequest { kind: ImportKind::Zones.into() }).await.unwrap().into_inner();
    let import_id = send(&mut clerk, ImportKind::Zones, &zones.file).await;
    assert_eq!(check(&mut clerk, import_id).await.codes(), [(1, "", "UNKNOWN_WEARER")]);
}
