use super::*;
use geofence::Timestamp;

fn report() -> Report {
    Report {
        // 2019-06-10T10:04:46Z
        taken_at: Timestamp::from_millis(1_560_161_086_000),
        latitude_e7: 357_000_000,
        longitude_e7: 514_000_000,
        accuracy_dm: 62,
        speed_cms: 1_000,
        course_deg: 90,
        altitude_m: 1_191,
        satellites: 9,
        battery_percent: 87,
        ..Report::at(Timestamp::MIN)
    }
}

fn packet(codec: Codec, reports: &[Report]) -> Vec<u8> {
    let mut output = BytesMut::new();
    put_packet(codec, reports, &mut output);
    output.to_vec()
}

#[test]
fn a_login_is_a_length_and_the_digits() {
    let mut output = BytesMut::new();
    Session::new(Codec::Eight).login("333536333037303", &mut output);
    // 15 | "333536333037303"
    assert_eq!(&output[..], b"\x00\x0F333536333037303");
}

#[test]
fn the_checksum_is_crc_16_arc() {
    assert_eq!(checksum(b"123456789"), 0xBB3D);
}

#[test]
fn a_codec_8_packet_byte_for_byte() {
    #[rustfmt::skip]
    let expected = [
        0, 0, 0, 0,                              // preamble
        0, 0, 0, 0x26,                           // length 38
        0x08, 1,                                 // codec, records
        0, 0, 0x01, 0x6B, 0x40, 0xD8, 0xEA, 0x30, // time, ms
        0,                                       // priority low
        0x1E, 0xA3, 0x04, 0x80,                  // longitude 51.4
        0x15, 0x47, 0x63, 0x40,                  // latitude 35.7
        0x04, 0xA7,                              // altitude 1191 m
        0, 90,                                   // course
        9,                                       // satellites
        0, 36,                                   // 36 km/h
        0, 2,                                    // event 0, 2 values
        1, 113, 87,                              // one byte: battery 87 %
        1, 182, 0, 13,                           // two bytes: HDOP 1.3 = 6.5 m, 6.2 m rounded up
        0, 0,                                    // none of four, of eight bytes
        1,                                       // records
    ];
    let bytes = packet(Codec::Eight, &[report()]);
    let (front, crc) = bytes.split_at(bytes.len() - 4);
    assert_eq!(front, expected);
    assert_eq!(crc, checksum(&expected[8..]).to_be_bytes());
}

#[test]
fn an_extended_packet_byte_for_byte() {
    let signals = report().signals.with(Signal::Sos, true).with(Signal::StrapOpen, true).with(Signal::Charging, false);
    #[rustfmt::skip]
    let expected = [
        0, 0, 0, 0,                              // preamble
        0, 0, 0, 0x39,                           // length 57
        0x8E, 1,                                 // codec, records
        0, 0, 0x01, 0x6B, 0x40, 0xD8, 0xEA, 0x30, // time, ms
        2,                                       // priority panic
        0x1E, 0xA3, 0x04, 0x80,                  // longitude 51.4
        0x15, 0x47, 0x63, 0x40,                  // latitude 35.7
        0x04, 0xA7,                              // altitude 1191 m
        0, 90,                                   // course
        9,                                       // satellites
        0, 36,                                   // 36 km/h
        0, 236,                                  // event: alarm button
        0, 5,                                    // 5 values
        0, 4,                                    // of one byte: 4
        0, 113, 87,                              // battery 87 %
        0, 116, 0,                               // charger not connected
        0, 236, 1,                               // alarm button
        0x02, 0x08, 1,                           // 520 tamper
        0, 1,                                    // of two bytes: 1
        0, 182, 0, 13,                           // HDOP 1.3
        0, 0, 0, 0, 0, 0,                        // none of four, of eight, of variable length
        1,                                       // records
    ];
    // Codec 8 has no id 520, so both give the extended form.
    for codec in [Codec::EightExtended, Codec::Eight] {
        let bytes = packet(codec, &[Report { signals, ..report() }]);
        let (front, crc) = bytes.split_at(bytes.len() - 4);
        assert_eq!(front, expected);
        assert_eq!(crc, checksum(&expected[8..]).to_be_bytes());
    }
}

#[test]
fn satellites_say_whether_there_is_a_fix() {
    let bare = Report { satellites: 0, ..report() };
    let rows = [
        (report(), 9),
        (bare, 1),
        (Report { signals: bare.signals.with(Signal::Fix, true), ..bare }, 1),
        (Report { signals: bare.signals.with(Signal::Fix, false), ..report() }, 0),
        (Report::at(Timestamp::from_millis(0)), 0),
    ];
    for (report, expected) in rows {
        assert_eq!(satellites(&report), expected, "{report:?}");
    }
}

#[test]
fn a_full_packet_keeps_within_what_tags_send() {
    let all = [Signal::StrapOpen, Signal::Sos, Signal::Charging, Signal::PowerOff, Signal::Jamming, Signal::Motion];
    let signals = all.iter().fold(report().signals, |signals, signal| signals.with(*signal, true));
    let full = Report { signals, ..report() };
    for (report, taken) in [(full, 20), (report(), RECORDS_MAX)] {
        let mut output = BytesMut::new();
        let sent = Session::new(Codec::EightExtended).send(&[report; 200], &mut output);
        assert_eq!(sent, Sent { number: 1, reports: taken });
        assert!(output.len() <= PACKET_BYTES_MAX);
        assert_eq!(output.len(), PACKET_OVERHEAD + taken * record_len(&report));
    }
}

#[test]
fn answers_are_understood_cut_anywhere() {
    let mut session = Session::new(Codec::Eight);
    let mut input = BytesMut::new();
    assert_eq!(session.receive(&mut input), Ok(None));
    input.put_u8(1);
    assert_eq!(session.receive(&mut input), Ok(Some(Said::Welcome { reports_max: RECORDS_MAX })));
    for (answer, said) in [(2, Said::Stored(1)), (0, Said::NotTaken(2)), (1, Said::NotTaken(3))] {
        session.send(&[report(), report()], &mut BytesMut::new());
        for byte in [0, 0, 0] {
            input.put_u8(byte);
            assert_eq!(session.receive(&mut input), Ok(None));
        }
        input.put_u8(answer);
        assert_eq!(session.receive(&mut input), Ok(Some(said)));
    }
    input.put_u32(1);
    assert!(session.receive(&mut input).is_err(), "nothing was asked");
}

#[test]
fn a_refused_login_is_for_good() {
    let said = Session::new(Codec::Eight).receive(&mut BytesMut::from(&[0][..]));
    assert!(matches!(said, Ok(Some(Said::Refused(Refusal { for_good: true, .. })))));
    assert!(Session::new(Codec::Eight).receive(&mut BytesMut::from(&[7][..])).is_err());
}
