use super::*;
use geofence::Signal;
use proptest::prelude::*;

/// A batch of one report, byte for byte.
#[rustfmt::skip]
const GOLDEN: &[u8] = &[
    0x19, // 25 bytes follow
    0x22, 0x17, // field 4, reports: 23 bytes
    0x08, 0x01, // number 1
    0x12, 0x13, // one report: 19 bytes
    0x08, 0x80, 0xC8, 0xE2, 0xE1, 0xC1, 0x33, // taken at 1,770,000,000,000 ms
    0x15, 0x90, 0xB5, 0x45, 0x15, // latitude 35.689 degrees, little-endian
    0x1D, 0xD0, 0x56, 0xA1, 0x1E, // longitude 51.389 degrees
    0x60, 0x02, // field 12, strap open: yes
];

#[test]
fn a_golden_frame_cut_anywhere_waits_for_its_rest() {
    for cut in 0..GOLDEN.len() {
        let mut connection = Connection::logged_in();
        assert_eq!(connection.hear(&GOLDEN[..cut]), Ok(vec![]));
        let events = connection.hear(&GOLDEN[cut..]).expect("golden");
        let [Event::Submitted(submission)] = &events[..] else { panic!("not submitted: {events:?}") };
        let mut expected = geofence::Report::at(NOW);
        (expected.latitude_e7, expected.longitude_e7) = (356_890_000, 513_890_000);
        expected.signals = expected.signals.with(Signal::Fix, true).with(Signal::StrapOpen, true);
        assert_eq!(submission.reports, [expected]);
    }
}

#[test]
fn a_whole_conversation_fed_byte_by_byte_says_the_same() {
    let mut connection = Connection::new();
    let mut events = Vec::new();
    let mut feed = |connection: &mut Connection, bytes: &[u8]| {
        bytes.iter().for_each(|byte| events.extend(connection.hear(&[*byte]).expect("golden")));
    };
    feed(&mut connection, &frame(0, hello(IMEI)));
    let [(_, Told::Challenge(challenge))] = &connection.told()[..] else { panic!("no challenge") };
    feed(&mut connection, &frame(0, proof_of(0, IMEI, &challenge.nonce)));
    feed(&mut connection, GOLDEN);
    assert_eq!(events.len(), 3);
}

#[test]
fn a_flipped_bit_is_borne() {
    for bit in 0..GOLDEN.len() * 8 {
        let mut flipped = GOLDEN.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let mut connection = Connection::logged_in();
        if connection.hear(&flipped).is_err() {
            assert_eq!(refusal(&connection.told()).0, 0, "bit {bit}");
        }
    }
}

#[test]
fn a_length_past_the_limit_is_refused_before_its_bytes_come() {
    let check = |connection: fn() -> Connection, bytes: &[u8], taken: bool| {
        let mut connection = connection();
        let heard = connection.hear(bytes);
        assert_eq!(heard.as_ref().is_ok_and(Vec::is_empty), taken, "{heard:?}");
        if !taken {
            assert_eq!(refusal(&connection.told()), (0, Reason::Protocol));
        }
    };
    assert_eq!((FRAME_BYTES_MAX, LOGIN_FRAME_BYTES_MAX), (65_536, 512));
    check(Connection::logged_in, &[0x80, 0x80, 0x04], true); // 65,536
    check(Connection::logged_in, &[0x81, 0x80, 0x04], false); // 65,537
    check(Connection::logged_in, &[0x80, 0x80, 0x80], false); // more than three bytes of length
    check(Connection::new, &[0x80, 0x04], true); // 512
    check(Connection::new, &[0x81, 0x04], false); // 513
    check(Connection::new, b"GET / HTTP/1.1\r\n", true); // 71 bytes are awaited, until the login's time is up
}

#[test]
fn a_frame_that_is_none_is_refused() {
    let check = |bytes: &[u8]| {
        let mut connection = Connection::logged_in();
        let lost = connection.hear(bytes).expect_err("no frame");
        assert_eq!((lost.reason, lost.raw), ("protocol", bytes.to_vec()));
        assert_eq!(refusal(&connection.told()), (0, Reason::Protocol));
    };
    check(&[0]); // no body
    check(&[1, 0x22]); // no length
    check(&[2, 0x22, 5]); // cut
    check(&[2, 0x7A, 0]); // an unknown body
    check(&[2, 0x0B, 0]); // a group
    check(&[6, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]); // session past 32 bits
    check(&[4, 0x22, 2, 0x12, 9]); // a report longer than its batch
    check(&[6, 0x22, 4, 0x12, 2, 0x08, 0x80]); // a report cut inside
}

#[test]
fn a_broken_batch_ends_one_session_of_a_gateway() {
    let mut gateway = Connection::new();
    gateway.log_in(1, IMEI);
    gateway.log_in(2, "100000000000002");
    let event = gateway.say(1, batch(7, vec![report()])).expect("the gateway goes on");
    assert!(matches!(event, Event::Quarantine { reason: "protocol", imei: Some(imei), .. } if imei == IMEI));
    assert_eq!(refusal(&gateway.told()), (1, Reason::Protocol));
    gateway.submit(2, 1);
}

proptest! {
    #[test]
    fn any_bytes_are_borne(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 1..20), known: bool) {
        let mut connection = if known { Connection::logged_in() } else { Connection::new() };
        for piece in pieces {
            if connection.hear(&piece).is_err() {
                break;
            }
            prop_assert!(connection.input.len() < 3 + FRAME_BYTES_MAX);
            prop_assert!(known || connection.input.len() < 3 + LOGIN_FRAME_BYTES_MAX);
        }
    }

    #[test]
    fn any_message_in_a_sound_frame_is_borne(session in 0..3u8, body in 2..7u8, bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let message = [&[0x08, session, body << 3 | 2, bytes.len() as u8], &bytes[..]].concat();
        let mut connection = Connection::logged_in();
        let heard = connection.hear(&[&[message.len() as u8], &message[..]].concat());
        prop_assert!(heard.is_err() || heard.is_ok_and(|events| events.len() == 1));
    }
}
