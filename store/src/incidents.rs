//! What concerns more than one wearer's reports: interference in an area, and doubts about who a tag is.

use crate::alert_events::Happened;
use crate::time::server_time;
use crate::{Store, StoreError};
use geofence::{Cell, Interference, Timestamp, ViolationKind};
use tokio_postgres::Transaction;

/// Open alerts about tags that nobody registered at most: a flood of invented IMEIs is counted in the quarantine, not shown one by one.
const UNKNOWN_TAGS_MAX: i64 = 100;

const INCIDENT: &str = "
    INSERT INTO alerts AS a (batch, zone, kind, started_at, found_at, found_late, recorded_at, ended_at, end_reason)
    VALUES (0, $1, 'area_interference', $2, $3, false, $4, $5, CASE WHEN $5::bigint IS NOT NULL THEN 'restored' END)
    ON CONFLICT (zone, kind, started_at) WHERE wearer_id IS NULL DO UPDATE SET ended_at = excluded.ended_at, end_reason = excluded.end_reason
    RETURNING alert_id, xmax = 0";

const JOIN: &str = "
    INSERT INTO incident_members (incident, wearer_id, joined_at) SELECT $1, wearer_id, $3::bigint FROM unnest($2::bigint[]) AS joined (wearer_id)
    JOIN wearers USING (wearer_id) ON CONFLICT DO NOTHING";

const LEAVE: &str = "UPDATE incident_members SET left_at = greatest($2, joined_at) WHERE incident = $1 AND left_at IS NULL";

/// Alerts of members that rest on positions and began once the member was in trouble (some seconds are given for the way here): what began
/// before, the interference does not explain. One that a shard is writing now is attached the next time.
const ATTACH: &str = "
    WITH members AS MATERIALIZED (
        SELECT incident, wearer_id, joined_at FROM incident_members WHERE left_at IS NULL
    ), explained AS MATERIALIZED (
        SELECT a.alert_id, m.incident FROM members m JOIN alerts a ON a.wearer_id = m.wearer_id
        WHERE a.incident IS NULL AND a.kind = ANY ($1) AND a.started_at >= m.joined_at - 10000
        FOR UPDATE OF a SKIP LOCKED
    )
    UPDATE alerts SET incident = e.incident FROM explained e WHERE alerts.alert_id = e.alert_id RETURNING alerts.alert_id";

/// The shards write alerts too: rather attach the next time than make them wait.
const PATIENCE: &str = "SET LOCAL statement_timeout = '2s'";

const OPEN: &str = "
    SELECT a.zone, a.started_at, a.found_at, coalesce(array_agg(m.wearer_id) FILTER (WHERE m.wearer_id IS NOT NULL), '{}')
    FROM alerts a LEFT JOIN incident_members m ON m.incident = a.alert_id
    WHERE a.kind = 'area_interference' AND a.end_reason IS NULL GROUP BY a.alert_id";

/// One open alert a tag, whose wearer it concerns.
const TWO_CONNECTIONS: &str = "
    INSERT INTO alerts (wearer_id, tag_id, batch, zone, kind, started_at, found_at, found_late, recorded_at)
    SELECT f.wearer_id, t.tag_id, 0, '', 'identity', $2, $2, false, $3
    FROM tags t LEFT JOIN fittings f ON f.tag_id = t.tag_id AND upper_inf(f.period)
    WHERE t.tag_id = $1 AND NOT EXISTS (SELECT FROM alerts a WHERE a.kind = 'identity' AND a.tag_id = $1 AND a.end_reason IS NULL)
    RETURNING alert_id";

/// One open alert an IMEI, named in place of the zone.
const UNKNOWN_TAG: &str = "
    INSERT INTO alerts (batch, zone, kind, started_at, found_at, found_late, recorded_at)
    SELECT 0, $1, 'identity', $2, $2, false, $3
    WHERE NOT EXISTS (SELECT FROM alerts a WHERE a.kind = 'identity' AND a.zone = $1 AND a.wearer_id IS NULL AND a.end_reason IS NULL)
        AND (SELECT count(*) FROM alerts a WHERE a.kind = 'identity' AND a.wearer_id IS NULL AND a.end_reason IS NULL) < $4
    ON CONFLICT DO NOTHING RETURNING alert_id";

impl Store {
    /// Writes down how an incident stands: its alert, who joined, and which of their alerts it explains.
    ///
    /// # Errors
    /// When the database does not answer; then nothing was written.
    pub async fn incident(&self, incident: &Interference, now: Timestamp) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PATIENCE).await?;
        let (start, found_at) = (incident.start.millis(), incident.found_at.millis());
        let end = incident.end.map(Timestamp::millis);
        let row = transaction.query_one(INCIDENT, &[&incident.cell.name(), &start, &found_at, &server_time(now), &end]).await?;
        let (alert_id, is_new): (i64, bool) = (row.get(0), row.get(1));
        let mut happened = Happened::default();
        if is_new {
            happened.add(alert_id, "opened");
        }
        // The first members were in trouble from the start; who joins later is so now.
        let joined_at = if is_new { start } else { now.millis() };
        transaction.execute(JOIN, &[&alert_id, &incident.joined, &joined_at]).await?;
        attach(&transaction, &mut happened).await?;
        if let Some(end) = end {
            transaction.execute(LEAVE, &[&alert_id, &end]).await?;
            happened.add(alert_id, "ended");
        }
        happened.tell(&transaction, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Attaches what was found of members since.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn incidents_attach(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.batch_execute(PATIENCE).await?;
        let mut happened = Happened::default();
        attach(&transaction, &mut happened).await?;
        happened.tell(&transaction, now).await?;
        Ok(transaction.commit().await?)
    }

    /// Incidents that have not ended, with their members.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn incidents_open(&self) -> Result<Vec<Interference>, StoreError> {
        let client = self.client().await?;
        let incident = |row: &tokio_postgres::Row| {
            let name: &str = row.get(0);
            let cell = Cell::from_name(name).ok_or_else(|| StoreError::Unreadable(format!("the area {name:?}")))?;
            let (start, found_at) = (Timestamp::from_millis(row.get(1)), Timestamp::from_millis(row.get(2)));
            Ok(Interference { cell, start, found_at, end: None, joined: row.get(3) })
        };
        client.query(OPEN, &[]).await?.iter().map(incident).collect()
    }

    /// One tag reported on two connections at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tag_on_two_connections(&self, tag_id: i64, now: Timestamp) -> Result<(), StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let opened = transaction.query_opt(TWO_CONNECTIONS, &[&tag_id, &now.millis(), &server_time(now)]).await?;
        opened_one(&transaction, opened, now).await?;
        Ok(transaction.commit().await?)
    }

    /// A tag that nobody registered tried to report.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tag_unknown(&self, imei: &str, now: Timestamp) -> Result<(), StoreError> {
        let imei = imei.replace('\0', "");
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let opened = transaction.query_opt(UNKNOWN_TAG, &[&imei, &now.millis(), &server_time(now), &UNKNOWN_TAGS_MAX]).await?;
        opened_one(&transaction, opened, now).await?;
        Ok(transaction.commit().await?)
    }
}

async fn opened_one(transaction: &Transaction<'_>, opened: Option<tokio_postgres::Row>, now: Timestamp) -> Result<(), StoreError> {
    let mut happened = Happened::default();
    if let Some(row) = opened {
        happened.add(row.get(0), "opened");
    }
    happened.tell(transaction, now).await
}

async fn attach(transaction: &Transaction<'_>, happened: &mut Happened) -> Result<(), StoreError> {
    let kinds: Vec<&str> = ViolationKind::ALL.into_iter().filter(|kind| kind.rests_on_position()).map(ViolationKind::name).collect();
    for row in transaction.query(ATTACH, &[&kinds]).await? {
        happened.add(row.get(0), "attached");
    }
    Ok(())
}
