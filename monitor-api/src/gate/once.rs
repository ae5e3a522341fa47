//! The key under which a change is asked for, so that a double click or a line that broke before the answer changes nothing twice.

use super::caller;
use crate::reason::Reason;
use crate::status::refusal;
use access::{Caller, Once};
use http::HeaderMap;
use prost::Message;
use sha2::{Digest, Sha256};
use std::ops::RangeInclusive;
use tonic::{Code, Request, Status};

/// Where a call says its key.
const KEY: &str = "paband-idempotency-key";

/// Characters of a key. A shorter one would soon be used again by mistake.
const KEY_LENGTH: RangeInclusive<usize> = 8..=64;

/// The key that the call names; what it asks for is not known yet.
pub(super) fn named(headers: &HeaderMap) -> Result<Once, Status> {
    let needed = || refusal(Code::FailedPrecondition, Reason::IdempotencyKeyNeeded, &[]);
    let mut values = headers.get_all(KEY).into_iter();
    let key = values.next().and_then(|key| key.to_str().ok()).ok_or_else(needed)?;
    let is_key = KEY_LENGTH.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if values.next().is_some() || !is_key {
        return Err(needed());
    }
    Ok(Once { key: key.to_owned(), digest: [0; 32] })
}

/// Who asks for a change, and for which: the caller then carries the request's digest beside the key.
pub(crate) fn asked<T: Message>(request: Request<T>) -> Result<(Caller, T), Status> {
    let mut caller = caller(&request)?;
    let asked = request.into_inner();
    if let Some(once) = &mut caller.once {
        once.digest = Sha256::digest(asked.encode_to_vec()).into();
    }
    Ok((caller, asked))
}

#[cfg(test)]
mod tests {
    use super::{HeaderMap, KEY, named};

    #[test]
    fn a_key_is_said_once_and_looks_like_one() {
        let key = http::HeaderName::from_static(KEY);
        let check = |values: &[&str], is_key: bool| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(key.clone(), value.parse().unwrap());
            }
            assert_eq!(named(&headers).is_ok(), is_key, "{values:?}");
        };
        check(&["0b7f9c3e-5f2a-4f0e-9a53-1d2f7a9f3c11"], true);
        check(&["click-00.1_"], true);
        check(&[], false);
        check(&["short"], false);
        check(&[&"x".repeat(65)], false);
        check(&["with a space"], false);
        check(&["click-001", "click-001"], false);
    }
}
