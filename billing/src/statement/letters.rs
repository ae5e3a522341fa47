//! The same letters and digits, however a bank's program writes them.

/// Arabic letters become Persian, digits ASCII, control characters spaces; joiners and marks of direction go. One space between words, none around.
pub fn plain(text: &str) -> String {
    let letters: String = text.chars().filter_map(letter).collect();
    letters.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A heading to compare: without what stands in brackets, in lower case.
pub(super) fn heading(text: &str) -> String {
    let text = plain(text).to_lowercase();
    text.split(['(', '[']).next().unwrap_or_default().replace(['_', '-', ':'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn letter(character: char) -> Option<char> {
    let digit = |zero: char| char::from_digit(character as u32 - zero as u32, 10).unwrap_or(character);
    Some(match character {
        'ي' | 'ى' => 'ی',
        'ك' => 'ک',
        'ة' => 'ه',
        '۰'..='۹' => digit('۰'),
        '٠'..='٩' => digit('٠'),
        // Half spaces join the parts of one word: headings are written with and without them.
        '\u{200c}' => ' ',
        '\u{200b}' | '\u{200d}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | 'ـ' => return None,
        _ if character.is_control() || character.is_whitespace() => ' ',
        _ => character,
    })
}

#[cfg(test)]
mod tests {
    use super::{heading, plain};

    #[test]
    fn letters_and_digits_are_made_one() {
        assert_eq!(plain(" بستانكار\u{200f}  ۱۲٣ "), "بستانکار 123");
        assert_eq!(plain("a\u{0}b\nc"), "a b c");
        assert_eq!(heading("مبلغ واریز (ریال)"), "مبلغ واریز");
        assert_eq!(heading("Payment_ID"), "payment id");
        assert_eq!(heading("شماره\u{200c}پیگیری"), "شماره پیگیری");
    }
}
