//! The rule of each item.

use super::strap::{Strap, begins_at, reports_of, strap};
use super::{Checklist, Evidence, Item, ItemFound, ItemState, Limits, Seen, Statement, StatementKind, Todo};
use geofence::{Fix, Report, Sense, StoredReport, Timestamp, Verdict};

/// The list as it stands with what is known.
pub fn checklist(seen: &Seen, limits: &Limits) -> Checklist {
    let reports = reports_of(seen, limits);
    let strap = strap(&reports);
    let items = Item::ALL.into_iter().filter(|item| item.is_of(seen.kind));
    let items = items.map(|item| overridden(find(item, seen, limits, &reports, strap), seen)).collect();
    Checklist { items, begins_at: begins_at(strap, seen) }
}

fn find(item: Item, seen: &Seen, limits: &Limits, reports: &[(Timestamp, StoredReport)], strap: Strap) -> ItemFound {
    let (state, evidence, todo) = match item {
        Item::OrderInForce => order(seen),
        Item::ZonesValid => zones(seen),
        Item::HomeInspected => inspection(seen),
        Item::TagHeard => heard(seen, limits, reports),
        Item::StrapClosed => strap_closed(strap),
        Item::Battery => battery(limits, reports),
        Item::FixInsideZone => fix_inside(seen, limits, reports),
        Item::Deposit => stated(seen, item, (ItemState::Flagged, Todo::RecordDeposit)),
        Item::Undertaking => stated(seen, item, (ItemState::Missing, Todo::SignUndertaking)),
    };
    ItemFound { item, state, evidence, todo }
}

/// Lets what is missing pass, if somebody said so and may.
fn overridden(found: ItemFound, seen: &Seen) -> ItemFound {
    let said = newest(seen, found.item, |kind| kind == StatementKind::Overridden);
    match said {
        Some(said) if found.state == ItemState::Missing && found.item.may_be_overridden() => {
            let evidence = Evidence { by: said.by.clone(), at: Some(said.at), reason: said.reason.clone(), ..found.evidence };
            ItemFound { state: ItemState::Overridden, evidence, ..found }
        }
        _ => found,
    }
}

type Found = (ItemState, Evidence, Option<Todo>);

fn met(evidence: Evidence) -> Found {
    (ItemState::Met, evidence, None)
}

fn missing(evidence: Evidence, todo: Todo) -> Found {
    (ItemState::Missing, evidence, Some(todo))
}

fn order(seen: &Seen) -> Found {
    let Some(order) = &seen.order else { return missing(Evidence::default(), Todo::RecordOrder) };
    let evidence = Evidence { number: Some(order.order_id), text: order.decision_number.clone(), ..Evidence::default() };
    if order.is_suspended { missing(evidence, Todo::ResumeOrder) } else { met(evidence) }
}

/// One zone that cannot be judged by is worse than none: nobody would see that it does not apply.
fn zones(seen: &Seen) -> Found {
    let names = |keep: &dyn Fn(&super::ZoneSeen) -> bool| {
        let names: Vec<&str> = seen.zones.iter().filter(|zone| keep(zone)).map(|zone| zone.name.as_str()).collect();
        Evidence { text: names.join(", "), ..Evidence::default() }
    };
    if seen.zones.iter().any(|zone| zone.zone.is_none()) {
        return missing(names(&|zone| zone.zone.is_none()), Todo::RepairZone);
    }
    let has_inclusion = seen.zones.iter().any(|zone| zone.of_sense(Sense::Inclusion).is_some());
    if has_inclusion { met(names(&|_| true)) } else { missing(names(&|_| true), Todo::DrawZone) }
}

/// Of whoever has no order yet it is not known whether it is needed; the order itself is in the way then.
fn inspection(seen: &Seen) -> Found {
    if seen.order.as_ref().is_some_and(|order| !order.is_house_arrest) {
        return (ItemState::NotNeeded, Evidence::default(), None);
    }
    match &seen.inspection {
        Some(found) => met(Evidence { number: Some(found.inspection_id), text: found.certificate_number.clone(), ..Evidence::default() }),
        None => missing(Evidence::default(), Todo::InspectHome),
    }
}

fn heard(seen: &Seen, limits: &Limits, reports: &[(Timestamp, StoredReport)]) -> Found {
    let newest = reports.iter().map(|(_, stored)| stored).max_by_key(|stored| stored.received_at);
    let Some(newest) = newest else { return missing(Evidence::default(), Todo::WakeTag) };
    let is_recent = newest.received_at >= seen.now.plus_millis(-limits.heard_ms_max);
    if is_recent { met(of_report(newest)) } else { missing(of_report(newest), Todo::WakeTag) }
}

fn strap_closed(strap: Strap) -> Found {
    match strap {
        Strap::Unsaid => missing(Evidence::default(), Todo::AwaitStrap),
        Strap::Open(stored) => missing(of_report(&stored), Todo::CloseStrap),
        Strap::Closed(stored) => met(of_report(&stored)),
    }
}

fn battery(limits: &Limits, reports: &[(Timestamp, StoredReport)]) -> Found {
    let said = reports.iter().rev().map(|(_, stored)| stored).find(|stored| stored.report.battery_percent != Report::BATTERY_UNSAID);
    let Some(stored) = said else { return missing(Evidence::default(), Todo::AwaitBattery) };
    let percent = stored.report.battery_percent;
    let evidence = Evidence { battery_percent: Some(percent), ..of_report(stored) };
    if percent >= limits.battery_percent_min { met(evidence) } else { missing(evidence, Todo::ChargeBattery) }
}

/// The newest fix decides, whatever those before it said.
fn fix_inside(seen: &Seen, limits: &Limits, reports: &[(Timestamp, StoredReport)]) -> Found {
    let fix = |(at, stored): &(Timestamp, StoredReport)| Fix::of_report(&stored.report, stored.received_at).map(|fix| (*at, *stored, fix));
    let Some((at, stored, fix)) = reports.iter().rev().find_map(fix) else { return missing(Evidence::default(), Todo::AwaitFix) };
    let evidence = Evidence { accuracy_m: Some(fix.accuracy_m()), ..of_report(&stored) };
    if at < seen.now.plus_millis(-limits.fix_age_ms_max) {
        return missing(evidence, Todo::AwaitFix);
    }
    // A fix that is too coarse for a zone says nothing of it, as in judgement.
    let verdict = |zone: &super::ZoneSeen, sense| {
        let zone = zone.of_sense(sense).filter(|zone| fix.accuracy_m() <= zone.rules().accuracy_cap_m)?;
        Some(zone.verdict(&fix))
    };
    let with = |zone: &super::ZoneSeen, verdict| Evidence { verdict: Some(verdict), text: zone.name.clone(), ..evidence.clone() };
    if let Some(zone) = seen.zones.iter().find(|zone| verdict(zone, Sense::Exclusion) == Some(Verdict::Inside)) {
        return missing(with(zone, Verdict::Inside), Todo::LeaveForbiddenZone);
    }
    if let Some(zone) = seen.zones.iter().find(|zone| verdict(zone, Sense::Inclusion) == Some(Verdict::Inside)) {
        return met(with(zone, Verdict::Inside));
    }
    let other = seen.zones.iter().find_map(|zone| verdict(zone, Sense::Inclusion).map(|verdict| (zone, verdict)));
    match other {
        Some((zone, Verdict::Outside)) => missing(with(zone, Verdict::Outside), Todo::GoToZone),
        Some((zone, uncertain)) => missing(with(zone, uncertain), Todo::AwaitFix),
        None => missing(evidence, if seen.zones.is_empty() { Todo::DrawZone } else { Todo::AwaitFix }),
    }
}

fn stated(seen: &Seen, item: Item, (state, todo): (ItemState, Todo)) -> Found {
    let Some(said) = newest(seen, item, |kind| kind != StatementKind::Overridden) else {
        return (state, Evidence::default(), Some(todo));
    };
    let evidence =
        Evidence { text: said.text.clone(), by: said.by.clone(), at: Some(said.at), reason: said.reason.clone(), ..Evidence::default() };
    match said.kind {
        StatementKind::NotNeeded => (ItemState::NotNeeded, evidence, None),
        _ => met(evidence),
    }
}

fn newest(seen: &Seen, item: Item, of_kind: impl Fn(StatementKind) -> bool) -> Option<&Statement> {
    seen.statements.iter().rev().find(|said| said.item == item && of_kind(said.kind))
}

fn of_report(stored: &StoredReport) -> Evidence {
    Evidence { taken_at: Some(stored.report.taken_at), received_at: Some(stored.received_at), ..Evidence::default() }
}
