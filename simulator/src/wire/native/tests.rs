use super::*;
use geofence::Timestamp;

fn identity() -> Identity {
    Identity { imei: "490154203237518".into(), key: [0x0B; 32] }
}

fn server(session: u32, body: server_frame::Body) -> BytesMut {
    let mut bytes = BytesMut::new();
    tag::ServerFrame { session, body: Some(body) }.encode_length_delimited(&mut bytes).unwrap();
    bytes
}

#[test]
fn a_hello_byte_for_byte() {
    let mut output = BytesMut::new();
    Session::new(3).hello(&identity(), &mut output);
    #[rustfmt::skip]
    let expected = [
        &[41][..],                        // length of the frame
        &[0x08, 3],                       // 1: session 3
        &[0x12, 37],                      // 2: hello, 37 bytes
        &[0x08, 1],                       //   1: version 1
        &[0x12, 15], b"490154203237518",  //   2: IMEI
        &[0x1A, 9], b"simulator",         //   3: model
        &[0x22, 5], b"0.1.0",             //   4: firmware
    ].concat();
    assert_eq!(&output[..], expected);
}

#[test]
fn a_report_byte_for_byte() {
    let report = Report {
        // 2019-06-10T10:04:46Z
        taken_at: Timestamp::from_millis(1_560_161_086_000),
        latitude_e7: 357_000_000,
        longitude_e7: -514_000_000,
        accuracy_dm: 62,
        altitude_m: -3,
        battery_percent: 0,
        signals: Signals::default().with(Signal::StrapOpen, true).with(Signal::Charging, false),
        ..Report::at(Timestamp::MIN)
    };
    let mut output = BytesMut::new();
    Session::new(0).send(&[report], &mut output);
    #[rustfmt::skip]
    let expected = [
        33,                                     // length of the frame (session 0 is not written)
        0x22, 31,                               // 4: reports, 31 bytes
        0x08, 1,                                //   1: number 1
        0x12, 27,                               //   2: a report, 27 bytes
        0x08, 0xB0, 0xD4, 0xE3, 0x86, 0xB4, 0x2D, //     1: time
        0x15, 0x40, 0x63, 0x47, 0x15,           //     2: latitude 35.7, little-endian
        0x1D, 0x80, 0xFB, 0x5C, 0xE1,           //     3: longitude -51.4
        0x28, 62,                               //     5: accuracy 6.2 m
        0x48, 5,                                //     9: altitude -3, zigzag
        0x58, 1,                                //    11: battery 0 % plus one
        0x60, 2,                                //    12: strap open YES
        0x70, 1,                                //    14: charging NO
    ];
    assert_eq!(&output[..], expected);
}

#[test]
fn the_proof_covers_nonce_session_and_imei() {
    // Computed apart with Python: hmac.new(b"\x0b"*32, b"paband-tag-v1" + bytes(16) + (7).to_bytes(4, "big") + imei, "sha256").
    let tag_frame::Body::Proof(tag::Proof { mac }) = proof(7, &identity(), &[0; 16]) else { panic!("a proof") };
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "196d876a7aeb6d9c5b95618e87cd4996cccc56522f1190c53a79188f2107b997");
}

#[test]
fn a_login_goes_from_challenge_to_welcome() {
    let (mut session, mut output) = (Session::new(0), BytesMut::new());
    let mut challenge = server(0, server_frame::Body::Challenge(tag::Challenge { nonce: vec![1; 16] }));
    assert_eq!(session.receive(&mut challenge, &identity(), &mut output), Ok(Some(Said::Nothing)));
    assert_eq!(output[..3], [36, 0x1A, 34], "a proof: 36 bytes of frame, field 3");
    let welcome = tag::Welcome { version: 1, server_time_ms: 0, reports_max: 50 };
    let said = session.receive(&mut server(0, server_frame::Body::Welcome(welcome)), &identity(), &mut output);
    assert_eq!(said, Ok(Some(Said::Welcome { reports_max: 50 })));
    let reports = [Report::at(Timestamp::from_millis(0)); 70];
    assert_eq!(session.send(&reports, &mut output), Sent { number: 1, reports: 50 });
}

#[test]
fn what_the_server_says_is_understood_cut_anywhere() {
    let refusal = tag::Refusal { reason: tag::refusal::Reason::NotStored as i32, text: "later".into(), retry_after_s: 3 };
    let order = Some(tag::command::Order::SetInterval(tag::SetInterval { seconds: 15 }));
    let rows = [
        (server_frame::Body::Ack(tag::Ack { number: 1 }), Said::Stored(1)),
        (server_frame::Body::Command(tag::Command { id: 300, order }), Said::Order { id: 300, order: Order::SetInterval(15) }),
        (
            server_frame::Body::Refusal(refusal),
            Said::Refused(Refusal { text: "REASON_NOT_STORED: later".into(), for_good: false, answers_follow: false, retry_after_s: 3 }),
        ),
    ];
    for (body, said) in rows {
        let (mut session, mut output) = (Session::new(0), BytesMut::new());
        session.send(&[Report::at(Timestamp::from_millis(0))], &mut output);
        let (mut input, bytes) = (BytesMut::new(), server(0, body));
        for byte in &bytes[..bytes.len() - 1] {
            input.extend_from_slice(&[*byte]);
            assert_eq!(session.receive(&mut input, &identity(), &mut output), Ok(None));
        }
        input.extend_from_slice(&bytes[bytes.len() - 1..]);
        assert_eq!(session.receive(&mut input, &identity(), &mut output), Ok(Some(said)));
        assert!(input.is_empty());
    }
}

#[test]
fn nonsense_is_refused() {
    let rows = [
        server(1, server_frame::Body::Pong(tag::Pong {})),
        server(0, server_frame::Body::Ack(tag::Ack { number: 1 })),
        BytesMut::from(&[0xFF, 0xFF, 0x7F][..]),
        BytesMut::from(&[2, 0xFF, 0xFF][..]),
    ];
    for mut input in rows {
        assert!(Session::new(0).receive(&mut input, &identity(), &mut BytesMut::new()).is_err(), "{input:?}");
    }
}
