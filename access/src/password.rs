//! Passwords: what they must be, and how they are kept (argon2id).

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};

/// Shortest password, characters. Length protects; rules about kinds of characters do not (NIST SP 800-63B, 5.1.1.2).
pub const CHARACTERS_MIN: usize = 12;

/// Longest password, characters. A longer one is refused before it is hashed.
pub const CHARACTERS_MAX: usize = 128;

/// Passwords that may not be used again, the newest first.
pub const REMEMBERED: usize = 5;

/// Memory, KiB, and passes of argon2id: OWASP's first recommendation, about 50 ms a log-in.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// A hash of no password at all: checked where the name is unknown, so that an unknown name takes as long as a known one.
pub const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$cGFiYW5kIHNhbHQgMDE$3rxkZ5dV5m0cZ5qfB0oE0w9h5m9m7kHn4wH5d4nV1iU";

/// Words and rows of keys that guessers try first; a password that is little more than one of them is refused.
const COMMON: [&str; 24] = [
    "password",
    "passw0rd",
    "qwerty",
    "asdfgh",
    "zxcvbn",
    "letmein",
    "welcome",
    "admin",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "iran",
    "tehran",
    "persia",
    "paband",
    "salam",
    "prison",
    "zendan",
    "1234567890",
    "0987654321",
    "abcdef",
    "111111",
    "000000",
];

/// Why a password is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weakness {
    /// Fewer than [`CHARACTERS_MIN`] characters.
    TooShort,
    /// More than [`CHARACTERS_MAX`] characters.
    TooLong,
    /// It holds the name of its owner.
    HoldsName,
    /// It repeats few characters.
    FewCharacters,
    /// Without common words and rows of keys, too little is left.
    Common,
}

/// What is wrong with a password of this person; empty if nothing.
pub fn weaknesses(password: &str, name: &str) -> Vec<Weakness> {
    let count = password.chars().count();
    let mut found = Vec::new();
    if count < CHARACTERS_MIN {
        found.push(Weakness::TooShort);
    }
    if count > CHARACTERS_MAX {
        // Of an endless one nothing else is looked at.
        return vec![Weakness::TooLong];
    }
    let small = password.to_lowercase();
    if name.len() >= 3 && small.contains(&name.to_lowercase()) {
        found.push(Weakness::HoldsName);
    }
    let mut different: Vec<char> = small.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < 6 {
        found.push(Weakness::FewCharacters);
    }
    let rest = COMMON.iter().fold(small, |rest, word| rest.replace(word, ""));
    if rest.chars().count() < 6 && count >= CHARACTERS_MIN {
        found.push(Weakness::Common);
    }
    found
}

/// The hash to keep, in PHC format. Takes about 50 ms and 19 MiB: not on a thread that others wait for.
pub fn hash(password: &str, salt: [u8; 16]) -> String {
    let hashed: Result<PasswordHash, _> = hasher().hash_password_with_salt(password.as_bytes(), &salt);
    hashed.expect("a salt of 16 bytes and fixed parameters are always taken").to_string()
}

/// Whether this is the password of that hash. An unreadable hash is nobody's.
pub fn is_right(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| hasher().verify_password(password.as_bytes(), &hash).is_ok())
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).expect("the parameters are within argon2's range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// A password for the first log-in, from 16 bytes of chance: four groups of four characters to read aloud.
pub fn first(chance: [u8; 16]) -> String {
    const LETTERS: &[u8; 31] = b"23456789abcdefghjkmnpqrstuvwxyz";
    let letter = |byte: u8| char::from(LETTERS[usize::from(byte % 31)]);
    chance.chunks(4).map(|four| four.iter().copied().map(letter).collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::{DUMMY, Weakness, first, hash, is_right, weaknesses};

    #[test]
    fn a_password_must_be_long_and_hard_to_guess() {
        let check = |password: &str, expected: &[Weakness]| assert_eq!(weaknesses(password, "sara"), expected, "{password:?}");
        check("کبوتر روی بام همسایه", &[]);
        check("violet-otter-42-lamp", &[]);
        check("short", &[Weakness::TooShort, Weakness::FewCharacters]);
        check("my-sara-violet-7", &[Weakness::HoldsName]);
        check("ababababababab", &[Weakness::FewCharacters]);
        check("password1234567890", &[Weakness::Common]);
        check("Tehran-iran-Tehran", &[Weakness::Common]);
        check(&"xyzabc".repeat(30), &[Weakness::TooLong]);
        assert!(weaknesses(&first([9, 77, 200, 31, 4, 5, 6, 7, 8, 90, 10, 11, 12, 13, 140, 15]), "sara").is_empty());
    }

    #[test]
    fn only_the_right_password_fits_its_hash() {
        let kept = hash("violet-otter-42-lamp", [7; 16]);
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(is_right("violet-otter-42-lamp", &kept));
        assert!(!is_right("violet-otter-42-lamq", &kept));
        assert!(!is_right("", DUMMY) && !is_right("x", "no hash"));
        assert!(super::PasswordHash::new(DUMMY).is_ok(), "the dummy must cost as much as a real one");
    }
}
