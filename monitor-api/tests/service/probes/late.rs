//! Tries on what was recorded late of Tehran's orders, on the switches of the policy and on the holidays.

use super::{Probe, Told, changes, shows};
use prost::Message;
use proto::billing as schema;

/// Everything of it that a call could change, for a `jsonb_build_object`.
pub const STATE: &str = "
    'late', (SELECT count(*) FROM late_fact_decisions), 'policy', (SELECT switches FROM billing_policy), 'holidays', (SELECT count(*) FROM bank_holidays),
    'accounts', (SELECT count(*) FROM refund_accounts)";

pub fn probes() -> Vec<Probe> {
    let (wearer, fact, reason) = ("tehran/12".to_owned(), "leave:1".to_owned(), "x".to_owned());
    let unknown = "UNKNOWN_WEARER";
    let approve = schema::ApproveLateFactRequest { wearer: wearer.clone(), fact: fact.clone(), reason: reason.clone() };
    let refuse = schema::RefuseLateFactRequest { wearer: wearer.clone(), fact, reason };
    let of_wearer = schema::ListLateFactsRequest { wearer, ..Default::default() };
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
