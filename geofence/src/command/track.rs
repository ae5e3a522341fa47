//! TRACK.csv: rows of fixes, read one by one.

use super::CommandError;
use crate::fix::is_plausible_at;
use crate::{Fix, Timestamp};
use csv::StringRecord;
use std::io::Read;
use std::str::FromStr;

/// One row as written.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TrackRow {
    /// Whose.
    pub wearer: String,
    /// When the tag took it.
    pub taken_at: Timestamp,
    /// Degrees; may be out of range: the tag said so.
    pub latitude: Option<f64>,
    /// Degrees; may be out of range.
    pub longitude: Option<f64>,
    /// Metres.
    pub accuracy_m: Option<f64>,
    /// When the server read it.
    pub received_at: Option<Timestamp>,
}

impl TrackRow {
    /// The position, if it is valid (policy 8.2).
    pub fn fix(&self) -> Option<Fix> {
        let is_plausible = self.received_at.is_none_or(|received_at| is_plausible_at(self.taken_at, received_at));
        let fix = Fix::new(self.taken_at, self.latitude?, self.longitude?, self.accuracy_m)?;
        is_plausible.then_some(fix)
    }
}

/// Reads the rows of a track in the order of the file, in bounded memory.
pub struct TrackReader<R> {
    rows: csv::Reader<R>,
    columns: Columns,
    record: StringRecord,
}

struct Columns {
    wearer: usize,
    taken_at: usize,
    latitude: usize,
    longitude: usize,
    accuracy_m: usize,
    received_at: Option<usize>,
}

impl TrackRow {
    /// When the row counts if it has no valid position, and whether the tag's clock is off (policy 4, 8.2).
    pub(super) fn judged_at(&self) -> (Timestamp, bool) {
        match self.received_at {
            Some(received_at) if !is_plausible_at(self.taken_at, received_at) => (received_at, true),
            _ => (self.taken_at, false),
        }
    }
}

impl<R: Read> TrackReader<R> {
    /// Reads the header. Columns may come in any order; unknown ones are not looked at.
    ///
    /// # Errors
    /// If a column is missing or the file cannot be read.
    pub fn new(track: R) -> Result<Self, CommandError> {
        let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(track);
        let header = rows.headers()?;
        let column = |name: &'static str| header.iter().position(|column| column == name).ok_or(CommandError::Column(name));
        let columns = Columns {
            wearer: column("wearer")?,
            taken_at: column("taken_at")?,
            latitude: column("lat")?,
            longitude: column("lon")?,
            accuracy_m: column("accuracy_m")?,
            received_at: column("received_at").ok(),
        };
        Ok(Self { rows, columns, record: StringRecord::new() })
    }

    /// Reads the next row into `row`, whose memory is used again; `false` at the end.
    ///
    /// # Errors
    /// If the line cannot be read; the next call goes on behind it.
    pub fn read(&mut self, row: &mut TrackRow) -> Result<bool, CommandError> {
        if !self.rows.read_record(&mut self.record)? {
            return Ok(false);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        self.fill(row).map_err(|why| CommandError::Track { line, why })?;
        Ok(true)
    }

    fn fill(&self, row: &mut TrackRow) -> Result<(), String> {
        let columns = &self.columns;
        row.wearer.clear();
        row.wearer.push_str(&self.record[columns.wearer]);
        if row.wearer.is_empty() {
            return Err("wearer is empty".to_owned());
        }
        let time = "write a time such as 2026-11-22T09:00:00Z";
        row.taken_at = self.field("taken_at", columns.taken_at, time)?.ok_or(format!("taken_at is empty: {time}"))?;
        row.latitude = self.field("lat", columns.latitude, "write degrees, or nothing for no position")?;
        row.longitude = self.field("lon", columns.longitude, "write degrees, or nothing for no position")?;
        row.accuracy_m = self.field("accuracy_m", columns.accuracy_m, "write metres, or nothing for 15")?;
        if row.accuracy_m.is_some_and(f64::is_nan) {
            return Err("accuracy_m is no number: write metres, or nothing for 15".to_owned());
        }
        row.received_at = match columns.received_at {
            Some(column) => self.field("received_at", column, time)?,
            None => None,
        };
        Ok(())
    }

    fn field<T: FromStr>(&self, name: &str, column: usize, hint: &str) -> Result<Option<T>, String> {
        let text = &self.record[column];
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| format!("{name} \"{text}\" cannot be read: {hint}"))
    }
}

impl<R: Read> Iterator for TrackReader<R> {
    type Item = Result<TrackRow, CommandError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut row = TrackRow::default();
        self.read(&mut row).map(|more| more.then_some(row)).transpose()
    }
}
