//! Tries on Tehran's documents. Made by [`OF_TEHRAN`]: document 1 an invoice, its objection event 1.

use super::{Probe, Told, changes, shows};
use proto::billing as schema;

/// What is tried on.
pub const OF_TEHRAN: &str = r#"
    INSERT INTO billing_documents (wearer_id, place, unit_id, kind, run_at, number, total, due, body, issued_at)
        SELECT 1, 0, unit_id, 'invoice', '2026-09-23T00:00:00Z', 'INV-tehran-1405-000001', 100000, '2026-10-02', '{"kind":"invoice","run_at":"2026-09-23T00:00:00Z",
            "number":"INV-tehran-1405-000001","order":null,"month":null,"currency":"IRR","total":100000,"due":"1405/07/10","lines":[]}', '2026-09-23T00:00:00Z'
        FROM units WHERE code = 'tehran';
    INSERT INTO ledger_entries (entry_id, wearer_id, place, at, text, hash) VALUES (1, 1, 0, '2026-09-23T00:00:00Z', 'INV-tehran-1405-000001', decode(repeat('00', 32), 'hex'));
    INSERT INTO ledger_postings (entry_id, line, account, amount) VALUES (1, 1, 'assets:receivable', 100000), (1, 2, 'income:usage', -100000);
    INSERT INTO pay_accounts (unit_id, purpose, bank, holder, sheba, since, proposed_by, approved_by, approved_at)
        SELECT unit_id, 'fees', 'x', 'The capital', 'IR240150000001177301920207', now(), 'x', 'y', now() FROM units WHERE code = 'tehran';
    INSERT INTO billing_document_events (document_id, kind, at, recorded_at, recorded_by, text) VALUES (1, 'objection', now(), now(), 'tehran-clerk', 'x');"#;

/// Everything of it that a call could change, for a `jsonb_build_object`.
pub const STATE: &str = "
    'document_events', (SELECT jsonb_agg(e ORDER BY event_id) FROM billing_document_events e), 'documents', (SELECT count(*) FROM billing_documents),
    'entries', (SELECT count(*) FROM ledger_entries), 'facts', (SELECT count(*) FROM billing_facts),
    'pay_accounts', (SELECT jsonb_agg(a) FROM pay_accounts a), 'bill_codes', (SELECT jsonb_agg(c) FROM bill_codes c)";

pub fn probes() -> Vec<Probe> {
    let mut probes = of_documents();
    probes.extend(of_reminders());
    probes.extend(of_paying());
    probes.extend(of_accounts());
    probes.extend(of_reports());
    probes
}

fn of_documents() -> Vec<Probe> {
    let (document_id, text, wearer) = (1, "x".to_owned(), "tehran/12".to_owned());
    let decision = Some(proto::enrolment::Decision {
        authority: text.clone(),
        number: text.clone(),
        date: Some(proto::enrolment::Date { gregorian: "2026-11-21".to_owned(), solar_hijri: String::new() }),
    });
    let render = |which| schema::RenderDocumentRequest {
        which: Some(which),
        format: schema::DocumentFormat::Html.into(),
        ..schema::RenderDocumentRequest::default()
    };
    use schema::render_document_request::Which;
    let uncollectible = schema::MarkUncollectibleRequest { document_id, reason: text.clone(), decision };
    let collectible = schema::MarkCollectibleRequest { document_id, reason: text.clone() };
    let void = schema::VoidDocumentRequest { document_id, reason: text.clone() };
    let objection = schema::RecordObjectionRequest { document_id, at: None, text: text.clone() };
    let answer = schema::AnswerObjectionRequest { objection_id: 1, outcome: schema::ObjectionOutcome::Upheld.into(), text: text.clone() };
    let unknown = "UNKNOWN_DOCUMENT";
    vec![
        shows("/paband.billing.v1.Documents/ListDocuments", &schema::ListDocumentsRequest::default(), Told::Nothing),
        shows("/paband.billing.v1.Documents/GetDocument", &schema::GetDocumentRequest { document_id }, Told::Unknown(unknown)),
        shows("/paband.billing.v1.Documents/RenderDocument", &render(Which::DocumentId(1)), Told::Unknown(unknown)),
        shows("/paband.billing.v1.Documents/RenderDocument", &render(Which::Wearer(wearer)), Told::Unknown("UNKNOWN_WEARER")),
        changes("/paband.billing.v1.Documents/MarkSent", &schema::MarkSentRequest { document_id, at: None, how: text }, unknown),
        changes("/paband.billing.v1.Documents/MarkUncollectible", &uncollectible, unknown),
        changes("/paband.billing.v1.Documents/MarkCollectible", &collectible, unknown),
        changes("/paband.billing.v1.Documents/VoidDocument", &void, unknown),
        changes("/paband.billing.v1.Documents/RecordObjection", &objection, unknown),
        shows("/paband.billing.v1.Documents/ListObjections", &schema::ListObjectionsRequest::default(), Told::Nothing),
        changes("/paband.billing.v1.Documents/AnswerObjection", &answer, "UNKNOWN_OBJECTION"),
    ]
}

fn of_reminders() -> Vec<Probe> {
    let (document_id, reason) = (1, "x".to_owned());
    let letters = schema::RenderRemindersRequest { document_ids: vec![document_id], language: 0 };
    let sent = schema::MarkReminderSentRequest { document_id, number: 1, how: String::new() };
    vec![
        shows("/paband.billing.v1.Reminders/ListReminders", &schema::ListRemindersRequest::default(), Told::Nothing),
        shows("/paband.billing.v1.Reminders/RenderReminders", &letters, Told::Unknown("UNKNOWN_DOCUMENT")),
        changes("/paband.billing.v1.Reminders/MarkReminderSent", &sent, "UNKNOWN_DOCUMENT"),
        changes(
            "/paband.billing.v1.Reminders/SwitchReminders",
            &schema::SwitchRemindersRequest { document_id, on: false, reason },
            "UNKNOWN_DOCUMENT",
        ),
    ]
}

fn of_paying() -> Vec<Probe> {
    let text = "x".to_owned();
    let name = schema::NamePayAccountRequest {
        unit: "tehran".to_owned(),
        purpose: schema::PayPurpose::Fees.into(),
        bank: text.clone(),
        holder: text,
        sheba: "IR240150000001177301920207".to_owned(),
        ..Default::default()
    };
    let codes = schema::RecordBillCodesRequest { company: 1, service: 1 };
    vec![
        shows("/paband.billing.v1.Paying/ListPayAccounts", &schema::ListPayAccountsRequest::default(), Told::Nothing),
        changes("/paband.billing.v1.Paying/NamePayAccount", &name, "UNKNOWN_UNIT"),
        Probe { shows: false, ..shows("/paband.billing.v1.Paying/ListBillCodes", &schema::ListBillCodesRequest {}, Told::Nothing) },
        Probe { shows: false, ..shows("/paband.billing.v1.Paying/RecordBillCodes", &codes, Told::Whatever) },
    ]
}

fn of_accounts() -> Vec<Probe> {
    let wearer = "tehran/12".to_owned();
    let month = Some(schema::SolarMonth { year: 1405, month: 7 });
    let of_month = schema::GetAccountMonthRequest { wearer: wearer.clone(), month, at: None };
    let unknown = Told::Unknown("UNKNOWN_WEARER");
    vec![
        shows("/paband.billing.v1.Accounts/GetAccount", &schema::GetAccountRequest { wearer, at: None }, unknown),
        shows("/paband.billing.v1.Accounts/GetAccountMonth", &of_month, unknown),
    ]
}

/// Sums that name nothing of Tehran's to anybody.
fn unnamed(path: &'static str, request: &impl prost::Message) -> Probe {
    Probe { shows: false, ..shows(path, request, Told::Nothing) }
}

fn of_reports() -> Vec<Probe> {
    let unit = "tehran".to_owned();
    let month = Some(schema::SolarMonth { year: 1405, month: 7 });
    let unknown = Told::Unknown("UNKNOWN_UNIT");
    let ledger = |unit: &str| schema::ExportLedgerRequest {
        unit: unit.to_owned(),
        format: schema::LedgerFormat::Hledger.into(),
        ..schema::ExportLedgerRequest::default()
    };
    let documents = |unit: &str| schema::ExportDocumentsRequest {
        unit: unit.to_owned(),
        month,
        format: schema::DocumentListFormat::Csv.into(),
        ..schema::ExportDocumentsRequest::default()
    };
    vec![
        shows("/paband.billing.v1.Reports/GetReceivables", &schema::GetReceivablesRequest { unit: unit.clone(), day: None }, unknown),
        unnamed("/paband.billing.v1.Reports/GetReceivables", &schema::GetReceivablesRequest::default()),
        shows("/paband.billing.v1.Reports/GetTrialBalance", &schema::GetTrialBalanceRequest { unit: unit.clone(), at: None }, unknown),
        shows("/paband.billing.v1.Reports/ExportLedger", &ledger("tehran"), unknown),
        shows("/paband.billing.v1.Reports/ExportLedger", &ledger(""), Told::Nothing),
        shows("/paband.billing.v1.Reports/ExportDocuments", &documents("tehran"), unknown),
        shows("/paband.billing.v1.Reports/ExportDocuments", &documents(""), Told::Nothing),
        shows("/paband.billing.v1.Reports/Reconcile", &schema::ReconcileRequest { unit, day: None }, unknown),
        unnamed("/paband.billing.v1.Reports/Reconcile", &schema::ReconcileRequest::default()),
    ]
}
