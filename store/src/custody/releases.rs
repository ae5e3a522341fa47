//! Releases of data: the record of each, its archive in pieces, and what an archive is made of.

use crate::alerts::{Alert, OF_WEARER, alert_from};
use crate::people::{PeopleError, Proposal};
use crate::{Store, StoreError, Wearer};
use access::Caller;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use geofence::{StoredReport, Timestamp};
use tokio_postgres::{Row, Transaction};

/// Bytes of one stored piece.
const PIECE_BYTES: usize = 1 << 20;

const UNIT: &str = "
    SELECT w.wearer_id, w.unit_id FROM wearers w
    WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";

const INSERT: &str = "
    INSERT INTO releases (release_id, wearer_id, from_at, to_at, authority, letter_number, letter_date, with_positions, with_violations,
        purpose, case_number, proposed_by, confirmed_by, released_at, sha256, bytes, positions, violations)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
const INSERT_PIECE: &str = "INSERT INTO release_files (release_id, piece, bytes) VALUES ($1, $2, $3)";

macro_rules! release_columns {
    () => {
        "SELECT x.release_id, w.reference, x.from_at, x.to_at, x.authority, x.letter_number, x.letter_date, x.with_positions, x.with_violations,
            x.proposed_by, x.confirmed_by, x.released_at, x.sha256, x.bytes, x.positions, x.violations, x.file_deleted_at IS NULL
        FROM releases x JOIN wearers w USING (wearer_id)
        WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($1)) "
    };
}

const LIST: &str = concat!(release_columns!(), "AND ($2 = '' OR w.reference = $2) ORDER BY x.release_id DESC LIMIT 1000");
const ONE: &str = concat!(release_columns!(), "AND x.release_id = $2");
const PIECE: &str = "SELECT bytes FROM release_files WHERE release_id = $1 AND piece = $2";

const SHOWN_NAME: &str = "SELECT coalesce((SELECT shown_name FROM people WHERE name = $1), $1)";

/// What is to be released, to whom, by which letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReleaseRequest {
    /// The wearer's file reference.
    pub wearer: String,
    /// From here ...
    pub from: DateTime<Utc>,
    /// ... to here, exclusive.
    pub to: DateTime<Utc>,
    /// Who asked for it.
    pub authority: String,
    /// The letter's number.
    pub letter_number: String,
    /// The letter's date as written on it.
    pub letter_date: String,
    /// With the positions.
    pub positions: bool,
    /// With the violations and what explains them.
    pub violations: bool,
}

/// An archive that was built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Archive {
    /// The file.
    pub bytes: Bytes,
    /// Of the file.
    pub sha256: [u8; 32],
    /// Positions in it.
    pub positions: i64,
    /// Violations in it.
    pub violations: i64,
}

/// Data that were handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Release {
    /// Which: the number of the proposal that was confirmed.
    pub release_id: i64,
    /// What was asked for.
    pub request: ReleaseRequest,
    /// The names of the two persons.
    pub proposed_by: String,
    /// See `proposed_by`.
    pub confirmed_by: String,
    /// When it was confirmed.
    pub released_at: DateTime<Utc>,
    /// Of the archive.
    pub sha256: Vec<u8>,
    /// The archive's size.
    pub bytes: i64,
    /// Positions in it.
    pub positions: i64,
    /// Violations in it.
    pub violations: i64,
    /// The archive itself is still here.
    pub has_file: bool,
}

impl Store {
    /// Positions and other reports of a wearer judged in [from, to), by that instant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_reports(&self, wearer: &Wearer, from: Timestamp, to: Timestamp) -> Result<Vec<StoredReport>, StoreError> {
        let mut reports = self.reports_of_wearer(wearer.wearer_id, from, to).await?;
        reports.retain(|stored| (from..to).contains(&stored.report.judged_at(stored.received_at)));
        reports.sort_by_key(|stored| (stored.report.judged_at(stored.received_at), stored.received_at));
        Ok(reports)
    }

    /// The wearer's alerts that held at some time in [from, to), by their start.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_alerts(&self, wearer: &Wearer, from: Timestamp, to: Timestamp) -> Result<Vec<Alert>, StoreError> {
        let rows = self.client().await?.query(OF_WEARER, &[&wearer.wearer_id, &from.millis(), &to.millis()]).await?;
        rows.iter().map(alert_from).collect()
    }

    /// Whether there is anything to release: a report or an alert, as asked for.
    ///
    /// # Errors
    /// When the wearer is not within reach.
    pub async fn release_has_data(&self, caller: &Caller, request: &ReleaseRequest) -> Result<bool, PeopleError> {
        let wearer = self.wearer(caller, &request.wearer).await?.ok_or(PeopleError::UnknownWearer)?;
        let (from, to) = (Timestamp::from(request.from), Timestamp::from(request.to));
        if request.violations && !self.release_alerts(&wearer, from, to).await?.is_empty() {
            return Ok(true);
        }
        // By the week, newest last: most spans begin with data.
        let mut start = from;
        while request.positions && start < to {
            let end = start.plus_seconds(7 * 86_400).min(to);
            if !self.release_reports(&wearer, start, end).await?.is_empty() {
                return Ok(true);
            }
            start = end;
        }
        Ok(false)
    }

    /// The name of a person as others read it; the name to log in with, if there is no such person.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn person_shown_name(&self, name: &str) -> Result<String, StoreError> {
        Ok(self.client().await?.query_one(SHOWN_NAME, &[&name]).await?.get(0))
    }

    /// The newest thousand releases within the caller's reach, newest first; of one wearer, unless `wearer` is empty.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_list(&self, caller: &Caller, wearer: &str) -> Result<Vec<Release>, StoreError> {
        let rows = self.client().await?.query(LIST, &[&caller.roots, &wearer]).await?;
        Ok(rows.iter().map(release_from).collect())
    }

    /// One release within the caller's reach.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release(&self, caller: &Caller, release_id: i64) -> Result<Option<Release>, StoreError> {
        let row = self.client().await?.query_opt(ONE, &[&caller.roots, &release_id]).await?;
        Ok(row.as_ref().map(release_from))
    }

    /// A piece of a release's archive, numbered from 0; `None` after the last, or when the file is gone. Whether the caller may have it was
    /// asked by [`Store::release`].
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn release_piece(&self, release_id: i64, piece: i32) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.client().await?.query_opt(PIECE, &[&release_id, &piece]).await?.map(|row| row.get(0)))
    }
}

/// The unit that the release concerns, if the caller reaches its wearer.
pub(crate) async fn release_concerns(transaction: &Transaction<'_>, caller: &Caller, request: &ReleaseRequest) -> Result<i64, PeopleError> {
    Ok(wearer_and_unit(transaction, caller, request).await?.1)
}

/// Writes down the release that was proposed and the caller confirms, with its archive.
pub(crate) async fn release_insert(
    transaction: &Transaction<'_>,
    caller: &Caller,
    request: &ReleaseRequest,
    archive: &Archive,
    proposal: &Proposal,
    now: DateTime<Utc>,
) -> Result<i64, PeopleError> {
    let (wearer_id, _) = wearer_and_unit(transaction, caller, request).await?;
    caller.about(format!("release {}: {} positions, {} violations", proposal.proposal_id, archive.positions, archive.violations));
    transaction
        .execute(
            INSERT,
            &[
                &proposal.proposal_id,
                &wearer_id,
                &request.from,
                &request.to,
                &request.authority,
                &request.letter_number,
                &request.letter_date,
                &request.positions,
                &request.violations,
                &proposal.purpose,
                &proposal.case_number,
                &proposal.proposed_by,
                &caller.name(),
                &now,
                &archive.sha256.as_slice(),
                &(archive.bytes.len() as i64),
                &archive.positions,
                &archive.violations,
            ],
        )
        .await?;
    for (piece, number) in archive.bytes.chunks(PIECE_BYTES).zip(0_i32..) {
        transaction.execute(INSERT_PIECE, &[&proposal.proposal_id, &number, &piece]).await?;
    }
    Ok(proposal.proposal_id)
}

async fn wearer_and_unit(transaction: &Transaction<'_>, caller: &Caller, request: &ReleaseRequest) -> Result<(i64, i64), PeopleError> {
    caller.about_wearer(&request.wearer);
    let row = transaction.query_opt(UNIT, &[&request.wearer, &caller.roots]).await?.ok_or(PeopleError::UnknownWearer)?;
    Ok((row.get(0), row.get(1)))
}

fn release_from(row: &Row) -> Release {
    let request = ReleaseRequest {
        wearer: row.get(1),
        from: row.get(2),
        to: row.get(3),
        authority: row.get(4),
        letter_number: row.get(5),
        letter_date: row.get(6),
        positions: row.get(7),
        violations: row.get(8),
    };
    Release {
        release_id: row.get(0),
        request,
        proposed_by: row.get(9),
        confirmed_by: row.get(10),
        released_at: row.get(11),
        sha256: row.get(12),
        bytes: row.get(13),
        positions: row.get(14),
        violations: row.get(15),
        has_file: row.get(16),
    }
}
