//! The evidence of a fitting: how each item stood when it began, and by what that was known. Written once.

use super::EnrolmentError;
use crate::StoreError;
use crate::time::server_time;
use chrono::{DateTime, Utc};
use enrolment::checklist::{Evidence, Item, ItemFound, ItemState};
use geofence::{Timestamp, Verdict};
use std::collections::HashMap;
use tokio_postgres::{GenericClient, Row, Transaction};

const WRITE: &str = "
    INSERT INTO fitting_evidence
        (fitting_id, place, item, outcome, taken_at, received_at, battery_percent, verdict, accuracy_m, number, text, by, at, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const READ: &str = "
    SELECT fitting_id, item, outcome, taken_at, received_at, battery_percent, verdict, accuracy_m, number, text, by, at, reason
    FROM fitting_evidence WHERE fitting_id = ANY ($1) ORDER BY fitting_id, place";

/// Writes down how every item stands.
pub(super) async fn write(transaction: &Transaction<'_>, fitting_id: i64, items: &[ItemFound]) -> Result<(), EnrolmentError> {
    for (at, found) in items.iter().enumerate() {
        let Evidence { taken_at, received_at, battery_percent, verdict, accuracy_m, number, text, by, at: said_at, reason } =
            &found.evidence;
        let (place, taken_at) = (at as i16 + 1, taken_at.map(Timestamp::millis));
        let (received_at, said_at) = (received_at.map(server_time), said_at.map(server_time));
        let (battery, verdict) = (battery_percent.map(i16::from), verdict.map(verdict_name));
        let (item, outcome) = (found.item.name(), found.state.name());
        let row: &[&(dyn tokio_postgres::types::ToSql + Sync)] = &[
            &fitting_id,
            &place,
            &item,
            &outcome,
            &taken_at,
            &received_at,
            &battery,
            &verdict,
            accuracy_m,
            number,
            text,
            by,
            &said_at,
            reason,
        ];
        transaction.execute(WRITE, row).await?;
    }
    Ok(())
}

/// The evidence of these fittings, each in the order of the checklist.
pub(super) async fn read(client: &impl GenericClient, fittings: &[i64]) -> Result<HashMap<i64, Vec<ItemFound>>, EnrolmentError> {
    let mut found = HashMap::<i64, Vec<ItemFound>>::new();
    for row in client.query(READ, &[&fittings]).await? {
        found.entry(row.get(0)).or_default().push(item_from(&row)?);
    }
    Ok(found)
}

fn item_from(row: &Row) -> Result<ItemFound, EnrolmentError> {
    let (item, outcome): (&str, &str) = (row.get(1), row.get(2));
    let (Some(item), Some(state)) = (Item::named(item), ItemState::named(outcome)) else {
        return Err(StoreError::Unreadable(format!("the evidence {outcome} of {item}")).into());
    };
    let instant = |column: usize| row.get::<_, Option<DateTime<Utc>>>(column).map(Timestamp::from);
    let evidence = Evidence {
        taken_at: row.get::<_, Option<i64>>(3).map(Timestamp::from_millis),
        received_at: instant(4),
        battery_percent: row.get::<_, Option<i16>>(5).map(|percent| percent as u8),
        verdict: row.get::<_, Option<&str>>(6).and_then(verdict_named),
        accuracy_m: row.get(7),
        number: row.get(8),
        text: row.get(9),
        by: row.get(10),
        at: instant(11),
        reason: row.get(12),
    };
    Ok(ItemFound { item, state, evidence, todo: None })
}

const fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Inside => "inside",
        Verdict::Outside => "outside",
        Verdict::Uncertain => "uncertain",
    }
}

fn verdict_named(name: &str) -> Option<Verdict> {
    [Verdict::Inside, Verdict::Outside, Verdict::Uncertain].into_iter().find(|verdict| verdict_name(*verdict) == name)
}
