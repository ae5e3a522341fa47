//! One form for the many ways of writing the same Persian word: what is searched and compared, never what is shown.

use unicode_normalization::UnicodeNormalization;

/// Half spaces, joiners and marks of direction: invisible, and left out by half of those who type.
const INVISIBLE: [char; 9] = ['\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202b}', '\u{202c}', '\u{feff}'];

/// The text with Arabic and Persian letters and digits made one, vowel signs, joiners and stretching taken away, in lower case, with single spaces.
/// `fold("عليّ  كریمی ۱۲") == fold("علی کریمی 12")`.
pub fn fold(text: &str) -> String {
    // Compatibility forms first: the isolated letters of old systems become letters.
    let letters = text.nfkc().filter_map(letter).flat_map(char::to_lowercase);
    let folded: String = letters.collect();
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The words of a search, folded.
pub fn search_words(text: &str) -> Vec<String> {
    fold(text).split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn letter(character: char) -> Option<char> {
    Some(match character {
        'ي' | 'ى' | 'ئ' | 'ې' | 'ۍ' => 'ی',
        'ك' | 'ڪ' => 'ک',
        'ة' | 'ۀ' | 'ە' | 'ہ' | 'ۂ' | 'ۃ' => 'ه',
        'ؤ' => 'و',
        'أ' | 'إ' | 'آ' | 'ٱ' => 'ا',
        '٠'..='٩' => shifted(character, '٠', '0'),
        '۰'..='۹' => shifted(character, '۰', '0'),
        // Vowel signs, stretching, hamza alone.
        '\u{0610}'..='\u{061a}' | '\u{064b}'..='\u{065f}' | '\u{0670}' | '\u{06d6}'..='\u{06dc}' | 'ـ' | 'ء' => return None,
        _ if INVISIBLE.contains(&character) => return None,
        _ if character.is_control() || character.is_whitespace() => ' ',
        _ => character,
    })
}

fn shifted(digit: char, from: char, to: char) -> char {
    char::from_u32(digit as u32 - from as u32 + to as u32).unwrap_or(digit)
}

#[cfg(test)]
mod tests {
    use super::{fold, search_words};
    use proptest::prelude::*;

    #[test]
    fn the_same_word_written_otherwise_is_the_same() {
        for (one, other) in [
            ("علي", "علی"),
            ("كريمي", "کریمی"),
            ("فاطمة", "فاطمه"),
            ("رضائی", "رضایی"),
            ("مؤمنی", "مومنی"),
            ("آقاخانی", "اقاخانی"),
            ("محمّد", "محمد"),
            ("می‌رزا", "میرزا"),
            ("محـمـد", "محمد"),
            ("۱۴۰۵/٠٩", "1405/09"),
            ("ﻋﻠﯽ", "علی"),
            ("  a   B ", "a b"),
            ("Ali\u{200f}", "ali"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("علی"), fold("عالی"));
        assert_eq!(search_words(" علي  كريمي "), ["علی", "کریمی"]);
        assert!(search_words("  ").is_empty());
    }

    proptest! {
        #[test]
        fn what_is_folded_stays(text: String) {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }
    }
}
