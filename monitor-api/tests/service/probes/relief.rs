//! Tries on Tehran's relief. Made by [`OF_TEHRAN`]: relief 1, a class.

use super::{Probe, Told, changes, shows};
use proto::billing as schema;

/// What is tried on.
pub const OF_TEHRAN: &str = "
    WITH f AS (
        INSERT INTO billing_facts (wearer_id, kind, at, until, recorded_at, recorded_by, class)
        VALUES (1, 'class', '2024-05-21', '2024-06-21', now(), 'tehran-chief', 'reduced') RETURNING fact_id
    )
    INSERT INTO billing_reliefs (wearer_id, kind, fact_id, authority, decision_number, decision_date, found_by, proposed_by, approved_by, at)
        SELECT 1, 'class', fact_id, 'x', 'x', '2024-05-20', 'x', 'tehran-clerk', 'tehran-chief', now() FROM f;";

/// Everything of it that a call could change, for a `jsonb_build_object`; facts are looked at with the money.
pub const STATE: &str = "
    'reliefs', (SELECT jsonb_agg(r ORDER BY relief_id) FROM billing_reliefs r), 'required', (SELECT count(*) FROM deposit_requirements)";

pub fn probes() -> Vec<Probe> {
    let (wearer, text) = ("tehran/12".to_owned(), "x".to_owned());
    let date = Some(proto::enrolment::Date { gregorian: "2024-05-20".to_owned(), solar_hijri: String::new() });
    let decision = Some(proto::enrolment::Decision { authority: text.clone(), number: text.clone(), date });
    let from = Some(prost_types::Timestamp { seconds: 1_720_000_000, nanos: 0 });
    let class = schema::GrantClassRequest {
        wearer: wearer.clone(),
        from,
        to: None,
        class: "reduced".to_owned(),
        decision: decision.clone(),
        found_by: text.clone(),
    };
    let waiver = schema::GrantWaiverRequest {
        wearer: wearer.clone(),
        from,
        to: None,
        percent: 50,
        covers: vec![],
        decision: decision.clone(),
        found_by: text.clone(),
    };
    let amount = Some(schema::Money { amount: 5, currency: String::new() });
    let deposit = schema::RequireDepositRequest { wearer: wearer.clone(), amount, decision: decision.clone() };
    let suspension = schema::GrantSuspensionRequest {
        wearer: wearer.clone(),
        from,
        to: None,
        cause: schema::SuspensionCause::Defect.into(),
        decision: decision.clone(),
        found_by: text.clone(),
    };
    let fee = schema::CorrectFeeRequest {
        wearer: wearer.clone(),
        fitting_id: 1,
        chargeable: false,
        reason: text.clone(),
        decision,
        found_by: text.clone(),
    };
    let unknown = "UNKNOWN_WEARER";
    vec![
        changes("/paband.billing.v1.Relief/GrantClass", &class, unknown),
        changes("/paband.billing.v1.Relief/GrantWaiver", &waiver, unknown),
        changes("/paband.billing.v1.Relief/RequireDeposit", &deposit, unknown),
        changes("/paband.billing.v1.Relief/GrantSuspension", &suspension, unknown),
        changes("/paband.billing.v1.Relief/CorrectFee", &fee, unknown),
        changes(
            "/paband.billing.v1.Relief/EndRelief",
            &schema::EndReliefRequest { relief_id: 1, at: None, reason: text },
            "UNKNOWN_RELIEF",
        ),
        shows("/paband.billing.v1.Relief/ListRelief", &schema::ListReliefRequest { wearer }, Told::Unknown(unknown)),
    ]
}
