//! Reads the answer of `paband billing case FILE --explain`, or documents that were issued, as `Documents.RenderDocument` gives them in JSON. Here everything is checked; beyond there are only billing's own types.

use billing::calendar::{CalendarError, Day, DayRange, Moment, Month};
use billing::page::Head;
use billing::{Because, Currency, Days, Document, FactId, Kind, Line, LineCode, Money, OrderId, Why};
use serde::Deserialize;

/// Longest answer, bytes. A longer one is refused: it is not one person's.
pub const ANSWER_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Why there is nothing to print. Says what to do.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// Not JSON, or another shape.
    #[error(
        "this is no answer of billing ({0}): write it with `paband billing case FILE --explain`, or take the JSON of an issued document"
    )]
    Shape(#[from] serde_json::Error),
    /// Written without the reasons.
    #[error("the currency of the amounts is missing: write the file with `paband billing case FILE --explain`, not without --explain")]
    NoCurrency,
    /// Nothing in it.
    #[error("there is no document in it: nothing is due yet")]
    NoDocuments,
    /// One document means nothing. They are counted from 1.
    #[error("document {0}: {1}: the file was changed by hand or is from another version; write it again")]
    Document(usize, String),
    /// None of that number.
    #[error("there is no document {0}: there are {1}")]
    NoSuchNumber(String, String),
}

/// A document with what its paper says beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The document.
    pub document: Document,
    /// What is not paid yet; `None` for what is not to be paid.
    pub open: Option<Money>,
    /// Whose it is, and who issues it.
    pub head: Head,
}

impl Stated {
    /// Its number, or its kind if it has none.
    pub fn title(&self) -> &str {
        self.document.title()
    }
}

/// Reads all documents of an answer that are not void. The heads are the document's own `head`, else the answer's, else `head`; without a file reference the case's name is
/// it.
///
/// # Errors
/// If it is no such answer, or a document contradicts itself.
pub fn read(text: &str, head: Option<&Head>) -> Result<Vec<Stated>, CaseError> {
    let answer: Answer = serde_json::from_str(text)?;
    let currency =
        Currency::new(&answer.currency.ok_or(CaseError::NoCurrency)?).map_err(|error| CaseError::Document(1, error.to_string()))?;
    let mut common = answer.head.or_else(|| head.cloned()).unwrap_or_default();
    if common.reference.is_empty() {
        common.reference = answer.case.unwrap_or_default();
    }
    let stated = |(place, document): (usize, DocumentView)| {
        document.read(currency, &common).map_err(|fault| CaseError::Document(place + 1, fault.0))
    };
    // Nobody is handed what is void.
    let stands = |(_, document): &(usize, DocumentView)| document.status.as_deref() != Some("void");
    let all: Vec<Stated> = answer.documents.into_iter().enumerate().filter(stands).map(stated).collect::<Result<_, _>>()?;
    if all.is_empty() { Err(CaseError::NoDocuments) } else { Ok(all) }
}

/// The document of one number alone.
///
/// # Errors
/// If there is none; the error lists the numbers that there are.
pub fn only(documents: Vec<Stated>, number: &str) -> Result<Stated, CaseError> {
    let there = documents.iter().map(Stated::title).collect::<Vec<_>>().join(", ");
    let found = documents.into_iter().find(|stated| stated.document.number.as_deref() == Some(number));
    found.ok_or_else(|| CaseError::NoSuchNumber(number.to_owned(), there))
}

/// What is wrong within a document.
struct Fault(String);

impl From<CalendarError> for Fault {
    fn from(error: CalendarError) -> Self {
        Self(error.to_string())
    }
}

impl From<billing::MoneyError> for Fault {
    fn from(error: billing::MoneyError) -> Self {
        Self(error.to_string())
    }
}

#[derive(Deserialize)]
struct Answer {
    case: Option<String>,
    head: Option<Head>,
    currency: Option<String>,
    documents: Vec<DocumentView>,
}

#[derive(Deserialize)]
struct DocumentView {
    kind: Kind,
    run_at: MomentView,
    month: Option<String>,
    order: Option<String>,
    total: i64,
    lines: Vec<LineView>,
    number: Option<String>,
    due: Option<DayView>,
    open: Option<i64>,
    status: Option<String>,
    head: Option<Head>,
}

#[derive(Deserialize)]
struct MomentView {
    utc: String,
}

/// One day, or `first..last`.
#[derive(Deserialize)]
struct DayView {
    jalali: String,
}

#[derive(Deserialize)]
struct LineView {
    code: String,
    order: Option<String>,
    month: Option<String>,
    amount: i64,
    event: Option<String>,
    unit: Option<i64>,
    days: Option<i64>,
    #[serde(default)]
    ranges: Vec<DayView>,
    #[serde(default)]
    ranges_removed: Vec<DayView>,
    #[serde(default)]
    because: Vec<BecauseView>,
}

#[derive(Deserialize)]
struct BecauseView {
    days: Option<DayView>,
    code: Why,
    #[serde(default)]
    events: Vec<String>,
    tariff: Option<String>,
}

impl DocumentView {
    fn read(self, currency: Currency, common: &Head) -> Result<Stated, Fault> {
        let money = |amount| Money::new(amount, currency);
        let lines: Vec<Line> = self.lines.into_iter().map(|line| line.read(currency)).collect::<Result<_, _>>()?;
        let (total, sum) = (money(self.total), Money::sum(currency, lines.iter().map(|line| line.amount))?);
        if total != sum {
            return Err(Fault(format!("its lines sum to {sum}, but it says {total}")));
        }
        let document = Document {
            kind: self.kind,
            run_at: self.run_at.utc.parse::<Moment>()?,
            number: self.number.map(Into::into),
            of: of(self.order, self.month.as_deref())?,
            total,
            lines,
            due: self.due.map(|day| day.jalali.parse::<Day>()).transpose()?,
        };
        Ok(Stated { document, open: self.open.map(money), head: self.head.unwrap_or_else(|| common.clone()) })
    }
}

impl LineView {
    fn read(self, currency: Currency) -> Result<Line, Fault> {
        let days = self.days.map(|count| {
            let unit = self.unit.ok_or_else(|| Fault(format!("a line of code \"{}\" has days, but no price of a day", self.code)))?;
            Ok::<_, Fault>(Days {
                unit: Money::new(unit, currency),
                count,
                added: ranges(&self.ranges)?,
                removed: ranges(&self.ranges_removed)?,
            })
        });
        Ok(Line {
            code: LineCode::named(&self.code).ok_or_else(|| Fault(format!("there are no lines of code \"{}\"", self.code)))?,
            of: of(self.order, self.month.as_deref())?,
            amount: Money::new(self.amount, currency),
            event: self.event.map(named),
            days: days.transpose()?,
            because: self.because.into_iter().map(BecauseView::read).collect::<Result<_, _>>()?,
        })
    }
}

impl BecauseView {
    fn read(self) -> Result<Because, Fault> {
        Ok(Because {
            days: self.days.as_ref().map(range).transpose()?,
            why: self.code,
            events: self.events.into_iter().map(named).collect(),
            tariff: self.tariff.map(Into::into),
        })
    }
}

fn named(event: String) -> FactId {
    FactId::Name(event.into())
}

fn of(order: Option<String>, month: Option<&str>) -> Result<Option<(OrderId, Month)>, Fault> {
    order.zip(month).map(|(order, month)| Ok((order.into(), month.parse::<Month>()?))).transpose()
}

fn ranges(days: &[DayView]) -> Result<Vec<DayRange>, Fault> {
    days.iter().map(range).collect()
}

fn range(days: &DayView) -> Result<DayRange, Fault> {
    let (first, last) = days.jalali.split_once("..").unwrap_or((&days.jalali, &days.jalali));
    let (first, last): (Day, Day) = (first.parse()?, last.parse()?);
    if first <= last { Ok(DayRange { first, last }) } else { Err(Fault(format!("days from {first} to {last}"))) }
}
