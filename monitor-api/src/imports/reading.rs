//! From the bytes of a file to rows that can be done, and everything that is wrong with the others. No database.

use super::findings::{Findings, Place, WHOLE_FILE};
use super::headings::{Cells, Headings};
use super::kinds::{self, SheetKind};
use super::sheet::{ROWS_MAX, Sheet, SheetError};
use super::template::HELP_SHEETS;
use crate::language::current;
use crate::reason::{Reason, Wrong};
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use store::{EnrolmentError, ImportFile, ImportKind, ImportRow};
use tonic_types::StatusExt;

/// A file that was read.
pub struct Read {
    /// What is to be done.
    pub file: ImportFile,
    /// What is wrong.
    pub findings: Findings,
    /// Sheets and columns that mean nothing here.
    pub sheets_unread: Vec<String>,
    pub columns_unread: Vec<String>,
    /// The number of each good row in the file.
    numbers: Vec<u32>,
    source: Source,
}

/// What the rows were read from: a later mistake is shown with what stands there.
enum Source {
    Sheet(Sheet, Option<Headings>, &'static SheetKind),
    /// Of each good row the features, by number and zone.
    Features(Vec<Vec<(u32, String)>>),
}

impl Read {
    /// The number of a good row in the file.
    pub fn number(&self, at: usize) -> u32 {
        self.numbers.get(at).copied().unwrap_or_default()
    }

    /// Notes why the database refused a good row.
    pub fn refused(&self, at: usize, error: &EnrolmentError, findings: &mut Findings) {
        let status = crate::enrolment::refused("RunImport", error);
        if let Some(wrong) = status.get_details_bad_request().filter(|wrong| !wrong.field_violations.is_empty()) {
            for violation in &wrong.field_violations {
                findings.violation(self.field_place(at, &violation.field), violation);
            }
            return;
        }
        let code = status.get_details_error_info().map_or_else(|| Reason::Internal.code().to_owned(), |info| info.reason);
        findings.add(self.place(self.number(at), &code), &code, status.message());
    }

    /// Where a wrong field of a good row stands: of zones the field is the zone's name.
    fn field_place<'a>(&'a self, at: usize, field: &'a str) -> Place<'a> {
        let Source::Features(features) = &self.source else { return Place { row: self.number(at), column: field, cell: "" } };
        let named = features.get(at).and_then(|features| features.iter().find(|(_, zone)| zone == field));
        Place { row: named.map_or(self.number(at), |(number, _)| *number), column: "zone", cell: field }
    }

    fn place(&self, number: u32, code: &str) -> Place<'_> {
        let whole_row = Place { row: number, ..Place::default() };
        let Source::Sheet(sheet, Some(headings), kind) = &self.source else { return whole_row };
        let row = sheet.rows.binary_search_by_key(&number, |row| row.number).ok().map(|at| &sheet.rows[at]);
        row.map_or(whole_row, |row| Cells { headings, row }.place((kind.field_of)(code)))
    }
}

/// Reads a file. Findings are in the language of the call.
pub fn read(kind: ImportKind, bytes: &[u8], now: DateTime<Utc>) -> Read {
    let sha256 = Sha256::digest(bytes).into();
    let mut read = match kinds::sheet_kind(kind) {
        Some(kind) => read_sheet(kind, bytes, now),
        None => kinds::read_features(bytes).into(),
    };
    read.file.sha256 = sha256;
    read.file.findings = read.findings.count();
    read
}

impl From<kinds::Features> for Read {
    fn from(features: kinds::Features) -> Self {
        let file = ImportFile { sha256: [0; 32], rows: features.count, findings: 0, good: features.good };
        let numbers = features.features.iter().map(|features| features.first().map_or(0, |(number, _)| *number)).collect();
        let (findings, source) = (features.findings, Source::Features(features.features));
        Self { file, findings, sheets_unread: Vec::new(), columns_unread: Vec::new(), numbers, source }
    }
}

fn read_sheet(kind: &'static SheetKind, bytes: &[u8], now: DateTime<Utc>) -> Read {
    let mut findings = Findings::default();
    let sheet = Sheet::read(bytes).unwrap_or_else(|error| {
        note_unreadable(error, &mut findings);
        Sheet::default()
    });
    let headings = sheet.rows.first().and_then(|row| Headings::read(kind.columns, row, current(), &mut findings));
    let rows = sheet.rows.get(1..).unwrap_or_default();
    if rows.is_empty() && findings.count() == 0 {
        findings.note(Place::default(), Wrong::NoRows, &[]);
    }
    let mut reading = Reading { kind, now, findings, good: Vec::new(), numbers: Vec::new(), keys: HashMap::new() };
    if let Some(headings) = &headings {
        for row in rows {
            reading.row(&Cells { headings, row });
        }
    }
    let Reading { findings, good, numbers, .. } = reading;
    let file = ImportFile { sha256: [0; 32], rows: rows.len(), findings: 0, good };
    let sheets_unread = sheet.others.iter().filter(|name| !HELP_SHEETS.contains(&name.as_str())).cloned().collect();
    let columns_unread = headings.as_ref().map_or_else(Vec::new, |headings| headings.unread.clone());
    Read { file, findings, sheets_unread, columns_unread, numbers, source: Source::Sheet(sheet, headings, kind) }
}

struct Reading {
    kind: &'static SheetKind,
    now: DateTime<Utc>,
    findings: Findings,
    good: Vec<ImportRow>,
    numbers: Vec<u32>,
    /// In which row each key came first.
    keys: HashMap<String, u32>,
}

impl Reading {
    fn row(&mut self, cells: &Cells<'_>) {
        let before = self.findings.count();
        let lost: Vec<&str> = cells.digits_lost().collect();
        for field in &lost {
            self.findings.note(cells.place(field), Wrong::DigitsLost, &[]);
        }
        let read = (self.kind.read)(cells, self.now);
        for violation in read.as_ref().err().into_iter().flatten() {
            // Of a number that lost digits nothing else is worth saying.
            if !lost.contains(&violation.field.as_str()) {
                self.findings.violation(cells.place(&violation.field), violation);
            }
        }
        let Ok(row) = read else { return };
        for (field, key) in (self.kind.keys)(&row) {
            match self.keys.get(&key) {
                Some(first) => self.findings.note(cells.place(field), Wrong::RowTwice, &[("row", first.to_string())]),
                None => _ = self.keys.insert(key, cells.row.number),
            }
        }
        if self.findings.count() == before {
            self.good.push(row);
            self.numbers.push(cells.row.number);
        }
    }
}

fn note_unreadable(error: SheetError, findings: &mut Findings) {
    let (row, wrongness) = match error {
        SheetError::Empty => (WHOLE_FILE, Wrong::FileEmpty),
        SheetError::Format => (WHOLE_FILE, Wrong::FileFormat),
        SheetError::Encoding => (WHOLE_FILE, Wrong::FileEncoding),
        SheetError::Damaged => (WHOLE_FILE, Wrong::FileDamaged),
        SheetError::TooLarge => (WHOLE_FILE, Wrong::FileTooLarge),
        SheetError::OpenQuote(row) => (row, Wrong::QuoteOpen),
    };
    let args = if wrongness == Wrong::FileTooLarge { vec![("rows", ROWS_MAX.to_string())] } else { Vec::new() };
    findings.note(Place { row, ..Place::default() }, wrongness, &args);
}
