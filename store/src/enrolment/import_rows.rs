//! The rows of a file, done one after the other in one transaction: kept as a whole or taken back as a whole. A row that is refused takes back only itself, so
//! that the next one is tried as well.

use super::import_known::{order_known, reference_of, tag_known, wearer_known};
use super::imports::{Import, ImportCheck, ImportState, forget, one, own};
use super::inventory::tag_register;
use super::orders::order_record;
use super::wearers::wearer_create_beside;
use super::zones::whom_locked;
use super::{EnrolmentError, Eyes, NewOrder, NewWearer, ZoneChange, zone_change};
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use enrolment::{NationalId, NewTag};
use geojson::Feature;

/// Rows tried together. If one of them is refused they are done again one by one, each so that it can be taken back alone: to be ready for that
/// with every row would cost a good file most of its time.
const TOGETHER: usize = 50;

const CHECKED: &str = "
    UPDATE imports SET checked_at = $2, sha256 = $3, rows = $4, rows_known = $5, findings = $6 WHERE import_id = $1";
const DONE: &str = "UPDATE imports SET state = 'done', ended_at = $2 WHERE import_id = $1";

/// What one row asks for.
#[derive(Clone, PartialEq, Debug)]
pub enum ImportRow {
    /// A file to open.
    Wearer(Box<NewWearer>),
    /// An order to record.
    Order {
        /// Whose, where the order itself does not name the file.
        national_id: Option<NationalId>,
        /// The order.
        order: Box<NewOrder>,
    },
    /// Zones of one wearer who wears no tag, in force from the run on; others of the same wearer stay as they are.
    Zones {
        /// The file reference.
        wearer: String,
        /// As drawn.
        features: Vec<Feature>,
    },
    /// A tag to register.
    Tag(Box<NewTag>),
}

/// What became of a file's rows.
#[derive(Debug)]
pub struct Imported {
    /// The import, now.
    pub import: Import,
    /// Everything is stored.
    pub stored: bool,
    /// Rows that were refused, by their place among the rows given.
    pub refused: Vec<(usize, EnrolmentError)>,
    /// Rows that were there already.
    pub known: Vec<usize>,
}

/// A file that was read.
#[derive(Clone, PartialEq, Debug)]
pub struct ImportFile {
    /// SHA-256 of the file.
    pub sha256: [u8; 32],
    /// Its rows below the headings.
    pub rows: usize,
    /// What was found wrong in reading it. With one of these nothing is stored.
    pub findings: usize,
    /// The rows that can be read.
    pub good: Vec<ImportRow>,
}

impl Store {
    /// Does every row of a file of the caller's, and takes it back unless it is to be stored and nothing is wrong. `progress` is told how many rows are done.
    ///
    /// # Errors
    /// When the import is none of the caller's or was abandoned, or the database does not answer: nothing is stored then.
    pub async fn import_do(
        &self,
        caller: &Caller,
        import: &Import,
        file: &ImportFile,
        to_store: bool,
        progress: &(dyn Fn(usize) + Send + Sync),
        now: DateTime<Utc>,
    ) -> Result<Imported, EnrolmentError> {
        let (import_id, kind) = (import.import_id, import.new.kind);
        let mut client = self.client().await?;
        let mut imported = None;
        if let Change::Open(mut open) = change::begin(&mut client, caller).await? {
            let import = own(&open.transaction, caller, &[kind], import_id).await?;
            match import.state {
                ImportState::Abandoned | ImportState::Receiving => return Err(EnrolmentError::ImportOver),
                ImportState::Done => {}
                ImportState::Received => {
                    let work = open.transaction.transaction().await?;
                    let reason = format!("import {import_id}: {}", import.new.file_name);
                    let tried = Trying { caller, now, reason: &reason, progress }.all(work, file, to_store).await?;
                    record(&open.transaction, import_id, file, &tried, now).await?;
                    imported = Some(tried);
                }
            }
            let done = imported.as_ref().is_some_and(|tried| tried.stored);
            caller.about_wearer("");
            caller.about(format!("import {import_id} of {}: {} rows, {}", kind.name(), file.rows, if done { "stored" } else { "checked" }));
            open.commit(import_id).await?;
        }
        let import = one(&**client, caller, &[kind], import_id).await?;
        let stored = import.state == ImportState::Done;
        let Tried { refused, known, .. } = imported.unwrap_or_default();
        Ok(Imported { import, stored, refused, known })
    }
}

async fn record(
    transaction: &Transaction<'_>,
    import_id: i64,
    file: &ImportFile,
    tried: &Tried,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let findings = (file.findings + tried.refused.len()) as i64;
    let check = ImportCheck { sha256: Some(file.sha256), rows: file.rows as i64, rows_known: tried.known.len() as i64, findings };
    let digest = file.sha256.as_slice();
    transaction.execute(CHECKED, &[&import_id, &now, &digest, &check.rows, &check.rows_known, &check.findings]).await?;
    if tried.stored {
        transaction.execute(DONE, &[&import_id, &now]).await?;
        forget(transaction, import_id).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Tried {
    stored: bool,
    refused: Vec<(usize, EnrolmentError)>,
    known: Vec<usize>,
}

struct Trying<'a> {
    caller: &'a Caller,
    now: DateTime<Utc>,
    /// For what is written about zones.
    reason: &'a str,
    progress: &'a (dyn Fn(usize) + Send + Sync),
}

impl Trying<'_> {
    async fn all(&self, mut work: Transaction<'_>, file: &ImportFile, to_store: bool) -> Result<Tried, EnrolmentError> {
        let mut tried = Tried::default();
        for (rows, number) in file.good.chunks(TOGETHER).zip(0..) {
            let first = number * TOGETHER;
            if !self.together(&mut work, rows, first, &mut tried).await? {
                for (row, at) in rows.iter().zip(first..) {
                    self.alone(&mut work, row, at, &mut tried).await?;
                }
            }
            (self.progress)(first + rows.len());
        }
        tried.stored = to_store && file.findings == 0 && tried.refused.is_empty();
        if tried.stored {
            work.commit().await?
        } else {
            work.rollback().await?
        }
        Ok(tried)
    }

    /// All of these or none; false = one of them was refused.
    async fn together(
        &self,
        work: &mut Transaction<'_>,
        rows: &[ImportRow],
        first: usize,
        tried: &mut Tried,
    ) -> Result<bool, EnrolmentError> {
        let point = work.transaction().await?;
        let mut known = Vec::new();
        for (row, at) in rows.iter().zip(first..) {
            match self.row(&point, row).await {
                Ok(was_known) => known.extend(was_known.then_some(at)),
                Err(EnrolmentError::Store(error)) => return Err(error.into()),
                Err(_) => {
                    point.rollback().await?;
                    return Ok(false);
                }
            }
        }
        point.commit().await?;
        tried.known.extend(known);
        Ok(true)
    }

    async fn alone(&self, work: &mut Transaction<'_>, row: &ImportRow, at: usize, tried: &mut Tried) -> Result<(), EnrolmentError> {
        let point = work.transaction().await?;
        match self.row(&point, row).await {
            Ok(was_known) => {
                point.commit().await?;
                tried.known.extend(was_known.then_some(at));
            }
            Err(EnrolmentError::Store(error)) => return Err(error.into()),
            Err(refused) => {
                point.rollback().await?;
                tried.refused.push((at, refused));
            }
        }
        Ok(())
    }

    /// Does what a row asks for; true = it was there already, as it is.
    async fn row(&self, transaction: &Transaction<'_>, row: &ImportRow) -> Result<bool, EnrolmentError> {
        let (caller, now) = (self.caller, self.now);
        match row {
            ImportRow::Wearer(new) => {
                if wearer_known(transaction, caller, new).await? {
                    return Ok(true);
                }
                wearer_create_beside(transaction, caller, new, now).await?;
            }
            ImportRow::Order { national_id, order } => {
                let order = self.of_whom(transaction, national_id.as_ref(), order).await?;
                if order_known(transaction, caller, &order).await? {
                    return Ok(true);
                }
                order_record(transaction, caller, &order, now).await?;
            }
            ImportRow::Zones { wearer, features } => return self.zones(transaction, wearer, features).await,
            ImportRow::Tag(new) => {
                if tag_known(transaction, caller, new).await? {
                    return Ok(true);
                }
                tag_register(transaction, caller, new, now).await?;
            }
        }
        Ok(false)
    }

    /// The order with its wearer's file reference.
    async fn of_whom(
        &self,
        transaction: &Transaction<'_>,
        national_id: Option<&NationalId>,
        order: &NewOrder,
    ) -> Result<NewOrder, EnrolmentError> {
        let mut order = order.clone();
        if let Some(id) = national_id {
            order.wearer = reference_of(transaction, self.caller, id).await?.ok_or(EnrolmentError::UnknownWearer)?;
        }
        Ok(order)
    }

    async fn zones(&self, transaction: &Transaction<'_>, wearer: &str, features: &[Feature]) -> Result<bool, EnrolmentError> {
        let before = whom_locked(transaction, self.caller, wearer).await?.version;
        let (wearer, features, reason) = (wearer.to_owned(), features.to_vec(), self.reason.to_owned());
        let change = ZoneChange { wearer, features, ends: Vec::new(), at: None, reason, expected_version: before };
        // One person is enough as long as no tag is worn: of others this is refused, and drawn one by one with a second person.
        let after = zone_change(transaction, self.caller, &change, Eyes::Two, self.now).await?;
        Ok(after == before)
    }
}
