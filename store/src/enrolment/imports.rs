//! Files that are taken in as a whole: their pieces, and what became of each.

use super::EnrolmentError;
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{GenericClient, Row, Transaction};

/// Bytes of every piece but the last.
pub const IMPORT_PIECE_BYTES: usize = 1024 * 1024;

/// Imports that one person may leave unfinished. One more is refused.
const UNFINISHED_MAX: i64 = 5;

/// A file that was not run by then is deleted.
const KEPT_DAYS: i64 = 7;

/// Imports of one list.
const LIST_MAX: i64 = 200;

macro_rules! import_columns {
    () => {
        "SELECT i.import_id, i.kind, i.file_name, i.bytes, i.state, i.begun_by, i.begun_at, u.code, i.sha256, i.checked_at, i.rows, i.rows_known,
            i.findings, i.ended_at, coalesce((SELECT sum(octet_length(f.bytes)) FROM import_files f WHERE f.import_id = i.import_id), 0)::bigint
        FROM imports i JOIN units u USING (unit_id) "
    };
}

const ONE: &str = concat!(
    import_columns!(),
    "WHERE i.import_id = $1 AND i.kind = ANY ($2) AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = i.unit_id AND r.above_id = ANY ($3))"
);
/// What only the person who began it may do something with.
const OWN: &str = concat!(
    import_columns!(),
    "WHERE i.import_id = $1 AND i.kind = ANY ($2) AND i.begun_by = $3
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = i.unit_id AND r.above_id = ANY ($4)) FOR UPDATE OF i"
);
const LIST: &str = concat!(
    import_columns!(),
    "WHERE i.kind = ANY ($1) AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = i.unit_id AND r.above_id = ANY ($2))
    ORDER BY i.import_id DESC LIMIT $3"
);
const UNFINISHED: &str = "SELECT count(*) FROM imports WHERE begun_by = $1 AND ended_at IS NULL";
const BEGIN: &str = "
    INSERT INTO imports (kind, file_name, bytes, unit_id, begun_by, begun_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING import_id";
const PIECE: &str = "SELECT bytes FROM import_files WHERE import_id = $1 AND piece = $2";
const PIECES: &str = "SELECT bytes FROM import_files WHERE import_id = $1 ORDER BY piece";
const ADD_PIECE: &str = "INSERT INTO import_files (import_id, piece, bytes) VALUES ($1, $2, $3)";
const RECEIVED: &str = "
    UPDATE imports SET state = 'received'
    WHERE import_id = $1 AND bytes = (SELECT sum(octet_length(f.bytes)) FROM import_files f WHERE f.import_id = $1)";
const ABANDON: &str = "UPDATE imports SET state = 'abandoned', ended_at = $2 WHERE import_id = $1";
const FORGET: &str = "DELETE FROM import_files WHERE import_id = $1";
const EXPIRE: &str = "
    WITH old AS (
        UPDATE imports SET state = 'abandoned', ended_at = $2
        WHERE import_id IN (SELECT import_id FROM imports WHERE begun_at < $1 AND ended_at IS NULL FOR UPDATE SKIP LOCKED) RETURNING import_id
    )
    DELETE FROM import_files f USING old WHERE f.import_id = old.import_id";

/// What a file holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportKind {
    /// Files of wearers.
    Wearers,
    /// Orders of wearers that are there.
    Orders,
    /// Zones of wearers that are there.
    Zones,
    /// Tags for the inventory.
    Tags,
}

impl ImportKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Wearers, Self::Orders, Self::Zones, Self::Tags];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wearers => "wearers",
            Self::Orders => "orders",
            Self::Zones => "zones",
            Self::Tags => "tags",
        }
    }
}

/// How far an import is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ImportState {
    /// Pieces are missing.
    Receiving,
    /// The file is whole.
    Received,
    /// Everything of it is stored.
    Done,
    /// Nothing of it is.
    Abandoned,
}

/// An import to begin.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewImport {
    /// What the file holds.
    pub kind: ImportKind,
    /// The file's name.
    pub file_name: String,
    /// The whole file's length.
    pub bytes: i64,
}

/// An import.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import {
    /// Which.
    pub import_id: i64,
    /// Of what.
    pub new: NewImport,
    /// What is here of the file.
    pub bytes_received: i64,
    /// How far it is.
    pub state: ImportState,
    /// The name of who began it, and who alone goes on with it.
    pub begun_by: String,
    /// When.
    pub begun_at: DateTime<Utc>,
    /// The code of the unit in which it was begun.
    pub unit: String,
    /// When it was checked last.
    pub checked_at: Option<DateTime<Utc>>,
    /// What that found.
    pub checked: ImportCheck,
    /// When it was done or abandoned.
    pub ended_at: Option<DateTime<Utc>>,
}

/// What a check found, in numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ImportCheck {
    /// Of the file; `None` before the first check.
    pub sha256: Option<[u8; 32]>,
    /// Rows below the headings, or features.
    pub rows: i64,
    /// Rows that were there already.
    pub rows_known: i64,
    /// What is wrong.
    pub findings: i64,
}

impl Store {
    /// Begins an import of the caller's, who alone goes on with it.
    ///
    /// # Errors
    /// When the caller has too many unfinished ones.
    pub async fn import_begin(&self, caller: &Caller, new: &NewImport, now: DateTime<Utc>) -> Result<Import, EnrolmentError> {
        self.imports_expire(now).await?;
        let mut client = self.client().await?;
        let import_id = match change::begin(&mut client, caller).await? {
            Change::Done(import_id) => import_id,
            Change::Open(open) => {
                let import_id = begin(&open.transaction, caller, new, now).await?;
                open.commit(import_id).await?;
                import_id
            }
        };
        one(&**client, caller, &[new.kind], import_id).await
    }

    /// Adds a piece of the file; the same piece again is there once.
    ///
    /// # Errors
    /// When the import is over or none of the caller's, the piece lies outside the file or has not its length, or differs from what is there.
    pub async fn import_add_piece(
        &self,
        caller: &Caller,
        kinds: &[ImportKind],
        import_id: i64,
        piece: i32,
        bytes: &[u8],
    ) -> Result<Import, EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            add_piece(&open.transaction, caller, kinds, import_id, piece, bytes).await?;
            open.commit(import_id).await?;
        }
        one(&**client, caller, kinds, import_id).await
    }

    /// The import and its whole file, for who began it. The file of one that is over is empty.
    ///
    /// # Errors
    /// When it is none of the caller's, was abandoned, or pieces are missing.
    pub async fn import_file(&self, caller: &Caller, kinds: &[ImportKind], import_id: i64) -> Result<(Import, Vec<u8>), EnrolmentError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let import = own(&transaction, caller, kinds, import_id).await?;
        match import.state {
            ImportState::Done => return Ok((import, Vec::new())),
            ImportState::Abandoned => return Err(EnrolmentError::ImportOver),
            ImportState::Receiving => return Err(EnrolmentError::ImportIncomplete),
            ImportState::Received => {}
        }
        let pieces = transaction.query(PIECES, &[&import_id]).await?;
        let pieces: Vec<&[u8]> = pieces.iter().map(|row| row.get(0)).collect();
        Ok((import, pieces.concat()))
    }

    /// Deletes the file; one that was abandoned stays so.
    ///
    /// # Errors
    /// When it is none of the caller's, or done.
    pub async fn import_abandon(
        &self,
        caller: &Caller,
        kinds: &[ImportKind],
        import_id: i64,
        now: DateTime<Utc>,
    ) -> Result<Import, EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            match own(&open.transaction, caller, kinds, import_id).await?.state {
                ImportState::Done => return Err(EnrolmentError::ImportOver),
                ImportState::Abandoned => {}
                ImportState::Receiving | ImportState::Received => {
                    open.transaction.execute(ABANDON, &[&import_id, &now]).await?;
                    forget(&open.transaction, import_id).await?;
                }
            }
            open.commit(import_id).await?;
        }
        one(&**client, caller, kinds, import_id).await
    }

    /// The import, if it is of one of these kinds and of a unit within reach.
    ///
    /// # Errors
    /// When there is none.
    pub async fn import(&self, caller: &Caller, kinds: &[ImportKind], import_id: i64) -> Result<Import, EnrolmentError> {
        one(&**self.client().await?, caller, kinds, import_id).await
    }

    /// The newest imports of these kinds and of units within reach, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn import_list(&self, caller: &Caller, kinds: &[ImportKind]) -> Result<Vec<Import>, EnrolmentError> {
        let rows = self.client().await?.query(LIST, &[&names(kinds), &caller.roots, &LIST_MAX]).await?;
        Ok(rows.iter().map(import_from).collect::<Result<_, _>>()?)
    }

    /// Deletes the files that nobody ran in their time.
    pub(crate) async fn imports_expire(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.client().await?.execute(EXPIRE, &[&(now - TimeDelta::days(KEPT_DAYS)), &now]).await?;
        Ok(())
    }
}

async fn begin(transaction: &Transaction<'_>, caller: &Caller, new: &NewImport, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
    let unfinished: i64 = transaction.query_one(UNFINISHED, &[&caller.name()]).await?.get(0);
    if unfinished >= UNFINISHED_MAX {
        return Err(EnrolmentError::TooManyImports);
    }
    let unit = caller.roots.first().ok_or(EnrolmentError::UnknownUnit)?;
    let row = transaction.query_one(BEGIN, &[&new.kind.name(), &new.file_name, &new.bytes, unit, &caller.name(), &now]).await?;
    let import_id: i64 = row.get(0);
    caller.about(format!("import {import_id} of {}", new.kind.name()));
    Ok(import_id)
}

async fn add_piece(
    transaction: &Transaction<'_>,
    caller: &Caller,
    kinds: &[ImportKind],
    import_id: i64,
    piece: i32,
    bytes: &[u8],
) -> Result<(), EnrolmentError> {
    let import = own(transaction, caller, kinds, import_id).await?;
    if matches!(import.state, ImportState::Done | ImportState::Abandoned) {
        return Err(EnrolmentError::ImportOver);
    }
    let length = (import.new.bytes - i64::from(piece) * IMPORT_PIECE_BYTES as i64).clamp(0, IMPORT_PIECE_BYTES as i64);
    if piece < 0 || bytes.is_empty() || bytes.len() as i64 != length {
        return Err(EnrolmentError::PieceMisplaced);
    }
    match transaction.query_opt(PIECE, &[&import_id, &piece]).await? {
        Some(row) if row.get::<_, &[u8]>(0) == bytes => {}
        Some(_) => return Err(EnrolmentError::PieceDiffers),
        None => {
            transaction.execute(ADD_PIECE, &[&import_id, &piece, &bytes]).await?;
            transaction.execute(RECEIVED, &[&import_id]).await?;
        }
    }
    Ok(())
}

/// The import of this caller's, until the transaction's end nobody else's to change.
pub(super) async fn own(
    transaction: &Transaction<'_>,
    caller: &Caller,
    kinds: &[ImportKind],
    import_id: i64,
) -> Result<Import, EnrolmentError> {
    caller.about(format!("import {import_id}"));
    let row = transaction.query_opt(OWN, &[&import_id, &names(kinds), &caller.name(), &caller.roots]).await?;
    Ok(import_from(&row.ok_or(EnrolmentError::UnknownImport)?)?)
}

pub(super) async fn forget(transaction: &Transaction<'_>, import_id: i64) -> Result<(), EnrolmentError> {
    transaction.execute(FORGET, &[&import_id]).await?;
    Ok(())
}

pub(super) async fn one(
    client: &impl GenericClient,
    caller: &Caller,
    kinds: &[ImportKind],
    import_id: i64,
) -> Result<Import, EnrolmentError> {
    caller.about(format!("import {import_id}"));
    let row = client.query_opt(ONE, &[&import_id, &names(kinds), &caller.roots]).await?;
    Ok(import_from(&row.ok_or(EnrolmentError::UnknownImport)?)?)
}

fn names(kinds: &[ImportKind]) -> Vec<&'static str> {
    kinds.iter().map(|kind| kind.name()).collect()
}

fn import_from(row: &Row) -> Result<Import, StoreError> {
    let unreadable = |what: &str| StoreError::Unreadable(format!("an import of {what:?}"));
    let (kind, state) = (row.get::<_, &str>(1), row.get::<_, &str>(4));
    let state = match state {
        "receiving" => ImportState::Receiving,
        "received" => ImportState::Received,
        "done" => ImportState::Done,
        "abandoned" => ImportState::Abandoned,
        _ => return Err(unreadable(state)),
    };
    let kind = ImportKind::ALL.into_iter().find(|each| each.name() == kind).ok_or_else(|| unreadable(kind))?;
    let sha256 = row.get::<_, Option<&[u8]>>(8).and_then(|bytes| bytes.try_into().ok());
    Ok(Import {
        import_id: row.get(0),
        new: NewImport { kind, file_name: row.get(2), bytes: row.get(3) },
        bytes_received: row.get(14),
        state,
        begun_by: row.get(5),
        begun_at: row.get(6),
        unit: row.get(7),
        checked_at: row.get(9),
        checked: ImportCheck { sha256, rows: row.get(10), rows_known: row.get(11), findings: row.get(12) },
        ended_at: row.get(13),
    })
}
