//! Inspections of homes: how each stands, and every step of it.

use super::inspection_events::{InspectionEvent, Note, append, checklist_from, events, photos};
use super::inspection_steps::{InspectionStep, take, under_way};
use super::{Decision, EnrolmentError};
use crate::change::{self, Change};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::inspection::{Checklist, InspectionRefusal, InspectionState};
use tokio_postgres::{Row, Transaction};

macro_rules! inspection_columns {
    () => {
        "SELECT i.inspection_id, i.version, w.reference, i.state, i.result, i.objection, i.objection_rejected, i.priority, i.address, i.authority,
            i.decision_number, i.decision_date, i.requested_at, i.appointment_at, i.waits_since, i.visited_at, coalesce(i.visited_by, ''), i.checklist::text,
            i.decided_at, coalesce(i.decided_by, ''), i.reasons, coalesce(i.certificate_number, ''), i.visited_by_id, i.decided_by_id
        FROM inspections i JOIN wearers w USING (wearer_id) "
    };
}

const ONE: &str = concat!(
    inspection_columns!(),
    "WHERE i.inspection_id = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))"
);
const LOCK: &str = "SELECT FROM inspections WHERE inspection_id = $1 FOR UPDATE";
/// Objections, then what is visited again after one, then by how long it waits.
const LIST: &str = concat!(
    inspection_columns!(),
    "WHERE ($1 = '' OR w.reference = $1)
        AND ($2 = '' OR EXISTS (SELECT FROM unit_reach r JOIN units u ON u.unit_id = r.above_id WHERE r.unit_id = w.unit_id AND u.code = $2))
        AND ($3::boolean OR i.state NOT IN ('decided', 'withdrawn') OR (i.objection IS NOT NULL AND NOT i.objection_rejected))
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($4))
    ORDER BY (i.objection IS NOT NULL AND NOT i.objection_rejected) DESC, i.state IN ('decided', 'withdrawn'), i.priority DESC, i.waits_since, i.inspection_id
    LIMIT 1000"
);
const REQUEST: &str = "
    INSERT INTO inspections (wearer_id, state, waits_since, address, authority, decision_number, decision_date, requested_at)
    SELECT w.wearer_id, 'requested', $7, $3, $4, $5, $6, $7 FROM wearers w
    WHERE w.reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2)) RETURNING inspection_id";
/// An inspection to ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewInspection {
    /// The wearer's file reference.
    pub wearer: String,
    /// Where.
    pub address: String,
    /// Who asked for it.
    pub asked_by: Decision,
}

/// An inspection.
#[derive(Clone, PartialEq, Debug)]
pub struct Inspection {
    /// Which.
    pub inspection_id: i64,
    /// For changes of it.
    pub version: i64,
    /// The wearer's file reference.
    pub wearer: String,
    /// How it stands.
    pub state: InspectionState,
    /// Visited again after an objection.
    pub priority: bool,
    /// Where.
    pub address: String,
    /// Who asked for it.
    pub asked_by: Decision,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// When somebody will come, or came.
    pub appointment_at: Option<DateTime<Utc>>,
    /// Since when it stands as it does.
    pub waits_since: DateTime<Utc>,
    /// When somebody was there; empty = nobody.
    pub visited_at: Option<DateTime<Utc>>,
    /// Who.
    pub visited_by: String,
    /// What was found.
    pub checklist: Option<Checklist>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// By whom; empty = nobody.
    pub decided_by: String,
    /// Why so.
    pub reasons: String,
    /// Empty unless suitable.
    pub certificate_number: String,
    /// What the wearer objected; empty = nothing.
    pub objection: String,
    /// What happened, oldest first; of a list none.
    pub events: Vec<InspectionEvent>,
    /// Numbers of its photos; of a list none.
    pub photo_ids: Vec<i64>,
    pub(super) visited_by_id: Option<i64>,
    pub(super) decided_by_id: Option<i64>,
}

/// Which inspections to list. The default is the work that waits.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InspectionFilter {
    /// Only this wearer's; empty = all.
    pub wearer: String,
    /// Only of this unit and those below, by code; empty = all.
    pub unit: String,
    /// Also those that are decided or withdrawn.
    pub all: bool,
}

impl Store {
    /// Asks for an inspection.
    ///
    /// # Errors
    /// When the wearer is not within reach, or has one under way.
    pub async fn inspection_request(&self, caller: &Caller, new: &NewInspection, now: DateTime<Utc>) -> Result<Inspection, EnrolmentError> {
        caller.about_wearer(&new.wearer);
        let mut client = self.client().await?;
        let inspection_id = match change::begin(&mut client, caller).await? {
            Change::Done(inspection_id) => inspection_id,
            Change::Open(open) => {
                let inspection_id = request(&open.transaction, caller, new, now).await?;
                open.commit(inspection_id).await?;
                inspection_id
            }
        };
        drop(client);
        self.inspection(caller, inspection_id).await
    }

    /// Takes an inspection one step further.
    ///
    /// # Errors
    /// When there is none such, it was changed meanwhile, the step is not possible as it stands, or it is for another person.
    pub async fn inspection_step(
        &self,
        caller: &Caller,
        (inspection_id, expected_version): (i64, i64),
        step: &InspectionStep,
        now: DateTime<Utc>,
    ) -> Result<Inspection, EnrolmentError> {
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            open.transaction.query_opt(LOCK, &[&inspection_id]).await?;
            let inspection = one(&open.transaction, caller, inspection_id).await?;
            if inspection.version != expected_version {
                return Err(EnrolmentError::VersionChanged(inspection.version));
            }
            take(&open.transaction, caller, &inspection, step, now).await?;
            open.commit(inspection_id).await?;
        }
        drop(client);
        self.inspection(caller, inspection_id).await
    }

    /// One inspection with everything that happened.
    ///
    /// # Errors
    /// When there is none such within reach.
    pub async fn inspection(&self, caller: &Caller, inspection_id: i64) -> Result<Inspection, EnrolmentError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let mut inspection = one(&transaction, caller, inspection_id).await?;
        inspection.events = events(&transaction, inspection_id).await?;
        inspection.photo_ids = photos(&transaction, inspection_id).await?;
        Ok(inspection)
    }

    /// Inspections within the caller's reach: objections first, then what is visited again after one, then by how long they wait.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn inspection_list(&self, caller: &Caller, filter: &InspectionFilter) -> Result<Vec<Inspection>, StoreError> {
        let client = self.client().await?;
        let rows = client.query(LIST, &[&filter.wearer, &filter.unit, &filter.all, &caller.roots]).await?;
        rows.iter().map(inspection_from).collect()
    }
}

async fn request(transaction: &Transaction<'_>, caller: &Caller, new: &NewInspection, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
    let Decision { authority, number, date } = &new.asked_by;
    let asked = transaction.query_opt(REQUEST, &[&new.wearer, &caller.roots, &new.address, authority, number, date, &now]).await;
    let inspection_id: i64 = asked.map_err(under_way)?.ok_or(EnrolmentError::UnknownWearer)?.get(0);
    caller.about(format!("inspection {inspection_id}"));
    let note = Note { kind: "requested", note: &new.address, ..Note::default() };
    append(transaction, caller, (inspection_id, 1), note, now).await?;
    Ok(inspection_id)
}

async fn one(transaction: &Transaction<'_>, caller: &Caller, inspection_id: i64) -> Result<Inspection, EnrolmentError> {
    let row = transaction.query_opt(ONE, &[&inspection_id, &caller.roots]).await?.ok_or(InspectionRefusal::Unknown)?;
    let inspection = inspection_from(&row)?;
    caller.about_wearer(&inspection.wearer);
    caller.about(format!("inspection {inspection_id}"));
    Ok(inspection)
}

fn inspection_from(row: &Row) -> Result<Inspection, StoreError> {
    let unreadable = || StoreError::Unreadable(format!("inspection {}", row.get::<_, i64>(0)));
    let objection: Option<String> = row.get(5);
    let state = InspectionState::of(row.get(3), row.get(4), objection.is_some(), row.get(6)).ok_or_else(unreadable)?;
    Ok(Inspection {
        inspection_id: row.get(0),
        version: row.get(1),
        wearer: row.get(2),
        state,
        priority: row.get(7),
        address: row.get(8),
        asked_by: Decision { authority: row.get(9), number: row.get(10), date: row.get(11) },
        requested_at: row.get(12),
        appointment_at: row.get(13),
        waits_since: row.get(14),
        visited_at: row.get(15),
        visited_by: row.get(16),
        checklist: row.get::<_, Option<&str>>(17).map(|json| checklist_from(json).ok_or_else(unreadable)).transpose()?,
        decided_at: row.get(18),
        decided_by: row.get(19),
        reasons: row.get(20),
        certificate_number: row.get(21),
        objection: objection.unwrap_or_default(),
        events: Vec::new(),
        photo_ids: Vec::new(),
        visited_by_id: row.get(22),
        decided_by_id: row.get(23),
    })
}
