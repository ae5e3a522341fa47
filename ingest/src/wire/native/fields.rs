//! The fields of a protobuf message, one by one, borrowed from its bytes: batches are walked over without a copy of their whole.

/// A field's value, by wire type.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    /// Little-endian.
    Fixed32(u32),
    /// No message that is walked over has such a field.
    Fixed64,
}

/// The bytes are no protobuf message.
#[derive(Debug, PartialEq)]
pub(super) struct Malformed;

/// Takes the next field off the front: its number and value; `None` at the end.
#[inline]
pub(super) fn next<'a>(rest: &mut &'a [u8]) -> Result<Option<(u64, Value<'a>)>, Malformed> {
    if rest.is_empty() {
        return Ok(None);
    }
    let key = varint(rest)?;
    let value = match key & 7 {
        0 => Value::Varint(varint(rest)?),
        1 => bytes(rest, 8).map(|_| Value::Fixed64)?,
        2 => {
            let length = varint(rest)?;
            Value::Bytes(bytes(rest, length)?)
        }
        5 => {
            let (bytes, tail) = rest.split_first_chunk().ok_or(Malformed)?;
            *rest = tail;
            Value::Fixed32(u32::from_le_bytes(*bytes))
        }
        _ => return Err(Malformed),
    };
    Ok(Some((key >> 3, value)))
}

fn bytes<'a>(rest: &mut &'a [u8], count: u64) -> Result<&'a [u8], Malformed> {
    let (taken, tail) = usize::try_from(count).ok().and_then(|count| rest.split_at_checked(count)).ok_or(Malformed)?;
    *rest = tail;
    Ok(taken)
}

/// Seven bits a byte, lowest first, at most ten bytes.
#[inline]
fn varint(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, tail) = rest.split_first().ok_or(Malformed)?;
        *rest = tail;
        number |= u64::from(byte & 0x7F) << (7 * place);
        if *byte < 0x80 {
            return Ok(number);
        }
    }
    Err(Malformed)
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Value, next};

    #[track_caller]
    fn check(mut bytes: &[u8], expected: Result<Option<(u64, Value<'_>)>, Malformed>) {
        assert_eq!(next(&mut bytes), expected);
    }

    #[test]
    fn a_field_is_its_number_and_value_or_the_bytes_are_no_message() {
        check(&[], Ok(None));
        check(&[0x08, 0x96, 0x01], Ok(Some((1, Value::Varint(150)))));
        check(&[0x12, 0x02, 7, 8], Ok(Some((2, Value::Bytes(&[7, 8])))));
        check(&[0x1D, 1, 2, 3, 4], Ok(Some((3, Value::Fixed32(0x04030201)))));
        check(&[0x12, 0x03, 7, 8], Err(Malformed));
        check(&[0x08, 0x96], Err(Malformed));
        check(&[0x0B], Err(Malformed));
        check(&[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], Err(Malformed));
    }
}
