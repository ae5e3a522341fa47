//! The life of one wearer, through gRPC alone, with a tag that speaks over a real socket: imported, enrolled, the home inspected, fitted, a violation
//! live, leave, the tag exchanged, taken off, counted. The same steps by hand are in docs/enrolment.md.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../common/mod.rs"]
mod common;
mod papers;
mod stage;
mod tag;

use common::until;
use papers::{days_ago, decision, home_and_shop, ids_csv, seconds_from_now, tags_csv, wearers_csv};
use proto::access::proposals_client::ProposalsClient;
use proto::access::{ConfirmProposalRequest, ProposalState};
use proto::enrolment as e;
use proto::monitor::{AlertKind, alerts_client::AlertsClient};
use stage::Stage;
use tag::Tag;

const WEARER: &str = "1405/777";

#[tokio::test(flavor = "multi_thread")]
async fn a_wearers_life_from_enrolment_to_removal() {
    let stage = Stage::new().await;
    imported(&stage).await;
    eprintln!("imported");
    enrolled(&stage).await;
    eprintln!("enrolled");
    inspected(&stage).await;
    eprintln!("inspected");
    drawn(&stage).await;
    eprintln!("drawn");
    let mut first = Tag::new(&stage, ids_csv()[0]);
    let fitting = fitted(&stage, &mut first).await;
    violated(&stage, &mut first).await;
    eprintln!("violated");
    on_leave(&stage, &mut first).await;
    eprintln!("on_leave");
    let mut second = Tag::new(&stage, ids_csv()[1]);
    exchanged(&stage, &mut first, &mut second, &fitting).await;
    removed(&stage).await;
    eprintln!("removed");
    counted(&stage).await;
    eprintln!("counted");
}

/// Tags come with the executor's list, the wearer with the prison's.
async fn imported(stage: &Stage) {
    stage.import("executor", e::ImportKind::Tags, "tags.csv", &tags_csv()).await;
    stage.import("intake", e::ImportKind::Wearers, "wearers.csv", &wearers_csv(WEARER)).await;
}

/// The court's order; a wrong entry is cancelled and stays to be read.
async fn enrolled(stage: &Stage) {
    let mut orders = e::orders_client::OrdersClient::with_interceptor(stage.channel().await, stage.who("intake").purpose("file"));
    let terms = |degree| {
        Some(e::OrderTerms {
            legal_basis: e::LegalBasis::Ipc62.into(),
            regime: e::Regime::House.into(),
            zone_degree: degree,
            planned_end: None,
        })
    };
    let wrong =
        e::RecordOrderRequest { wearer: WEARER.into(), at: days_ago(2), decision: decision("wrong"), terms: terms(0), note: String::new() };
    let wrong = orders.record_order(wrong).await.unwrap().into_inner();
    let cancel =
        e::CancelOrderFactRequest { fact_id: wrong.facts[0].fact_id, expected_version: wrong.version, reason: "another wearer's".into() };
    orders.cancel_order_fact(cancel).await.unwrap();
    let order =
        e::RecordOrderRequest { wearer: WEARER.into(), at: days_ago(1), decision: decision("9812"), terms: terms(0), note: String::new() };
    let order = orders.record_order(order).await.unwrap().into_inner();
    assert_eq!(order.state(), e::OrderState::InForce);
    let day = order.facts[0].decision.as_ref().unwrap().date.clone().unwrap();
    assert!(!day.solar_hijri.is_empty() && !day.gregorian.is_empty(), "every day is told in both calendars");
}

/// House arrest needs a home that was inspected: whoever visits does not decide.
async fn inspected(stage: &Stage) {
    let client = |who: &str| e::inspections_client::InspectionsClient::with_interceptor(stage.ready_channel(), stage.who(who));
    let (mut intake, mut technical) = (client("intake"), client("technical"));
    let asked = e::RequestInspectionRequest { wearer: WEARER.into(), address: "Tehran, Enghelab 12".into(), asked_by: decision("9812") };
    let asked = intake.request_inspection(asked).await.unwrap().into_inner();
    let id = asked.inspection_id;
    let proposed = e::ProposeAppointmentRequest {
        inspection_id: id,
        expected_version: asked.version,
        at: seconds_from_now(3600),
        note: String::new(),
    };
    let proposed = intake.propose_appointment(proposed).await.unwrap().into_inner();
    let confirmed = e::ConfirmAppointmentRequest {
        inspection_id: id,
        expected_version: proposed.version,
        at: seconds_from_now(-5),
        how: "the mother, by telephone".into(),
    };
    let confirmed = intake.confirm_appointment(confirmed).await.unwrap().into_inner();
    let checklist = e::InspectionChecklist {
        mains_power: true,
        gnss_satellites: 9,
        gnss_accuracy_m: 6.0,
        gsm_dbm: -80,
        landlord_consents: true,
        household_consents: true,
        persons: 3,
        ..Default::default()
    };
    let visit = e::RecordVisitRequest {
        inspection_id: id,
        expected_version: confirmed.version,
        at: seconds_from_now(-1),
        checklist: Some(checklist),
        note: String::new(),
    };
    let visited = technical.record_visit(visit).await.unwrap().into_inner();
    let decide =
        e::DecideInspectionRequest { inspection_id: id, expected_version: visited.version, suitable: true, reasons: String::new() };
    let decided = intake.decide_inspection(decide).await.unwrap().into_inner();
    assert_eq!(decided.state(), e::InspectionState::Suitable);
    assert!(!decided.certificate_number.is_empty());
}

/// The home and a street that is forbidden. Nobody is monitored yet: one person suffices.
async fn drawn(stage: &Stage) {
    let mut zones = e::zones_client::ZonesClient::with_interceptor(stage.channel().await, stage.who("intake").purpose("file"));
    let change =
        e::ChangeZonesRequest { wearer: WEARER.into(), geojson: home_and_shop(), reason: "as the order says".into(), ..Default::default() };
    let drawn = zones.change_zones(change).await.unwrap().into_inner();
    let Some(e::change_zones_response::Outcome::Plan(plan)) = drawn.outcome else { panic!("{drawn:?}") };
    assert_eq!(plan.zones.len(), 2);
}

/// The checklist turns green while the tag reports; the fitting begins with the strap's evidence.
async fn fitted(stage: &Stage, tag: &mut Tag) -> e::Fitting {
    let mut fittings =
        e::fittings_client::FittingsClient::with_interceptor(stage.channel().await, stage.who("technical").purpose("fitting"));
    let begun =
        fittings.begin_fitting(e::BeginFittingRequest { wearer: WEARER.into(), imei: tag.imei.clone() }).await.unwrap().into_inner();
    let id = begun.installation_id;
    let early =
        fittings.complete_fitting(e::CompleteFittingRequest { installation_id: id, expected_version: begun.version }).await.unwrap_err();
    assert_eq!(common::reason(&early), "FITTING_INCOMPLETE");
    let mut checklists = fittings.watch_checklist(e::GetChecklistRequest { installation_id: id }).await.unwrap().into_inner();
    tag.connect().await;
    tag.report(0, 0.0).await;
    for (item, receipt) in [(e::ChecklistItemKind::Deposit, "R-1"), (e::ChecklistItemKind::Undertaking, "")] {
        let statement =
            e::StateItemRequest { installation_id: id, item: item.into(), receipt_number: receipt.into(), ..Default::default() };
        fittings.state_item(statement).await.unwrap();
    }
    let green = loop {
        let told = tokio::time::timeout(common::PATIENCE, checklists.message()).await;
        let checklist = told.expect("the checklist turns green").unwrap().unwrap();
        eprintln!("missing: {:?}", missing(&checklist));
        if checklist.is_ready {
            break checklist;
        }
    };
    let version = green.installation.as_ref().unwrap().version;
    let fitting = fittings.complete_fitting(e::CompleteFittingRequest { installation_id: id, expected_version: version }).await;
    let fitting = fitting.unwrap().into_inner();
    assert_eq!(fitting.from, green.begins_at, "monitoring begins with the evidence");
    assert!(fitting.evidence.iter().any(|item| item.item() == e::ChecklistItemKind::StrapClosed));
    fitting
}

fn missing(checklist: &e::Checklist) -> Vec<String> {
    let missing = checklist.items.iter().filter(|item| item.state() == e::ChecklistItemState::Missing);
    missing.map(|item| format!("{}: {}", item.title, item.next)).collect()
}

/// In the forbidden street: a room hears of it at once, and that it is over.
async fn violated(stage: &Stage, tag: &mut Tag) {
    let mut alerts = stage.watch().await;
    // In force in the shards within a second of the fitting.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    tag.report(3, 900.0).await;
    tag.report(4, 900.0).await;
    let opened = alerts.next(AlertKind::Exclusion).await;
    assert_eq!((opened.wearer.as_str(), opened.zone.as_str(), opened.ended_at), (WEARER, "shop", None));
    tag.report(6, 0.0).await;
    tag.report(40, 0.0).await;
    let ended = alerts.next(AlertKind::Exclusion).await;
    assert_eq!(ended.alert_id, opened.alert_id);
    assert!(ended.ended_at.is_some());
}

/// Away on leave breaks nothing; who asked for it does not approve it. Back at home before its end.
async fn on_leave(stage: &Stage, tag: &mut Tag) {
    let client = |who: &str| e::leaves_client::LeavesClient::with_interceptor(stage.ready_channel(), stage.who(who));
    let (mut intake, mut chief) = (client("intake"), client("chief"));
    let request = e::RequestLeaveRequest {
        wearer: WEARER.into(),
        from: seconds_from_now(1),
        to: seconds_from_now(2 * 86_400),
        kind: e::LeaveKind::Overnight.into(),
        purpose: "family".into(),
        ..Default::default()
    };
    let leave = intake.request_leave(request).await.unwrap().into_inner();
    let approval = |version| e::ApproveLeaveRequest {
        leave_id: leave.leave_id,
        expected_version: version,
        decision: decision("331"),
        ..Default::default()
    };
    assert_eq!(common::reason(&intake.approve_leave(approval(leave.version)).await.unwrap_err()), "SAME_PERSON");
    let approved = chief.approve_leave(approval(leave.version)).await.unwrap().into_inner();
    assert_eq!(approved.state(), e::LeaveState::Approved);
    tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
    for second in [45, 110, 175, 240] {
        tag.report(second, 5000.0).await;
    }
    assert_eq!(stage.open_inclusions().await, 0, "on leave nobody must be at home");
    let back = e::EndLeaveEarlyRequest { leave_id: leave.leave_id, expected_version: approved.version, reason: "back early".into() };
    chief.end_leave_early(back).await.unwrap();
}

/// Another tag takes the place: monitoring has no hole. While the wearer is live, zones need a second person.
async fn exchanged(stage: &Stage, first: &mut Tag, second: &mut Tag, fitting: &e::Fitting) {
    first.disconnect();
    let mut fittings =
        e::fittings_client::FittingsClient::with_interceptor(stage.channel().await, stage.who("technical").purpose("fitting"));
    let begin = e::BeginReplacementRequest {
        wearer: WEARER.into(),
        imei: second.imei.clone(),
        reason: e::ReplacementReason::Battery.into(),
        payer: e::Payer::Organisation.into(),
        note: String::new(),
    };
    let begun = fittings.begin_replacement(begin).await.unwrap().into_inner();
    second.connect().await;
    second.report(0, 0.0).await;
    let ask = e::GetChecklistRequest { installation_id: begun.installation_id };
    let mut checklist = fittings.get_checklist(ask).await.unwrap().into_inner();
    until("the second tag's checklist is green", async || {
        checklist = fittings.get_checklist(ask).await.unwrap().into_inner();
        checklist.is_ready
    })
    .await;
    let complete = e::CompleteReplacementRequest {
        installation_id: begun.installation_id,
        expected_version: checklist.installation.unwrap().version,
        condition: e::EquipmentCondition::Worn.into(),
        condition_note: String::new(),
        tag_state: e::TagState::Returned.into(),
    };
    let new = fittings.complete_replacement(complete).await.unwrap().into_inner();
    let all = fittings.list_fittings(e::ListFittingsRequest { wearer: WEARER.into() }).await.unwrap().into_inner().fittings;
    let old = all.iter().find(|old| old.fitting_id == fitting.fitting_id).unwrap();
    assert_eq!(old.to, new.from, "no hole between the tags");
    changed_by_two(stage).await;
}

async fn changed_by_two(stage: &Stage) {
    let zones = |who: &str| e::zones_client::ZonesClient::with_interceptor(stage.ready_channel(), stage.who(who).purpose("file"));
    let mut intake = zones("intake");
    let version = intake.list_zones(e::ListZonesRequest { wearer: WEARER.into() }).await.unwrap().into_inner().version;
    let end = e::EndZoneRequest {
        wearer: WEARER.into(),
        zone: "shop".into(),
        at: None,
        reason: "no complainant any more".into(),
        expected_version: version,
    };
    let answer = intake.end_zone(end).await.unwrap().into_inner();
    let Some(e::change_zones_response::Outcome::Proposal(proposal)) = answer.outcome else { panic!("{answer:?}") };
    let confirm = |who: &str| ProposalsClient::with_interceptor(stage.ready_channel(), stage.who(who).purpose("file"));
    let request = ConfirmProposalRequest { proposal_id: proposal.proposal_id };
    assert_eq!(common::reason(&confirm("intake").confirm_proposal(request).await.unwrap_err()), "SAME_PERSON");
    let confirmed = confirm("intake2").confirm_proposal(request).await.unwrap().into_inner();
    assert_eq!(confirmed.state(), ProposalState::Confirmed);
    let plan = intake.list_zones(e::ListZonesRequest { wearer: WEARER.into() }).await.unwrap().into_inner();
    assert!(plan.zones.iter().all(|zone| zone.zone == "home"), "{:?}", plan.zones);
}

/// The order is served, and the tag comes off.
async fn removed(stage: &Stage) {
    let mut orders = e::orders_client::OrdersClient::with_interceptor(stage.channel().await, stage.who("intake").purpose("file"));
    let listed = orders.list_orders(e::ListOrdersRequest { wearer: WEARER.into() }).await.unwrap().into_inner().orders;
    let order = listed.iter().find(|order| order.state() == e::OrderState::InForce).unwrap();
    assert!(listed.iter().any(|order| order.state() == e::OrderState::Void), "what was cancelled stays to be read");
    let mut fittings =
        e::fittings_client::FittingsClient::with_interceptor(stage.channel().await, stage.who("technical").purpose("fitting"));
    let removal = e::RemoveTagRequest {
        wearer: WEARER.into(),
        reason: e::RemovalReason::OrderEnded.into(),
        condition: e::EquipmentCondition::Good.into(),
        deposit: e::DepositConsequence::Release.into(),
        tag_state: e::TagState::Returned.into(),
        ..Default::default()
    };
    let early = e::RemoveTagRequest { explanation: "served, says the wearer".into(), ..removal.clone() };
    let early = fittings.remove_tag(early).await.unwrap().into_inner();
    assert!(matches!(early.outcome, Some(e::remove_tag_response::Outcome::Proposal(_))), "an order in force: two persons");
    let entry = e::OrderEntry {
        order_id: order.order_id,
        expected_version: order.version,
        at: seconds_from_now(-1),
        decision: decision("served 12"),
        note: String::new(),
    };
    orders.end_order(e::EndOrderRequest { entry: Some(entry) }).await.unwrap();
    let removed = fittings.remove_tag(removal).await.unwrap().into_inner();
    assert!(matches!(removed.outcome, Some(e::remove_tag_response::Outcome::Removal(_))), "{removed:?}");
}

/// What the yearly report says of all this.
async fn counted(stage: &Stage) {
    let mut statistics = e::statistics_client::StatisticsClient::with_interceptor(stage.channel().await, stage.who("chief"));
    let year = stage.solar_hijri_year();
    let ask = |kind: e::StatisticsKind| e::GetStatisticsRequest {
        kind: kind.into(),
        unit: String::new(),
        period: Some(e::get_statistics_request::Period::Year(year)),
    };
    let fittings = statistics.get_statistics(ask(e::StatisticsKind::Fittings)).await.unwrap().into_inner();
    let total = |table: &e::StatisticsTable, column: &str| {
        let at = table.columns.iter().position(|known| known.code == column).unwrap_or_else(|| panic!("{column} in {:?}", table.columns));
        table.rows.iter().find(|row| row.code == "total").unwrap().numbers[at]
    };
    for (column, expected) in [("first", 1), ("replacement", 1), ("removal", 1)] {
        assert_eq!(total(&fittings.tables[0], column), expected, "{column}");
    }
    let violations = statistics.get_statistics(ask(e::StatisticsKind::Violations)).await.unwrap().into_inner();
    assert_eq!(total(&violations.tables[0], "exclusion"), 1);
    let export = e::ExportStatisticsRequest {
        statistics: Some(ask(e::StatisticsKind::Yearbook)),
        format: e::StatisticsFormat::Xlsx.into(),
        language: e::StatisticsLanguage::Persian.into(),
    };
    let mut pieces = statistics.export_statistics(export).await.unwrap().into_inner();
    let mut workbook = Vec::new();
    while let Some(piece) = pieces.message().await.unwrap() {
        workbook.extend(piece.piece);
    }
    assert!(workbook.starts_with(b"PK"), "a workbook of {} bytes", workbook.len());
    let mut alerts = AlertsClient::with_interceptor(stage.channel().await, stage.who("operator"));
    let listed =
        alerts.list_alerts(proto::monitor::ListAlertsRequest { open_only: true, ..Default::default() }).await.unwrap().into_inner();
    assert!(listed.alerts.iter().all(|alert| alert.wearer != WEARER), "{:?}", listed.alerts);
}
