//! Reading the audit: searching it, and walking along its chain.

use crate::{Store, StoreError};
use access::{AuditEntry, AuditFault, AuditHead, AuditLink, Caller, ChainCheck};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use tokio_postgres::{IsolationLevel, Row};

/// An auditor sees what was done by people of the own units and what concerned wearers of them; only the central unit sees what nobody's unit did.
const SEARCH: &str = "
    SELECT number, at, who, role, unit, act, wearer, subject, purpose, case_number, address, result, hash FROM audit a
    WHERE ($1::bigint = 0 OR number < $1)
      AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at < $3)
      AND ($4 = '' OR who = $4) AND ($5 = '' OR wearer = $5) AND ($6 = '' OR starts_with(act, $6))
      AND (NOT $7::boolean OR result <> 'done')
      AND ($8 OR EXISTS (SELECT FROM units u JOIN unit_reach r USING (unit_id) WHERE u.code = a.unit AND r.above_id = ANY ($9))
           OR EXISTS (SELECT FROM wearers w JOIN unit_reach r USING (unit_id) WHERE w.reference = a.wearer AND r.above_id = ANY ($9)))
    ORDER BY number DESC LIMIT $10";

const OWN: &str = "
    SELECT number, at, who, role, unit, act, wearer, subject, purpose, case_number, address, result, hash FROM audit
    WHERE ($1::bigint = 0 OR number < $1)
      AND ($2::timestamptz IS NULL OR at >= $2) AND ($3::timestamptz IS NULL OR at < $3)
      AND who = $4 AND ($5 = '' OR wearer = $5) AND ($6 = '' OR starts_with(act, $6)) AND (NOT $7::boolean OR result <> 'done')
    ORDER BY number DESC LIMIT $8";

const WHOLE: &str = "
    SELECT number, at, who, role, unit, act, wearer, subject, purpose, case_number, address, result, hash FROM audit ORDER BY number";

/// Which entries to find. The default is all of them.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// At or after this.
    pub from: Option<DateTime<Utc>>,
    /// Before this.
    pub to: Option<DateTime<Utc>>,
    /// Of this one alone: `person:sara`; empty = of all.
    pub who: String,
    /// Concerning this wearer, by file reference; empty = all.
    pub wearer: String,
    /// Acts that begin so.
    pub act: String,
    /// Only refused ones.
    pub refused_only: bool,
    /// Only entries before this number; 0 = from the newest.
    pub before: i64,
    /// At most so many.
    pub limit: u32,
}

/// Entries, newest first.
#[derive(Clone, Debug)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditLink>,
    /// [`AuditFilter::before`] of the next page.
    pub next: Option<i64>,
}

impl Store {
    /// Entries within the caller's reach that match.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_search(&self, caller: &Caller, filter: &AuditFilter) -> Result<AuditPage, StoreError> {
        let f = filter;
        let limit = i64::from(f.limit) + 1;
        let client = self.client().await?;
        let statement = client.prepare_cached(SEARCH).await?;
        let all = caller.reaches_all();
        let rows = client
            .query(&statement, &[&f.before, &f.from, &f.to, &f.who, &f.wearer, &f.act, &f.refused_only, &all, &caller.roots, &limit])
            .await?;
        Ok(page(&rows, f.limit))
    }

    /// The caller's own acts that match.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_own(&self, caller: &Caller, filter: &AuditFilter) -> Result<AuditPage, StoreError> {
        let f = filter;
        let limit = i64::from(f.limit) + 1;
        let client = self.client().await?;
        let who = caller.who.to_string();
        let rows = client.query(OWN, &[&f.before, &f.from, &f.to, &who, &f.wearer, &f.act, &f.refused_only, &limit]).await?;
        Ok(page(&rows, f.limit))
    }

    /// The newest entry, and when it was written; `None` before the first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn audit_head(&self) -> Result<(AuditHead, Option<DateTime<Utc>>), StoreError> {
        let client = self.client().await?;
        let row = client.query_one("SELECT h.number, h.hash, a.at FROM audit_head h LEFT JOIN audit a USING (number)", &[]).await?;
        Ok((head_from(&row)?, row.get(2)))
    }

    /// Walks along the whole chain; `kept` are heads from elsewhere that must lie on it. `progress` hears the number after each thousand.
    ///
    /// # Errors
    /// When the database does not answer. A fault of the chain is the answer, not an error.
    pub async fn audit_verify(&self, kept: Vec<AuditHead>, progress: impl Fn(i64)) -> Result<Result<AuditHead, AuditFault>, StoreError> {
        let mut client = self.client().await?;
        let one_instant = client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let transaction = one_instant.start().await?;
        let head = head_from(&transaction.query_one("SELECT number, hash FROM audit_head", &[]).await?)?;
        let mut vouched = kept;
        vouched.push(head);
        let mut check = ChainCheck::new(vouched);
        let rows = transaction.query_raw(WHOLE, std::iter::empty::<i64>()).await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(row) = rows.next().await {
            let link = link_from(&row?);
            if let Err(fault) = check.step(&link) {
                return Ok(Err(fault));
            }
            if link.number % 1000 == 0 {
                progress(link.number);
            }
        }
        Ok(check.end())
    }
}

fn page(rows: &[Row], limit: u32) -> AuditPage {
    let more = rows.len() > limit as usize;
    let entries: Vec<AuditLink> = rows.iter().take(limit as usize).map(link_from).collect();
    let next = if more { entries.last().map(|link| link.number) } else { None };
    AuditPage { entries, next }
}

fn head_from(row: &Row) -> Result<AuditHead, StoreError> {
    Ok(AuditHead { number: row.get(0), hash: hash_from(row.get(1))? })
}

fn link_from(row: &Row) -> AuditLink {
    let entry = AuditEntry {
        who: row.get(2),
        role: row.get(3),
        unit: row.get(4),
        act: row.get(5),
        wearer: row.get(6),
        subject: row.get(7),
        purpose: row.get(8),
        case_number: row.get(9),
        address: row.get(10),
        result: row.get(11),
    };
    // A hash of another length was never written: it fits nothing.
    AuditLink { number: row.get(0), at: row.get(1), entry, hash: hash_from(row.get(12)).unwrap_or_default() }
}

fn hash_from(bytes: &[u8]) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::Unreadable("a hash of the audit that has not 32 bytes".into()))
}
