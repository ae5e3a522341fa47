//! Requests of a deposit of which something is still asked for. What that is follows from the books of each wearer, which are reckoned for it: a page looks at
//! so many wearers at most.

use super::document_whole::deposit_asked;
use super::documents::{DocumentFilter, DocumentShown, rows, shown};
use super::{AsOf, BooksError};
use crate::Store;
use access::Caller;
use billing::{Kind, Money};
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// Nothing is asked for while no tag is fitted.
const FITTED: &str = "
    SELECT DISTINCT wearer_id FROM fittings WHERE wearer_id = ANY ($1) AND lower(period) <= $2 AND (upper_inf(period) OR upper(period) > $2)";

/// Requests whose wearers are reckoned for one page, at most: the page may be short, and the next one goes on.
const RECKONED_MAX: usize = 300;
const LOOKED_AT: i64 = 500;

/// A page of requests.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DepositRequests {
    /// Newest first, each with what is still asked for.
    pub requests: Vec<(DocumentShown, Money)>,
    /// Where the next page begins; 0 = that was all.
    pub next_before: i64,
}

impl Store {
    /// Requests of a deposit within the caller's reach that match the filter and of which something is still asked for, newest first.
    ///
    /// # Errors
    /// When the database does not answer, or holds something unreadable.
    pub async fn deposit_requests(
        &self,
        caller: &Caller,
        filter: &DocumentFilter,
        now: DateTime<Utc>,
    ) -> Result<DepositRequests, BooksError> {
        let filter = DocumentFilter { kinds: vec![Kind::DepositRequest.name()], status: None, ..filter.clone() };
        let (mut client, as_of) = (self.client().await?, AsOf::instant(now)?);
        let transaction = client.transaction().await?;
        let (mut found, mut before, mut reckoned) = (Vec::new(), filter.before, 0);
        'pages: loop {
            let portion = rows(&*transaction, caller, &filter, as_of.day, (before, LOOKED_AT)).await?;
            let is_last = (portion.len() as i64) < LOOKED_AT;
            let persons: Vec<i64> = portion.iter().map(|row| row.wearer_id).collect();
            let fitted: HashSet<i64> = transaction.query(FITTED, &[&persons, &now]).await?.iter().map(|row| row.get(0)).collect();
            for row in portion {
                if found.len() == filter.limit as usize || reckoned == RECKONED_MAX {
                    break 'pages;
                }
                before = row.document_id;
                if fitted.contains(&row.wearer_id) {
                    reckoned += 1;
                    let asked = deposit_asked(&transaction, &row, now).await?;
                    if asked.is_positive() {
                        found.push((row, asked));
                    }
                }
            }
            if is_last {
                before = 0;
                break;
            }
        }
        let (rows, asked): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let shown = shown(&*transaction, rows, as_of).await?;
        Ok(DepositRequests { requests: shown.into_iter().zip(asked).collect(), next_before: before })
    }
}
