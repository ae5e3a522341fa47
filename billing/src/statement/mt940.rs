//! SWIFT MT940: the fields :20: :25: :60F: :61: :86: :62F: (and the M forms of pages); others are passed over.

use super::cells::gregorian;
use super::fault::Why;
use super::letters::plain;
use super::{LINES_MAX, Line, Reading};
use crate::calendar::Day;
use crate::money::Money;
use chrono::NaiveDate;

/// A field: its tag, its text with its further lines, and where it begins.
struct Field<'a> {
    tag: &'a str,
    text: String,
    place: usize,
}

pub(super) fn read(text: &str, reading: &mut Reading) {
    let fields = fields(text);
    if !fields.iter().any(|field| field.tag == "20") {
        return reading.fault(1, Why::OtherFormat);
    }
    let mut page = Page::default();
    for field in &fields {
        page.take(field, reading);
    }
    page.end(reading);
}

/// Lines that begin with a tag, each with the lines behind it that do not.
fn fields(text: &str) -> Vec<Field<'_>> {
    let mut fields: Vec<Field<'_>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        // The envelope of SWIFT: {1:...}{2:...}{4: before, -} behind.
        let line = line.rfind("{4:").map_or(line, |begin| &line[begin + 3..]).trim_end();
        let tagged = line.strip_prefix(':').and_then(|rest| rest.split_once(':'));
        match tagged.filter(|(tag, _)| (2..=3).contains(&tag.len()) && tag.starts_with(|first: char| first.is_ascii_digit())) {
            Some((tag, text)) => fields.push(Field { tag, text: text.to_owned(), place: at + 1 }),
            None if ["", "-", "-}"].contains(&line) || line.starts_with('{') => {}
            None => {
                if let Some(field) = fields.last_mut() {
                    field.text.push('\n');
                    field.text.push_str(line);
                }
            }
        }
    }
    fields
}

/// One message, from its :20: to its :62F:.
#[derive(Default)]
struct Page {
    begun: Option<usize>,
    opening: Option<Money>,
    /// Where its lines begin among those of the file.
    first: usize,
    /// A line was the last field: what comes now may tell of it.
    in_line: bool,
}

impl Page {
    fn take(&mut self, field: &Field<'_>, reading: &mut Reading) {
        let (place, text) = (field.place, field.text.as_str());
        if reading.statement.lines.len() > LINES_MAX {
            return;
        }
        match field.tag {
            "20" => {
                std::mem::take(self).end(reading);
                *self = Self { begun: Some(place), first: reading.statement.lines.len(), ..Self::default() };
            }
            "25" => account(place, &plain(text), reading),
            "60F" | "60M" => self.opening = self.opens(place, text, reading),
            "61" => {
                let line = reading.or_note(place, movement(place, text));
                self.in_line = line.is_some();
                if let Some(line) = line {
                    reading.add(line);
                }
                return;
            }
            "86" if self.in_line => tell(text, reading),
            "62F" | "62M" => self.closes(place, text, reading),
            _ => {}
        }
        self.in_line = false;
    }

    fn opens(&self, place: usize, text: &str, reading: &mut Reading) -> Option<Money> {
        let (_, opening) = reading.or_note(place, balance(text, "60F"))?;
        match reading.statement.closing {
            Some(closing) if closing != opening => reading.fault(place, Why::Gap { opening, closing }),
            _ => {}
        }
        reading.statement.opening.get_or_insert(opening);
        Some(opening)
    }

    fn closes(&mut self, place: usize, text: &str, reading: &mut Reading) {
        self.begun = None;
        let Some((day, closing)) = reading.or_note(place, balance(text, "62F")) else { return };
        match self.opening {
            None => reading.fault(place, Why::Field("60F")),
            Some(opening) => {
                let movements: Vec<Money> = reading.statement.lines[self.first..].iter().map(|line| line.amount).collect();
                reading.balance(place, (opening, closing), movements.into_iter());
            }
        }
        (reading.statement.closing, reading.statement.closing_day) = (Some(closing), Some(day));
    }

    /// A message that began must have ended.
    fn end(self, reading: &mut Reading) {
        if let Some(place) = self.begun {
            reading.fault(place, Why::Field("62F"));
        }
    }
}

fn account(place: usize, account: &str, reading: &mut Reading) {
    let known = &mut reading.statement.account;
    if known.is_empty() {
        account.clone_into(known);
    } else if known != account {
        reading.fault(place, Why::OtherAccount(account.to_owned()));
    }
}

/// What :86: tells of the line before it.
fn tell(text: &str, reading: &mut Reading) {
    let Some(mut line) = reading.statement.lines.pop() else { return };
    line.text = plain(&format!("{} {text}", line.text));
    reading.add(line);
}

/// `C260901IRR1000000,`: credit or debit, day, currency, amount.
fn balance(text: &str, field: &'static str) -> Result<(Day, Money), Why> {
    let text = text.trim();
    let wrong = || Why::Field(field);
    let (sign, rest) = (text.get(..1).ok_or_else(wrong)?, text.get(1..).ok_or_else(wrong)?);
    let day = day(rest.get(..6).ok_or_else(wrong)?)?;
    let currency = rest.get(6..9).ok_or_else(wrong)?;
    if currency != "IRR" {
        return Err(Why::Currency(plain(currency)));
    }
    let rials = rials(rest.get(9..).ok_or_else(wrong)?)?;
    match sign {
        "C" => Ok((day, Money::rials(rials))),
        "D" => Ok((day, Money::rials(-rials))),
        _ => Err(wrong()),
    }
}

/// `2609010901C3000000,NTRF1200007//B7781` and in further lines what else the bank says: day, perhaps the day of entry, direction, perhaps a letter of the
/// currency, amount, kind, the payer's reference, the bank's.
fn movement(place: usize, text: &str) -> Result<Line, Why> {
    let wrong = || Why::Field("61");
    let (first, more) = text.split_once('\n').unwrap_or((text, ""));
    let day = day(first.get(..6).ok_or_else(wrong)?)?;
    let rest = first.get(6..).ok_or_else(wrong)?;
    let rest = if rest.bytes().take_while(u8::is_ascii_digit).count() == 4 { &rest[4..] } else { rest };
    // A reversed credit went out again, a reversed debit came back; E: expected, which a statement of what was booked may not have.
    let directions = [("RC", -1), ("RD", 1), ("C", 1), ("D", -1)];
    let (rest, sign) = directions.iter().find_map(|(mark, sign)| Some((rest.strip_prefix(mark)?, sign))).ok_or_else(wrong)?;
    let rest = rest.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(rest);
    let digits = rest.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b',').count();
    let rials = sign * rials(&rest[..digits])?;
    if rials == 0 {
        return Err(Why::InOrOut);
    }
    let references = rest.get(digits + 4..).ok_or_else(wrong)?;
    let (payer, bank) = references.split_once("//").unwrap_or((references, ""));
    let identifier = if payer == "NONREF" { String::new() } else { plain(payer) };
    Ok(Line { place, day, amount: Money::rials(rials), identifier, reference: plain(bank), text: plain(more) })
}

/// `260901`, of this century.
fn day(text: &str) -> Result<Day, Why> {
    let wrong = || Why::Date(plain(text));
    let number =
        |at: usize| text.get(at..at + 2).filter(|part| part.bytes().all(|digit| digit.is_ascii_digit())).and_then(|part| part.parse().ok());
    let (year, month, date) = (number(0).ok_or_else(wrong)?, number(2).ok_or_else(wrong)?, number(4).ok_or_else(wrong)?);
    NaiveDate::from_ymd_opt(2000 + year as i32, month, date).and_then(gregorian).ok_or_else(wrong)
}

/// `3000000,` or `3000000,00`: the comma is the decimal mark, and there are no parts of a rial.
fn rials(text: &str) -> Result<i64, Why> {
    let (whole, fraction) = text.split_once(',').unwrap_or((text, ""));
    let plain_digits = (1..=15).contains(&whole.len()) && whole.bytes().all(|digit| digit.is_ascii_digit());
    let is_whole = fraction.len() <= 2 && fraction.bytes().all(|digit| digit == b'0');
    whole.parse().ok().filter(|_| plain_digits && is_whole).ok_or_else(|| Why::Amount(plain(text)))
}
