//! Tries on Tehran's money. Made by [`OF_TEHRAN`]: a payment with its line of a statement, a line that waits, a refund and a damage.

use super::{Probe, Told, changes, shows};
use proto::billing as schema;

/// What is tried on.
pub const OF_TEHRAN: &str = "
    INSERT INTO billing_facts (wearer_id, kind, at, recorded_at, recorded_by, amount, reference)
        VALUES (1, 'payment', now(), now(), 'tehran-clerk', 1000, 'line-1');
    INSERT INTO statements (unit_id, account, format, imported_at, imported_by, line_count)
        SELECT unit_id, 'tehran-home', 'csv', now(), 'tehran-clerk', 2 FROM units WHERE code = 'tehran';
    INSERT INTO statement_lines (statement_id, unit_id, import_id, place, day, amount, identifier, reference, text, state, fact_id)
        SELECT 1, unit_id, 'line-1', 1, '2026-10-22', 1000, '', '', 'tehran-home', 'matched', 1 FROM units WHERE code = 'tehran';
    INSERT INTO statement_lines (statement_id, unit_id, import_id, place, day, amount, identifier, reference, text, state)
        SELECT 1, unit_id, 'line-2', 2, '2026-10-22', 1000, '', '', 'tehran-home', 'waiting' FROM units WHERE code = 'tehran';
    INSERT INTO refunds (wearer_id, is_deposit, amount, sheba, holder, reason, requested_by, requested_at)
        VALUES (1, false, 10, 'IR240150000001177301920207', 'tehran-home', 'x', 'tehran-clerk', now());
    INSERT INTO damages (wearer_id, assessed, amount, report, assessed_by, assessed_at, object_until)
        VALUES (1, 10, 10, 'x', 'tehran-clerk', now(), now() + interval '10 days');";

/// Everything of it that a call could change, for a `jsonb_build_object`.
pub const STATE: &str = "
    'statements', (SELECT jsonb_agg(s ORDER BY statement_id) FROM statements s), 'lines', (SELECT jsonb_agg(l ORDER BY line_id) FROM statement_lines l),
    'facts', (SELECT count(*) FROM billing_facts), 'refunds', (SELECT jsonb_agg(r ORDER BY refund_id) FROM refunds r),
    'damages', (SELECT jsonb_agg(d ORDER BY damage_id) FROM damages d), 'entries', (SELECT count(*) FROM ledger_entries)";

fn rials(amount: i64) -> Option<schema::Money> {
    Some(schema::Money { amount, currency: String::new() })
}

fn now() -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: chrono::Utc::now().timestamp() - 1, nanos: 0 })
}

pub fn probes() -> Vec<Probe> {
    let mut probes = of_statements();
    probes.extend(of_payments());
    probes.extend(of_refunds());
    probes.extend(of_deposits());
    probes
}

fn of_statements() -> Vec<Probe> {
    let (line_id, expected_version, text) = (2, 1, "x".to_owned());
    let import = schema::ImportStatementRequest {
        unit: "tehran".to_owned(),
        account: "tehran-home".to_owned(),
        format: schema::StatementFormat::Csv.into(),
        file: b"date,amount\n2026-10-22,5\n".to_vec(),
        new_account: false,
    };
    // A wearer of every caller's own, so that it is the line that is unknown.
    let to = |wearer: &str| schema::MatchLineRequest { line_id, expected_version, wearer: wearer.to_owned(), ..Default::default() };
    let aside = schema::SetLineAsideRequest { line_id, expected_version, reason: text };
    vec![
        changes("/paband.billing.v1.Statements/ImportStatement", &import, "UNKNOWN_UNIT"),
        shows("/paband.billing.v1.Statements/ListStatementLines", &schema::ListStatementLinesRequest::default(), Told::Nothing),
        changes("/paband.billing.v1.Statements/MatchLine", &to("tehran/12"), "UNKNOWN_WEARER"),
        changes(
            "/paband.billing.v1.Statements/MatchLine",
            &schema::MatchLineRequest { line_id, expected_version, refund_id: 1, ..Default::default() },
            "UNKNOWN_REFUND",
        ),
        changes(
            "/paband.billing.v1.Statements/MatchLine",
            &schema::MatchLineRequest { line_id, expected_version, payment_id: 1, ..Default::default() },
            "UNKNOWN_PAYMENT",
        ),
        changes("/paband.billing.v1.Statements/SetLineAside", &aside, "UNKNOWN_STATEMENT_LINE"),
    ]
}

fn of_payments() -> Vec<Probe> {
    let wearer = "tehran/12".to_owned();
    let record = schema::RecordPaymentRequest {
        wearer: wearer.clone(),
        amount: rials(5),
        paid_at: now(),
        reference: "T-1".to_owned(),
        ..Default::default()
    };
    let kind = schema::ReversalKind::Bounced.into();
    let reverse = schema::ReversePaymentRequest { payment_id: 1, kind, reason: "x".to_owned() };
    let unknown = Told::Unknown("UNKNOWN_WEARER");
    vec![
        changes("/paband.billing.v1.Payments/RecordPayment", &record, "UNKNOWN_WEARER"),
        shows("/paband.billing.v1.Payments/ListPayments", &schema::ListPaymentsRequest::default(), Told::Nothing),
        changes("/paband.billing.v1.Payments/ReversePayment", &reverse, "UNKNOWN_PAYMENT"),
        shows("/paband.billing.v1.Payments/GetBillId", &schema::GetBillIdRequest { wearer }, unknown),
    ]
}

fn of_refunds() -> Vec<Probe> {
    let (refund_id, expected_version, text) = (1, 1, "x".to_owned());
    let request = schema::RequestRefundRequest { wearer: "tehran/12".to_owned(), amount: rials(5), deposit: false, reason: text.clone() };
    let account = schema::SetRefundAccountRequest {
        wearer: "tehran/12".to_owned(),
        sheba: "IR240150000001177301920207".to_owned(),
        holder: text.clone(),
        ..Default::default()
    };
    let of = schema::GetRefundAccountRequest { wearer: "tehran/12".to_owned() };
    let approve = schema::ApproveRefundRequest { refund_id, expected_version };
    let sent = schema::MarkRefundSentRequest { refund_id, expected_version, bank_reference: text.clone() };
    let returned = schema::MarkRefundReturnedRequest { refund_id, expected_version, reason: text.clone(), line_id: 0 };
    let refuse = schema::RefuseRefundRequest { refund_id, expected_version, reason: text };
    let unknown = "UNKNOWN_REFUND";
    vec![
        changes("/paband.billing.v1.Refunds/SetRefundAccount", &account, "UNKNOWN_WEARER"),
        shows("/paband.billing.v1.Refunds/GetRefundAccount", &of, Told::Unknown("UNKNOWN_WEARER")),
        shows("/paband.billing.v1.Refunds/ListRefundsDue", &schema::ListRefundsDueRequest::default(), Told::Nothing),
        changes("/paband.billing.v1.Refunds/RequestRefund", &request, "UNKNOWN_WEARER"),
        changes("/paband.billing.v1.Refunds/ApproveRefund", &approve, unknown),
        changes("/paband.billing.v1.Refunds/MarkRefundSent", &sent, unknown),
        changes("/paband.billing.v1.Refunds/MarkRefundReturned", &returned, unknown),
        changes("/paband.billing.v1.Refunds/RefuseRefund", &refuse, unknown),
        shows("/paband.billing.v1.Refunds/ListRefunds", &schema::ListRefundsRequest::default(), Told::Nothing),
    ]
}

fn of_deposits() -> Vec<Probe> {
    let (damage_id, expected_version, wearer, text) = (1, 1, "tehran/12".to_owned(), "x".to_owned());
    let pay = schema::RecordDepositPaymentRequest {
        wearer: wearer.clone(),
        amount: rials(5),
        paid_at: now(),
        reference: "D-1".to_owned(),
        note: String::new(),
    };
    let assess = schema::AssessDamageRequest { wearer: wearer.clone(), amount: rials(5), report: text.clone(), photo_ids: vec![] };
    let object = schema::ObjectToDamageRequest { damage_id, expected_version, objected_at: now(), objection: text.clone() };
    let answer = schema::AnswerDamageObjectionRequest { damage_id, expected_version, amount: rials(5), answer: text };
    let day = Some(proto::enrolment::Date { gregorian: "2026-11-01".to_owned(), solar_hijri: String::new() });
    let notice = schema::RecordDamageNoticeRequest { damage_id, expected_version, day, how: "x".to_owned() };
    let settle = schema::SettleDamageRequest { damage_id, expected_version };
    let unknown = "UNKNOWN_DAMAGE";
    vec![
        shows("/paband.billing.v1.Deposits/GetDeposit", &schema::GetDepositRequest { wearer }, Told::Unknown("UNKNOWN_WEARER")),
        changes("/paband.billing.v1.Deposits/RecordDepositPayment", &pay, "UNKNOWN_WEARER"),
        changes("/paband.billing.v1.Deposits/AssessDamage", &assess, "UNKNOWN_WEARER"),
        shows("/paband.billing.v1.Deposits/ListDamages", &schema::ListDamagesRequest::default(), Told::Nothing),
        changes("/paband.billing.v1.Deposits/RecordDamageNotice", &notice, unknown),
        changes("/paband.billing.v1.Deposits/ObjectToDamage", &object, unknown),
        changes("/paband.billing.v1.Deposits/AnswerDamageObjection", &answer, unknown),
        changes("/paband.billing.v1.Deposits/SettleDamage", &settle, unknown),
    ]
}
