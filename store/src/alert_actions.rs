//! What a person does with an alert.

use crate::alert_events::Happened;
use crate::alerts::{ONE, alert_from};
use crate::time::server_time;
use crate::{Alert, AlertError, Store, StoreError};
use geofence::{EndReason, Timestamp};
use tokio_postgres::Transaction;

const ACKNOWLEDGE: &str = "UPDATE alerts SET acknowledged_by = $2, acknowledged_at = $3 WHERE alert_id = $1";
const CLOSE: &str = "UPDATE alerts SET ended_at = $2, end_reason = 'by_person', closed_by = $3, note = $4 WHERE alert_id = $1";

impl Store {
    /// A person takes the alert on. The same person again changes nothing.
    ///
    /// # Errors
    /// When there is no such alert, or somebody else has taken it on.
    pub async fn alert_acknowledge(&self, alert_id: i64, by: &str, now: Timestamp) -> Result<Alert, AlertError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let (alert, _) = locked(&transaction, alert_id).await?;
        match alert.acknowledged {
            Some((who, _)) if who == by => {}
            Some((by, at)) => return Err(AlertError::AlreadyAcknowledged { by, at }),
            None => {
                transaction.execute(ACKNOWLEDGE, &[&alert_id, &by, &server_time(now)]).await?;
                tell(&transaction, alert_id, "acknowledged", now).await?;
            }
        }
        let (alert, _) = locked(&transaction, alert_id).await?;
        transaction.commit().await?;
        Ok(alert)
    }

    /// A person closes an alert that no report may close, with a note. The same person again with the same note changes nothing.
    ///
    /// # Errors
    /// When there is no such alert, it is of a kind that ends by reports, or it has ended.
    pub async fn alert_close(&self, alert_id: i64, by: &str, note: &str, now: Timestamp) -> Result<Alert, AlertError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let (alert, closed_by) = locked(&transaction, alert_id).await?;
        if !alert.kind.ends_by_person() {
            return Err(AlertError::NotClosedByPerson(alert.kind));
        }
        match alert.end {
            Some((_, EndReason::ByPerson)) if closed_by.as_deref() == Some(by) && alert.note.as_deref() == Some(note) => {}
            Some((at, _)) => return Err(AlertError::AlreadyEnded(at)),
            None => {
                transaction.execute(CLOSE, &[&alert_id, &now.millis(), &by, &note]).await?;
                tell(&transaction, alert_id, "ended", now).await?;
            }
        }
        let (alert, _) = locked(&transaction, alert_id).await?;
        transaction.commit().await?;
        Ok(alert)
    }
}

async fn tell(transaction: &Transaction<'_>, alert_id: i64, kind: &'static str, now: Timestamp) -> Result<(), StoreError> {
    let mut happened = Happened::default();
    happened.add(alert_id, kind);
    happened.tell(transaction, now).await
}

/// The alert and who closed it, with its row locked until the commit.
async fn locked(transaction: &Transaction<'_>, alert_id: i64) -> Result<(Alert, Option<String>), AlertError> {
    let closed_by = transaction.query_opt("SELECT closed_by FROM alerts WHERE alert_id = $1 FOR UPDATE", &[&alert_id]).await?;
    let closed_by = closed_by.ok_or(AlertError::NotFound(alert_id))?.get(0);
    let row = transaction.query_one(ONE, &[&alert_id]).await?;
    Ok((alert_from(&row)?, closed_by))
}
