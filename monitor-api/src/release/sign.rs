//! The key that signs archives, and the one that checks them: Ed25519 (RFC 8032), in the files that OpenSSL reads and writes.

use super::hex;
use pem::{EncodeConfig, LineEnding, Pem};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What comes before the 32 bytes of a private key in PKCS#8 (RFC 8410), and before those of a public key.
const PRIVATE_PREFIX: [u8; 16] = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
const PUBLIC_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0];

const PRIVATE_TAG: &str = "PRIVATE KEY";
const PUBLIC_TAG: &str = "PUBLIC KEY";

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is no PEM of an Ed25519 key of this kind.
    #[error("it is no Ed25519 {0} in PEM")]
    Unreadable(&'static str),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandom,
}

/// Signs archives. Clones share the key.
#[derive(Clone)]
pub struct Signer {
    pair: Arc<Ed25519KeyPair>,
    public: PublicKey,
}

impl std::fmt::Debug for Signer {
    /// Never shows the private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("public", &self.public.fingerprint()).finish_non_exhaustive()
    }
}

impl Signer {
    /// A new private key, in PEM.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate_pem() -> Result<String, KeyError> {
        let mut seed = [0; 32];
        SystemRandom::new().fill(&mut seed).map_err(|_| KeyError::NoRandom)?;
        Ok(written(PRIVATE_TAG, [&PRIVATE_PREFIX[..], &seed].concat()))
    }

    /// The private key of this PEM, as `openssl genpkey -algorithm ed25519` writes it.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let unreadable = || KeyError::Unreadable("private key");
        let der = pem::parse(text).ok().filter(|pem| pem.tag() == PRIVATE_TAG).ok_or_else(unreadable)?;
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.contents()).map_err(|_| unreadable())?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| unreadable())?;
        Ok(Self { pair: Arc::new(pair), public: PublicKey(public) })
    }

    /// The key that checks what this one signs.
    pub const fn public(&self) -> PublicKey {
        self.public
    }

    pub(super) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.pair.sign(bytes).as_ref().to_vec()
    }
}

/// Checks archives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The public key of this PEM.
    ///
    /// # Errors
    /// When it is none.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = pem::parse(text).ok().filter(|pem| pem.tag() == PUBLIC_TAG);
        let key = der.as_ref().and_then(|pem| pem.contents().strip_prefix(&PUBLIC_PREFIX)).and_then(|key| key.try_into().ok());
        key.map(Self).ok_or(KeyError::Unreadable("public key"))
    }

    /// For `openssl pkeyutl -pubin -inkey`.
    pub fn pem(&self) -> String {
        written(PUBLIC_TAG, self.der())
    }

    /// SHA-256 of the key in DER, hexadecimal: what is read out to whoever must be sure of the key.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(self.der()))
    }

    pub(super) fn has_signed(&self, bytes: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(bytes, signature).is_ok()
    }

    fn der(self) -> Vec<u8> {
        [&PUBLIC_PREFIX[..], &self.0].concat()
    }
}

fn written(tag: &str, der: Vec<u8>) -> String {
    pem::encode_config(&Pem::new(tag, der), EncodeConfig::new().set_line_ending(LineEnding::LF))
}

#[cfg(test)]
mod tests {
    use super::{PublicKey, Signer};

    /// RFC 8410, 10.3 and 10.1: a private key and its public key.
    const PRIVATE: &str =
        "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str =
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn keys_are_read_as_the_standard_writes_them() {
        let signer = Signer::from_pem(PRIVATE).unwrap();
        assert_eq!(signer.public(), PublicKey::from_pem(PUBLIC).unwrap());
        assert_eq!(signer.public().pem(), PUBLIC);
        assert!(!format!("{signer:?}").contains("1O5y"));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        assert!(Signer::from_pem(PUBLIC).is_err() && PublicKey::from_pem(PRIVATE).is_err());
        assert!(Signer::from_pem("").is_err() && PublicKey::from_pem(&PUBLIC.replace("MCow", "MCox")).is_err());
    }

    #[test]
    fn a_new_key_signs_and_another_one_does_not_vouch_for_it() {
        let [one, other] = [(); 2].map(|()| Signer::from_pem(&Signer::generate_pem().unwrap()).unwrap());
        let signature = one.sign(b"sums");
        assert!(one.public().has_signed(b"sums", &signature));
        assert!(!one.public().has_signed(b"sumz", &signature) && !other.public().has_signed(b"sums", &signature));
    }
}
