//! Inspections of homes: how each stands, and every step of it.

use super::inspection_events::{InspectionEvent, Note, append, checklist_from, checklist_json, events, photos};
use super::{Decision, EnrolmentError};
use crate::change::{self, Change};
use crate::people::handed_over;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::inspection::{Checklist, InspectionAct, InspectionRefusal, InspectionState};
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
const STEP: &str = "UPDATE inspections SET version = version + 1, waits_since = $2, ";
/// The next number of the wearer's unit in this year; two at once wait for each other.
const CERTIFICATE: &str = "
    WITH next AS (
        INSERT INTO certificate_numbers AS c (unit_id, year, number)
        SELECT w.unit_id, $2, 1 FROM inspections i JOIN wearers w USING (wearer_id) WHERE i.inspection_id = $1
        ON CONFLICT (unit_id, year) DO UPDATE SET number = c.number + 1 RETURNING unit_id, number
    ) SELECT u.code, next.number FROM next JOIN units u USING (unit_id)";

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

/// A step of an inspection.
#[derive(Clone, PartialEq, Debug)]
pub enum InspectionStep {
    /// Somebody will come then.
    Propose(DateTime<Utc>, String),
    /// They said then, and so, that they will be there.
    Confirm(DateTime<Utc>, String),
    /// This was found then.
    Visit(DateTime<Utc>, Box<Checklist>, String),
    /// Nobody was met then.
    VisitInVain(DateTime<Utc>, String),
    /// Suitable, in this year (Solar Hijri), for these reasons.
    Accept(i32, String),
    /// Unsuitable, for these reasons.
    Reject(String),
    /// The wearer objected then.
    Object(DateTime<Utc>, String),
    /// The objection is upheld or rejected, for these reasons.
    Answer(bool, String),
    /// Not needed any more.
    Withdraw(String),
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
    visited_by_id: Option<i64>,
    decided_by_id: Option<i64>,
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

impl InspectionStep {
    const fn act(&self) -> InspectionAct {
        match self {
            Self::Propose(..) => InspectionAct::Propose,
            Self::Confirm(..) => InspectionAct::Confirm,
            Self::Visit(..) => InspectionAct::Visit,
            Self::VisitInVain(..) => InspectionAct::VisitInVain,
            Self::Accept(..) => InspectionAct::Accept,
            Self::Reject(..) => InspectionAct::Reject,
            Self::Object(..) => InspectionAct::Object,
            Self::Answer(true, _) => InspectionAct::AnswerUpheld,
            Self::Answer(false, _) => InspectionAct::AnswerRejected,
            Self::Withdraw(..) => InspectionAct::Withdraw,
        }
    }
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

/// What a step changes beside the version, and its event.
async fn take(
    transaction: &Transaction<'_>,
    caller: &Caller,
    inspection: &Inspection,
    step: &InspectionStep,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    inspection.state.after(step.act())?;
    let (id, who, who_id) = (inspection.inspection_id, caller.name(), caller.person_id());
    let changed = |columns: &str| format!("{STEP}{columns} WHERE inspection_id = $1");
    let note = match step {
        InspectionStep::Propose(at, note) => {
            transaction.execute(&changed("state = 'appointed', appointment_at = $3"), &[&id, &now, at]).await?;
            Note { kind: "appointed", at: Some(*at), note, ..Note::default() }
        }
        InspectionStep::Confirm(at, how) => {
            transaction.execute(&changed("state = 'confirmed'"), &[&id, &now]).await?;
            Note { kind: "confirmed", at: Some(*at), note: how, ..Note::default() }
        }
        InspectionStep::Visit(at, checklist, note) => {
            let json = checklist_json(checklist);
            let visit = changed("state = 'visited', visited_at = $3, visited_by = $4, visited_by_id = $5, checklist = $6::text::jsonb");
            transaction.execute(&visit, &[&id, &now, at, &who, &who_id, &json]).await?;
            Note { kind: "visited", at: Some(*at), note, checklist: Some(json), ..Note::default() }
        }
        InspectionStep::VisitInVain(at, note) => {
            transaction.execute(&changed("state = 'requested', appointment_at = NULL"), &[&id, &now]).await?;
            Note { kind: "visited_in_vain", at: Some(*at), note, ..Note::default() }
        }
        InspectionStep::Accept(year, reasons) => {
            another_person(transaction, caller, (&inspection.visited_by, inspection.visited_by_id), now).await?;
            decide(transaction, caller, inspection, Some(*year), reasons, now).await?
        }
        InspectionStep::Reject(reasons) => {
            another_person(transaction, caller, (&inspection.visited_by, inspection.visited_by_id), now).await?;
            decide(transaction, caller, inspection, None, reasons, now).await?
        }
        InspectionStep::Object(at, objection) => {
            transaction.execute(&changed("objection = $3"), &[&id, &now, objection]).await?;
            Note { kind: "objected", at: Some(*at), note: objection, ..Note::default() }
        }
        InspectionStep::Answer(upheld, reasons) => {
            another_person(transaction, caller, (&inspection.decided_by, inspection.decided_by_id), now).await?;
            let again = "state = 'requested', priority = true, result = NULL, decided_at = NULL, decided_by = NULL, decided_by_id = NULL, reasons = '',
                objection = NULL, appointment_at = NULL, visited_at = NULL, visited_by = NULL, visited_by_id = NULL, checklist = NULL";
            transaction
                .execute(&changed(if *upheld { again } else { "objection_rejected = true" }), &[&id, &now])
                .await
                .map_err(under_way)?;
            Note { kind: "answered", result: Some(if *upheld { "upheld" } else { "rejected" }), note: reasons, ..Note::default() }
        }
        InspectionStep::Withdraw(reason) => {
            transaction.execute(&changed("state = 'withdrawn'"), &[&id, &now]).await?;
            Note { kind: "withdrawn", note: reason, ..Note::default() }
        }
    };
    Ok(append(transaction, caller, (id, inspection.version + 1), note, now).await?)
}

/// Suitable with a certificate of this year, or unsuitable.
async fn decide<'a>(
    transaction: &Transaction<'_>,
    caller: &Caller,
    inspection: &Inspection,
    year: Option<i32>,
    reasons: &'a str,
    now: DateTime<Utc>,
) -> Result<Note<'a>, EnrolmentError> {
    let id = inspection.inspection_id;
    let (result, certificate) = match year {
        None => ("unsuitable", None),
        Some(year) => {
            let has_shortcomings = inspection.checklist.as_ref().is_none_or(|checklist| !checklist.shortcomings().is_empty());
            if has_shortcomings && reasons.is_empty() {
                return Err(InspectionRefusal::Shortcomings.into());
            }
            let row = transaction.query_one(CERTIFICATE, &[&id, &year]).await?;
            ("suitable", Some(format!("{}/{year}/{}", row.get::<_, &str>(0), row.get::<_, i64>(1))))
        }
    };
    let decided = format!(
        "{STEP}state = 'decided', result = $3, certificate_number = $4, decided_at = $2, decided_by = $5, decided_by_id = $6, reasons = $7, priority = false
        WHERE inspection_id = $1"
    );
    let (who, who_id) = (caller.name(), caller.person_id());
    transaction.execute(&decided, &[&id, &now, &result, &certificate, &who, &who_id, &reasons]).await?;
    Ok(Note { kind: "decided", result: Some(result), note: reasons, certificate, ..Note::default() })
}

async fn another_person(
    transaction: &Transaction<'_>,
    caller: &Caller,
    (first, first_id): (&str, Option<i64>),
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    let second_id = caller.person_id();
    let is_same = first == caller.name() || first_id == second_id;
    if is_same
        || handed_over(transaction, (first, first_id.unwrap_or_default()), (caller.name(), second_id.unwrap_or_default()), now).await?
    {
        return Err(InspectionRefusal::SamePerson.into());
    }
    Ok(())
}

async fn one(transaction: &Transaction<'_>, caller: &Caller, inspection_id: i64) -> Result<Inspection, EnrolmentError> {
    let row = transaction.query_opt(ONE, &[&inspection_id, &caller.roots]).await?.ok_or(InspectionRefusal::Unknown)?;
    let inspection = inspection_from(&row)?;
    caller.about_wearer(&inspection.wearer);
    caller.about(format!("inspection {inspection_id}"));
    Ok(inspection)
}

fn under_way(error: tokio_postgres::Error) -> EnrolmentError {
    let constraint = error.as_db_error().and_then(tokio_postgres::error::DbError::constraint);
    if constraint == Some("a_wearer_has_one_inspection_under_way") { InspectionRefusal::UnderWay.into() } else { error.into() }
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
