//! What judging the past again leaves in the database: checkpoints, answered requests, and wishes for other wearers' pasts.

use crate::StoreError;
use crate::time::server_time;
use chrono::{DateTime, Utc};
use geofence::Batch;
use tokio_postgres::{Client, Statement};

/// Checkpoints of the span are void, and its requests are answered.
const ANSWERED: &str = "
    WITH again AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS again (wearer_id, from_ms, request_id)),
    void AS (DELETE FROM judge_checkpoints c USING again WHERE c.wearer_id = again.wearer_id AND c.judged_at >= again.from_ms)
    DELETE FROM judging_requests r USING again WHERE r.wearer_id = again.wearer_id AND r.request_id <= again.request_id";

/// Of those older than eight days the first of every thirty days stays: what reaches back further starts there.
const CHECKPOINTS: &str = "
    WITH given AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS given (wearer_id, judged_at, bytes)),
    surplus AS (
        DELETE FROM judge_checkpoints c USING given g
        WHERE c.wearer_id = g.wearer_id AND c.judged_at < g.judged_at - 8 * 86400000::bigint AND EXISTS (
            SELECT FROM judge_checkpoints d WHERE d.wearer_id = c.wearer_id AND d.judged_at < c.judged_at
                AND d.judged_at / (30 * 86400000::bigint) = c.judged_at / (30 * 86400000::bigint))
    )
    INSERT INTO judge_checkpoints (wearer_id, judged_at, bytes) SELECT * FROM given
    ON CONFLICT (wearer_id, judged_at) DO UPDATE SET bytes = excluded.bytes";

/// Reports from before a tag's fitting or after its removal: whoever wore it then.
const STRAYS: &str = "
    INSERT INTO judging_requests (wearer_id, from_at, cause)
    SELECT f.wearer_id, min(at), 'late report of a former tag'
    FROM unnest($1::bigint[], $2::timestamptz[]) AS stray (tag_id, at) JOIN fittings f ON f.tag_id = stray.tag_id AND f.period @> at
    GROUP BY f.wearer_id";

/// Prepared once a connection.
pub(super) struct Statements {
    answered: Statement,
    checkpoints: Statement,
    strays: Statement,
}

impl Statements {
    pub async fn prepare(client: &Client) -> Result<Self, tokio_postgres::Error> {
        let (answered, checkpoints, strays) =
            tokio::try_join!(client.prepare(ANSWERED), client.prepare(CHECKPOINTS), client.prepare(STRAYS))?;
        Ok(Self { answered, checkpoints, strays })
    }
}

/// Most batches have nothing of it, and then nothing is sent. The statements go out in this order.
pub(super) async fn write(client: &Client, statements: &Statements, batch: &Batch) -> Result<(), StoreError> {
    let answered = async {
        if batch.judged_again.is_empty() {
            return Ok(0);
        }
        let wearers: Vec<i64> = batch.judged_again.iter().map(|again| again.wearer_id).collect();
        let froms: Vec<i64> = batch.judged_again.iter().map(|again| again.from.millis()).collect();
        let requests: Vec<i64> = batch.judged_again.iter().map(|again| again.request).collect();
        client.execute(&statements.answered, &[&wearers, &froms, &requests]).await
    };
    let checkpoints = async {
        if batch.checkpoints.is_empty() {
            return Ok(0);
        }
        // Of two of the same instant in one batch the later one is right; one statement may write a row once.
        let newest: std::collections::BTreeMap<_, _> =
            batch.checkpoints.iter().map(|kept| ((kept.wearer_id, kept.at), &kept.bytes)).collect();
        let wearers: Vec<i64> = newest.keys().map(|(wearer_id, _)| *wearer_id).collect();
        let ats: Vec<i64> = newest.keys().map(|(_, at)| at.millis()).collect();
        let bytes: Vec<&[u8]> = newest.values().map(|bytes| bytes.as_slice()).collect();
        client.execute(&statements.checkpoints, &[&wearers, &ats, &bytes]).await
    };
    let strays = async {
        if batch.strays.is_empty() {
            return Ok(0);
        }
        let tags: Vec<i64> = batch.strays.iter().map(|stray| stray.tag_id).collect();
        let ats: Vec<DateTime<Utc>> = batch.strays.iter().map(|stray| server_time(stray.at)).collect();
        client.execute(&statements.strays, &[&tags, &ats]).await
    };
    tokio::try_join!(answered, checkpoints, strays)?;
    Ok(())
}
