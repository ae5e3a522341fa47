//! Archives as others check them: unpacked, `sha256sum`, `openssl`, and one changed byte.

use super::{ArchiveBuilder, Explained, Party, PublicKey, ReleaseFacts, Signer, VerifyError, verify};
use chrono::DateTime;
use geofence::{EndReason, Report, Signal, Signals, StoredReport, Timestamp, ViolationKind};
use std::io::{Cursor, Read, Write};
use std::path::Path;
use std::process::Command;
use store::{Alert, PurposeRow, ReleaseRequest, Wearer};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

fn facts() -> ReleaseFacts {
    let time = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let party = |name: &str, shown: &str| Party { name: name.into(), shown_name: shown.into() };
    ReleaseFacts {
        release_id: 12,
        wearer: Wearer {
            wearer_id: 1,
            reference: "1404/12".into(),
            unit: "fars".into(),
            name: "علی <b>رضایی</b>".into(),
            national_id: "0012345678".into(),
            imei: String::new(),
        },
        request: ReleaseRequest {
            wearer: "1404/12".into(),
            from: time("2026-11-20T20:30:00Z"),
            to: time("2026-11-25T20:30:00Z"),
            authority: "شعبهٔ ۳ دادگاه کیفری".into(),
            letter_number: "۱۴۰۵/۹۸۷".into(),
            letter_date: "1405/08/30".into(),
            positions: true,
            violations: true,
        },
        purpose: PurposeRow {
            code: "judicial".into(),
            name_fa: "درخواست مرجع قضایی".into(),
            name_en: "Asked by a judicial authority".into(),
            needs_case: true,
            needs_place: true,
        },
        case_number: "9/12".into(),
        proposed_by: party("sara", "سارا احمدی"),
        proposed_at: time("2026-11-25T08:00:00Z"),
        confirmed_by: party("reza", "رضا کریمی"),
        released_at: time("2026-11-25T09:00:00Z"),
        kept_since: None,
    }
}

fn reports() -> Vec<StoredReport> {
    let first: Timestamp = "2026-11-21T00:00:00Z".parse().unwrap();
    let report = |n: i32| {
        let at = first.plus_seconds(i64::from(n) * 600);
        let signals = Signals::default().with(Signal::Fix, true);
        let report =
            Report { latitude_e7: 357_000_000 + n, longitude_e7: 514_000_000, accuracy_dm: 55, satellites: 9, signals, ..Report::at(at) };
        StoredReport { tag_id: 1, received_at: at, late: false, report }
    };
    (0..300).map(report).collect()
}

fn violation() -> Explained {
    let at: Timestamp = "2026-11-22T09:52:05Z".parse().unwrap();
    let alert = Alert {
        alert_id: 42,
        kind: ViolationKind::Inclusion,
        wearer: "1404/12".into(),
        imei: "356307042441013".into(),
        zone: "home".into(),
        started_at: at,
        found_at: at,
        recorded_at: at,
        found_late: false,
        end: Some((at.plus_seconds(600), EndReason::Kept)),
        max_beyond_m: Some(119.6),
        last_breaking_at: None,
        acknowledged: None,
        note: None,
        restored_at: None,
        incident: None,
        corrected_because: None,
    };
    Explained { alert, evidence: Err("no reports are left".into()) }
}

fn signer() -> Signer {
    Signer::from_pem(&Signer::generate_pem().unwrap()).unwrap()
}

fn archive(signer: &Signer) -> Vec<u8> {
    let mut builder = ArchiveBuilder::new(facts()).unwrap();
    for part in reports().chunks(100) {
        builder.add_positions(part).unwrap();
    }
    let built = builder.finish(&[violation()], signer).unwrap();
    assert_eq!((built.positions, built.violations), (300, 1));
    built.bytes
}

fn file(archive: &[u8], name: &str) -> String {
    let mut text = String::new();
    ZipArchive::new(Cursor::new(archive)).unwrap().by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The archive with one file exchanged, packed anew.
fn exchanged(archive: &[u8], name: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let mut old = ZipArchive::new(Cursor::new(archive)).unwrap();
    let mut new = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..old.len() {
        let mut file = old.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        let file_name = file.name().unwrap().into_owned();
        let bytes = if file_name == name { change(bytes) } else { bytes };
        new.start_file(file_name, SimpleFileOptions::default()).unwrap();
        new.write_all(&bytes).unwrap();
    }
    new.finish().unwrap().into_inner()
}

fn shell(directory: &Path, command: &str) -> (bool, String) {
    let ran = Command::new("sh").arg("-c").arg(command).current_dir(directory).output().unwrap();
    (ran.status.success(), String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
}

const SUMS_CHECK: &str = "sha256sum -c SHA256SUMS";
const SIGNATURE_CHECK: &str = "openssl pkeyutl -verify -pubin -inkey public-key.pem -rawin -in SHA256SUMS -sigfile SHA256SUMS.sig";

#[test]
fn an_archive_is_checked_with_the_commands_of_the_documentation() {
    let signer = signer();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("release.zip"), archive(&signer)).unwrap();
    ZipArchive::new(std::fs::File::open(directory.path().join("release.zip")).unwrap()).unwrap().extract(directory.path()).unwrap();
    let (is_whole, said) = shell(directory.path(), SUMS_CHECK);
    assert!(is_whole && said.matches(": OK").count() == 5, "{said}");
    let (is_signed, said) = shell(directory.path(), SIGNATURE_CHECK);
    assert!(is_signed && said.contains("Signature Verified Successfully"), "{said}");
    let (_, said) = shell(directory.path(), "openssl pkey -pubin -in public-key.pem -outform DER | sha256sum");
    assert!(said.starts_with(&signer.public().fingerprint()), "{said}");

    // One changed byte of the data, and of the list of hashes.
    let (_, said) =
        shell(directory.path(), "printf 9 | dd of=positions.csv bs=1 seek=200 conv=notrunc 2>/dev/null; sha256sum -c SHA256SUMS");
    assert!(said.contains("positions.csv: FAILED"), "{said}");
    let (is_signed, said) = shell(directory.path(), &format!("sed -i s/release.json/release.jsom/ SHA256SUMS; {SIGNATURE_CHECK}"));
    assert!(!is_signed, "{said}");
}

#[test]
fn the_documentation_shows_the_same_commands() {
    let guide = include_str!("../../../docs/operations/release.md");
    let page = file(&archive(&signer()), "index.html");
    for command in [SUMS_CHECK, SIGNATURE_CHECK, "openssl pkey -pubin -in public-key.pem -outform DER | sha256sum"] {
        assert!(guide.contains(command) && page.contains(command), "{command}");
    }
}

#[test]
fn a_whole_archive_is_verified_and_says_who_signed_it() {
    let signer = signer();
    let archive = archive(&signer);
    for key in [None, Some(signer.public())] {
        let verified = verify(Cursor::new(&archive), key).unwrap();
        assert_eq!((verified.key, verified.facts["release"].as_i64(), verified.files.len()), (signer.public(), Some(12), 5));
    }
}

#[test]
fn whatever_was_changed_is_found() {
    let signer = signer();
    let archive = archive(&signer);
    let refused = |bytes: Vec<u8>| verify(Cursor::new(bytes), None).unwrap_err();
    for name in ["positions.csv", "violations.json", "release.json", "index.html"] {
        let changed = exchanged(&archive, name, |mut bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            bytes
        });
        assert!(matches!(refused(changed), VerifyError::Changed(found) if found == name));
    }
    let other_sums = exchanged(&archive, "SHA256SUMS", |bytes| String::from_utf8(bytes).unwrap().replace('a', "b").into_bytes());
    assert!(matches!(refused(other_sums), VerifyError::Signature));
    let other_key = PublicKey::from_pem(&self::signer().public().pem()).unwrap();
    assert!(matches!(verify(Cursor::new(&archive), Some(other_key)).unwrap_err(), VerifyError::Signature));
    assert!(matches!(refused(archive[..archive.len() - 7].to_vec()), VerifyError::Unreadable(_)));
    // A byte anywhere in the file is noticed, whether it is of the data or of what packs them; but for times and the like, which say nothing.
    let mut torn = archive.clone();
    torn[archive.len() / 3] ^= 4;
    refused(torn);
}

#[test]
fn a_file_added_or_taken_away_is_found() {
    let archive = archive(&signer());
    let mut more = ZipWriter::new_append(Cursor::new(archive.clone())).unwrap();
    more.start_file("more.csv", SimpleFileOptions::default()).unwrap();
    let more = more.finish().unwrap().into_inner();
    assert!(matches!(verify(Cursor::new(more), None).unwrap_err(), VerifyError::Unlisted(name) if name == "more.csv"));
    let mut old = ZipArchive::new(Cursor::new(&archive)).unwrap();
    let mut fewer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 1..old.len() {
        fewer.raw_copy_file(old.by_index_raw(index).unwrap()).unwrap();
    }
    let fewer = fewer.finish().unwrap().into_inner();
    assert!(matches!(verify(Cursor::new(fewer), None).unwrap_err(), VerifyError::Missing(name) if name == "positions.csv"));
}

#[test]
fn the_page_is_for_people_and_loads_nothing() {
    let page = file(&archive(&signer()), "index.html");
    assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"fa\" dir=\"rtl\">"));
    for word in [
        "خروج از محدوده",
        "outside an inclusion zone",
        "شعبهٔ ۳ دادگاه کیفری",
        "سارا احمدی",
        "رضا کریمی",
        "۱۴۰۵/۰۹/۰۱ ساعت ۱۳:۲۲:۰۵",
        "۱۲۰ متر",
        "120 m",
    ] {
        assert!(page.contains(word), "{word}");
    }
    assert!(page.contains("علی &lt;b&gt;رضایی&lt;/b&gt;") && !page.contains("<b>"), "what others wrote is no markup");
    for foreign in ["<script", "http://", "https://", "src=", "url(", "@import"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    // Two days of Tehran and a part of a third.
    assert_eq!(page.matches("<td><bdi>۱۴۰۵/۰۹/0").count() + page.matches("<td><bdi>۱۴۰۵/۰۸/۳۰</bdi></td>").count(), 1);
    assert!(file(&archive(&signer()), "positions.csv").starts_with("\u{feff}taken_at,"));
}

#[test]
fn what_was_not_asked_for_is_not_there() {
    let mut facts = facts();
    facts.request.positions = false;
    let mut builder = ArchiveBuilder::new(facts).unwrap();
    builder.add_positions(&[]).unwrap();
    let bytes = builder.finish(&[violation()], &signer()).unwrap().bytes;
    let names: Vec<String> = ZipArchive::new(Cursor::new(&bytes)).unwrap().file_names().map(|name| name.unwrap().into_owned()).collect();
    assert!(!names.contains(&"positions.csv".to_owned()) && names.contains(&"violations.json".to_owned()), "{names:?}");
    verify(Cursor::new(bytes), None).unwrap();
}
