//! Four eyes: acts that one person proposes and another confirms.

use super::PeopleError;
use super::acts::{Act, concerns, take_effect};
use super::approvals::{Approval, approve};
use super::one_person::handed_over;
use crate::change::{self, Change};
use crate::{Store, StoreError, audit};
use access::Caller;
use chrono::{DateTime, TimeDelta, Utc};
use tokio_postgres::{Row, Transaction};

/// Nobody decides for so long: the proposal is over.
pub(super) const OPEN_FOR: TimeDelta = TimeDelta::days(3);

macro_rules! proposal_columns {
    () => {
        "SELECT p.proposal_id, p.method, p.request, p.request_json, p.unit_id, p.purpose, p.case_number, by.name, p.proposed_at, p.expires_at,
            p.state, coalesce(decided.name, ''), p.decided_at, coalesce(p.reason, ''), coalesce(p.result_id, 0), p.proposed_by,
            array(SELECT r.above_id FROM unit_reach r WHERE r.unit_id = p.unit_id),
            coalesce((SELECT f.name FROM proposal_approvals a JOIN people f USING (person_id) WHERE a.proposal_id = p.proposal_id AND f.is_on ORDER BY a.at LIMIT 1), '')
        FROM proposals p JOIN people by ON by.person_id = p.proposed_by LEFT JOIN people decided ON decided.person_id = p.decided_by "
    };
}

/// Whoever reaches the unit that it concerns sees it, and so does who proposed it.
const LIST: &str = concat!(
    proposal_columns!(),
    "WHERE (NOT $3::boolean OR (p.state = 'waiting' AND p.expires_at > $4)) AND (p.proposed_by = $2
        OR EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = p.unit_id AND r.above_id = ANY ($1)))
    ORDER BY p.proposal_id DESC LIMIT 1000"
);
const ONE: &str = concat!(
    proposal_columns!(),
    "WHERE p.proposal_id = $3 AND (p.proposed_by = $2 OR EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = p.unit_id AND r.above_id = ANY ($1)))"
);
const LOCK: &str = "SELECT FROM proposals WHERE proposal_id = $1 FOR UPDATE";
const PROPOSE: &str = "
    INSERT INTO proposals (method, request, request_json, unit_id, purpose, case_number, proposed_by, proposed_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING proposal_id";
const DECIDE: &str = "
    UPDATE proposals SET state = $2, decided_by = $3, decided_at = $4, reason = $5, result_id = $6 WHERE proposal_id = $1";

/// How a proposal stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProposalState {
    /// Somebody may still confirm it.
    Waiting,
    /// It took effect.
    Confirmed,
    /// Somebody refused or withdrew it.
    Refused,
    /// Nobody decided in time.
    Expired,
}

/// An act that waits for a second person, or did.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Which.
    pub proposal_id: i64,
    /// The method proposed.
    pub method: String,
    /// Its request, as sent.
    pub request: Vec<u8>,
    /// The same to read.
    pub request_json: String,
    /// The purpose and the case's number that the proposer named.
    pub purpose: String,
    /// See `purpose`.
    pub case_number: String,
    /// The proposer's name.
    pub proposed_by: String,
    /// The proposer.
    pub proposed_by_id: i64,
    /// When.
    pub proposed_at: DateTime<Utc>,
    /// Until when it can be decided.
    pub expires_at: DateTime<Utc>,
    /// How it stands.
    pub state: ProposalState,
    /// Who decided; empty until then.
    pub decided_by: String,
    /// When.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why it was refused.
    pub reason: String,
    /// The unit that it concerns, and those above: who decides must act in one of them.
    pub seen_from: Vec<i64>,
    /// What it brought about; 0 = nothing that has a number.
    pub result_id: i64,
    /// Who approved it first, of an act that needs two approvals; empty = nobody.
    pub first_approved_by: String,
}

/// An act to propose.
#[derive(Clone, Debug)]
pub struct NewProposal<'a> {
    /// The method.
    pub method: &'a str,
    /// Its request, as sent.
    pub request: Vec<u8>,
    /// The same to read.
    pub request_json: String,
}

/// How a proposal is decided.
#[derive(Clone, Debug)]
pub enum Decided {
    /// It takes effect.
    Confirmed(Act),
    /// It does not, for this reason.
    Refused(String),
}

impl Store {
    /// Notes an act that needs a second person, if it is possible now.
    ///
    /// # Errors
    /// When the act is not possible for this caller.
    pub async fn propose(&self, caller: &Caller, new: NewProposal<'_>, act: &Act, now: DateTime<Utc>) -> Result<Proposal, PeopleError> {
        let person = caller.person_id().ok_or(PeopleError::UnknownPerson)?;
        let mut client = self.client().await?;
        let open = match change::begin(&mut client, caller).await? {
            Change::Open(open) => open,
            Change::Done(proposal_id) => return self.proposal(caller, proposal_id, now).await,
        };
        let transaction = &open.transaction;
        let unit = concerns(transaction, caller, act, now).await?;
        let (purpose, case_number) =
            caller.purpose.as_ref().map(|purpose| (purpose.code.clone(), purpose.case_number.clone())).unwrap_or_default();
        let row = transaction
            .query_one(
                PROPOSE,
                &[&new.method, &new.request, &new.request_json, &unit, &purpose, &case_number, &person, &now, &(now + OPEN_FOR)],
            )
            .await?;
        let proposal_id: i64 = row.get(0);
        let proposal = one(transaction, caller, proposal_id, now).await?;
        open.commit_as("proposed", proposal_id).await?;
        Ok(proposal)
    }

    /// The proposals that the caller made or may decide, newest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn proposal_list(&self, caller: &Caller, waiting_only: bool, now: DateTime<Utc>) -> Result<Vec<Proposal>, StoreError> {
        let person = caller.person_id().unwrap_or_default();
        let rows = self.client().await?.query(LIST, &[&caller.roots, &person, &waiting_only, &now]).await?;
        Ok(rows.iter().map(|row| proposal_from(row, now)).collect())
    }

    /// One proposal within the caller's reach.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn proposal(&self, caller: &Caller, proposal_id: i64, now: DateTime<Utc>) -> Result<Proposal, PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        one(&transaction, caller, proposal_id, now).await
    }

    /// Confirms or refuses a proposal; what it proposes takes effect in the same transaction, unless it needs a second approval: then it waits for that.
    ///
    /// # Errors
    /// When it is over, the caller proposed it (and confirms), or the act is no longer possible.
    pub async fn proposal_decide(
        &self,
        caller: &Caller,
        proposal_id: i64,
        decided: &Decided,
        now: DateTime<Utc>,
    ) -> Result<Proposal, PeopleError> {
        let person = caller.person_id().ok_or(PeopleError::UnknownPerson)?;
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.query_opt(LOCK, &[&proposal_id]).await?;
        let proposal = one(&transaction, caller, proposal_id, now).await?;
        match proposal.state {
            ProposalState::Waiting => {}
            ProposalState::Confirmed => return Err(PeopleError::ProposalOver("confirmed")),
            ProposalState::Refused => return Err(PeopleError::ProposalOver("refused")),
            ProposalState::Expired => return Err(PeopleError::ProposalOver("expired")),
        }
        let (state, reason, result) = match decided {
            Decided::Refused(reason) => ("refused", Some(reason), None),
            Decided::Confirmed(_) if proposal.proposed_by_id == person => return Err(PeopleError::SamePerson),
            // Who was switched off meanwhile proposes nothing any more.
            Decided::Confirmed(_) if !proposer_is_on(&transaction, &proposal).await? => return Err(PeopleError::ProposalOver("withdrawn")),
            Decided::Confirmed(_)
                if handed_over(&transaction, (&proposal.proposed_by, proposal.proposed_by_id), (caller.name(), person), now).await? =>
            {
                return Err(PeopleError::SamePerson);
            }
            Decided::Confirmed(act) => match approve(&transaction, (caller, person), (&proposal, act), now).await? {
                Approval::First => ("waiting", None, None),
                Approval::Last(first) => {
                    let proposal = Proposal { first_approved_by: first.unwrap_or_default(), ..proposal };
                    ("confirmed", None, take_effect(&transaction, caller, act, &proposal, now).await?)
                }
            },
        };
        if state != "waiting" {
            transaction.execute(DECIDE, &[&proposal_id, &state, &person, &now, &reason, &result]).await?;
        }
        audit::append(&transaction, &[caller.entry("done")]).await?;
        let proposal = one(&transaction, caller, proposal_id, now).await?;
        transaction.commit().await?;
        drop(client);
        if let Decided::Confirmed(Act::GrantRelief(new)) = decided {
            self.relief_follow(new).await;
        }
        if let Decided::Confirmed(Act::ApproveLateFact(approval)) = decided {
            self.late_follow(approval).await;
        }
        Ok(proposal)
    }
}

async fn proposer_is_on(transaction: &Transaction<'_>, proposal: &Proposal) -> Result<bool, PeopleError> {
    let row = transaction.query_one("SELECT is_on FROM people WHERE person_id = $1", &[&proposal.proposed_by_id]).await?;
    Ok(row.get(0))
}

async fn one(transaction: &Transaction<'_>, caller: &Caller, proposal_id: i64, now: DateTime<Utc>) -> Result<Proposal, PeopleError> {
    let person = caller.person_id().unwrap_or_default();
    let row = transaction.query_opt(ONE, &[&caller.roots, &person, &proposal_id]).await?;
    Ok(proposal_from(&row.ok_or(PeopleError::UnknownProposal)?, now))
}

fn proposal_from(row: &Row, now: DateTime<Utc>) -> Proposal {
    let expires_at: DateTime<Utc> = row.get(9);
    let state = match row.get(10) {
        "confirmed" => ProposalState::Confirmed,
        "refused" => ProposalState::Refused,
        _ if expires_at <= now => ProposalState::Expired,
        _ => ProposalState::Waiting,
    };
    Proposal {
        proposal_id: row.get(0),
        method: row.get(1),
        request: row.get(2),
        request_json: row.get(3),
        purpose: row.get(5),
        case_number: row.get(6),
        proposed_by: row.get(7),
        proposed_at: row.get(8),
        expires_at,
        state,
        decided_by: row.get(11),
        decided_at: row.get(12),
        reason: row.get(13),
        result_id: row.get(14),
        proposed_by_id: row.get(15),
        seen_from: row.get(16),
        first_approved_by: row.get(17),
    }
}
