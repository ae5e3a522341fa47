//! The number by which a person without a national id is known.

use crate::fold;

/// What kind of number it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ForeignIdKind {
    /// A passport.
    Passport,
    /// The universal number that Iran gives to foreigners (شناسهٔ فراگیر).
    Universal,
    /// A refugee's card (آمایش).
    RefugeeCard,
    /// Another paper.
    Other,
}

impl ForeignIdKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Passport, Self::Universal, Self::RefugeeCard, Self::Other];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passport => "passport",
            Self::Universal => "universal",
            Self::RefugeeCard => "refugee_card",
            Self::Other => "other",
        }
    }

    /// How many characters it has.
    pub const fn length(self) -> std::ops::RangeInclusive<usize> {
        match self {
            Self::Passport => 5..=20,
            Self::Universal => 8..=16,
            Self::RefugeeCard => 4..=20,
            Self::Other => 2..=40,
        }
    }
}

/// A number with its kind, in one form: ASCII digits, capital letters, no spaces or dashes. `a 123-4567` is `A1234567`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ForeignId {
    kind: ForeignIdKind,
    number: String,
}

/// Why a text is no such number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ForeignIdError {
    /// Its length is none that this kind has.
    #[error("a number of this kind has {min} to {max} characters")]
    Length {
        /// Fewest characters.
        min: usize,
        /// Most.
        max: usize,
    },
    /// It holds something else than letters and digits; of a universal number, than digits.
    #[error("a number of this kind has no such characters")]
    Characters,
}

impl ForeignId {
    /// Reads a number in any digits.
    ///
    /// # Errors
    /// When a number of this kind does not look like that.
    pub fn parse(kind: ForeignIdKind, text: &str) -> Result<Self, ForeignIdError> {
        let number: String = fold(text).to_uppercase().chars().filter(|character| !matches!(character, '-' | ' ' | '/')).collect();
        let fits = match kind {
            ForeignIdKind::Universal => number.bytes().all(|byte| byte.is_ascii_digit()),
            ForeignIdKind::Passport | ForeignIdKind::RefugeeCard => number.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            ForeignIdKind::Other => number.chars().all(char::is_alphanumeric),
        };
        let length = kind.length();
        if !length.contains(&number.chars().count()) {
            return Err(ForeignIdError::Length { min: *length.start(), max: *length.end() });
        }
        if fits { Ok(Self { kind, number }) } else { Err(ForeignIdError::Characters) }
    }

    /// What kind of number it is.
    pub const fn kind(&self) -> ForeignIdKind {
        self.kind
    }

    /// The number in its one form.
    pub fn number(&self) -> &str {
        &self.number
    }
}

impl std::fmt::Debug for ForeignId {
    /// Never shows the number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ForeignId")
    }
}

#[cfg(test)]
mod tests {
    use super::{ForeignId, ForeignIdError, ForeignIdKind};

    #[test]
    fn a_foreign_number_has_one_form_however_it_is_typed() {
        use ForeignIdKind::{Other, Passport, RefugeeCard, Universal};
        for (kind, text, expected) in [
            (Passport, " a 123-4567 ", Ok("A1234567")),
            (Passport, "P۱۲۳۴۵۶۷", Ok("P1234567")),
            (Passport, "A12", Err(ForeignIdError::Length { min: 5, max: 20 })),
            (Passport, "A12_4567", Err(ForeignIdError::Characters)),
            (Passport, "گذرنامه۱۲", Err(ForeignIdError::Characters)),
            (Universal, "123 456 789 012", Ok("123456789012")),
            (Universal, "12345678901a", Err(ForeignIdError::Characters)),
            (RefugeeCard, "ab12", Ok("AB12")),
            (Other, "کارت ۱۲", Ok("کارت12")),
            (Other, "", Err(ForeignIdError::Length { min: 2, max: 40 })),
        ] {
            let read = ForeignId::parse(kind, text);
            assert_eq!(read.as_ref().map(ForeignId::number), expected.as_ref().copied(), "{text}");
        }
    }
}
