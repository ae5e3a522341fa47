//! Frames: a protobuf varint length, then that many bytes of a `TagFrame` or `ServerFrame`.

use super::fields::{self, Value};
use super::refusal::Fault;
use bytes::BytesMut;
use prost::Message;
use proto::tag::{CommandResult, Hello, Proof, ServerFrame, server_frame::Body};

/// Longest frame after a login, bytes without its length. A longer claim is refused and closes the connection.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Longest frame before the connection's first login, bytes without its length: strangers fill no memory.
pub const LOGIN_FRAME_BYTES_MAX: usize = 512;
/// Most reports in one batch. A batch of more is refused.
pub const REPORTS_MAX: usize = 1_000;

/// Most bytes of a length; three carry two million.
const LENGTH_BYTES_MAX: usize = 3;
/// An ack takes at most 20 bytes.
const SMALL_FRAME_BYTES_MAX: usize = 32;

/// A frame of a tag.
#[derive(Debug)]
pub(super) struct TagSaid<'a> {
    pub(super) session: u32,
    pub(super) said: Said<'a>,
}

#[derive(Debug)]
pub(super) enum Said<'a> {
    Hello(Hello),
    Proof(Proof),
    /// The undecoded `Reports` message.
    Reports(&'a [u8]),
    CommandResult(CommandResult),
    Ping,
}

/// Finds the frame at the front: where its message begins and ends. `None` = more bytes, please.
///
/// # Errors
/// A claim of more than `longest` bytes.
pub(super) fn find(input: &[u8], longest: usize) -> Result<Option<(usize, usize)>, Fault> {
    let mut length = 0;
    for (place, byte) in input.iter().take(LENGTH_BYTES_MAX).enumerate() {
        length |= usize::from(byte & 0x7F) << (7 * place);
        if *byte < 0x80 {
            let head = place + 1;
            let fits = length <= longest;
            return if fits { Ok((input.len() >= head + length).then_some((head, head + length))) } else { Err(Fault::too_long(longest)) };
        }
    }
    if input.len() < LENGTH_BYTES_MAX { Ok(None) } else { Err(Fault::too_long(longest)) }
}

/// Reads a whole message of a tag; of a field that comes twice the last one counts.
///
/// # Errors
/// Bytes that are no `TagFrame`, or one without a known body.
pub(super) fn read(mut message: &[u8]) -> Result<TagSaid<'_>, Fault> {
    let (mut session, mut body) = (0, None);
    while let Some(field) = fields::next(&mut message).map_err(undecodable)? {
        match field {
            (1, Value::Varint(number)) => session = u32::try_from(number).map_err(|_| Fault::protocol("session is out of range"))?,
            (number @ 2..=6, Value::Bytes(bytes)) => body = Some((number, bytes)),
            _ => {}
        }
    }
    let said = match body {
        Some((2, bytes)) => Said::Hello(Hello::decode(bytes).map_err(undecodable)?),
        Some((3, bytes)) => Said::Proof(Proof::decode(bytes).map_err(undecodable)?),
        Some((4, bytes)) => Said::Reports(bytes),
        Some((5, bytes)) => Said::CommandResult(CommandResult::decode(bytes).map_err(undecodable)?),
        Some((6, _)) => Said::Ping,
        _ => return Err(Fault::protocol("a frame without a known body")),
    };
    Ok(TagSaid { session, said })
}

/// Writes a whole frame of the server.
pub(super) fn write(session: u32, body: Body, output: &mut BytesMut) {
    let frame = ServerFrame { session, body: Some(body) };
    frame.encode_length_delimited(output).expect("BytesMut grows");
}

/// Takes back a small frame of the server if it is what `output` ends with.
pub(super) fn unwrite(session: u32, body: Body, output: &mut BytesMut) {
    let frame = ServerFrame { session, body: Some(body) };
    let mut bytes = [0; SMALL_FRAME_BYTES_MAX];
    let mut room = &mut bytes[..];
    frame.encode_length_delimited(&mut room).expect("an ack is small");
    let size = SMALL_FRAME_BYTES_MAX - room.len();
    if output.ends_with(&bytes[..size]) {
        output.truncate(output.len() - size);
    }
}

fn undecodable<E>(_: E) -> Fault {
    Fault::protocol("not a TagFrame")
}
