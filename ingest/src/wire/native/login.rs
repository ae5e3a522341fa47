//! Proof of key: a nonce, and an HMAC-SHA-256 over it.

use super::refusal::Fault;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// 15 ASCII digits.
pub(super) type Imei = [u8; 15];
/// Random bytes of one challenge.
pub(super) type Nonce = [u8; 16];

/// What the proof is a proof of: no MAC of another protocol or version can pass for one.
const PURPOSE: &[u8] = b"paband-tag-v1";

/// A login under way. Has no `Debug` that could show the key.
pub(super) struct Login {
    pub(super) imei: Imei,
    pub(super) tag_id: i64,
    pub(super) key: [u8; 32],
    pub(super) nonce: Nonce,
}

impl Login {
    /// Whether `said` is the proof for this login; takes the same time however much of it is right.
    pub(super) fn is_proof(&self, session: u32, said: &[u8]) -> bool {
        mac(&self.key, &self.nonce, session, &self.imei).verify_slice(said).is_ok()
    }
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Login({})", self.tag_id)
    }
}

/// The proof that a tag of this key and IMEI gives for a nonce: HMAC-SHA-256 over purpose, nonce, session (big-endian), IMEI.
pub fn proof(key: &[u8; 32], nonce: &[u8], session: u32, imei: &str) -> [u8; 32] {
    mac(key, nonce, session, imei.as_bytes()).finalize().into_bytes().into()
}

fn mac(key: &[u8; 32], nonce: &[u8], session: u32, imei: &[u8]) -> Hmac<Sha256> {
    let mut mac = keyed(key);
    mac.update(PURPOSE);
    mac.update(nonce);
    mac.update(&session.to_be_bytes());
    mac.update(imei);
    mac
}

fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

/// The digits of an IMEI.
///
/// # Errors
/// Anything but 15 of them.
pub(super) fn imei(text: &str) -> Result<Imei, Fault> {
    let digits = Imei::try_from(text.as_bytes()).ok().filter(|imei| imei.iter().all(u8::is_ascii_digit));
    digits.ok_or_else(|| Fault::protocol("imei is not 15 digits"))
}

/// The nonces of one connection: nobody without its seed can tell the next one, and none comes twice.
pub(super) struct Nonces {
    seed: [u8; 32],
    taken: u64,
}

impl Nonces {
    pub(super) fn new(seed: [u8; 32]) -> Self {
        Self { seed, taken: 0 }
    }

    pub(super) fn take(&mut self) -> Nonce {
        let mut mac = keyed(&self.seed);
        mac.update(&self.taken.to_be_bytes());
        self.taken += 1;
        let bytes: [u8; 32] = mac.finalize().into_bytes().into();
        *bytes.first_chunk().expect("32 is more than 16")
    }
}
