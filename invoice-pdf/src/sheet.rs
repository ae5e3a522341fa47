//! A document in words: everything that its paper says, ready to be laid out.

use crate::case::Stated;
use crate::run::{Run, ltr, outside, plain};
use crate::words::PaperWords;
use billing::calendar::{Day, DayRange};
use billing::page::{Head, Language, Words};
use billing::{Because, Days, Line, Money};
use serde::Serialize;

/// What the template reads: the sheets of one file, and the words around them.
#[derive(Serialize)]
pub struct Paper {
    lang: &'static str,
    dir: &'static str,
    pub(crate) title: String,
    pub(crate) author: String,
    words: &'static PaperWords,
    columns: [&'static str; 5],
    total: &'static str,
    reasons: &'static str,
    note: &'static str,
    pub(crate) sheets: Vec<Sheet>,
}

/// One document.
#[derive(Serialize)]
pub(crate) struct Sheet {
    kind: &'static str,
    number: Option<Run>,
    facts: Vec<(&'static str, Vec<Run>)>,
    currency: Run,
    rows: Vec<Row>,
    total: Vec<Run>,
    spelled: Option<String>,
    reasons: Vec<Reason>,
}

/// One line of a document.
#[derive(Serialize)]
struct Row {
    what: String,
    month: String,
    count: Vec<Run>,
    ranges: Vec<Vec<Run>>,
    unit: Option<Run>,
    amount: Run,
}

/// Why a line is as it is.
#[derive(Serialize)]
struct Reason {
    what: String,
    days: Vec<Run>,
    why: Vec<Run>,
    rule: Vec<Run>,
}

impl Paper {
    /// Documents in one language.
    pub fn of(documents: &[Stated], language: Language) -> Self {
        let speaker = Speaker { words: Words::of(language), paper: PaperWords::of(language) };
        let words = speaker.words;
        Self {
            lang: words.lang,
            dir: words.dir,
            title: speaker.title(documents),
            author: documents.first().map_or(String::new(), |stated| stated.head.centre.clone()),
            words: speaker.paper,
            columns: words.labels.columns,
            total: words.labels.total,
            reasons: words.labels.reasons,
            note: words.objection,
            sheets: documents.iter().map(|stated| speaker.sheet(stated)).collect(),
        }
    }
}

/// Says things in one language.
struct Speaker {
    words: &'static Words,
    paper: &'static PaperWords,
}

impl Speaker {
    /// The file's name for itself.
    fn title(&self, documents: &[Stated]) -> String {
        let titled = |stated: &Stated| {
            let kind = (self.words.kind)(stated.document.kind);
            stated.document.number.as_ref().map_or(kind.to_owned(), |number| format!("{kind} {number}"))
        };
        match documents {
            [] => String::new(),
            [only] => titled(only),
            [first, .., last] => format!("{} {} {}", titled(first), self.words.until, titled(last)),
        }
    }

    fn sheet(&self, stated: &Stated) -> Sheet {
        let (words, document) = (self.words, &stated.document);
        Sheet {
            kind: (words.kind)(document.kind),
            number: document.number.as_deref().map(ltr),
            facts: self.facts(stated),
            currency: plain(words.unit(document.total.currency())),
            rows: document.lines.iter().map(|line| self.row(line)).collect(),
            total: self.money(document.total),
            spelled: (words.spelled)(document.total),
            reasons: document
                .lines
                .iter()
                .flat_map(|line| line.because.iter().map(|because| self.reason(line, because, &stated.head)))
                .collect(),
        }
    }

    /// What stands over the lines, each with its heading; what is not said is left out.
    fn facts(&self, stated: &Stated) -> Vec<(&'static str, Vec<Run>)> {
        let (label, Stated { document, open, head }) = (&self.words.labels, stated);
        let text = |text: &str| (!text.is_empty()).then(|| vec![outside(text)]);
        let month = document.of.as_ref().map(|(_, month)| vec![plain(self.words.month(*month))]);
        let rows = [
            (label.name, text(&head.name)),
            (label.reference, text(&head.reference)),
            (label.centre, text(&head.centre)),
            (label.issued, Some(self.both(document.run_at.day()))),
            (label.month, month),
            (label.due, document.due.map(|day| self.both(day))),
            (label.open, open.map(|open| self.money(open))),
            (label.account, open.and_then(|_| text(&head.account))),
            (label.holder, open.and_then(|_| text(&head.holder))),
            (label.payment, open.and_then(|_| text(&head.payment))),
            (label.how, open.and_then(|_| text(&head.how.join(" ")))),
        ];
        rows.into_iter().filter_map(|(label, value)| Some((label, value?))).collect()
    }

    /// A day in both calendars.
    fn both(&self, day: Day) -> Vec<Run> {
        if !self.words.is_persian {
            return vec![self.day(day)];
        }
        let gregorian = self.words.digits(&day.gregorian().format("%Y/%m/%d").to_string());
        vec![self.day(day), plain(" ("), ltr(gregorian), plain(format!(" {})", self.paper.gregorian))]
    }

    /// A date, never broken at the end of a line.
    fn day(&self, day: Day) -> Run {
        ltr(self.words.day(day).replace(' ', "\u{a0}"))
    }

    fn range(&self, DayRange { first, last }: DayRange) -> Vec<Run> {
        if first == last { vec![self.day(first)] } else { vec![self.day(first), plain(format!(" {} ", self.words.until)), self.day(last)] }
    }

    fn money(&self, amount: Money) -> Vec<Run> {
        vec![ltr(self.words.number(amount)), plain(format!(" {}", self.words.unit(amount.currency())))]
    }

    fn row(&self, line: &Line) -> Row {
        let (count, ranges) = line.days.as_ref().map_or((vec![], vec![]), |days| self.days(days));
        Row {
            what: (self.words.line)(line.code),
            month: line.of.as_ref().map_or(String::new(), |(_, month)| self.words.month(*month)),
            count,
            ranges,
            unit: line.days.as_ref().map(|days| ltr(self.words.number(days.unit))),
            amount: ltr(self.words.number(line.amount)),
        }
    }

    /// How many days, and which came to the bill or left it.
    fn days(&self, Days { count, added, removed, .. }: &Days) -> (Vec<Run>, Vec<Vec<Run>>) {
        let words = self.words;
        let count = vec![ltr(words.digits(&count.to_string()).replace('-', "\u{2212}")), plain(format!(" {}", words.days))];
        let came = added.iter().map(|range| self.range(*range));
        let left = removed.iter().map(|range| [vec![plain(format!("{} ", words.taken_back))], self.range(*range)].concat());
        (count, came.chain(left).collect())
    }

    fn reason(&self, line: &Line, because: &Because, head: &Head) -> Reason {
        let words = self.words;
        let mut why = vec![plain((words.why)(because.why))];
        for (place, event) in because.events.iter().enumerate() {
            let before = if place == 0 { format!("{}{} ", words.comma, words.decided_by) } else { words.comma.to_owned() };
            why.extend([plain(before), outside(&words.fact(event, head))]);
        }
        if let Some(tariff) = &because.tariff {
            why.extend([plain(format!("{}{} ", words.comma, words.tariff)), outside(&words.digits(tariff))]);
        }
        Reason {
            what: (words.line)(line.code),
            days: because.days.map_or(vec![], |range| self.range(range)),
            why,
            rule: vec![plain(format!("({} ", words.rule)), ltr(because.why.rule()), plain(")")],
        }
    }
}
