//! Tags as equipment: what is said of one when it is registered, and the states that it goes through while nobody wears it.

/// Longest texts of a tag, characters.
pub const SERIAL_MAX: usize = 64;
/// See [`SERIAL_MAX`].
pub const MODEL_MAX: usize = 100;
/// See [`SERIAL_MAX`].
pub const TAG_NOTE_MAX: usize = 1000;
/// Digits of a SIM's number: of a telephone number (E.164) or of the card's own (ICCID).
const SIM_DIGITS: std::ops::RangeInclusive<usize> = 5..=20;

/// How a tag speaks.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Protocol {
    /// paband's own, with a key for each tag.
    Native,
    /// Teltonika's Codec 8, by IMEI alone.
    Teltonika,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Native, Self::Teltonika];

    /// As the database and files of tags say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Teltonika => "teltonika",
        }
    }

    /// The protocol of that name, however it is written.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name().eq_ignore_ascii_case(name.trim()))
    }
}

/// Where a tag is in its life while nobody wears it. Whether somebody wears it is known from the fittings alone.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TagState {
    /// Ready to be fitted.
    InStock,
    /// Came back from a wearer, or was found again: ready to be fitted, better looked at first.
    Returned,
    /// Broken: repaired or retired.
    Faulty,
    /// Nobody knows where it is.
    Lost,
    /// Out of use for ever.
    Retired,
}

impl TagState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::InStock, Self::Returned, Self::Faulty, Self::Lost, Self::Retired];

    /// As the database says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InStock => "in_stock",
            Self::Returned => "returned",
            Self::Faulty => "faulty",
            Self::Lost => "lost",
            Self::Retired => "retired",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether a tag in this state may be put on somebody.
    pub const fn is_usable(self) -> bool {
        matches!(self, Self::InStock | Self::Returned)
    }

    /// Whether somebody may say that a tag of this state, which nobody wears, is now of that one. A tag comes to be returned by its removal, or
    /// because a lost one was found; what was lost or came back is looked at before it is stock again; what is retired stays so.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::InStock | Self::Returned, Self::Faulty | Self::Lost | Self::Retired)
                | (Self::Returned | Self::Faulty, Self::InStock)
                | (Self::Faulty, Self::Lost | Self::Retired)
                | (Self::Lost, Self::Returned | Self::Faulty | Self::Retired)
        )
    }

    /// Whether a tag that is taken off may be of this state then: it comes back, broken or not, or it does not.
    pub const fn is_after_removal(self) -> bool {
        matches!(self, Self::Returned | Self::Faulty | Self::Lost)
    }
}

/// What is said of a tag to register, as it is typed or read from a file. Nothing is checked.
#[derive(Clone, Default)]
pub struct TagAsked {
    /// IMEI, or another number for a tag that speaks natively.
    pub imei: String,
    /// The maker's serial number; empty = not said.
    pub serial: String,
    /// `native` or `teltonika`.
    pub protocol: String,
    /// Free text.
    pub model: String,
    /// Of the SIM card; empty = not said.
    pub sim_number: String,
    /// 64 hexadecimal digits; empty = none.
    pub key: String,
    /// Free text.
    pub note: String,
    /// The code of the unit that answers for it.
    pub unit: String,
}

/// A tag to register, checked: only [`tag_checked`] makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct NewTag {
    /// 1 to 32 characters; of a Teltonika tag 15 digits with a right check digit.
    pub imei: String,
    /// The maker's.
    pub serial: Option<String>,
    /// How it speaks.
    pub protocol: Protocol,
    /// May be empty.
    pub model: String,
    /// Digits, perhaps after a `+`; may be empty.
    pub sim_number: String,
    /// The login key.
    pub key: Option<[u8; 32]>,
    /// May be empty.
    pub note: String,
    /// The code of the unit that answers for it.
    pub unit: String,
}

impl std::fmt::Debug for NewTag {
    /// Never shows the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewTag")
            .field("imei", &self.imei)
            .field("protocol", &self.protocol)
            .field("unit", &self.unit)
            .finish_non_exhaustive()
    }
}

/// What is wrong with one field of a tag.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TagMistake {
    /// It must be said.
    Missing,
    /// More than this many characters.
    TooLong {
        /// Most.
        max: usize,
        /// Found.
        length: usize,
    },
    /// Not 15 digits, or for a native tag not 1 to 32 letters, digits, dots, dashes or underscores.
    NotAnImei,
    /// The last digit of the IMEI does not follow from the others: one is mistyped.
    ImeiCheckDigit,
    /// No protocol that paband speaks.
    UnknownProtocol,
    /// Not 64 hexadecimal digits.
    NotAKey,
    /// Not 5 to 20 digits.
    NotASimNumber,
    /// A character that no text holds.
    NotText,
}

/// Checks a tag to register, digits of Persian keyboards included.
///
/// # Errors
/// Every field that is wrong, by its name in [`TagAsked`].
pub fn tag_checked(asked: &TagAsked) -> Result<NewTag, Vec<(&'static str, TagMistake)>> {
    let mut mistakes = Vec::new();
    let mut note = |field, mistake: Option<TagMistake>| mistakes.extend(mistake.map(|mistake| (field, mistake)));
    let protocol = Protocol::named(&asked.protocol);
    note("protocol", protocol.is_none().then_some(TagMistake::UnknownProtocol));
    let imei = ascii_digits(&asked.imei);
    note("imei", imei_mistake(&imei, protocol));
    let sim_number: String = ascii_digits(&asked.sim_number).chars().filter(|character| !" -".contains(*character)).collect();
    note("sim_number", sim_mistake(&sim_number));
    let key = key_read(&asked.key);
    note("key", key.is_err().then_some(TagMistake::NotAKey));
    for (field, text, max) in
        [("serial", &asked.serial, SERIAL_MAX), ("model", &asked.model, MODEL_MAX), ("note", &asked.note, TAG_NOTE_MAX)]
    {
        note(field, text_mistake(text, max));
    }
    note("unit", asked.unit.trim().is_empty().then_some(TagMistake::Missing));
    note("unit", asked.unit.contains('\0').then_some(TagMistake::NotText));
    let (Some(protocol), Ok(key), []) = (protocol, key, &mistakes[..]) else { return Err(mistakes) };
    let text = |text: &str| text.trim().to_owned();
    let serial = Some(text(&asked.serial)).filter(|serial| !serial.is_empty());
    Ok(NewTag { imei, serial, protocol, model: text(&asked.model), sim_number, key, note: text(&asked.note), unit: text(&asked.unit) })
}

/// What is wrong with a text of a tag, if anything is.
pub fn text_mistake(text: &str, max: usize) -> Option<TagMistake> {
    let length = text.trim().chars().count();
    match length {
        _ if text.contains('\0') => Some(TagMistake::NotText),
        _ if length > max => Some(TagMistake::TooLong { max, length }),
        _ => None,
    }
}

/// What is wrong with a SIM's number, if anything is. An empty one says nothing.
pub fn sim_mistake(number: &str) -> Option<TagMistake> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let is_number = SIM_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (!number.is_empty() && !is_number).then_some(TagMistake::NotASimNumber)
}

/// A login key of 64 hexadecimal digits; empty = none.
///
/// # Errors
/// When it is neither.
pub fn key_read(text: &str) -> Result<Option<[u8; 32]>, TagMistake> {
    let digits = text.trim().as_bytes();
    if digits.is_empty() {
        return Ok(None);
    }
    let value = |digit: u8| char::from(digit).to_digit(16).map(|value| value as u8);
    let mut key = [0; 32];
    if digits.len() != 2 * key.len() {
        return Err(TagMistake::NotAKey);
    }
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let (Some(high), Some(low)) = (value(pair[0]), value(pair[1])) else { return Err(TagMistake::NotAKey) };
        *byte = high << 4 | low;
    }
    Ok(Some(key))
}

fn imei_mistake(imei: &str, protocol: Option<Protocol>) -> Option<TagMistake> {
    let written = |character: char| character.is_ascii_alphanumeric() || "._-".contains(character);
    if imei.is_empty() {
        return Some(TagMistake::Missing);
    }
    if imei.len() > 32 || !imei.chars().all(written) {
        return Some(TagMistake::NotAnImei);
    }
    let is_number = imei.len() == 15 && imei.bytes().all(|byte| byte.is_ascii_digit());
    match protocol {
        Some(Protocol::Teltonika) if !is_number => Some(TagMistake::NotAnImei),
        // A native tag may have another number; one that looks like an IMEI is held to be one.
        _ => (is_number && !has_check_digit(imei)).then_some(TagMistake::ImeiCheckDigit),
    }
}

/// The Luhn sum of an IMEI is a multiple of ten (3GPP TS 23.003, annex B).
fn has_check_digit(imei: &str) -> bool {
    let digits = imei.bytes().rev().map(|byte| u32::from(byte - b'0')).enumerate();
    let sum: u32 = digits.map(|(at, digit)| if at % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }).sum();
    sum.is_multiple_of(10)
}

/// Without blanks around, and with ASCII digits.
fn ascii_digits(text: &str) -> String {
    let digit = |character: char| match character {
        '۰'..='۹' => char::from(b'0' + (character as u32 - '۰' as u32) as u8),
        '٠'..='٩' => char::from(b'0' + (character as u32 - '٠' as u32) as u8),
        other => other,
    };
    text.trim().chars().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMEI: &str = "356307042441013";

    fn asked() -> TagAsked {
        TagAsked { imei: IMEI.into(), protocol: "teltonika".into(), unit: "fars".into(), ..TagAsked::default() }
    }

    fn check(asked: TagAsked, expected: &[(&'static str, TagMistake)]) {
        let found = tag_checked(&asked).map(|_| ()).err().unwrap_or_default();
        assert_eq!(found, expected, "{} {} {}", asked.imei, asked.sim_number, asked.key);
    }

    #[test]
    fn an_imei_has_fifteen_digits_and_the_last_follows_from_the_others() {
        use TagMistake::{ImeiCheckDigit, Missing, NotAnImei};
        for (imei, protocol, mistake) in [
            (IMEI, "teltonika", None),
            (" ۳۵۶۳۰۷۰۴۲۴۴۱۰۱۳ ", "Teltonika", None),
            ("356307042441014", "teltonika", Some(ImeiCheckDigit)),
            ("356307042414013", "teltonika", Some(ImeiCheckDigit)),
            ("35630704244101", "teltonika", Some(NotAnImei)),
            ("SN-4711", "teltonika", Some(NotAnImei)),
            ("SN-4711", "native", None),
            ("356307042441014", "native", Some(ImeiCheckDigit)),
            ("پابند", "native", Some(NotAnImei)),
            (&"1".repeat(33), "native", Some(NotAnImei)),
            ("", "native", Some(Missing)),
        ] {
            let expected: Vec<_> = mistake.map(|mistake| ("imei", mistake)).into_iter().collect();
            check(TagAsked { imei: imei.into(), protocol: protocol.into(), ..asked() }, &expected);
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        use TagMistake::{Missing, NotAKey, NotASimNumber, NotText, TooLong, UnknownProtocol};
        check(TagAsked { key: "0a".repeat(32), sim_number: "+98 912-345 67 89".into(), serial: "A1".into(), ..asked() }, &[]);
        let wrong = TagAsked {
            imei: String::new(),
            serial: "x".repeat(65),
            protocol: "gt06".into(),
            model: "a\0".into(),
            sim_number: "12x".into(),
            key: "0".repeat(63),
            note: String::new(),
            unit: " ".into(),
        };
        let expected = [
            ("protocol", UnknownProtocol),
            ("imei", Missing),
            ("sim_number", NotASimNumber),
            ("key", NotAKey),
            ("serial", TooLong { max: 64, length: 65 }),
            ("model", NotText),
            ("unit", Missing),
        ];
        check(wrong, &expected);
        check(TagAsked { key: "g".repeat(64), ..asked() }, &[("key", NotAKey)]);
    }

    #[test]
    fn a_key_is_read_and_never_shown() {
        let tag = tag_checked(&TagAsked { key: format!("Ff{}", "00".repeat(31)), ..asked() }).unwrap();
        assert_eq!(tag.key.map(|key| (key[0], key[31])), Some((255, 0)));
        assert!(!format!("{tag:?}").contains("255"), "{tag:?}");
    }

    #[test]
    fn the_steps_of_a_tag_that_nobody_wears() {
        use TagState::{Faulty, InStock, Lost, Retired, Returned};
        let steps = |from: TagState| TagState::ALL.into_iter().filter(|to| from.may_become(*to)).collect::<Vec<_>>();
        assert_eq!(steps(InStock), [Faulty, Lost, Retired]);
        assert_eq!(steps(Returned), [InStock, Faulty, Lost, Retired]);
        assert_eq!(steps(Faulty), [InStock, Lost, Retired]);
        assert_eq!(steps(Lost), [Returned, Faulty, Retired]);
        assert_eq!(steps(Retired), []);
    }

    #[test]
    fn from_every_state_but_retired_stock_is_reached_again() {
        for from in TagState::ALL.into_iter().filter(|state| *state != TagState::Retired) {
            let mut reached = vec![from];
            for _ in TagState::ALL {
                let next: Vec<_> = TagState::ALL.into_iter().filter(|to| reached.iter().any(|state| state.may_become(*to))).collect();
                reached.extend(next);
            }
            assert!(reached.contains(&TagState::InStock), "{from:?}");
            assert!(reached.contains(&TagState::Retired), "{from:?}");
        }
    }
}
