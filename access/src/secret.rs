//! Secrets that the server gives out once and keeps only as hashes.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What a session is known by: 256 bits of chance. Never written down by the server, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

/// What the server keeps of a token, SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TokenHash(pub [u8; 32]);

impl Token {
    /// From 32 bytes of a cryptographic source of chance.
    pub const fn new(chance: [u8; 32]) -> Self {
        Self(chance)
    }

    /// Reads what [`Token::written`] wrote; anything else is no token.
    pub fn read(text: &str) -> Option<Self> {
        // Longer ones are not even looked at.
        if text.len() != 43 {
            return None;
        }
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// For the one who is to have it: 43 characters.
    pub fn written(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the server keeps.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Letters and digits that nobody confuses when copying them from paper.
const ALPHABET: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";

/// A code on paper that stands in for the authenticator once: 12 characters, `k7mp-29xz-ahqr`.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// How many a person gets.
    pub const COUNT: usize = 10;

    /// From 12 bytes of chance.
    pub fn new(chance: [u8; 12]) -> Self {
        let letter = |byte: u8| char::from(ALPHABET[usize::from(byte % 31)]);
        let groups: Vec<String> = chance.chunks(4).map(|four| four.iter().copied().map(letter).collect()).collect();
        Self(groups.join("-"))
    }

    /// For the one who is to have it.
    pub fn written(&self) -> &str {
        &self.0
    }

    /// What the server keeps of a code as typed: case, spaces and dashes do not matter. 59 bits of chance need no slow hash.
    pub fn hash(typed: &str) -> [u8; 32] {
        let plain: String = typed.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        Sha256::digest(plain).into()
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::{RecoveryCode, Token};

    #[test]
    fn a_token_survives_being_written_and_nothing_else_is_one() {
        let token = Token::new([0xa7; 32]);
        assert_eq!(Token::read(&token.written()), Some(token.clone()));
        for wrong in ["", "abc", &"=".repeat(43), &"a".repeat(44), &"a".repeat(10_000)] {
            assert_eq!(Token::read(wrong), None);
        }
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn a_recovery_code_may_be_typed_carelessly() {
        let code = RecoveryCode::new([3, 200, 17, 9, 250, 0, 31, 63, 8, 8, 8, 8]);
        let careless = format!(" {} ", code.written().to_uppercase().replace('-', " "));
        assert_eq!(RecoveryCode::hash(&careless), RecoveryCode::hash(code.written()));
        assert_ne!(RecoveryCode::hash("k7mp-29xz-ahqr"), RecoveryCode::hash(code.written()));
    }
}
