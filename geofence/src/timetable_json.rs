//! Timetables as staff write them: the JSON of policy 7 and 8.14.

use crate::timetable::{Exception, Hours, Row, Timetable};
use chrono::{NaiveDate, Weekday};
use geojson::JsonValue;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowText {
    days: Vec<String>,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionText {
    date: String,
    from: String,
    to: String,
    on: bool,
}

/// Reads the properties `timetable` and `exceptions`; `None` = always. An error names the property and says what is wrong.
pub(crate) fn read(timetable: Option<&JsonValue>, exceptions: Option<&JsonValue>) -> Result<Option<Timetable>, (&'static str, String)> {
    let rows = match timetable {
        None => None,
        Some(JsonValue::String(text)) if text == "always" => None,
        Some(rows) => {
            Some(list(rows, row).map_err(|why| ("timetable", format!("{why}; it is \"always\" or a list of rows such as {ROW}")))?)
        }
    };
    let exceptions = exceptions.map_or(Ok(Vec::new()), |rows| list(rows, exception));
    let exceptions = exceptions.map_err(|why| ("exceptions", format!("{why}; a row is such as {EXCEPTION}")))?;
    Ok((rows.is_some() || !exceptions.is_empty()).then_some(Timetable { rows, exceptions }))
}

const ROW: &str = r#"{"days":["sat","sun"],"from":"22:00","to":"06:00"}"#;
const EXCEPTION: &str = r#"{"date":"2022-03-21","from":"10:00","to":"12:00","on":false}"#;

fn list<'a, T: Deserialize<'a>, R>(value: &'a JsonValue, read: fn(T) -> Result<R, String>) -> Result<Vec<R>, String> {
    let rows = value.as_array().ok_or("must be a list")?;
    let read_row = |(index, row): (usize, &'a JsonValue)| {
        T::deserialize(row).map_err(|error| error.to_string()).and_then(read).map_err(|why| format!("row {}: {why}", index + 1))
    };
    rows.iter().enumerate().map(read_row).collect()
}

fn row(text: RowText) -> Result<Row, String> {
    if text.days.is_empty() {
        return Err("days is empty".to_owned());
    }
    let days = text.days.iter().map(|day| weekday(day)).collect::<Result<_, _>>()?;
    Ok(Row { days, hours: hours(&text.from, &text.to)? })
}

fn exception(text: ExceptionText) -> Result<Exception, String> {
    let date: NaiveDate = text.date.parse().map_err(|_| format!("date \"{}\" is not like 2022-03-21", text.date))?;
    Ok(Exception { date, hours: hours(&text.from, &text.to)?, on: text.on })
}

fn weekday(name: &str) -> Result<Weekday, String> {
    match name {
        "sat" => Ok(Weekday::Sat),
        "sun" => Ok(Weekday::Sun),
        "mon" => Ok(Weekday::Mon),
        "tue" => Ok(Weekday::Tue),
        "wed" => Ok(Weekday::Wed),
        "thu" => Ok(Weekday::Thu),
        "fri" => Ok(Weekday::Fri),
        other => Err(format!("day \"{other}\" is none of sat, sun, mon, tue, wed, thu, fri")),
    }
}

fn hours(from: &str, to: &str) -> Result<Hours, String> {
    Ok(Hours { from: minutes(from)?, to: minutes(to)? })
}

/// `HH:MM`, 00:00 to 24:00.
fn minutes(text: &str) -> Result<u16, String> {
    let parse = || {
        let (hour, minute) = text.split_once(':')?;
        let digits = |part: &str| (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit())).then(|| part.parse::<u16>().ok())?;
        let (hour, minute) = (digits(hour)?, digits(minute)?);
        (minute < 60 && hour * 60 + minute <= 1440).then_some(hour * 60 + minute)
    };
    parse().ok_or_else(|| format!("time \"{text}\" is not HH:MM from 00:00 to 24:00"))
}
