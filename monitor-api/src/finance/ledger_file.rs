//! The ledger of a period as a file, written while it is read: for hledger, for beancount, as CSV, as a workbook.

use super::ledger_sheet;
use crate::sheets::csv_text::{self, harmless};
use billing::calendar::{Day, Moment};
use billing::export::{self, Balances, Writer};
use billing::{Account, BillingError, Currency, Money};
use chrono::{DateTime, Utc};
use store::{LedgerRow, Store, StoreError};

/// What file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LedgerFormat {
    /// For `hledger check --strict ordereddates`.
    Hledger,
    /// For `bean-check`.
    Beancount,
    /// A row for each posting, with ASCII digits.
    Csv,
    /// A workbook, at most [`ledger_sheet::ROWS_MAX`] postings.
    Xlsx,
}

/// Which part of the ledger.
#[derive(Clone, Debug)]
pub struct LedgerAsked {
    /// What file.
    pub format: LedgerFormat,
    /// Of the wearers whose file lies in these units.
    pub units: Vec<i64>,
    /// The first day; `None` = from the beginning.
    pub from: Option<Day>,
    /// The last day; `None` = up to now.
    pub to: Option<Day>,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum LedgerFileError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A balance cannot be reckoned.
    #[error(transparent)]
    Billing(#[from] BillingError),
    /// The file cannot be written.
    #[error("the file cannot be written: {0}")]
    Written(String),
    /// More than a sheet takes.
    #[error("more than {0} rows: ask for a shorter period, or for another format")]
    TooManyRows(usize),
    /// Nobody takes the pieces any more.
    #[error("nobody reads the file any more")]
    NobodyReads,
}

impl From<csv::Error> for LedgerFileError {
    fn from(error: csv::Error) -> Self {
        Self::Written(error.to_string())
    }
}

impl LedgerAsked {
    fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let to = self.to.map_or(DateTime::<Utc>::MAX_UTC - chrono::TimeDelta::days(400_000), |day| Moment::start_of(day.plus(1)).utc());
        (self.from.map_or(DateTime::UNIX_EPOCH, |day| Moment::start_of(day).utc()), to)
    }
}

/// Writes the file; `take` gets its pieces in order and may say that nobody reads them.
///
/// # Errors
/// When the database does not answer, a sheet is too small, or nobody reads the file any more.
pub async fn write_ledger<F>(store: &Store, asked: &LedgerAsked, mut take: impl FnMut(Vec<u8>) -> F) -> Result<(), LedgerFileError>
where
    F: Future<Output = Result<(), LedgerFileError>>,
{
    let (span, newest) = (asked.span(), store.ledger_newest().await?);
    let opening = match asked.from {
        Some(_) => store.ledger_balances(&asked.units, span.0, newest).await?,
        None => Balances::new(),
    };
    let mut page = store.ledger_page(&asked.units, span, None, newest).await?;
    let first = asked.from.or_else(|| page.first().map(|row| row.entry.at.day()));
    let (mut file, head) = File::begin(asked.format, first, opening)?;
    take(head).await?;
    while let Some(last) = page.last().cloned() {
        take(file.entries(&page)?).await?;
        page = store.ledger_page(&asked.units, span, Some(&last), newest).await?;
    }
    take(file.end()?).await
}

/// A file under way.
enum File {
    Text(Box<Writer>),
    Csv,
    /// The rows so far: a workbook is written at its end.
    Xlsx(Balances, Vec<LedgerRow>, usize),
}

impl File {
    fn begin(format: LedgerFormat, first: Option<Day>, opening: Balances) -> Result<(Self, Vec<u8>), LedgerFileError> {
        // Before its first entry a ledger has no day; any of the calendar will do.
        let first = first.or_else(|| "1398/04/01".parse().ok()).ok_or_else(|| LedgerFileError::Written("no first day".to_owned()))?;
        let text = |format| {
            let (writer, head) = Writer::new(format, Currency::IRR, first, opening.clone());
            (Self::Text(Box::new(writer)), head.into_bytes())
        };
        Ok(match format {
            LedgerFormat::Hledger => text(export::Format::Hledger),
            LedgerFormat::Beancount => text(export::Format::Beancount),
            LedgerFormat::Csv => (Self::Csv, csv_head(first, &opening)?),
            LedgerFormat::Xlsx => (Self::Xlsx(opening, Vec::new(), 0), Vec::new()),
        })
    }

    fn entries(&mut self, page: &[LedgerRow]) -> Result<Vec<u8>, LedgerFileError> {
        match self {
            Self::Text(writer) => {
                let mut text = String::new();
                for row in page {
                    text += &writer.entry(&row.entry, &[("wearer", &row.wearer), ("unit", &row.unit)])?;
                }
                Ok(text.into_bytes())
            }
            Self::Csv => csv_rows(page),
            Self::Xlsx(_, rows, postings) => {
                *postings += page.iter().map(|row| row.entry.postings.len()).sum::<usize>();
                if *postings > ledger_sheet::ROWS_MAX {
                    return Err(LedgerFileError::TooManyRows(ledger_sheet::ROWS_MAX));
                }
                rows.extend_from_slice(page);
                Ok(Vec::new())
            }
        }
    }

    fn end(self) -> Result<Vec<u8>, LedgerFileError> {
        match self {
            Self::Text(writer) => Ok(writer.end().into_bytes()),
            Self::Csv => Ok(Vec::new()),
            Self::Xlsx(opening, rows, _) => {
                ledger_sheet::write(&opening, &rows).map_err(|error| LedgerFileError::Written(error.to_string()))
            }
        }
    }
}

/// For programs: English names.
const COLUMNS: [&str; 9] = ["entry", "solar_hijri", "gregorian", "unit", "wearer", "text", "account", "debit", "credit"];

fn csv_head(first: Day, opening: &Balances) -> Result<Vec<u8>, LedgerFileError> {
    let mut writer = csv_text::begin();
    writer.write_record(COLUMNS)?;
    for (account, amount) in opening.iter().filter(|(_, amount)| !amount.is_zero()) {
        let about =
            ["0".to_owned(), first.to_string(), first.gregorian().to_string(), String::new(), String::new(), "opening balances".to_owned()];
        writer.write_record(about.into_iter().chain(posted(*account, *amount)))?;
    }
    Ok(csv_text::end(writer)?)
}

fn csv_rows(page: &[LedgerRow]) -> Result<Vec<u8>, LedgerFileError> {
    let mut writer = csv_text::go_on();
    for row in page {
        let day = row.entry.at.day();
        for (account, amount) in &row.entry.postings {
            let texts = [&row.unit, &row.wearer, &row.entry.text].map(|text| harmless(text));
            let about = [row.entry_id.to_string(), day.to_string(), day.gregorian().to_string()].into_iter().chain(texts);
            writer.write_record(about.chain(posted(*account, *amount)))?;
        }
    }
    Ok(csv_text::end(writer)?)
}

/// The account, and the amount as debit or as credit.
fn posted(account: Account, amount: Money) -> [String; 3] {
    let number = amount.minor_units().unsigned_abs().to_string();
    let (debit, credit) = if amount.is_negative() { (String::new(), number) } else { (number, String::new()) };
    [account.name().to_owned(), debit, credit]
}
