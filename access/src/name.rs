//! How people's and units' names for the machine are written.

/// Whether it can be a name to log in with: 3 to 64 small letters, digits, dots, dashes or underscores.
pub fn is_person_name(name: &str) -> bool {
    let written = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    (3..=64).contains(&name.len()) && name.bytes().all(written)
}

/// Whether it can be the code of a unit: 1 to 40 small letters, digits or dashes.
pub fn is_unit_code(code: &str) -> bool {
    let written = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=40).contains(&code.len()) && code.bytes().all(written)
}

#[cfg(test)]
mod tests {
    use super::{is_person_name, is_unit_code};

    #[test]
    fn names_are_small_and_plain() {
        for (name, good) in
            [("sara", true), ("s.a-r_a7", true), ("sa", false), ("Sara", false), ("سارا", false), ("sara ", false), ("", false)]
        {
            assert_eq!(is_person_name(name), good, "{name:?}");
        }
        for (code, good) in [("tehran", true), ("tehran-evin", true), ("", false), ("Tehran", false), ("a.b", false)] {
            assert_eq!(is_unit_code(code), good, "{code:?}");
        }
        assert!(!is_person_name(&"x".repeat(65)) && !is_unit_code(&"x".repeat(41)));
    }
}
