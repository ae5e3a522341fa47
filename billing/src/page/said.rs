//! What the facts are on which a document rests, for a person who has only the paper: the leave and its decision, not the name of a row.

use super::words::Words;
use crate::calendar::Day;
use crate::fact::FactId;
use serde::{Deserialize, Serialize};

/// What a fact is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A leave was granted.
    Leave,
    /// A leave was shortened, withdrawn or annulled.
    LeaveEnded,
    /// An order rests, or use is suspended by a decision.
    Suspension,
    /// The regime of an order changed.
    Variation,
    /// A price class.
    Class,
    /// A waiver.
    Waiver,
    /// A class, a waiver or a suspension ended before its time, or never was.
    ReliefEnded,
    /// A tag was fitted.
    Installation,
    /// A tag was replaced.
    Replacement,
    /// The tag came off.
    Removal,
    /// Damage to the equipment was assessed.
    Damage,
    /// A deposit is required by a decision.
    Deposit,
    /// Who pays for a fitting was corrected by a decision.
    FeeCorrection,
    /// Anything else.
    #[default]
    Other,
}

/// One fact, as far as a reader needs it. Empty = not said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FactSaid {
    /// What it is.
    pub kind: FactKind,
    /// Its number in this house: of a leave, a damage.
    pub number: String,
    /// The day on which it happened or from which it holds, Solar Hijri: `1403/05/28`.
    pub day: String,
    /// Of a waiver: percent.
    pub percent: String,
    /// The number of the decision behind it.
    pub decision: String,
    /// The day of the decision, Solar Hijri.
    pub decided: String,
    /// Who decided.
    pub authority: String,
}

/// The words in which facts are said.
pub struct FactWords {
    /// What a fact is.
    pub kind: fn(FactKind) -> &'static str,
    /// Before a number.
    pub number: &'static str,
    /// Before a percentage, and behind it.
    pub percent: (&'static str, &'static str),
    /// Before the day from which it holds.
    pub day: &'static str,
    /// Before the number of a decision.
    pub decision: &'static str,
    /// Before its day.
    pub decided: &'static str,
    /// Before who decided.
    pub authority: &'static str,
}

impl Words {
    /// A fact in words, if the head of the document says what it is; else its name.
    pub fn fact(&self, id: &FactId, head: &super::Head) -> String {
        head.facts.get(&id.to_string()).map_or_else(|| id.to_string(), |said| self.said(said))
    }

    /// `مرخصی شمارهٔ ۷ از ۱۴۰۳/۰۳/۰۲ (تصمیم 12/34 مورخ ۱۴۰۳/۰۳/۰۱، دادسرای اوین)`.
    pub fn said(&self, said: &FactSaid) -> String {
        let (words, FactSaid { kind, number, day, percent, decision, decided, authority }) = (&self.facts, said);
        let mut text = (words.kind)(*kind).to_owned();
        let mut put = |before: &str, what: &str, after: &str| {
            if !what.is_empty() {
                text += &format!("{before}{what}{after}");
            }
        };
        put(words.percent.0, &self.digits(percent), words.percent.1);
        put(words.number, &self.digits(number), "");
        put(words.day, &self.dated(day), "");
        if !decision.is_empty() {
            put(" (", words.decision, "");
            put(" ", decision, "");
            put(words.decided, &self.dated(decided), "");
            put(words.authority, authority, "");
            put("", ")", "");
        }
        text
    }

    /// A day as the page writes days; what is none stays.
    fn dated(&self, day: &str) -> String {
        day.parse::<Day>().map_or_else(|_| day.to_owned(), |day| self.day(day))
    }
}
