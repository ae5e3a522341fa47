//! Files of wearers through a real connection: one person one file, found by any part, merged by two.

use crate::house::{As, House, sql, wrong_fields};
use crate::raw::{ask, reason_of};
use access::{Caller, Role};
use enrolment::{NationalId, fold};
use proto::access::{ConfirmProposalRequest, Proposal};
use proto::enrolment::*;
use std::collections::BTreeSet;
use store::WearerFilter;
use tonic::Status;
use tonic_types::StatusExt;

const UNITS: &str = "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
    VALUES ('tehran', 1, 'province', 'تهران', 'Tehran', true), ('qom', 1, 'province', 'قم', 'Qom', true)";

/// Clerks of two provinces.
pub struct Office {
    pub house: House,
    pub clerk: As,
    pub other: As,
    pub of_qom: As,
}

impl Office {
    pub async fn new() -> Self {
        let house = House::new().await;
        sql(&house.database, "DELETE FROM wearers").await;
        sql(&house.database, UNITS).await;
        let clerk = house.log_in("sara", &[(Role::Intake, "tehran")]).await.purpose("file");
        let other = house.log_in("reza", &[(Role::Intake, "tehran")]).await.purpose("file");
        let of_qom = house.log_in("zari", &[(Role::Intake, "qom")]).await.purpose("file");
        Self { house, clerk, other, of_qom }
    }

    pub async fn call<T: prost::Message + Default>(&self, who: &As, method: &str, message: &impl prost::Message) -> Result<T, Status> {
        ask(&self.house.channel().await, &format!("/paband.enrolment.v1.{method}"), who, message).await
    }

    pub async fn enrol(&self, fields: WearerFields) -> Result<SavedWearer, Status> {
        let create = CreateWearerRequest { reference: String::new(), unit: "tehran".into(), fields: Some(fields) };
        self.call(&self.clerk, "Wearers/CreateWearer", &create).await
    }

    /// The reference of a new file.
    pub async fn file(&self, number: u32) -> String {
        self.enrol(person(number)).await.unwrap().wearer.unwrap().reference
    }

    pub async fn get(&self, who: &As, reference: &str) -> Result<Wearer, Status> {
        self.call(who, "Wearers/GetWearer", &GetWearerRequest { reference: reference.into() }).await
    }

    async fn found(&self, who: &As, text: &str) -> Vec<String> {
        let list = ListWearersRequest { text: text.into(), ..Default::default() };
        let answer: ListWearersResponse = self.call(who, "Wearers/ListWearers", &list).await.unwrap();
        answer.wearers.into_iter().map(|wearer| wearer.reference).collect()
    }

    pub async fn confirm(&self, who: &As, proposal_id: i64) -> Result<Proposal, Status> {
        let path = "/paband.access.v1.Proposals/ConfirmProposal";
        ask(&self.house.channel().await, path, who, &ConfirmProposalRequest { proposal_id }).await
    }
}

pub fn national_id(number: u32) -> String {
    let ids = (0..10).map(|check| format!("{number:09}{check}"));
    ids.into_iter().find(|id| NationalId::parse(id).is_ok()).unwrap()
}

pub fn person(number: u32) -> WearerFields {
    WearerFields {
        given_name: "علی".into(),
        family_name: format!("کریمی{number}"),
        father_name: "حسن".into(),
        national_id: national_id(number),
        ..Default::default()
    }
}

fn told<T>(answer: &Result<T, Status>, name: &str) -> String {
    let info = answer.as_ref().err().and_then(|status| status.get_details_error_info()).unwrap();
    info.metadata.get(name).cloned().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clerks_who_enrol_one_person_at_once_open_one_file() {
    let office = Office::new().await;
    let mut tries = Vec::new();
    for at in 0..8 {
        let who = office.house.log_in(&format!("clerk-{at}"), &[(Role::Intake, "tehran")]).await;
        let channel = office.house.channel().await;
        tries.push(tokio::spawn(async move {
            let create = CreateWearerRequest { reference: String::new(), unit: "tehran".into(), fields: Some(person(7)) };
            ask::<SavedWearer>(&channel, "/paband.enrolment.v1.Wearers/CreateWearer", &who, &create).await
        }));
    }
    let mut answers = Vec::new();
    for one in tries {
        answers.push(one.await.unwrap());
    }
    let opened: Vec<String> = answers.iter().flatten().map(|saved| saved.wearer.as_ref().unwrap().reference.clone()).collect();
    assert_eq!(opened.len(), 1);
    for answer in answers.iter().filter(|answer| answer.is_err()) {
        assert_eq!(reason_of(answer).as_deref(), Some("PERSON_ENROLLED"));
        assert_eq!(told(answer, "reference"), opened[0]);
    }
    let elsewhere = CreateWearerRequest { reference: String::new(), unit: "qom".into(), fields: Some(person(7)) };
    let answer: Result<SavedWearer, _> = office.call(&office.of_qom, "Wearers/CreateWearer", &elsewhere).await;
    assert_eq!(reason_of(&answer).as_deref(), Some("PERSON_ENROLLED_ELSEWHERE"));
    assert!(!format!("{answer:?}").contains(&opened[0]), "another unit's reference is not told");
}

#[tokio::test(flavor = "multi_thread")]
async fn foreigners_are_enrolled_by_their_papers_once() {
    let office = Office::new().await;
    let paper = |kind: ForeignIdKind, number: &str| WearerFields {
        given_name: "Ahmad".into(),
        family_name: "Shah".into(),
        foreign_id: Some(ForeignId { kind: kind.into(), number: number.into() }),
        language: "ps".into(),
        ..Default::default()
    };
    let first = office.enrol(paper(ForeignIdKind::Passport, "p 123-4567")).await.unwrap();
    assert_eq!(first.wearer.unwrap().fields.unwrap().foreign_id.unwrap().number, "P1234567");
    let again = office.enrol(paper(ForeignIdKind::Passport, "P۱۲۳۴۵۶۷")).await;
    assert_eq!(reason_of(&again).as_deref(), Some("PERSON_ENROLLED"));
    let second = office.enrol(paper(ForeignIdKind::RefugeeCard, "P1234567")).await.unwrap();
    assert_eq!(second.possible_duplicates.len(), 1, "the same names: perhaps the same person");
    let wrong = office.enrol(paper(ForeignIdKind::Universal, "12x")).await.unwrap_err();
    assert_eq!(wrong_fields(&wrong), [("fields.foreign_id.number".to_owned(), "TOO_SHORT".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_found_by_any_part_of_what_it_is_known_by() {
    let office = Office::new().await;
    let phone = Contact { kind: ContactKind::Phone.into(), value: "۰۹۱۲ ۳۴۵ ۶۷۸۹".into(), whose: "خود".into() };
    let fields = WearerFields {
        given_name: "محمد رضا".into(),
        family_name: "حسین‌زادهٔ یزدی".into(),
        father_name: "عليّ".into(),
        national_id: national_id(123_456_789),
        file_numbers: vec!["زندان-77/ب".into()],
        contacts: vec![phone],
        ..Default::default()
    };
    let saved = office.enrol(fields).await.unwrap().wearer.unwrap();
    office.file(5).await;
    for (text, finds) in [
        ("محمد", true),
        ("محمدرضا", true),
        ("رضا يزدي", true),
        ("حسين زاده", true),
        ("حسینزاده", true),
        ("علی یزدی", true),
        ("45678", true),
        ("۳۴۵۶۷", true),
        ("9123456789", true),
        ("77/ب", true),
        (saved.reference.as_str(), true),
        ("حس یز", true),
        ("سی", false),
        ("محمد کریمی", false),
        ("رضایی", false),
        ("%", false),
        ("___", false),
        ("09123456780", false),
    ] {
        let found = office.found(&office.clerk, text).await;
        assert_eq!(found.contains(&saved.reference), finds, "{text} {found:?}");
        assert_eq!(office.found(&office.of_qom, text).await, Vec::<String>::new(), "{text}");
    }
    assert_eq!(office.found(&office.clerk, "  ").await.len(), 2, "no word: all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_of_the_version_that_was_seen_and_leaves_a_trail() {
    let office = Office::new().await;
    let reference = office.file(1).await;
    let change = |version: i64, family: &str| ChangeWearerRequest {
        reference: reference.clone(),
        expected_version: version,
        unit: "tehran".into(),
        fields: Some(WearerFields { family_name: family.into(), risk_class: RiskClass::High.into(), ..person(1) }),
    };
    let changed: SavedWearer = office.call(&office.other, "Wearers/ChangeWearer", &change(1, "موسوی")).await.unwrap();
    assert_eq!(changed.wearer.as_ref().unwrap().version, 2);
    let late: Result<SavedWearer, _> = office.call(&office.clerk, "Wearers/ChangeWearer", &change(1, "صادقی")).await;
    assert_eq!((reason_of(&late).as_deref(), told(&late, "version").as_str()), (Some("VERSION_CHANGED"), "2"));
    assert_eq!(office.found(&office.clerk, "موسوی").await, std::slice::from_ref(&reference));
    assert_eq!(office.found(&office.clerk, "کریمی1").await, Vec::<String>::new(), "it is found by what it is now");
    let asked = GetWearerHistoryRequest { reference: reference.clone() };
    let history: GetWearerHistoryResponse = office.call(&office.clerk, "Wearers/GetWearerHistory", &asked).await.unwrap();
    let trail: Vec<_> = history.versions.iter().map(|version| (version.what.as_str(), version.recorded_by.as_str())).collect();
    assert_eq!(trail, [("registered", "sara"), ("changed", "reza")]);
    assert_eq!(history.versions[0].wearer.as_ref().unwrap().name, "علی کریمی1");
    assert!(history.versions[0].recorded_on.as_ref().unwrap().solar_hijri.starts_with("14"));
    let taken: Result<SavedWearer, _> = {
        office.file(2).await;
        let fields = Some(WearerFields { national_id: national_id(2), ..person(1) });
        office.call(&office.clerk, "Wearers/ChangeWearer", &ChangeWearerRequest { fields, ..change(2, "") }).await
    };
    assert_eq!(reason_of(&taken).as_deref(), Some("PERSON_ENROLLED"));
    let chosen = CreateWearerRequest { reference: reference.clone(), unit: "tehran".into(), fields: Some(person(3)) };
    let taken: Result<SavedWearer, _> = office.call(&office.clerk, "Wearers/CreateWearer", &chosen).await;
    assert_eq!(reason_of(&taken).as_deref(), Some("REFERENCE_TAKEN"));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_of_one_person_become_one_by_two_persons() {
    let office = Office::new().await;
    let keeps = office.file(1).await;
    let paper = Some(ForeignId { kind: ForeignIdKind::Passport.into(), number: "A7654321".into() });
    let fields = WearerFields { given_name: "Ali".into(), family_name: "Karimi".into(), foreign_id: paper, ..Default::default() };
    let duplicate = office.enrol(fields.clone()).await.unwrap().wearer.unwrap().reference;
    let merge = |keeps: &str, duplicate: &str| MergeWearersRequest {
        keeps: keeps.into(),
        duplicate: duplicate.into(),
        reason: "fingerprints".into(),
    };
    let same: Result<Proposal, _> = office.call(&office.clerk, "Wearers/MergeWearers", &merge(&keeps, &keeps)).await;
    assert_eq!(reason_of(&same).as_deref(), Some("SAME_FILE"));
    let fit = format!(
        "INSERT INTO fittings (tag_id, wearer_id, period) SELECT 1, wearer_id, tstzrange(now(), NULL) FROM wearers WHERE reference = '{duplicate}'"
    );
    sql(&office.house.database, &fit).await;
    let worn: Result<Proposal, _> = office.call(&office.clerk, "Wearers/MergeWearers", &merge(&keeps, &duplicate)).await;
    assert_eq!(reason_of(&worn).as_deref(), Some("DUPLICATE_WEARS_TAG"));
    sql(&office.house.database, "UPDATE fittings SET period = tstzrange(lower(period), now())").await;

    let proposed: Proposal = office.call(&office.clerk, "Wearers/MergeWearers", &merge(&keeps, &duplicate)).await.unwrap();
    assert_eq!(reason_of(&office.confirm(&office.clerk, proposed.proposal_id).await).as_deref(), Some("SAME_PERSON"));
    office.confirm(&office.other, proposed.proposal_id).await.unwrap();

    let file = office.get(&office.clerk, &duplicate).await.unwrap();
    assert_eq!((file.reference.as_str(), &file.merged_from[..]), (keeps.as_str(), &[duplicate.clone()][..]));
    for text in ["Karimi", "7654321", duplicate.as_str()] {
        assert_eq!(office.found(&office.clerk, text).await, std::slice::from_ref(&keeps), "{text}");
    }
    let change =
        ChangeWearerRequest { reference: duplicate.clone(), expected_version: 2, unit: "tehran".into(), fields: Some(fields.clone()) };
    let over: Result<SavedWearer, _> = office.call(&office.clerk, "Wearers/ChangeWearer", &change).await;
    assert_eq!((reason_of(&over).as_deref(), told(&over, "reference")), (Some("WEARER_MERGED"), keeps.clone()));
    let again = office.enrol(fields.clone()).await;
    assert_eq!((reason_of(&again).as_deref(), told(&again, "reference")), (Some("PERSON_ENROLLED"), keeps.clone()));
    let whole = ChangeWearerRequest { reference: keeps.clone(), expected_version: file.version, ..change };
    let whole: SavedWearer = office.call(&office.clerk, "Wearers/ChangeWearer", &whole).await.unwrap();
    assert_eq!(whole.wearer.unwrap().fields.unwrap().foreign_id, fields.foreign_id, "a number of the duplicate goes over when it is said");
    let asked = GetWearerHistoryRequest { reference: keeps };
    let history: GetWearerHistoryResponse = office.call(&office.clerk, "Wearers/GetWearerHistory", &asked).await.unwrap();
    let merged = history.versions.iter().find(|version| version.what == "merged").unwrap();
    assert_eq!((merged.merged_by.as_str(), merged.merge_reason.as_str()), ("sara, reza", "fingerprints"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_what_its_first_bytes_say_and_no_larger_than_it_may_be() {
    let office = Office::new().await;
    let wearer = office.file(1).await;
    let picture = |bytes: &[u8], length: usize| {
        let mut picture = bytes.to_vec();
        picture.resize(length, 7);
        AddPhotoRequest { wearer: wearer.clone(), picture, ..Default::default() }
    };
    let jpeg = [0xff, 0xd8, 0xff];
    for (asked, reason) in
        [(picture(b"GIF89a", 100), "NOT_A_PICTURE"), (picture(&jpeg, 1_048_577), "PICTURE_TOO_LARGE"), (picture(&[], 0), "NOT_A_PICTURE")]
    {
        let refused = office.call::<AddPhotoResponse>(&office.clerk, "Photos/AddPhoto", &asked).await.unwrap_err();
        assert_eq!(wrong_fields(&refused), [("picture".to_owned(), reason.to_owned())]);
    }
    let largest = picture(&jpeg, 1_048_576);
    let added: AddPhotoResponse = office.call(&office.clerk, "Photos/AddPhoto", &largest).await.unwrap();
    let asked = GetPhotoRequest { wearer: wearer.clone(), photo_id: 0 };
    let shown: GetPhotoResponse = office.call(&office.clerk, "Photos/GetPhoto", &asked).await.unwrap();
    assert_eq!((shown.photo_id, shown.media_type.as_str(), shown.picture), (added.photo_id, "image/jpeg", largest.picture));
    assert_eq!(office.get(&office.clerk, &wearer).await.unwrap().photo_id, added.photo_id);
    let other = GetPhotoRequest { wearer: office.file(2).await, photo_id: added.photo_id };
    let foreign: Result<GetPhotoResponse, _> = office.call(&office.clerk, "Photos/GetPhoto", &other).await;
    assert_eq!(reason_of(&foreign).as_deref(), Some("UNKNOWN_PHOTO"), "a picture belongs to its file");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_opened_twice_under_one_key_is_opened_once() {
    let office = Office::new().await;
    let who = office.clerk.clone().with("paband-idempotency-key", "click-0001");
    let create = CreateWearerRequest { reference: String::new(), unit: "tehran".into(), fields: Some(person(1)) };
    let one: SavedWearer = office.call(&who, "Wearers/CreateWearer", &create).await.unwrap();
    let two: SavedWearer = office.call(&who, "Wearers/CreateWearer", &create).await.unwrap();
    assert_eq!(one, two);
}

/// Files enough that a walk along the names is cut off: 24,000 that hold nothing of interest, and 200 that do, at the end of the order.
const MANY: &str = "
    INSERT INTO wearers (reference, unit_id, given_name, family_name, name, father_name)
    SELECT 'M-' || n, 2 + n % 2, 'الف', 'ابتدا ' || n, 'الف ابتدا ' || n, 'یعقوب' FROM generate_series(1, 24000) AS n;
    INSERT INTO wearers (reference, unit_id, given_name, family_name, name, father_name)
    SELECT 'R-' || n, 2 + n % 2, (ARRAY['هومن', 'یاشار', 'وحید'])[1 + n % 3], 'نامور 10' || n % 7, 'x نامور ' || n, (ARRAY['کمیاب', 'یعقوب'])[1 + n % 2]
    FROM generate_series(1, 200) AS n;
    VACUUM ANALYZE wearers";

/// All pages of a list, one after the other.
async fn all(office: &Office, caller: &Caller, words: &[&str], limit: u32) -> Vec<String> {
    let mut filter = WearerFilter { words: words.iter().map(|word| (*word).to_owned()).collect(), limit, ..Default::default() };
    let mut found = Vec::new();
    loop {
        let page = office.house.store.wearer_list(caller, &filter).await.unwrap();
        assert!(page.wearers.len() <= limit as usize);
        found.extend(page.wearers.into_iter().map(|now| now.file.reference));
        match page.next {
            Some(next) => filter.after = Some(next),
            None => return found,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_a_list_hold_every_hit_once_whichever_way_they_are_found() {
    let office = Office::new().await;
    for command in MANY.split(';') {
        sql(&office.house.database, command).await;
    }
    let everybody = store::testing::staff();
    let mut tehran = everybody.clone();
    tehran.roots = vec![2];
    let client = office.house.database.client().await;
    // The stupid twin: one plain question, in the order that is promised: who is named as typed, whose family name begins with the last words, from all
    // to one, in whose family name the only word stands, and the rest.
    let twin = "SELECT reference FROM wearers, LATERAL (SELECT cardinality($2::text[]) AS n) AS typed
        WHERE unit_id = ANY ($1) AND (SELECT bool_and(search LIKE '%' || word || '%') FROM unnest($2::text[]) AS word)
        ORDER BY (SELECT min(i) FROM generate_series(1, n - 1) AS i
                WHERE starts_with(sort_name, array_to_string(($2::text[])[i + 1:] || ($2::text[])[:i], ' '))),
            (SELECT min(i) FROM generate_series(1, n) AS i WHERE starts_with(sort_name, array_to_string(($2::text[])[i:], ' '))),
            n > 1 OR strpos(split_part(sort_name, ' ', 1), ($2::text[])[1]) = 0, sort_name, wearer_id";
    for words in [
        &["نامور"][..],
        &["امو"],
        &["کمیاب"],
        &["هومن"],
        &["هومن", "کمیاب"],
        &["کمیاب", "نامور"],
        &["نامور", "103"],
        &["هومن", "نامور", "103"],
        &["نامور", "نامور"],
        &["یعقوب", "یاشار"],
        &["R-19"],
        &["nowhere"],
    ] {
        let folded: Vec<String> = words.iter().map(|word| fold(word)).collect();
        let words: Vec<&str> = folded.iter().map(String::as_str).collect();
        for (caller, units) in [(&everybody, vec![2_i64, 3]), (&tehran, vec![2])] {
            let rows = client.query(twin, &[&units, &words]).await.unwrap();
            let expected: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
            for limit in [7, 1000] {
                assert_eq!(all(&office, caller, &words, limit).await, expected, "{words:?} {units:?} by {limit}");
            }
        }
    }
    let page = WearerFilter { limit: 1000, ..Default::default() };
    assert_eq!(office.house.store.wearer_list(&tehran, &page).await.unwrap().wearers.len(), 1000);
    assert_eq!(all(&office, &tehran, &[], 1000).await.into_iter().collect::<BTreeSet<_>>().len(), 12_100, "every file once");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_stand_in_persian_order() {
    let office = Office::new().await;
    for (number, family) in (1..).zip(["یزدی", "گودرزی", "پارسا", "کریمی", "ژیان", "احمدی", "چراغی", "زندی"])
    {
        office.enrol(WearerFields { family_name: family.into(), ..person(number) }).await.unwrap();
    }
    let list: ListWearersResponse = office.call(&office.clerk, "Wearers/ListWearers", &ListWearersRequest::default()).await.unwrap();
    let families: Vec<String> = list.wearers.into_iter().map(|wearer| wearer.fields.unwrap().family_name).collect();
    assert_eq!(families, ["احمدی", "پارسا", "چراغی", "زندی", "ژیان", "کریمی", "گودرزی", "یزدی"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_folds_as_the_program_does() {
    let office = Office::new().await;
    let client = office.house.database.client().await;
    let blocks = [0x20..0x250_u32, 0x600..0x700, 0x750..0x780, 0x2000..0x2070, 0xfb50..0xfe00, 0xfe70..0xff00];
    let letters = blocks.into_iter().flatten().filter_map(char::from_u32);
    let texts: Vec<String> = letters.map(|letter| format!(" a{letter}ب {letter}  ۷ي ")).collect();
    let rows = client.query("SELECT text, fold(text) FROM unnest($1::text[]) AS text", &[&texts]).await.unwrap();
    assert!(rows.len() > 1500);
    for row in rows {
        let (text, folded): (String, String) = (row.get(0), row.get(1));
        assert_eq!(folded, fold(&text), "{:?}", text.escape_unicode().to_string());
    }
}
