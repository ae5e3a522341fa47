//! Documents as they are kept: plain data that is read back years later as it was written.

use crate::calendar::{Day, DayRange, Month};
use crate::document::{Because, Days, Document, Kind, Line, LineCode, Why};
use crate::fact::FactId;
use crate::money::{Currency, Money};
use crate::rate::Code;
use serde::{Deserialize, Serialize};

/// Why a kept document cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a kept document cannot be read: {0}")]
pub struct StoredError(String);

/// One document with its lines. Amounts are whole minor units; days `1398/05/01`, months `1398-05`, instants RFC 3339.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDocument {
    /// What it is.
    pub kind: Kind,
    /// When it was issued.
    pub run_at: String,
    /// Its number, if its kind is numbered.
    pub number: Option<String>,
    /// Of credit and re-rate notes.
    pub order: Option<String>,
    /// Of credit and re-rate notes.
    pub month: Option<String>,
    /// The currency of every amount.
    pub currency: String,
    /// The sum of its lines.
    pub total: i64,
    /// The last day to pay.
    pub due: Option<String>,
    /// Its lines.
    pub lines: Vec<StoredLine>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredLine {
    code: String,
    order: Option<String>,
    month: Option<String>,
    amount: i64,
    event: Option<String>,
    days: Option<StoredDays>,
    because: Vec<StoredBecause>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredDays {
    unit: i64,
    count: i64,
    added: Vec<(String, String)>,
    removed: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct StoredBecause {
    days: Option<(String, String)>,
    why: Why,
    events: Vec<String>,
    tariff: Option<String>,
}

impl From<&Document> for StoredDocument {
    fn from(document: &Document) -> Self {
        let (order, month) = document.of.as_ref().map(|(order, month)| (order.to_string(), month.to_string())).unzip();
        Self {
            kind: document.kind,
            run_at: document.run_at.utc_text(),
            number: document.number.as_deref().map(str::to_owned),
            order,
            month,
            currency: document.total.currency().to_string(),
            total: document.total.minor_units(),
            due: document.due.map(|day| day.to_string()),
            lines: document.lines.iter().map(StoredLine::from).collect(),
        }
    }
}

impl From<&Line> for StoredLine {
    fn from(line: &Line) -> Self {
        let (order, month) = line.of.as_ref().map(|(order, month)| (order.to_string(), month.to_string())).unzip();
        let days = line.days.as_ref().map(|days| StoredDays {
            unit: days.unit.minor_units(),
            count: days.count,
            added: days.added.iter().map(|range| written(*range)).collect(),
            removed: days.removed.iter().map(|range| written(*range)).collect(),
        });
        let because = line.because.iter().map(|because| StoredBecause {
            days: because.days.map(written),
            why: because.why,
            events: because.events.iter().map(FactId::to_string).collect(),
            tariff: because.tariff.as_deref().map(str::to_owned),
        });
        let event = line.event.as_ref().map(FactId::to_string);
        Self { code: line.code.name(), order, month, amount: line.amount.minor_units(), event, days, because: because.collect() }
    }
}

impl StoredDocument {
    /// The document again. Facts are named by their names.
    ///
    /// # Errors
    /// If something of it means nothing.
    pub fn read(&self) -> Result<Document, StoredError> {
        let currency = Currency::new(&self.currency).map_err(|error| StoredError(error.to_string()))?;
        let lines: Vec<Line> = self.lines.iter().map(|line| line.read(currency)).collect::<Result<_, _>>()?;
        Ok(Document {
            kind: self.kind,
            run_at: parsed(&self.run_at)?,
            number: self.number.as_deref().map(Into::into),
            of: of(self.order.as_deref(), self.month.as_deref())?,
            total: Money::new(self.total, currency),
            lines,
            due: self.due.as_deref().map(parsed::<Day>).transpose()?,
        })
    }
}

impl StoredLine {
    fn read(&self, currency: Currency) -> Result<Line, StoredError> {
        let days = self.days.as_ref().map(|days| {
            Ok::<_, StoredError>(Days {
                unit: Money::new(days.unit, currency),
                count: days.count,
                added: days.added.iter().map(range).collect::<Result<_, _>>()?,
                removed: days.removed.iter().map(range).collect::<Result<_, _>>()?,
            })
        });
        Ok(Line {
            code: code(&self.code)?,
            of: of(self.order.as_deref(), self.month.as_deref())?,
            amount: Money::new(self.amount, currency),
            event: self.event.as_deref().map(named),
            days: days.transpose()?,
            because: self.because.iter().map(StoredBecause::read).collect::<Result<_, _>>()?,
        })
    }
}

impl StoredBecause {
    fn read(&self) -> Result<Because, StoredError> {
        Ok(Because {
            days: self.days.as_ref().map(range).transpose()?,
            why: self.why,
            events: self.events.iter().map(|event| named(event)).collect(),
            tariff: self.tariff.as_deref().map(Into::into),
        })
    }
}

fn written(range: DayRange) -> (String, String) {
    (range.first.to_string(), range.last.to_string())
}

fn range((first, last): &(String, String)) -> Result<DayRange, StoredError> {
    let (first, last): (Day, Day) = (parsed(first)?, parsed(last)?);
    if first <= last { Ok(DayRange { first, last }) } else { Err(StoredError(format!("days from {first} to {last}"))) }
}

fn named(event: &str) -> FactId {
    FactId::Name(event.into())
}

fn of(order: Option<&str>, month: Option<&str>) -> Result<Option<(crate::OrderId, Month)>, StoredError> {
    order.zip(month).map(|(order, month)| Ok((order.into(), parsed::<Month>(month)?))).transpose()
}

fn parsed<T: std::str::FromStr<Err = crate::calendar::CalendarError>>(text: &str) -> Result<T, StoredError> {
    text.parse().map_err(|error: crate::calendar::CalendarError| StoredError(error.to_string()))
}

fn code(name: &str) -> Result<LineCode, StoredError> {
    let codes = [Code::Install, Code::Replace, Code::Usage, Code::Waiver, Code::Cap];
    let of_codes = codes.into_iter().flat_map(|code| [LineCode::Charge(code), LineCode::Adjust(code)]);
    let mut all = of_codes.chain([LineCode::DepositRequest, LineCode::DepositRelease, LineCode::Damage]);
    all.find(|code| code.name() == name).ok_or_else(|| StoredError(format!("a line of code \"{name}\"")))
}
