//! A bank's file and the filter of lines, checked field by field; and what is wrong with a line of a file.

use super::money_asked::{slip_asked, states};
use super::money_refused::unreadable;
use super::shown::page_asked;
use crate::fields::{Fields, REFERENCE_MAX};
use crate::reason::Wrong;
use crate::status::wrong;
use billing::calendar::{Day, Moment};
use billing::statement::{Fault, Format, LINES_MAX, TEXT_MAX, Why, read};
use chrono::{DateTime, Utc};
use proto::billing as schema;
use store::{LineFilter, LineState, NewStatement};
use tonic::Status;
use tonic_types::FieldViolation;

/// Bytes of a statement. A longer one is refused: split it by days.
pub(crate) const STATEMENT_BYTES_MAX: usize = 1024 * 1024;
/// Longest name of an account, characters.
const ACCOUNT_MAX: usize = 100;

pub(super) fn import_asked(asked: &schema::ImportStatementRequest, now: DateTime<Utc>) -> Result<NewStatement, Status> {
    let mut fields = Fields::default();
    let unit = fields.text("unit", &asked.unit, REFERENCE_MAX);
    let account = fields.text("account", &asked.account, ACCOUNT_MAX);
    let format = match asked.format() {
        schema::StatementFormat::Csv => Some((Format::Csv, "csv")),
        schema::StatementFormat::Mt940 => Some((Format::Mt940, "mt940")),
        schema::StatementFormat::Camt053 => Some((Format::Camt053, "camt053")),
        schema::StatementFormat::Unspecified => None,
    };
    if format.is_none() {
        fields.note("format", Wrong::UnknownChoice, &[("value", asked.format.to_string())]);
    }
    let bytes = asked.file.len();
    if bytes > STATEMENT_BYTES_MAX {
        fields.note("file", Wrong::TooLong, &[("max", STATEMENT_BYTES_MAX.to_string()), ("length", bytes.to_string())]);
    }
    fields.check()?;
    let (format, name) = format.unwrap_or((Format::Csv, "csv"));
    let statement = read(format, &asked.file, today(now)).map_err(|faults| unreadable(&faults))?;
    Ok(NewStatement { unit, account, is_new_account: asked.new_account, format: name, statement })
}

/// The civil day in Tehran. A clock outside the years that are reckoned lets every day pass.
fn today(now: DateTime<Utc>) -> Day {
    Moment::try_from(now).map(Moment::day).unwrap_or_else(|_| Day::new(1499, 1, 1).expect("there is a first of Farvardin"))
}

/// What is wrong with a line of a file, as a wrong field.
pub(super) fn wrong_line(fault: &Fault) -> FieldViolation {
    let (wrongness, args): (Wrong, Vec<(&str, String)>) = match &fault.why {
        Why::Empty => (Wrong::FileEmpty, vec![]),
        Why::Encoding => (Wrong::StatementEncoding, vec![]),
        Why::OtherFormat => (Wrong::StatementFormat, vec![]),
        Why::QuoteOpen => (Wrong::QuoteOpen, vec![]),
        Why::HeadingMissing(heading) => (Wrong::StatementHeading, vec![("heading", (*heading).to_owned())]),
        Why::HeadingTwice(heading) => (Wrong::HeadingTwice, vec![("heading", heading.clone())]),
        Why::NoLines => (Wrong::NoRows, vec![]),
        Why::TooManyLines => (Wrong::StatementTooLong, vec![("max", LINES_MAX.to_string())]),
        Why::TextTooLong => (Wrong::StatementText, vec![("max", TEXT_MAX.to_string())]),
        Why::Date(_) => (Wrong::NoDate, vec![]),
        Why::InFuture(_) => (Wrong::InFuture, vec![]),
        Why::Amount(text) => (Wrong::NotAnAmount, vec![("value", text.clone())]),
        Why::InOrOut => (Wrong::StatementInOrOut, vec![]),
        Why::Currency(code) => (Wrong::StatementCurrency, vec![("value", code.clone())]),
        Why::Field(name) => (Wrong::StatementField, vec![("name", (*name).to_owned())]),
        Why::OtherAccount(account) => (Wrong::StatementAccount, vec![("account", account.clone())]),
        Why::Balance { opening, moved, closing } => {
            let args = [("opening", opening), ("moved", moved), ("closing", closing)];
            (Wrong::StatementBalance, args.map(|(name, amount)| (name, amount.minor_units().to_string())).to_vec())
        }
        Why::Gap { opening, closing } => {
            let args = [("opening", opening), ("closing", closing)];
            (Wrong::StatementGap, args.map(|(name, amount)| (name, amount.minor_units().to_string())).to_vec())
        }
        Why::Sum => (Wrong::StatementSum, vec![]),
    };
    wrong(format!("lines[{}]", fault.place), wrongness, &args)
}

pub(super) fn lines_asked(asked: &schema::ListStatementLinesRequest) -> Result<LineFilter, Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, REFERENCE_MAX);
    let state = |number| {
        Some(match schema::StatementLineState::try_from(number).ok()? {
            schema::StatementLineState::Unspecified => return None,
            schema::StatementLineState::Waiting => LineState::Waiting,
            schema::StatementLineState::Matched => LineState::Matched,
            schema::StatementLineState::SetAside => LineState::SetAside,
            schema::StatementLineState::Outgoing => LineState::Outgoing,
        })
    };
    let states = states(&mut fields, &asked.states, state);
    let from = fields.optional_date("from", asked.from.as_ref());
    let to = fields.optional_date("to", asked.to.as_ref());
    let after = token_read(&asked.page_token);
    if after.is_none() {
        fields.note("page_token", Wrong::PageTokenForeign, &[]);
    }
    let (begins, amount) = slip_asked(&mut fields, &asked.begins_with, asked.amount.as_ref());
    let limit = page_asked(&mut fields, asked.page_size);
    fields.check()?;
    Ok(LineFilter { unit, states, statement_id: asked.statement_id, from, to, begins, amount, after: after.flatten(), limit })
}

/// Where the next page of lines begins: whether its lines wait no more, and after which.
pub(super) fn token(is_over: bool, line_id: i64) -> String {
    format!("{}-{line_id}", u8::from(is_over))
}

fn token_read(token: &str) -> Option<Option<(bool, i64)>> {
    if token.is_empty() {
        return Some(None);
    }
    let (is_over, line_id) = token.split_once('-')?;
    let is_over = ["0", "1"].contains(&is_over).then_some(is_over == "1")?;
    Some(Some((is_over, line_id.parse().ok().filter(|line_id| *line_id > 0)?)))
}

#[cfg(test)]
mod tests {
    use super::{token, token_read};

    #[test]
    fn a_token_of_lines_leads_back() {
        for place in [(false, 7), (true, i64::MAX)] {
            assert_eq!(token_read(&token(place.0, place.1)), Some(Some(place)));
        }
        assert_eq!(token_read(""), Some(None));
        for foreign in ["7", "2-7", "1-", "1-0", "1--7", "-", "x"] {
            assert_eq!(token_read(foreign), None, "{foreign}");
        }
    }
}
