//! Tries on what was recorded late of Tehran's orders, on the switches of the policy and on the holidays.

use super::{Probe, Told, changes, shows};
use prost::Message;
use proto::billing as schema;

/// What is tried on: a leave that came after its order was closed, of another wearer of Tehran.
pub const OF_TEHRAN: &str = "
    INSERT INTO wearers (reference, unit_id) SELECT 'tehran/12-late', unit_id FROM units WHERE code = 'tehran';
    INSERT INTO tags (imei, unit_id) SELECT 'late-tag', unit_id FROM units WHERE code = 'tehran';
    INSERT INTO orders (wearer_id) SELECT wearer_id FROM wearers WHERE reference = 'tehran/12-late';
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
        SELECT max(order_id), 1, 'new', now() - interval '50 days', now(), 'x', 'x', 'x', '2026-10-01', 'ipc_62', 'tag' FROM orders;
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
        SELECT max(order_id), 2, 'end', now() - interval '2 days', now() - interval '2 days', 'x', 'x', 'x', '2026-10-01' FROM orders;
    INSERT INTO fittings (tag_id, wearer_id, period) SELECT tag_id, wearer_id, tstzrange(now() - interval '40 days', now() - interval '3 days')
        FROM tags, wearers WHERE imei = 'late-tag' AND reference = 'tehran/12-late';
    INSERT INTO installations (kind, wearer_id, tag_id, begun_at, begun_by, state, ended_at, ended_by, fitting_id)
        SELECT 'fitting', wearer_id, tag_id, lower(period), 'x', 'completed', lower(period), 'x', fitting_id
        FROM fittings JOIN wearers USING (wearer_id) WHERE reference = 'tehran/12-late';
    INSERT INTO leaves (wearer_id, valid_from, valid_to, recorded_at)
        SELECT wearer_id, now() - interval '30 days', now() - interval '25 days', now() - interval '1 day' FROM wearers WHERE reference = 'tehran/12-late';";

/// Everything of it that a call could change, for a `jsonb_build_object`.
pub const STATE: &str = "
    'late', (SELECT count(*) FROM late_fact_decisions), 'policy', (SELECT switches FROM billing_policy), 'holidays', (SELECT count(*) FROM bank_holidays),
    'accounts', (SELECT count(*) FROM refund_accounts)";

pub fn probes() -> Vec<Probe> {
    let (wearer, fact, reason) = ("tehran/12".to_owned(), "leave:1".to_owned(), "x".to_owned());
    let unknown = "UNKNOWN_WEARER";
    let approve = schema::ApproveLateFactRequest { wearer: wearer.clone(), fact: fact.clone(), reason: reason.clone() };
    let refuse = schema::RefuseLateFactRequest { wearer: wearer.clone(), fact, reason };
    let of_wearer = schema::ListLateFactsRequest { wearer: "tehran/12-late".to_owned(), ..Default::default() };
    let switches = schema::ProposePolicyRequest { switches: r#"{"due_days": 20}"#.to_owned() };
    let day = Some(proto::enrolment::Date { gregorian: "2026-03-21".to_owned(), solar_hijri: String::new() });
    let holiday = schema::Holiday { day, name: "x".to_owned(), recorded_by: String::new() };
    let holidays = schema::SetHolidaysRequest { closed: vec![holiday], open: vec![] };
    // Of the whole country: refused to who is not of the central unit, or nobody's secret.
    let national = |path, request: Vec<u8>| Probe { path, request, told: Told::Whatever, shows: false };
    vec![
        shows("/paband.billing.v1.LateFacts/ListLateFacts", &schema::ListLateFactsRequest::default(), Told::Nothing),
        shows("/paband.billing.v1.LateFacts/ListLateFacts", &of_wearer, Told::Nothing),
        changes("/paband.billing.v1.LateFacts/ApproveLateFact", &approve, unknown),
        changes("/paband.billing.v1.LateFacts/RefuseLateFact", &refuse, unknown),
        national("/paband.billing.v1.Policies/GetPolicy", schema::GetPolicyRequest {}.encode_to_vec()),
        national("/paband.billing.v1.Policies/ProposePolicy", switches.encode_to_vec()),
        national("/paband.billing.v1.Reminders/ListHolidays", schema::ListHolidaysRequest::default().encode_to_vec()),
        national("/paband.billing.v1.Reminders/SetHolidays", holidays.encode_to_vec()),
    ]
}
