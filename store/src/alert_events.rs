//! Events of alerts that no batch of a shard brings about.

use crate::StoreError;
use crate::time::server_time;
use geofence::Timestamp;
use tokio_postgres::Transaction;

/// Events about alerts as they are now. Locks the counter's row until the commit: a transaction's last statement.
const EVENTS: &str = "
    WITH given AS (SELECT * FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS given (alert_id, kind, number)),
    head AS (UPDATE alert_head SET sequence = sequence + cardinality($1) RETURNING sequence)
    INSERT INTO alert_events (sequence, alert_id, recorded_at, kind, ended_at, end_reason, max_beyond_m, last_breaking_at, acknowledged_at,
        acknowledged_by, note, restored_at, corrected_because, incident)
    SELECT head.sequence - cardinality($1) + number, a.alert_id, $3, given.kind,
        CASE WHEN given.kind <> 'opened' THEN ended_at END, CASE WHEN given.kind <> 'opened' THEN end_reason END,
        max_beyond_m, last_breaking_at, acknowledged_at, acknowledged_by, note, restored_at, corrected_because, incident
    FROM given JOIN alerts a USING (alert_id), head
    RETURNING pg_notify('paband_alerts', '')";

/// What is to be told of alerts, in order.
#[derive(Default)]
pub(crate) struct Happened {
    alerts: Vec<i64>,
    kinds: Vec<&'static str>,
}

impl Happened {
    pub fn add(&mut self, alert_id: i64, kind: &'static str) {
        self.alerts.push(alert_id);
        self.kinds.push(kind);
    }

    pub async fn tell(&self, client: &Transaction<'_>, now: Timestamp) -> Result<(), StoreError> {
        if !self.alerts.is_empty() {
            client.execute(EVENTS, &[&self.alerts, &self.kinds, &server_time(now)]).await?;
        }
        Ok(())
    }
}
