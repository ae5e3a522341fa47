//! Any bytes down a Teltonika connection: as they are, or as the body of a packet with the right checksum.
#![no_main]

mod connection;

use connection::{Connection, IMEI};
use ingest::wire::teltonika::{FRAME_BYTES_MAX, Session, checksum};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((mode, bytes)) = bytes.split_first() else { return };
    let mut connection = Connection::new(Session::new(), FRAME_BYTES_MAX);
    if mode % 3 > 0 {
        connection.hear(&[&[0, 15], IMEI.as_bytes()].concat()).expect("a known tag");
    }
    // Losing the stream is a right answer to bad bytes.
    let _ = match mode % 3 {
        2 => connection.hear(&packet(bytes)),
        _ => connection.hear_in_pieces(bytes),
    };
});

fn packet(body: &[u8]) -> Vec<u8> {
    let crc = u32::from(checksum(body));
    [&[0; 4], &(body.len() as u32).to_be_bytes()[..], body, &crc.to_be_bytes()].concat()
}
