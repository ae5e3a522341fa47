//! `invoice-pdf`: what billing issued, on paper.

use anyhow::{Context, Result, bail};
use billing::page::{Head, Language};
use clap::{Parser, ValueEnum};
use invoice_pdf::case::{self, ANSWER_BYTES_MAX, Stated};
use invoice_pdf::print::Printer;
use std::fs::File;
use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

/// Prints documents of billing as PDF files (A4, PDF/A-2a, PDF/UA-1).
#[derive(Debug, Parser)]
#[command(version, after_help = "paband billing case FILE --explain | invoice-pdf --language fa -o invoice.pdf")]
struct Arguments {
    /// What `paband billing case FILE --explain` printed, or the JSON of issued documents (Documents.RenderDocument); `-` = standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// The language of the page.
    #[arg(long, value_enum)]
    language: LanguageArgument,
    /// This document alone, such as INV-1. Without it: all of the file.
    #[arg(long)]
    number: Option<String>,
    /// Whose the documents are and who issues them (JSON: name, reference, centre, account, payment), if the file does not say.
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// Where to write the PDF file; without it: standard output.
    #[arg(short, long, value_name = "FILE", conflicts_with = "out_dir")]
    out: Option<PathBuf>,
    /// Write each document into a file of its own in this folder, and print the names.
    #[arg(long, value_name = "FOLDER")]
    out_dir: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LanguageArgument {
    /// Persian.
    Fa,
    /// English.
    En,
}

impl From<LanguageArgument> for Language {
    fn from(language: LanguageArgument) -> Self {
        match language {
            LanguageArgument::Fa => Self::Persian,
            LanguageArgument::En => Self::English,
        }
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let documents = documents(&arguments)?;
    let language = arguments.language.into();
    let mut printer = Printer::default();
    if let Some(folder) = &arguments.out_dir {
        return each(&mut printer, &documents, language, folder);
    }
    let printed = printer.print(&documents, language)?;
    match &arguments.out {
        Some(path) => std::fs::write(path, printed.pdf).with_context(|| format!("cannot write {}", path.display())),
        None if std::io::stdout().is_terminal() => bail!("a PDF file is nothing for a terminal: name a file with -o"),
        None => std::io::stdout().lock().write_all(&printed.pdf).context("cannot write to standard output"),
    }
}

/// The documents that were asked for.
fn documents(arguments: &Arguments) -> Result<Vec<Stated>> {
    let text = text_of(&arguments.file)?;
    let head = arguments.head.as_deref().map(head_of).transpose()?;
    let all = case::read(&text, head.as_ref()).with_context(|| arguments.file.display().to_string())?;
    Ok(match &arguments.number {
        Some(number) => vec![case::only(all, number)?],
        None => all,
    })
}

fn text_of(path: &Path) -> Result<String> {
    let cannot = || format!("cannot read {}", path.display());
    let source: Box<dyn Read> =
        if path == Path::new("-") { Box::new(std::io::stdin()) } else { Box::new(File::open(path).with_context(cannot)?) };
    let mut text = String::new();
    source.take(ANSWER_BYTES_MAX + 1).read_to_string(&mut text).with_context(cannot)?;
    if text.len() as u64 > ANSWER_BYTES_MAX {
        bail!("{} is longer than {ANSWER_BYTES_MAX} bytes: print each person's documents by themselves", path.display());
    }
    Ok(text)
}

fn head_of(path: &Path) -> Result<Head> {
    serde_json::from_str(&text_of(path)?).with_context(|| {
        format!(
            "{} says no head: write {{\"name\": ..., \"reference\": ..., \"centre\": ..., \"account\": ..., \"payment\": ...}}",
            path.display()
        )
    })
}

/// Each document as a file of its own, named by its place and its number.
fn each(printer: &mut Printer, documents: &[Stated], language: Language, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut names = std::io::stdout().lock();
    for (place, stated) in documents.iter().enumerate() {
        let printed = printer.print(std::slice::from_ref(stated), language).with_context(|| stated.title().to_owned())?;
        let path = folder.join(file_name(place + 1, stated.title()));
        std::fs::write(&path, printed.pdf).with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(names, "{}", path.display())?;
    }
    Ok(())
}

/// `002-INV-2.pdf`. A number is letters, digits and hyphens; anything else in it must not name a folder.
fn file_name(place: usize, title: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() || character == '-' { character } else { '_' };
    format!("{place:03}-{}.pdf", title.chars().take(80).map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn a_number_names_no_folder() {
        assert_eq!(file_name(2, "INV-2"), "002-INV-2.pdf");
        assert_eq!(file_name(1, "../../etc/passwd"), "001-______etc_passwd.pdf");
    }
}
