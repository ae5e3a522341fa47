use super::super::testing::{IMEI, TAG_ID, Tags};
use super::super::{Event, Lost, Outcome, Protocol};
use super::frame::{BODY_BYTES_MAX, FRAME_BYTES_MAX};
use super::{Session, answers::UNANSWERED_MAX};
use bytes::BytesMut;
use geofence::{Report, Signal, Timestamp};
use proptest::prelude::*;

mod encoder;
mod golden;

use encoder::{Codec, Record, login, packet, sealed};

/// A connection and what it wrote.
#[derive(Default)]
struct Connection {
    protocol: Session,
    input: BytesMut,
    output: BytesMut,
}

impl Connection {
    fn logged_in() -> Self {
        let mut connection = Self::default();
        assert_eq!(connection.hear(&login(IMEI)), Ok(vec![Event::LoggedIn { session: 0, tag_id: TAG_ID }]));
        assert_eq!(connection.answer(), [1]);
        connection
    }

    /// Everything that these bytes bring about.
    fn hear(&mut self, bytes: &[u8]) -> Result<Vec<Event>, Lost> {
        self.input.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(event) = self.protocol.receive(&mut self.input, &mut self.output, &Tags, Timestamp::from_millis(0))? {
            events.push(event);
        }
        Ok(events)
    }

    fn answer(&mut self) -> Vec<u8> {
        self.output.split().to_vec()
    }

    fn settle(&mut self, ticket: u64, outcome: Outcome) -> Vec<u8> {
        self.protocol.settle(0, ticket, outcome, &mut self.output).expect("Teltonika goes on");
        self.answer()
    }
}

/// Ticket and reports of the one submission.
#[track_caller]
fn submission(events: Vec<Event>) -> (u64, Vec<Report>) {
    match <[Event; 1]>::try_from(events) {
        Ok([Event::Submitted(submission)]) => {
            assert_eq!((submission.session, submission.tag_id), (0, TAG_ID));
            (submission.ticket, submission.reports)
        }
        other => panic!("not one submission: {other:?}"),
    }
}

fn reason(events: &[Event]) -> &'static str {
    match events {
        [Event::Quarantine { reason, imei, raw }] if imei.as_deref() == Some(IMEI) && !raw.is_empty() => reason,
        other => panic!("not one quarantine: {other:?}"),
    }
}

#[test]
fn a_golden_packet_becomes_the_reports_its_document_says() {
    for (frame, expected) in golden::all() {
        let mut connection = Connection::logged_in();
        let (ticket, reports) = submission(connection.hear(&frame).expect("golden"));
        assert_eq!(reports, expected);
        assert_eq!(connection.answer(), [0; 0], "nothing is promised before it is durable");
        assert_eq!(connection.settle(ticket, Outcome::Stored), (expected.len() as u32).to_be_bytes());
    }
}

#[test]
fn a_golden_packet_cut_anywhere_waits_for_its_rest() {
    for (frame, expected) in golden::all() {
        for cut in 0..frame.len() {
            let mut connection = Connection::logged_in();
            assert_eq!(connection.hear(&frame[..cut]), Ok(vec![]));
            assert_eq!(submission(connection.hear(&frame[cut..]).expect("golden")).1, expected);
        }
    }
}

#[test]
fn a_stream_fed_byte_by_byte_says_the_same() {
    let mut connection = Connection::default();
    let mut events = Vec::new();
    for byte in login(IMEI).iter().chain(golden::all().iter().flat_map(|(frame, _)| frame)) {
        events.extend(connection.hear(&[*byte]).expect("golden"));
    }
    assert_eq!(events.len(), 1 + golden::all().len());
}

#[test]
fn a_flipped_bit_never_becomes_a_report() {
    for (frame, _) in golden::all() {
        for bit in 0..frame.len() * 8 {
            let mut flipped = frame.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let mut connection = Connection::logged_in();
            if let Ok(events) = connection.hear(&flipped) {
                assert!(!events.iter().any(|event| matches!(event, Event::Submitted(_))), "bit {bit}");
            }
        }
    }
}

#[test]
fn a_login_is_taken_or_refused() {
    let unknown = "999999999999999";
    let mut connection = Connection::default();
    let lost = connection.hear(&login(unknown)).expect_err("unknown");
    assert_eq!(lost, Lost { reason: "unknown_tag", imei: Some(unknown.into()), raw: login(unknown) });
    assert_eq!(connection.answer(), [0]);
    assert!(!connection.protocol.logged_in());

    let check = |bytes: &[u8], reason| assert_eq!(Connection::default().hear(bytes).expect_err("no login").reason, reason);
    check(b"GET / HTTP/1.1\r\n", "bad_login");
    check(b"\x00\x0F35630704244101x", "bad_login");
    check(b"\x00\x10", "bad_login");
    check(&[0, 0], "no_login");
}

#[test]
fn a_login_may_be_repeated_but_not_changed() {
    let mut connection = Connection::logged_in();
    assert_eq!(connection.hear(&login(IMEI)), Ok(vec![Event::Nothing]));
    assert_eq!(connection.answer(), [1]);
    assert_eq!(connection.hear(&login("100000000000001")).expect_err("another").reason, "second_login");
}

#[test]
fn pings_may_come_anywhere_between_frames() {
    let mut connection = Connection::default();
    assert_eq!(connection.hear(&[0xFF]), Ok(vec![Event::Nothing]));
    assert_eq!(connection.hear(&login(IMEI)).map(|events| events.len()), Ok(1));
    assert_eq!(connection.hear(&[0xFF; 5000]), Ok(vec![Event::Nothing]));
    assert_eq!(connection.hear(&golden::codec_8()).map(|events| events.len()), Ok(1));
    assert_eq!(connection.answer(), [1]);
}

#[test]
fn a_wrong_checksum_is_answered_zero_and_the_stream_goes_on() {
    let mut frame = golden::codec_8();
    let last = frame.len() - 1;
    frame[last] ^= 1;
    let mut connection = Connection::logged_in();
    assert_eq!(reason(&connection.hear(&frame).expect("goes on")), "wrong_checksum");
    assert_eq!(connection.answer(), [0, 0, 0, 0]);
    submission(connection.hear(&golden::codec_8()).expect("goes on"));
}

#[test]
fn a_body_that_makes_no_sense_is_answered_zero_and_the_stream_goes_on() {
    let body = golden::codec_8_body();
    let but = |place: usize, value: u8| {
        let mut body = body.clone();
        body[place] = value;
        body
    };
    let check = |body: &[u8], expected| {
        let mut connection = Connection::logged_in();
        assert_eq!(reason(&connection.hear(&sealed(body)).expect("goes on")), expected);
        assert_eq!(connection.answer(), [0, 0, 0, 0]);
        submission(connection.hear(&golden::codec_8()).expect("goes on"));
    };
    check(&but(0, 0x07), "unknown_codec");
    check(&but(1, 2), "undecodable"); // the first count
    check(&but(body.len() - 1, 2), "undecodable"); // the second
    check(&but(28, 200), "undecodable"); // values of one byte, far past the end
    check(&[0x08], "undecodable");
    check(&[0x08, 1], "undecodable");
    check(&[0x08, 1, 1], "undecodable");
    check(&[&body[..body.len() - 1], &[0, 0, 1]].concat(), "undecodable"); // bytes after the record
}

#[test]
fn a_length_past_the_limit_is_a_lost_stream() {
    let check = |length: u32, expected| {
        let heard = Connection::logged_in().hear(&[&[0; 4], &length.to_be_bytes()[..]].concat());
        assert_eq!(heard.map_err(|lost| lost.reason), expected);
    };
    check(0, Err("bad_length"));
    check(BODY_BYTES_MAX as u32, Ok(vec![]));
    check(BODY_BYTES_MAX as u32 + 1, Err("bad_length"));
    check(u32::MAX, Err("bad_length"));
    assert_eq!(Connection::logged_in().hear(&[0, 0, 1]).expect_err("no preamble").reason, "bad_preamble");
}

#[test]
fn a_command_answer_is_taken_and_not_answered() {
    for codec in [0x0C, 0x0D, 0x0E] {
        // codec, 1, type 6, length 2, "OK", 1
        let body = [codec, 1, 6, 0, 0, 0, 2, b'O', b'K', 1];
        let mut connection = Connection::logged_in();
        assert_eq!(connection.hear(&sealed(&body)), Ok(vec![Event::Nothing]));
        assert_eq!(connection.answer(), [0; 0]);
    }
}

#[test]
fn answers_keep_the_order_of_the_packets() {
    let mut connection = Connection::logged_in();
    let two = packet(Codec::Eight, &[Record::default(), Record::default()]);
    let (first, _) = submission(connection.hear(&golden::codec_8()).expect("golden"));
    let (second, _) = submission(connection.hear(&two).expect("two"));
    connection.hear(&sealed(&[0x07, 0])).expect("goes on");
    assert_eq!(connection.answer(), [0; 0], "the refused third packet waits for the others");
    assert_eq!(connection.settle(second, Outcome::Stored), [0; 0]);
    assert_eq!(connection.settle(first, Outcome::NotStored), [0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0]);
    assert_eq!(connection.settle(first, Outcome::Stored), [0; 0], "settled once");
}

#[test]
fn a_flood_of_unanswered_packets_is_lost() {
    let mut connection = Connection::logged_in();
    for _ in 0..UNANSWERED_MAX {
        submission(connection.hear(&golden::codec_8()).expect("within the limit"));
    }
    assert_eq!(connection.hear(&golden::codec_8()).expect_err("too many").reason, "unanswered");
}

#[test]
fn an_empty_packet_is_answered_zero() {
    let mut connection = Connection::logged_in();
    assert_eq!(connection.hear(&sealed(&[0x8E, 0, 0])), Ok(vec![Event::Nothing]));
    assert_eq!(connection.answer(), [0, 0, 0, 0]);
}

#[test]
fn a_value_of_the_device_says_what_the_field_says() {
    let check = |id: u16, value: u64, expected: fn(Report) -> Report| {
        let record = Record { one: vec![(id, value as u8)], four: vec![(id, value as u32)], ..Record::default() };
        let reports = |frame: &[u8]| submission(Connection::logged_in().hear(frame).expect("sound")).1;
        let without = reports(&packet(Codec::EightExtended, &[Record::default()]));
        assert_eq!(reports(&packet(Codec::EightExtended, &[record])), [expected(without[0])], "id {id} value {value}");
    };
    fn with(report: Report, signal: Signal, is: bool) -> Report {
        Report { signals: report.signals.with(signal, is), ..report }
    }
    check(113, 0, |report| Report { battery_percent: 0, ..report });
    check(113, 100, |report| Report { battery_percent: 100, ..report });
    check(113, 101, |report| report);
    check(182, 12, |report| Report { accuracy_dm: 60, ..report });
    check(182, 70_000, |report| Report { accuracy_dm: u16::MAX, ..report });
    check(116, 1, |report| with(report, Signal::Charging, true));
    check(116, 0, |report| with(report, Signal::Charging, false));
    check(236, 1, |report| with(report, Signal::Sos, true));
    check(240, 0, |report| with(report, Signal::Motion, false));
    check(249, 1, |report| with(report, Signal::Jamming, true));
    check(390, 1, |report| with(report, Signal::PowerOff, true));
    check(520, 1, |report| with(report, Signal::StrapOpen, true));
    check(520, 0, |report| with(report, Signal::StrapOpen, false));
    check(874, 0, |report| with(report, Signal::AtHomeBeacon, true));
    check(874, 4, |report| with(report, Signal::AtHomeBeacon, false));
    check(66, 12_000, |report| report);
}

#[test]
fn what_a_device_says_of_its_position_is_kept_but_is_a_fix_only_if_it_can_be_one() {
    let check = |latitude_e7, longitude_e7, satellites, fix| {
        let record = Record { latitude_e7, longitude_e7, satellites, ..Record::default() };
        let (_, reports) = submission(Connection::logged_in().hear(&packet(Codec::Eight, &[record])).expect("sound"));
        assert_eq!((reports[0].latitude_e7, reports[0].longitude_e7), (latitude_e7, longitude_e7));
        assert_eq!(reports[0].signals.get(Signal::Fix), Some(fix));
    };
    check(357_000_000, 514_000_000, 7, true);
    check(357_000_000, 514_000_000, 0, false);
    check(0, 0, 7, false);
    check(-900_000_000, 1_800_000_000, 1, true);
    check(900_000_001, 0, 7, false);
    check(0, i32::MIN, 7, false);
}

#[test]
fn absurd_numbers_saturate() {
    let record = Record { taken_at_ms: u64::MAX, speed_kmh: u16::MAX, course_deg: 360, ..Record::default() };
    let (_, reports) = submission(Connection::logged_in().hear(&packet(Codec::Eight, &[record])).expect("sound"));
    assert_eq!(reports[0].taken_at, Timestamp::MAX);
    assert_eq!((reports[0].speed_cms, reports[0].course_deg), (u16::MAX, 0));
}

#[test]
fn the_largest_packet_fits_the_limit_and_a_command_is_not_carried() {
    let records = vec![Record::default(); 240];
    let frame = packet(Codec::Eight, &records);
    assert!(frame.len() <= FRAME_BYTES_MAX);
    let mut connection = Connection::logged_in();
    assert_eq!(submission(connection.hear(&frame).expect("sound")).1.len(), 240);
    assert!(!connection.protocol.command(0, 1, &super::Command::LocateNow, &mut connection.output));
    connection.protocol.farewell(&mut connection.output);
    assert_eq!(connection.answer(), [0; 0]);
}

proptest! {
    #[test]
    fn any_record_survives_any_codec(records in prop::collection::vec(encoder::any_record(), 1..20)) {
        for codec in [Codec::Eight, Codec::EightLong, Codec::EightExtended, Codec::Sixteen] {
            let records: Vec<_> = records.iter().map(|record| record.fit(codec)).collect();
            let expected: Vec<_> = records.iter().map(Record::report).collect();
            let (_, reports) = submission(Connection::logged_in().hear(&packet(codec, &records)).expect("sound"));
            prop_assert_eq!(reports, expected);
        }
    }

    #[test]
    fn any_bytes_are_borne(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20), known: bool) {
        let mut connection = if known { Connection::logged_in() } else { Connection::default() };
        for piece in pieces {
            if connection.hear(&piece).is_err() {
                break;
            }
            prop_assert!(connection.input.len() < FRAME_BYTES_MAX);
        }
    }

    #[test]
    fn any_body_under_a_right_checksum_is_borne(codec in prop::sample::select(vec![8u8, 0x8E, 0x10, 0x0C]), mut body in prop::collection::vec(any::<u8>(), 1..400)) {
        body[0] = codec;
        let count = body.len() as u8 % 5;
        if let [_, first, .., last] = &mut body[..] {
            (*first, *last) = (count, count);
        }
        let heard = Connection::logged_in().hear(&sealed(&body));
        prop_assert_eq!(heard.map(|events| events.len()), Ok(1));
    }
}
