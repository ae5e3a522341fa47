//! Pieces of text and the direction that each has of its own, so that a number or a Latin name does not turn a Persian sentence round.

use serde::Serialize;

/// A piece of text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Run {
    /// What is printed, letter by letter: never markup.
    pub text: String,
    /// `ltr` or `rtl`: it stands alone among what is around it. `None`: it flows with it.
    pub dir: Option<&'static str>,
}

/// Words of the page's own language.
pub fn plain(text: impl Into<String>) -> Run {
    Run { text: text.into(), dir: None }
}

/// From left to right: numbers, dates, numbers of documents.
pub fn ltr(text: impl Into<String>) -> Run {
    Run { text: text.into(), dir: Some("ltr") }
}

/// A text from elsewhere, whose first letter says where it begins.
pub fn outside(text: &str) -> Run {
    let first = text.chars().find(|character| character.is_alphabetic());
    Run { text: text.to_owned(), dir: Some(if first.is_some_and(is_from_right) { "rtl" } else { "ltr" }) }
}

/// Letters of the scripts that run from right to left (Hebrew to Arabic Extended, and their presentation forms).
fn is_from_right(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::outside;

    #[test]
    fn the_first_letter_says_the_direction() {
        for (text, dir) in
            [("سارا رضایی", "rtl"), ("۱۲ خیابان", "rtl"), ("EM-40A7", "ltr"), ("(GPS)", "ltr"), ("12/3", "ltr"), ("#1 الف", "rtl")]
        {
            assert_eq!(outside(text).dir, Some(dir), "{text}");
        }
    }
}
