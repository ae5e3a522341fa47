//! What happened to an inspection, append-only, and the checklist of a visit as the database keeps it.

use crate::StoreError;
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::inspection::Checklist;
use serde_json::{Value, json};
use tokio_postgres::Transaction;

const APPEND: &str = "
    INSERT INTO inspection_events (inspection_id, version, kind, recorded_at, recorded_by, at, result, note, checklist, certificate_number)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10)";
const OF_ONE: &str = "
    SELECT kind, recorded_at, recorded_by, at, coalesce(result, ''), note, checklist::text, coalesce(certificate_number, '')
    FROM inspection_events WHERE inspection_id = $1 ORDER BY version";
const PHOTOS: &str = "
    SELECT p.photo_id FROM photos p JOIN inspections i USING (wearer_id)
    WHERE i.inspection_id = $1 AND p.subject = 'inspection' AND p.subject_id = $1 ORDER BY p.photo_id";

/// One step of an inspection.
#[derive(Clone, PartialEq, Debug)]
pub struct InspectionEvent {
    /// `requested`, `appointed` ...
    pub kind: String,
    /// When it was written down.
    pub recorded_at: DateTime<Utc>,
    /// By whom.
    pub recorded_by: String,
    /// When it is or was.
    pub at: Option<DateTime<Utc>>,
    /// Of a decision or an answer; else empty.
    pub result: String,
    /// What was said.
    pub note: String,
    /// Of a visit.
    pub checklist: Option<Checklist>,
    /// Of a decision that it is suitable; else empty.
    pub certificate_number: String,
}

/// A step to write down.
#[derive(Default)]
pub(super) struct Note<'a> {
    pub(super) kind: &'static str,
    pub(super) at: Option<DateTime<Utc>>,
    pub(super) result: Option<&'static str>,
    pub(super) note: &'a str,
    pub(super) checklist: Option<String>,
    pub(super) certificate: Option<String>,
}

/// Writes a step down; with it the inspection has this version.
pub(super) async fn append(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (inspection_id, version): (i64, i64),
    note: Note<'_>,
    now: DateTime<Utc>,
) -> Result<(), tokio_postgres::Error> {
    let Note { kind, at, result, note, checklist, certificate } = note;
    let who = caller.name();
    transaction
        .execute(APPEND, &[&inspection_id, &version, &kind, &now, &who, &at, &result, &note, &checklist, &certificate])
        .await
        .map(drop)
}

pub(super) async fn events(transaction: &Transaction<'_>, inspection_id: i64) -> Result<Vec<InspectionEvent>, StoreError> {
    let rows = transaction.query(OF_ONE, &[&inspection_id]).await?;
    let unreadable = || StoreError::Unreadable(format!("checklist of inspection {inspection_id}"));
    rows.iter()
        .map(|row| {
            let checklist = row.get::<_, Option<&str>>(6).map(|json| checklist_from(json).ok_or_else(unreadable)).transpose()?;
            Ok(InspectionEvent {
                kind: row.get(0),
                recorded_at: row.get(1),
                recorded_by: row.get(2),
                at: row.get(3),
                result: row.get(4),
                note: row.get(5),
                checklist,
                certificate_number: row.get(7),
            })
        })
        .collect()
}

pub(super) async fn photos(transaction: &Transaction<'_>, inspection_id: i64) -> Result<Vec<i64>, tokio_postgres::Error> {
    Ok(transaction.query(PHOTOS, &[&inspection_id]).await?.iter().map(|row| row.get(0)).collect())
}

/// A checklist as the database keeps it.
pub(super) fn checklist_json(checklist: &Checklist) -> String {
    let Checklist {
        mains_power,
        gnss_satellites,
        gnss_accuracy_m,
        gsm_dbm,
        landlord_consents,
        household_consents,
        persons,
        telephone,
        note,
    } = checklist;
    json!({
        "mains_power": mains_power, "gnss_satellites": gnss_satellites, "gnss_accuracy_m": gnss_accuracy_m, "gsm_dbm": gsm_dbm,
        "landlord_consents": landlord_consents, "household_consents": household_consents, "persons": persons, "telephone": telephone, "note": note,
    })
    .to_string()
}

/// What was kept so.
pub(super) fn checklist_from(json: &str) -> Option<Checklist> {
    let value: Value = serde_json::from_str(json).ok()?;
    let number = |name: &str| value[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    Some(Checklist {
        mains_power: value["mains_power"].as_bool()?,
        gnss_satellites: number("gnss_satellites")?,
        gnss_accuracy_m: value["gnss_accuracy_m"].as_f64()?,
        gsm_dbm: i32::try_from(value["gsm_dbm"].as_i64()?).ok()?,
        landlord_consents: value["landlord_consents"].as_bool()?,
        household_consents: value["household_consents"].as_bool()?,
        persons: number("persons")?,
        telephone: text("telephone")?,
        note: text("note")?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Checklist, checklist_from, checklist_json};

    #[test]
    fn a_checklist_is_read_as_it_was_written() {
        let checklist = Checklist {
            mains_power: true,
            gnss_satellites: 7,
            gnss_accuracy_m: 12.5,
            gsm_dbm: -91,
            household_consents: true,
            persons: 3,
            telephone: "021-1".to_owned(),
            note: "\"پشت بام\"".to_owned(),
            ..Checklist::default()
        };
        assert_eq!(checklist_from(&checklist_json(&checklist)), Some(checklist));
        for json in ["", "{}", "[]", r#"{"mains_power": "yes"}"#] {
            assert_eq!(checklist_from(json), None, "{json}");
        }
    }
}
