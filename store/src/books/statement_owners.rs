//! Whose money a line of a statement is, by the bill ids and invoices that it names, and in which of a person's files it is booked.

use super::statement_match::Sought;
use crate::StoreError;
use access::Caller;
use billing::statement::Named;
use std::collections::{BTreeSet, HashMap, HashSet};
use tokio_postgres::{Row, Transaction};

const CODES: &str = "SELECT company, service FROM bill_codes";
/// Files by their numbers, as a bill id names them; of each the one in which it goes on, and whether that is within reach.
const OF_FILES: &str = "
    SELECT f.wearer_id, coalesce(f.merged_into, f.wearer_id),
        EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = coalesce(m.unit_id, f.unit_id) AND r.above_id = ANY ($2))
    FROM wearers f LEFT JOIN wearers m ON m.wearer_id = f.merged_into
    WHERE f.wearer_id = ANY ($1) AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (f.unit_id, m.unit_id) AND r.above_id = ANY ($2))";
const OF_INVOICES: &str = "
    SELECT w.wearer_id, coalesce(w.merged_into, w.wearer_id), true, d.number
    FROM billing_documents d JOIN wearers w USING (wearer_id) LEFT JOIN wearers m ON m.wearer_id = w.merged_into
    WHERE d.number = ANY ($1) AND d.kind IN ('invoice', 'damage_invoice')
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id IN (w.unit_id, m.unit_id) AND r.above_id = ANY ($2))";
/// What is open in files, rials.
const OPEN: &str = "
    SELECT e.wearer_id, sum(p.amount)::bigint FROM ledger_entries e JOIN ledger_postings p USING (entry_id)
    WHERE e.wearer_id = ANY ($1) AND p.account = 'assets:receivable' GROUP BY e.wearer_id HAVING sum(p.amount) > 0";

/// A file, and the one in which it goes on: both are one person's.
#[derive(Clone, Copy)]
struct File {
    wearer_id: i64,
    goes_on: i64,
    reaches_on: bool,
}

/// Whose a line is.
pub(super) enum Owner {
    /// It is booked in this file.
    File(i64),
    /// It names files that were merged: the first one in which something is open, else the one that goes on if that is within reach.
    Merged { files: Vec<i64>, goes_on: Option<i64> },
}

impl Owner {
    /// Every file in which it may be booked.
    pub(super) fn files(&self) -> Vec<i64> {
        match self {
            Self::File(file) => vec![*file],
            Self::Merged { files, goes_on } => files.iter().chain(goes_on).copied().collect(),
        }
    }
}

/// Whose each bill id and each invoice is, within the caller's reach.
pub(super) struct Owners {
    codes: HashSet<(u16, u8)>,
    of_files: HashMap<i64, File>,
    of_invoices: HashMap<String, File>,
}

impl Owners {
    pub(super) async fn of(transaction: &Transaction<'_>, caller: &Caller, sought: &[Sought<'_>]) -> Result<Self, StoreError> {
        let rows = transaction.query(CODES, &[]).await?;
        let codes = rows.iter().map(|row| (row.get::<_, i16>(0) as u16, row.get::<_, i16>(1) as u8));
        // What was printed before the Central Bank gave codes is still paid.
        let codes: HashSet<(u16, u8)> = codes.chain([(0, 0)]).collect();
        let mut files: Vec<i64> = sought.iter().flat_map(|sought| &sought.named.bills).map(|bill| i64::from(bill.parts().0)).collect();
        files.sort_unstable();
        files.dedup();
        let numbers: Vec<&str> = sought.iter().flat_map(|sought| &sought.named.invoices).map(String::as_str).collect();
        let of_files = transaction.query(OF_FILES, &[&files, &caller.roots]).await?;
        let of_invoices = transaction.query(OF_INVOICES, &[&numbers, &caller.roots]).await?;
        let file = |row: &Row| File { wearer_id: row.get(0), goes_on: row.get(1), reaches_on: row.get(2) };
        Ok(Self {
            codes,
            of_files: of_files.iter().map(|row| (row.get(0), file(row))).collect(),
            of_invoices: of_invoices.iter().map(|row| (row.get(3), file(row))).collect(),
        })
    }

    /// The one person whom everything in a line names. None if a name is nobody's (a digit may be wrong in it), or its invoices are in two files.
    pub(super) fn of_line(&self, named: &Named) -> Option<Owner> {
        let ours = named.bills.iter().map(|bill| bill.parts()).filter(|(_, company, service)| self.codes.contains(&(*company, *service)));
        let of_bills: Vec<File> = ours.map(|(file, ..)| self.of_files.get(&i64::from(file)).copied()).collect::<Option<_>>()?;
        let of_invoices: Vec<File> = named.invoices.iter().map(|number| self.of_invoices.get(number).copied()).collect::<Option<_>>()?;
        let persons: BTreeSet<i64> = of_bills.iter().chain(&of_invoices).map(|file| file.goes_on).collect();
        let (first, 1) = (of_bills.iter().chain(&of_invoices).next()?, persons.len()) else { return None };
        match of_invoices.first() {
            Some(file) if of_invoices.iter().all(|other| other.wearer_id == file.wearer_id) => Some(Owner::File(file.wearer_id)),
            Some(_) => None,
            None => {
                let files: Vec<i64> = of_bills.iter().map(|file| file.wearer_id).filter(|file| *file != first.goes_on).collect();
                let goes_on = Some(first.goes_on).filter(|_| first.reaches_on);
                Some(if files.is_empty() { Owner::File(first.goes_on) } else { Owner::Merged { files, goes_on } })
            }
        }
    }
}

/// In which file each of these lines is booked; the files are locked. A line that is left out is nobody's within reach.
pub(super) async fn booked<'l>(
    transaction: &Transaction<'_>,
    lines: Vec<(&'l Sought<'l>, Owner)>,
) -> Result<Vec<(&'l Sought<'l>, i64)>, StoreError> {
    let merged = lines.iter().filter(|(_, owner)| matches!(owner, Owner::Merged { .. }));
    let merged: Vec<i64> = merged.flat_map(|(_, owner)| owner.files()).collect();
    let mut open: HashMap<i64, i64> = HashMap::new();
    if !merged.is_empty() {
        open.extend(transaction.query(OPEN, &[&merged]).await?.iter().map(|row| (row.get::<_, i64>(0), row.get::<_, i64>(1))));
    }
    let mut booked = Vec::new();
    for (sought, owner) in lines {
        let file = match owner {
            Owner::File(file) => Some(file),
            Owner::Merged { files, goes_on } => files.into_iter().find(|file| open.get(file).is_some_and(|open| *open > 0)).or(goes_on),
        };
        let Some(file) = file else { continue };
        // What the lines before pay is open no more.
        open.entry(file).and_modify(|open| *open -= sought.line.amount.minor_units());
        booked.push((sought, file));
    }
    Ok(booked)
}
