//! Lays documents out and writes them as PDF/A-2b: everything a reader needs is in the file, for as long as files are kept.

use crate::case::Stated;
use crate::sheet::Paper;
use crate::world::Desk;
use billing::calendar::Moment;
use billing::page::Language;
use chrono::{Datelike, Timelike};
use serde_json::Value;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

/// Most documents in one file. More are refused: a page takes about a megabyte of memory until the file is written.
pub const DOCUMENTS_MAX: usize = 500;

/// Longest text from elsewhere (a name, an account), characters. A longer one is refused: it is no name.
pub const TEXT_CHARACTERS_MAX: usize = 2000;

/// For how many files more typst keeps what it has reckoned. Words and lines come again from file to file, and longer than this costs memory.
const MEMORY_FILES: usize = 2;

/// Why there is no file. Says what to do.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// Too many at once.
    #[error("{0} documents in one file: at most {DOCUMENTS_MAX}; write each into a file of its own with --out-dir")]
    TooMany(usize),
    /// A box instead of a letter would be a wrong name on an invoice.
    #[error("the character {} in \"{text}\" cannot be printed: the invoice's font does not have it; write the text otherwise", .character.escape_unicode())]
    NoGlyph {
        /// It.
        character: char,
        /// Where it is.
        text: String,
    },
    /// A name of pages.
    #[error("a text of {0} characters (\"{1}...\") is no name: at most {TEXT_CHARACTERS_MAX}")]
    TooLong(usize, String),
    /// A fault of this program.
    #[error("the page could not be made ({0}): report this with the file that shows it")]
    Typesetter(String),
}

/// A finished file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The file's bytes: the same for the same documents, always.
    pub pdf: Vec<u8>,
    /// Pages of all documents.
    pub pages: usize,
}

/// Prints one file after another.
pub struct Printer {
    desk: Desk,
}

impl Default for Printer {
    fn default() -> Self {
        Self { desk: Desk::new() }
    }
}

impl Printer {
    /// Documents as one file, each on pages of its own that are counted from 1.
    ///
    /// # Errors
    /// If there are too many, or a text cannot be printed.
    pub fn print(&mut self, documents: &[Stated], language: Language) -> Result<Printed, PrintError> {
        if documents.len() > DOCUMENTS_MAX {
            return Err(PrintError::TooMany(documents.len()));
        }
        let laid_out = self.laid_out(&Paper::of(documents, language))?;
        let issued = documents.iter().map(|stated| stated.document.run_at).max();
        let options = PdfOptions {
            creator: Smart::Custom(Some("paband".to_owned())),
            timestamp: issued.and_then(timestamp),
            standards: PdfStandards::new(&[PdfStandard::A_2b]).map_err(|error| PrintError::Typesetter(error.message().to_string()))?,
            ..PdfOptions::default()
        };
        let pdf = typst_pdf::pdf(&laid_out, &options).map_err(|errors| fault(&errors))?;
        typst::comemo::evict(MEMORY_FILES);
        Ok(Printed { pdf, pages: laid_out.pages().len() })
    }

    fn laid_out(&mut self, paper: &Paper) -> Result<PagedDocument, PrintError> {
        let data = serde_json::to_value(paper).expect("a paper is plain data");
        self.check(&data)?;
        self.desk.lay(data.to_string().into_bytes());
        let done = typst::compile::<PagedDocument>(&self.desk);
        let document = done.output.map_err(|errors| fault(&errors))?;
        // A font that is not found is a warning, and the page would be empty.
        if done.warnings.is_empty() { Ok(document) } else { Err(fault(&done.warnings)) }
    }

    /// Looks at every text that will stand on the page.
    fn check(&self, data: &Value) -> Result<(), PrintError> {
        match data {
            Value::String(text) => self.check_text(text),
            Value::Array(parts) => parts.iter().try_for_each(|part| self.check(part)),
            Value::Object(parts) => parts.values().try_for_each(|part| self.check(part)),
            _ => Ok(()),
        }
    }

    fn check_text(&self, text: &str) -> Result<(), PrintError> {
        let length = text.chars().count();
        if length > TEXT_CHARACTERS_MAX {
            return Err(PrintError::TooLong(length, text.chars().take(40).collect()));
        }
        match text.chars().find(|character| !is_joiner(*character) && (turns_text(*character) || !self.desk.has(*character))) {
            Some(character) => Err(PrintError::NoGlyph { character, text: text.to_owned() }),
            None => Ok(()),
        }
    }
}

/// Marks without a picture that Persian needs, or that say a direction and no more: no font has to have them.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}'..='\u{200f}')
}

/// What would show a text in another order than it has.
fn turns_text(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn timestamp(moment: Moment) -> Option<Timestamp> {
    let time = moment.utc();
    let [month, day, hour, minute, second] =
        [time.month(), time.day(), time.hour(), time.minute(), time.second()].map(|part| u8::try_from(part).ok());
    Datetime::from_ymd_hms(time.year(), month?, day?, hour?, minute?, second?).map(Timestamp::new_utc)
}

fn fault(diagnostics: &[SourceDiagnostic]) -> PrintError {
    PrintError::Typesetter(diagnostics.iter().map(|diagnostic| diagnostic.message.as_str()).collect::<Vec<_>>().join("; "))
}
