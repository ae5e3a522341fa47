//! Where a frame ends: a run of pings, a login, a packet.

/// Longest packet body, bytes. A longer claim is a lost stream: the connection closes. Devices send up to 2 KiB.
pub const BODY_BYTES_MAX: usize = 8 * 1024;
/// Longest frame, bytes: no more input than this is ever waited for.
pub const FRAME_BYTES_MAX: usize = HEAD_BYTES + BODY_BYTES_MAX + CRC_BYTES;
/// Four zero bytes and the body's length.
pub(super) const HEAD_BYTES: usize = 8;
/// The checksum, in the low half of a u32.
pub(super) const CRC_BYTES: usize = 4;

const IMEI_DIGITS: usize = 15;
const PING: u8 = 0xFF;

/// One frame at the front of the input, `size` bytes long.
#[derive(Debug, PartialEq)]
pub(super) enum Frame {
    Pings { size: usize },
    Login { imei: [u8; IMEI_DIGITS], size: usize },
    Packet { size: usize },
}

/// Finds the frame at the front of `input`; `None` = more bytes, please.
///
/// # Errors
/// The reason why no frame can be found from here on.
pub(super) fn find(input: &[u8], logged_in: bool) -> Result<Option<Frame>, &'static str> {
    match *input {
        [PING, ..] => Ok(Some(Frame::Pings { size: input.iter().take_while(|byte| **byte == PING).count() })),
        [0, 0, ..] if logged_in => packet(input),
        [0, 0, ..] => Err("no_login"),
        [high, low, ..] => login(usize::from(u16::from_be_bytes([high, low])), &input[2..]),
        _ => Ok(None),
    }
}

fn login(length: usize, rest: &[u8]) -> Result<Option<Frame>, &'static str> {
    let digits = &rest[..rest.len().min(IMEI_DIGITS)];
    if length != IMEI_DIGITS || !digits.iter().all(u8::is_ascii_digit) {
        return Err("bad_login");
    }
    Ok(rest.first_chunk().map(|imei| Frame::Login { imei: *imei, size: 2 + IMEI_DIGITS }))
}

fn packet(input: &[u8]) -> Result<Option<Frame>, &'static str> {
    if input.iter().take(4).any(|byte| *byte != 0) {
        return Err("bad_preamble");
    }
    let Some([_, _, _, _, length @ ..]) = input.first_chunk::<HEAD_BYTES>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length) as usize;
    if length == 0 || length > BODY_BYTES_MAX {
        return Err("bad_length");
    }
    let size = HEAD_BYTES + length + CRC_BYTES;
    Ok((input.len() >= size).then_some(Frame::Packet { size }))
}
