//! Lays documents out and writes them as PDF/A-2a, with all that a reader needs in the file for as long as files are kept, and PDF/UA-1, so that it can be
//! read aloud.

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

/// Most documents in one file. More are refused: each takes 1.5 megabytes of memory until the file is written.
pub const DOCUMENTS_MAX: usize = 200;

/// Most lines and reasons in one file. More are refused: each takes 60 kilobytes of memory, and nobody pays by a hundred pages.
pub const ROWS_MAX: usize = 6_000;

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
    /// Too long.
    #[error(
        "{0} lines and reasons in one file: at most {ROWS_MAX}; write each document into a file of its own with --out-dir, or, if one alone has so many, \
         print it from its page in HTML"
    )]
    TooManyRows(usize),
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
        let lines = documents.iter().flat_map(|stated| &stated.document.lines);
        let rows = lines.map(|line| 1 + line.because.len()).sum();
        if rows > ROWS_MAX {
            return Err(PrintError::TooManyRows(rows));
        }
        let laid_out = self.laid_out(&Paper::of(documents, language))?;
        let issued = documents.iter().map(|stated| stated.document.run_at).max();
        let options = PdfOptions {
            creator: Smart::Custom(Some("paband".to_owned())),
            timestamp: issued.and_then(timestamp),
            standards: PdfStandards::new(&[PdfStandard::A_2a, PdfStandard::Ua_1])
                .map_err(|error| PrintError::Typesetter(error.message().to_string()))?,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case;
    use billing::page::Head;
    use typst::layout::{Frame, FrameItem};

    fn year(head: &Head) -> Vec<Stated> {
        let answer = billing::command::bill_case(include_str!("../tests/cases/year.json"), true).unwrap();
        case::read(&serde_json::to_string(&answer).unwrap(), Some(head)).unwrap()
    }

    /// Every text that is drawn, page after page, without the isolates around it.
    fn drawn(documents: &[Stated], language: Language) -> String {
        fn walk(frame: &Frame, text: &mut String) {
            for (_, item) in frame.items() {
                match item {
                    FrameItem::Group(group) => walk(&group.frame, text),
                    FrameItem::Text(item) => *text += item.text.as_str(),
                    _ => {}
                }
            }
        }
        let document = Printer::default().laid_out(&Paper::of(documents, language)).unwrap();
        let mut text = String::new();
        document.pages().iter().for_each(|page| walk(&page.frame, &mut text));
        text.retain(|character| !turns_text(character));
        text.replace('\u{a0}', " ")
    }

    #[test]
    fn a_name_is_a_name_and_never_markup() {
        let evil = "#sys.version*bold*_x_$1+1$\\u{41}@ref<label>`raw`//comment";
        let head = Head { name: evil.to_owned(), centre: "#read(\"/etc/passwd\")".to_owned(), ..Head::default() };
        for language in [Language::Persian, Language::English] {
            let text = drawn(&year(&head)[..1], language);
            assert!(text.contains(evil) && text.contains(&head.centre), "{text}");
        }
    }

    #[test]
    fn everything_of_a_document_is_on_its_page() {
        let head =
            Head { name: "سارا رضایی".to_owned(), centre: "تهران".to_owned(), account: "IR12".to_owned(), ..Head::default() };
        let all = year(&head);
        let check = |number: &str, language: Language, parts: &[&str]| {
            let text = drawn(&[case::only(all.clone(), number).unwrap()], language);
            for part in parts {
                assert!(text.contains(part), "{number} without {part}: {text}");
            }
        };
        check(
            "INV-2",
            Language::Persian,
            &["صورت‌حساب INV-2", "سارا رضایی", "تهران", "EM-40A7-00123", "۱۴۰۲/۰۶/۰۱ (۲۰۲۳/۰۸/۲۳ میلادی)", "۱۴۰۲/۰۶/۱۰ (۲۰۲۳/۰۹/۰۱ میلادی)"],
        );
        check("INV-2", Language::Persian, &["حق استفادهٔ روزانه", "۳۱ روز", "۱۴۰۲/۰۶/۰۱ تا ۱۴۰۲/۰۶/۳۱", "۲۰۰٬۰۰۰", "\u{2212}۲٬۰۴۶٬۰۰۰"]);
        check(
            "INV-2",
            Language::Persian,
            &["۴٬۱۵۴٬۰۰۰ ریال", "چهار میلیون و صد و پنجاه و چهار هزار ریال", "decision-4", "R2, R4", "صفحهٔ ۱ از ۱"],
        );
        check("CN-1", Language::Persian, &["\u{2212}۷ روز", "برگشت: ", "منفی نهصد و سی و هشت هزار ریال", "آبان ۱۴۰۲"]);
        check("INV-1", Language::English, &["Invoice INV-1", "2023-07-25 (1402/05/03)", "Mordad 1402", "\u{2212}2,300,000", "Page 1 of 1"]);
        check(
            "INV-1",
            Language::English,
            &["Total: 3,000,000 IRR", "three million rials", "fitting-7", "tariff 1398", "(rule R6)", "0 IRR"],
        );
    }

    #[test]
    fn pages_are_counted_in_each_document() {
        let mut documents = year(&Head::default());
        documents.truncate(3);
        let mut lines = documents[1].document.lines.clone();
        // Rows alone: reasons would take pages too.
        lines.iter_mut().for_each(|line| line.because.clear());
        documents[1].document.lines = lines.iter().cycle().take(60).cloned().collect();
        let text = drawn(&documents, Language::English);
        let places: Vec<_> = ["Page 1 of 1", "Page 1 of 2", "Page 2 of 2", "Page 1 of 1"]
            .iter()
            .scan(0, |from, part| {
                let place = text[*from..].find(part).map(|place| place + *from);
                *from = place.unwrap_or(*from) + 1;
                Some(place)
            })
            .collect();
        assert!(places.iter().all(Option::is_some), "{places:?} {text}");
        assert_eq!(text.matches("Page ").count(), 4);
    }
}
