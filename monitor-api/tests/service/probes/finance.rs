//! Tries on Tehran's bills. Made by [`OF_TEHRAN`]: run 1, and an entry of the work list about wearer 1.

use super::{Probe, Told, changes, shows};
use prost::Message;
use proto::billing as schema;
use proto::billing::{preview_run_request, start_run_request};

/// What is tried on.
pub const OF_TEHRAN: &str = "
    INSERT INTO billing_runs (kind, unit_id, through, begun_at, begun_by, told_at, ended_at, due)
        SELECT 'manual', unit_id, now(), now(), 'tehran-clerk', now(), now(), 0 FROM units WHERE code = 'tehran';
    INSERT INTO billing_work (wearer_id, place, found_at, is_block, reason) VALUES (1, 0, now(), true, 'x');";

/// Everything of it that a call could change, for a `jsonb_build_object`.
pub const STATE: &str = "
    'runs', (SELECT jsonb_agg(r ORDER BY run_id) FROM billing_runs r), 'documents', (SELECT jsonb_agg(d ORDER BY document_id) FROM billing_documents d),
    'facts', (SELECT jsonb_agg(f ORDER BY fact_id) FROM billing_facts f), 'tariffs', (SELECT jsonb_agg(t ORDER BY version) FROM tariffs t)";

const UNKNOWN_UNIT: Told = Told::Unknown("UNKNOWN_UNIT");

/// An answer or a refusal of what is the whole country's.
fn national(path: &'static str, request: &impl Message) -> Probe {
    Probe { shows: false, ..shows(path, request, Told::Whatever) }
}

pub fn probes() -> Vec<Probe> {
    let mut probes = of_runs();
    probes.extend(of_the_country());
    probes
}

fn of_runs() -> Vec<Probe> {
    let (unit, wearer) = ("tehran".to_owned(), "tehran/12".to_owned());
    let month = Some(schema::SolarMonth { year: 1405, month: 8 });
    let start = |who| schema::StartRunRequest { who: Some(who) };
    let preview = |who| schema::PreviewRunRequest { who: Some(who), at: None };
    let what_if = schema::WhatIfRequest { unit: unit.clone(), from: month, to: month, ..Default::default() };
    let work = |unit: &str| schema::ListWorkRequest { unit: unit.to_owned(), ..Default::default() };
    let compare = schema::CompareWithTagsRequest { unit: unit.clone(), month, silent_days_min: 0 };
    vec![
        changes("/paband.billing.v1.Runs/StartRun", &start(start_run_request::Who::Unit(unit.clone())), "UNKNOWN_UNIT"),
        changes("/paband.billing.v1.Runs/StartRun", &start(start_run_request::Who::Wearer(wearer.clone())), "UNKNOWN_WEARER"),
        shows("/paband.billing.v1.Runs/GetRun", &schema::GetRunRequest { run_id: 1 }, Told::Unknown("UNKNOWN_RUN")),
        shows("/paband.billing.v1.Runs/ListRuns", &schema::ListRunsRequest::default(), Told::Nothing),
        shows("/paband.billing.v1.Runs/PreviewRun", &preview(preview_run_request::Who::Unit(unit)), UNKNOWN_UNIT),
        shows("/paband.billing.v1.Runs/PreviewRun", &preview(preview_run_request::Who::Wearer(wearer)), Told::Unknown("UNKNOWN_WEARER")),
        shows("/paband.billing.v1.Runs/WhatIf", &what_if, UNKNOWN_UNIT),
        shows("/paband.billing.v1.Runs/ListWork", &work("tehran"), UNKNOWN_UNIT),
        shows("/paband.billing.v1.Runs/ListWork", &work(""), Told::Nothing),
        shows("/paband.billing.v1.Runs/CompareWithTags", &compare, UNKNOWN_UNIT),
        national("/paband.billing.v1.Runs/BillCase", &schema::BillCaseRequest::default()),
    ]
}

fn of_the_country() -> Vec<Probe> {
    vec![
        national("/paband.billing.v1.Tariffs/ListTariffs", &schema::ListTariffsRequest::default()),
        national("/paband.billing.v1.Tariffs/ProposeTariff", &schema::ProposeTariffRequest::default()),
        national("/paband.billing.v1.SetAside/GetStatement", &schema::GetStatementRequest { year: 1405 }),
        national("/paband.billing.v1.SetAside/RecordSpending", &schema::RecordSpendingRequest::default()),
        national("/paband.billing.v1.SetAside/TakeBackSpending", &schema::TakeBackSpendingRequest::default()),
    ]
}
