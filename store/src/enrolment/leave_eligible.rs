//! What is known of many wearers at once who shall get leave: one question to the database, however many they are.

use super::EnrolmentError;
use access::Caller;
use enrolment::leave::{Eligibility, LeaveFacts, LeaveLimits, LeaveTerms, LeaveWarning};
use std::collections::HashMap;
use tokio_postgres::{Row, Transaction};

/// Of these wearers everything that counts in [from, to), `own` being the leave that it is about, if it is one that exists.
const FACTS: &str = "
    SELECT w.wearer_id,
        w.merged_into IS NOT NULL,
        EXISTS (SELECT FROM fittings f WHERE f.wearer_id = w.wearer_id AND f.period && tstzrange($2, $3)),
        l.is_allowed, l.days_max, l.hours_max,
        coalesce(o.is_suspended, false),
        coalesce(o.planned_end < (($3 - interval '1 second') AT TIME ZONE 'Asia/Tehran')::date, false),
        coalesce((SELECT min(a.leave_id) FROM leave_acts a WHERE a.wearer_id = w.wearer_id AND a.state IN ('approved', 'shortened') AND a.leave_id <> $4
                AND tstzrange(a.valid_from, coalesce(a.back_at, a.valid_to)) && tstzrange($2, $3)),
            (SELECT min(0) FROM leaves i WHERE i.wearer_id = w.wearer_id AND i.act_id IS NULL AND i.valid_from < $3 AND i.valid_to > $2)),
        ARRAY(SELECT DISTINCT a.kind FROM alerts a WHERE a.wearer_id = w.wearer_id AND a.end_reason IS NULL AND a.kind = ANY ($5) ORDER BY a.kind)
    FROM wearers w LEFT JOIN LATERAL order_in_force(w.wearer_id, $2) AS o ON true LEFT JOIN leave_limits l USING (legal_basis)
    WHERE w.wearer_id = ANY ($1) AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($6))";

/// Whether each of these wearers may have leave on these terms. Who is not within the caller's reach is not in the answer.
pub(super) async fn eligible(
    transaction: &Transaction<'_>,
    caller: &Caller,
    wearers: &[i64],
    terms: &LeaveTerms,
    own: i64,
) -> Result<HashMap<i64, Eligibility>, EnrolmentError> {
    let kinds: Vec<&str> = LeaveWarning::ALL.into_iter().map(LeaveWarning::written).collect();
    let rows = transaction.query(FACTS, &[&wearers, &terms.from, &terms.to, &own, &kinds, &caller.roots]).await?;
    Ok(rows.iter().map(|row| (row.get(0), Eligibility::of(&facts_from(row), terms))).collect())
}

/// The same of one wearer.
pub(super) async fn eligible_one(
    transaction: &Transaction<'_>,
    caller: &Caller,
    wearer_id: i64,
    terms: &LeaveTerms,
    own: i64,
) -> Result<Eligibility, EnrolmentError> {
    let mut found = eligible(transaction, caller, &[wearer_id], terms, own).await?;
    Ok(found.remove(&wearer_id).unwrap_or_else(unknown))
}

/// Of a wearer who is not within reach.
pub(super) fn unknown() -> Eligibility {
    Eligibility { hindrances: vec![enrolment::leave::LeaveHindrance::UnknownWearer], warnings: Vec::new() }
}

fn facts_from(row: &Row) -> LeaveFacts {
    let limits = |is_allowed| LeaveLimits { is_allowed, days_max: row.get(4), hours_max: row.get(5) };
    let kinds: Vec<&str> = row.get(9);
    LeaveFacts {
        is_known: true,
        is_merged: row.get(1),
        is_fitted: row.get(2),
        order: row.get::<_, Option<bool>>(3).map(limits),
        is_suspended: row.get(6),
        order_ends: row.get(7),
        other_leave: row.get(8),
        open_alerts: kinds.into_iter().filter_map(LeaveWarning::read).collect(),
    }
}
