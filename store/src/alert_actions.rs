//! What a person does with an alert.

use crate::alert_events::Happened;
use crate::alerts::{ONE, alert_from};
use crate::time::server_time;
use crate::{Alert, AlertError, Store, StoreError, audit};
use access::Caller;
use geofence::{EndReason, Timestamp};
use tokio_postgres::Transaction;

const ACKNOWLEDGE: &str = "UPDATE alerts SET acknowledged_by = $2, acknowledged_at = $3 WHERE alert_id = $1";
const CLOSE: &str = "UPDATE alerts SET ended_at = $2, end_reason = 'by_person', closed_by = $3, note = $4 WHERE alert_id = $1";

impl Store {
    /// The caller takes the alert on. The same person again changes nothing.
    ///
    /// # Errors
    /// When there is no such alert within the caller's reach, or somebody else has taken it on.
    pub async fn alert_acknowledge(&self, caller: &Caller, alert_id: i64, now: Timestamp) -> Result<Alert, AlertError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let (alert, _) = locked(&transaction, caller, alert_id).await?;
        match alert.acknowledged {
            Some((who, _)) if who == caller.name() => {}
            Some((by, at)) => return Err(AlertError::AlreadyAcknowledged { by, at }),
            None => {
                transaction.execute(ACKNOWLEDGE, &[&alert_id, &caller.name(), &server_time(now)]).await?;
                tell(&transaction, alert_id, "acknowledged", now).await?;
            }
        }
        finish(transaction, caller, alert_id).await
    }

    /// The caller closes an alert that no report may close, with a note. The same person again with the same note changes nothing.
    ///
    /// # Errors
    /// When there is no such alert within the caller's reach, it is of a kind that ends by reports, or it has ended.
    pub async fn alert_close(&self, caller: &Caller, alert_id: i64, note: &str, now: Timestamp) -> Result<Alert, AlertError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let (alert, closed_by) = locked(&transaction, caller, alert_id).await?;
        if !alert.kind.ends_by_person() {
            return Err(AlertError::NotClosedByPerson(alert.kind));
        }
        match alert.end {
            Some((_, EndReason::ByPerson)) if closed_by.as_deref() == Some(caller.name()) && alert.note.as_deref() == Some(note) => {}
            Some((at, _)) => return Err(AlertError::AlreadyEnded(at)),
            None => {
                transaction.execute(CLOSE, &[&alert_id, &now.millis(), &caller.name(), &note]).await?;
                tell(&transaction, alert_id, "ended", now).await?;
            }
        }
        finish(transaction, caller, alert_id).await
    }
}

/// The alert as changed, the audit's entry, and the commit.
async fn finish(transaction: deadpool_postgres::Transaction<'_>, caller: &Caller, alert_id: i64) -> Result<Alert, AlertError> {
    let (alert, _) = locked(&transaction, caller, alert_id).await?;
    caller.about_wearer(&alert.wearer);
    audit::append(&transaction, &[caller.entry("done")]).await?;
    transaction.commit().await?;
    Ok(alert)
}

async fn tell(transaction: &Transaction<'_>, alert_id: i64, kind: &'static str, now: Timestamp) -> Result<(), StoreError> {
    let mut happened = Happened::default();
    happened.add(alert_id, kind);
    happened.tell(transaction, now).await
}

/// The alert and who closed it, with its row locked until the commit, if it is within the caller's reach.
async fn locked(transaction: &Transaction<'_>, caller: &Caller, alert_id: i64) -> Result<(Alert, Option<String>), AlertError> {
    transaction.query_opt("SELECT FROM alerts WHERE alert_id = $1 FOR UPDATE", &[&alert_id]).await?;
    let row = transaction.query_opt(ONE, &[&alert_id, &caller.roots]).await?;
    let row = row.ok_or(AlertError::NotFound(alert_id))?;
    Ok((alert_from(&row)?, row.get(20)))
}
