//! The steps of an inspection: what each changes, who does not take it, and the event that it leaves.

use super::EnrolmentError;
use super::inspection_events::{Note, append, checklist_json};
use super::inspections::Inspection;
use crate::people::is_one_person;
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::inspection::{Checklist, InspectionAct, InspectionRefusal};
use tokio_postgres::Transaction;

const STEP: &str = "UPDATE inspections SET version = version + 1, waits_since = $2, ";
/// The next number of the wearer's unit in this year; two at once wait for each other.
const CERTIFICATE: &str = "
    WITH next AS (
        INSERT INTO certificate_numbers AS c (unit_id, year, number)
        SELECT w.unit_id, $2, 1 FROM inspections i JOIN wearers w USING (wearer_id) WHERE i.inspection_id = $1
        ON CONFLICT (unit_id, year) DO UPDATE SET number = c.number + 1 RETURNING unit_id, number
    ) SELECT u.code, next.number FROM next JOIN units u USING (unit_id)";

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

/// What a step changes beside the version, and its event.
pub(super) async fn take(
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
    first: (&str, Option<i64>),
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    if is_one_person(transaction, caller, first, now).await? { Err(InspectionRefusal::SamePerson.into()) } else { Ok(()) }
}

pub(super) fn under_way(error: tokio_postgres::Error) -> EnrolmentError {
    let constraint = error.as_db_error().and_then(tokio_postgres::error::DbError::constraint);
    if constraint == Some("a_wearer_has_one_inspection_under_way") { InspectionRefusal::UnderWay.into() } else { error.into() }
}
