//! The language of a caller.

/// A language that people are answered in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Language {
    /// فارسی
    Persian,
    /// English
    #[default]
    English,
}
