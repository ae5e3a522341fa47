//! docs/wire-protocol.md says what the code does.

use super::*;
use proto::tag::{Challenge, Command, Flag, Pong, Refusal, SetInterval, Welcome, command::Order};

/// With every run of white space as one blank.
fn document() -> String {
    let text = include_str!("../../../../../docs/wire-protocol.md");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn says(bytes: &[u8]) {
    let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
    assert!(document().contains(&hex), "the document does not have {hex}");
}

fn server(body: Told) -> Vec<u8> {
    ServerFrame { session: 0, body: Some(body) }.encode_length_delimited_to_vec()
}

/// a0 a1 … af.
fn nonce() -> Vec<u8> {
    (0xA0..=0xAF).collect()
}

#[test]
fn the_worked_login_is_right() {
    says(&KEY);
    says(&frame(0, hello(IMEI)));
    says(&server(Told::Challenge(Challenge { nonce: nonce() })));
    says(&[b"paband-tag-v1", &nonce()[..], &[0; 4], IMEI.as_bytes()].concat());
    says(&frame(0, proof_of(0, IMEI, &nonce())));
    says(&server(Told::Welcome(Welcome { version: VERSION, server_time_ms: NOW.millis(), reports_max: REPORTS_MAX as u32 })));
    says(&frame(5, hello(IMEI)));
    says(&proof(&KEY, &nonce(), 5, IMEI));
}

#[test]
fn the_example_frames_are_right() {
    says(&frame(0, Said::Ping(Ping {})));
    says(&server(Told::Pong(Pong {})));
    says(&server(Told::Ack(Ack { number: 1 })));
    says(&server(Told::Command(Command { id: 9, order: Some(Order::SetInterval(SetInterval { seconds: 15 })) })));
    says(&frame(0, Said::CommandResult(CommandResult { id: 9, done: true, text: String::new() })));
    let mut connection = Connection::new();
    connection.protocol.farewell(&mut connection.output);
    says(&connection.output);
}

#[test]
fn the_example_batch_is_right_field_by_field() {
    let strap_open = Flag::No.into();
    let report = Report { accuracy_dm: 60, satellites: 9, battery_percent_plus_one: 81, strap_open, ..report() };
    let bytes = frame(0, batch(1, vec![report]));
    let block = include_str!("../../../../../docs/wire-protocol.md").split("byte for byte:").nth(1).expect("the example");
    let lines = block.split("```").nth(1).expect("its block").lines().skip(1);
    let said: Vec<u8> =
        lines.flat_map(|line| line[..26].split_whitespace().map(|byte| u8::from_str_radix(byte, 16).expect("hex"))).collect();
    assert_eq!(said, bytes);
}

#[test]
fn the_limits_and_reasons_are_right() {
    let text = document();
    for (limit, row) in [
        (LOGIN_FRAME_BYTES_MAX, "| frame before the first Welcome | 512 bytes |"),
        (FRAME_BYTES_MAX, "| frame | 65,536 bytes |"),
        (REPORTS_MAX, "| reports in a batch | 1,000 "),
        (SESSIONS_MAX, "| sessions on a connection | 100,000 |"),
        (LOGINS_PENDING_MAX, "| logins under way on a connection | 1,000 |"),
    ] {
        assert!(text.contains(row), "{row}");
        assert!(row.replace(',', "").contains(&limit.to_string()), "{row}");
    }
    for number in 1..=7 {
        let reason = Reason::try_from(number).expect("seven reasons");
        let name = reason.as_str_name().trim_start_matches("REASON_");
        assert!(text.contains(&format!("| {number} `{name}` |")), "{name}");
    }
}

#[test]
fn the_server_writes_no_longer_frame_than_it_says() {
    let text = "ت".repeat(160);
    let mut connection = Connection::logged_in();
    assert!(connection.protocol.command(0, u64::MAX, &super::super::Command::Notify(text, 10), &mut connection.output));
    assert!(connection.output.len() <= 512);
    let longest = Refusal { reason: 4, text: "x".repeat(100), retry_after_s: 3600 };
    assert!(server(Told::Refusal(longest)).len() <= 512);
}
