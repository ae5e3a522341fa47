//! Any bytes down a connection of paband's own protocol: before the login, after it on session 0, after it on a gateway, as one batch.
#![no_main]

mod connection;

use connection::{Connection, IMEI, KEY};
use ingest::wire::native::{FRAME_BYTES_MAX, Session, proof};
use libfuzzer_sys::fuzz_target;
use prost::Message;
use proto::tag::{Hello, Proof, ServerFrame, TagFrame, server_frame, tag_frame::Body};

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, bytes)) = bytes.split_first() else { return };
    let mut connection = Connection::new(Session::new([1; 32]), 3 + FRAME_BYTES_MAX);
    if mode % 4 > 0 {
        log_in(&mut connection, u32::from(mode % 4 == 2));
    }
    // Losing the stream is a right answer to bad bytes.
    let _ = match mode % 4 {
        3 => connection.hear(&batch(bytes)),
        _ => connection.hear_in_pieces(bytes),
    };
});

fn log_in(connection: &mut Connection<Session>, session: u32) {
    let hello = Body::Hello(Hello { version: 1, imei: IMEI.into(), ..Hello::default() });
    connection.hear(&frame(session, hello)).expect("a known tag");
    let told = ServerFrame::decode_length_delimited(&connection.output[..]).expect("a frame");
    let Some(server_frame::Body::Challenge(challenge)) = told.body else { panic!("no challenge") };
    let mac = proof(&KEY, &challenge.nonce, session, IMEI).to_vec();
    connection.hear(&frame(session, Body::Proof(Proof { mac }))).expect("the right proof");
    connection.output.clear();
}

fn frame(session: u32, body: Body) -> Vec<u8> {
    TagFrame { session, body: Some(body) }.encode_length_delimited_to_vec()
}

/// A sound frame around any `Reports` message.
fn batch(bytes: &[u8]) -> Vec<u8> {
    let mut message = vec![0x22];
    prost::encode_length_delimiter(bytes.len(), &mut message).expect("a vector grows");
    message.extend_from_slice(bytes);
    let mut frame = Vec::new();
    prost::encode_length_delimiter(message.len(), &mut frame).expect("a vector grows");
    frame.extend_from_slice(&message);
    frame
}
