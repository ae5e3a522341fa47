//! Each item's rule as rows: what the tag said and people stated, and how the item stands.

use super::ItemState::{Flagged, Met, Missing, NotNeeded, Overridden};
use super::*;
use geofence::{Report, Signal, ZoneReader};
use proptest::prelude::*;

/// The second at which everything here begins.
const BEGUN: i64 = 1_800_000_000;
const HOME: (f64, f64) = (35.7, 51.4);

fn at(second: i64) -> Timestamp {
    Timestamp::from_millis((BEGUN + second) * 1000)
}

fn zone(name: &str, sense: &str, (latitude, longitude): (f64, f64), radius_m: u32) -> ZoneSeen {
    let feature = format!(
        r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[{longitude},{latitude}]}},
            "properties":{{"zone":"{name}","sense":"{sense}","radius_m":{radius_m}}}}}"#
    );
    let feature: geojson::Feature = feature.parse().unwrap();
    ZoneSeen { name: name.to_owned(), zone: Some(Arc::new(ZoneReader::default().read(1, &feature).unwrap())) }
}

fn broken(name: &str) -> ZoneSeen {
    ZoneSeen { name: name.to_owned(), zone: None }
}

/// A report of the second, `metres` east of home, received at once.
fn report(second: i64, strap_open: Option<bool>, metres: f64) -> StoredReport {
    let mut report = Report {
        latitude_e7: (HOME.0 * 1e7) as i32,
        longitude_e7: ((HOME.1 + metres / 90_500.0) * 1e7) as i32,
        satellites: 9,
        accuracy_dm: 50,
        battery_percent: 90,
        ..Report::at(at(second))
    };
    if let Some(open) = strap_open {
        report.signals = report.signals.with(Signal::StrapOpen, open);
    }
    StoredReport { tag_id: 1, received_at: at(second), late: false, report }
}

fn said(item: Item, kind: StatementKind) -> Statement {
    Statement { item, kind, text: "R-7".into(), reason: "at the centre".into(), by: "sara".into(), at: at(50) }
}

/// Everything as it should be, at second 60.
fn good() -> Seen {
    Seen {
        kind: InstallationKind::Fitting,
        begun_at: at(0),
        now: at(60),
        order: Some(OrderSeen { order_id: 3, decision_number: "9/12".into(), is_house_arrest: false, is_suspended: false }),
        zones: vec![zone("home", "inclusion", HOME, 200)],
        inspection: None,
        reports: vec![report(10, Some(true), 0.0), report(40, Some(false), 0.0)],
        statements: vec![said(Item::Undertaking, StatementKind::Stated), said(Item::Deposit, StatementKind::Stated)],
    }
}

fn found(seen: &Seen, item: Item) -> ItemFound {
    checklist(seen, &Limits::default()).items.into_iter().find(|found| found.item == item).unwrap()
}

fn check(what: &str, seen: &Seen, item: Item, state: ItemState, todo: Option<Todo>) {
    let found = found(seen, item);
    assert_eq!((found.state, found.todo), (state, todo), "{what}: {found:?}");
}

#[test]
fn when_everything_is_so_the_fitting_begins_with_the_closed_strap() {
    let list = checklist(&good(), &Limits::default());
    let states: Vec<_> = list.items.iter().map(|found| (found.item, found.state)).collect();
    let expected = Item::ALL.map(|item| (item, if item == Item::HomeInspected { NotNeeded } else { Met }));
    assert_eq!(states, expected);
    assert_eq!(list.ready(), Some(at(40)));
}

#[test]
fn an_order_must_be_in_force_and_not_suspended() {
    check("none", &Seen { order: None, ..good() }, Item::OrderInForce, Missing, Some(Todo::RecordOrder));
    let suspended = OrderSeen { is_suspended: true, ..good().order.unwrap() };
    check("suspended", &Seen { order: Some(suspended), ..good() }, Item::OrderInForce, Missing, Some(Todo::ResumeOrder));
    let evidence = found(&good(), Item::OrderInForce).evidence;
    assert_eq!((evidence.number, evidence.text.as_str()), (Some(3), "9/12"));
}

#[test]
fn a_zone_must_be_there_and_none_may_be_broken() {
    let home = || zone("home", "inclusion", HOME, 200);
    let school = || zone("school", "exclusion", (35.8, 51.5), 500);
    for (what, zones, state, todo, names) in [
        ("home", vec![home()], Met, None, "home"),
        ("home and school", vec![home(), school()], Met, None, "home, school"),
        ("none", vec![], Missing, Some(Todo::DrawZone), ""),
        ("only forbidden", vec![school()], Missing, Some(Todo::DrawZone), "school"),
        ("one broken", vec![home(), broken("work")], Missing, Some(Todo::RepairZone), "work"),
    ] {
        let seen = Seen { zones, ..good() };
        check(what, &seen, Item::ZonesValid, state, todo);
        assert_eq!(found(&seen, Item::ZonesValid).evidence.text, names, "{what}");
    }
}

#[test]
fn only_house_arrest_asks_for_an_inspection() {
    let house = || Some(OrderSeen { is_house_arrest: true, ..good().order.unwrap() });
    let inspection = || Some(InspectionSeen { inspection_id: 5, certificate_number: "C-5".into() });
    for (what, order, inspection, state, todo) in [
        ("tag", good().order, None, NotNeeded, None),
        ("house, inspected", house(), inspection(), Met, None),
        ("house, not inspected", house(), None, Missing, Some(Todo::InspectHome)),
        ("no order yet", None, None, Missing, Some(Todo::InspectHome)),
    ] {
        check(what, &Seen { order, inspection, ..good() }, Item::HomeInspected, state, todo);
    }
}

#[test]
fn the_tag_was_heard_a_moment_ago() {
    for (what, reports, now, state) in [
        ("now", vec![report(60, None, 0.0)], 60, Met),
        ("two minutes ago", vec![report(60, None, 0.0)], 180, Met),
        ("longer ago", vec![report(60, None, 0.0)], 181, Missing),
        ("never", vec![], 60, Missing),
        ("before it began", vec![report(-1, None, 0.0)], 60, Missing),
        ("taken long ago, received now", vec![StoredReport { received_at: at(60), ..report(-600, None, 0.0) }], 60, Missing),
        ("a clock a little behind", vec![StoredReport { received_at: at(10), ..report(-60, None, 0.0) }], 60, Met),
        ("a clock never set", vec![StoredReport { received_at: at(10), ..report(-BEGUN + 5, None, 0.0) }], 60, Met),
    ] {
        let todo = (state == Missing).then_some(Todo::WakeTag);
        check(what, &Seen { reports, now: at(now), ..good() }, Item::TagHeard, state, todo);
    }
}

/// At which second the strap was said to be open.
type Said<'a> = &'a [(i64, Option<bool>)];

/// What is said, how the item stands, and when the fitting would begin.
type Row<'a> = (&'a str, Said<'a>, ItemState, Option<Todo>, Option<i64>);

#[test]
fn the_strap_is_closed_and_was_not_opened_since() {
    let (open, closed, unsaid) = (Some(true), Some(false), None);
    let rows: [Row<'_>; 9] = [
        ("never said", &[(10, unsaid)], Missing, Some(Todo::AwaitStrap), None),
        ("closed", &[(10, closed)], Met, None, Some(10)),
        ("closed on the table, opened, closed", &[(5, closed), (10, open), (20, closed), (30, closed)], Met, None, Some(20)),
        ("opened again", &[(10, closed), (20, open)], Missing, Some(Todo::CloseStrap), None),
        ("unsaid changes nothing", &[(10, closed), (20, unsaid)], Met, None, Some(10)),
        ("both at one instant", &[(10, open), (10, closed)], Missing, Some(Todo::CloseStrap), None),
        ("out of order", &[(30, closed), (10, open)], Met, None, Some(30)),
        ("a clock behind begins with the fitting", &[(-30, closed)], Missing, Some(Todo::AwaitStrap), None),
        ("ahead of the server", &[(90, closed)], Met, None, Some(60)),
    ];
    for (what, strap, state, todo, begins) in rows {
        let reports = strap.iter().map(|(second, open)| report(*second, *open, 0.0)).collect();
        let seen = Seen { reports, ..good() };
        check(what, &seen, Item::StrapClosed, state, todo);
        assert_eq!(checklist(&seen, &Limits::default()).begins_at, begins.map(at), "{what}");
    }
    let behind = StoredReport { received_at: at(5), ..report(-30, closed, 0.0) };
    let seen = Seen { reports: vec![behind], ..good() };
    assert_eq!(checklist(&seen, &Limits::default()).begins_at, Some(at(0)), "never before somebody began");
}

#[test]
fn the_battery_is_half_full_at_least() {
    let charged = |second, percent| {
        let stored = report(second, Some(false), 0.0);
        StoredReport { report: Report { battery_percent: percent, ..stored.report }, ..stored }
    };
    for (what, reports, state, todo) in [
        ("full", vec![charged(10, 100)], Met, None),
        ("half", vec![charged(10, 50)], Met, None),
        ("less", vec![charged(10, 49)], Missing, Some(Todo::ChargeBattery)),
        ("the newest counts", vec![charged(10, 100), charged(20, 20)], Missing, Some(Todo::ChargeBattery)),
        ("unsaid in the newest", vec![charged(10, 80), charged(20, 255)], Met, None),
        ("never said", vec![charged(10, 255)], Missing, Some(Todo::AwaitBattery)),
    ] {
        check(what, &Seen { reports, ..good() }, Item::Battery, state, todo);
    }
}

#[test]
fn a_fresh_fix_lies_inside_and_in_nothing_forbidden() {
    let far = |metres| vec![report(40, Some(false), metres)];
    let coarse = || {
        let stored = report(40, Some(false), 0.0);
        vec![StoredReport { report: Report { accuracy_dm: 2000, ..stored.report }, ..stored }]
    };
    let none = || vec![StoredReport { report: Report { satellites: 0, ..report(40, None, 0.0).report }, ..report(40, None, 0.0) }];
    let home = || vec![zone("home", "inclusion", HOME, 200)];
    let with = |more: ZoneSeen| vec![zone("home", "inclusion", HOME, 200), more];
    for (what, reports, zones, now, state, todo) in [
        ("inside", far(0.0), home(), 60, Met, None),
        ("outside", far(900.0), home(), 60, Missing, Some(Todo::GoToZone)),
        ("on the edge", far(200.0), home(), 60, Missing, Some(Todo::AwaitFix)),
        ("in the second one", far(900.0), with(zone("work", "inclusion", (HOME.0, HOME.1 + 900.0 / 90_500.0), 200)), 60, Met, None),
        ("in a forbidden one as well", far(0.0), with(zone("school", "exclusion", HOME, 100)), 60, Missing, Some(Todo::LeaveForbiddenZone)),
        ("beside a forbidden one", far(0.0), with(zone("school", "exclusion", (35.8, 51.5), 100)), 60, Met, None),
        ("too coarse", coarse(), home(), 60, Missing, Some(Todo::AwaitFix)),
        ("no fix", none(), home(), 60, Missing, Some(Todo::AwaitFix)),
        ("five minutes old", far(0.0), home(), 340, Met, None),
        ("older", far(0.0), home(), 341, Missing, Some(Todo::AwaitFix)),
        ("no zone", far(0.0), vec![], 60, Missing, Some(Todo::DrawZone)),
        ("the newest decides", vec![report(10, None, 0.0), report(40, None, 900.0)], home(), 60, Missing, Some(Todo::GoToZone)),
    ] {
        check(what, &Seen { reports, zones, now: at(now), ..good() }, Item::FixInsideZone, state, todo);
    }
}

#[test]
fn the_deposit_is_never_in_the_way_and_the_undertaking_is() {
    let deposit = |kind| Seen { statements: vec![said(Item::Deposit, kind), said(Item::Undertaking, StatementKind::Stated)], ..good() };
    let silent = || Seen { statements: vec![], ..good() };
    check("unsaid", &silent(), Item::Deposit, Flagged, Some(Todo::RecordDeposit));
    check("recorded", &deposit(StatementKind::Stated), Item::Deposit, Met, None);
    check("not needed", &deposit(StatementKind::NotNeeded), Item::Deposit, NotNeeded, None);
    check("unsigned", &silent(), Item::Undertaking, Missing, Some(Todo::SignUndertaking));
    let flagged = Seen { statements: vec![said(Item::Undertaking, StatementKind::Stated)], ..good() };
    assert_eq!(checklist(&flagged, &Limits::default()).ready(), Some(at(40)), "without a deposit too");
    let evidence = found(&good(), Item::Deposit).evidence;
    assert_eq!((evidence.text.as_str(), evidence.by.as_str(), evidence.at), ("R-7", "sara", Some(at(50))));
}

/// Everything that can be missing is missing.
fn empty() -> Seen {
    let order = Some(OrderSeen { is_house_arrest: true, ..good().order.unwrap() });
    Seen { zones: vec![], reports: vec![], statements: vec![], order, ..good() }
}

#[test]
fn a_reason_lets_pass_what_may_pass_and_nothing_else() {
    for item in Item::ALL {
        let order = if item == Item::OrderInForce { None } else { empty().order };
        let seen = Seen { order, statements: vec![said(item, StatementKind::Overridden)], ..empty() };
        let expected = match item {
            Item::OrderInForce | Item::TagHeard | Item::StrapClosed => Missing,
            Item::Deposit => Flagged,
            _ => Overridden,
        };
        let found = found(&seen, item);
        assert_eq!(found.state, expected, "{item:?}");
        assert_eq!(item.may_be_overridden(), expected == Overridden);
        assert!(found.todo.is_some(), "{item:?}: it still says what is to be done");
        if expected == Overridden {
            assert_eq!((found.evidence.by.as_str(), found.evidence.reason.as_str()), ("sara", "at the centre"));
        }
    }
    let met = Seen { statements: vec![said(Item::Battery, StatementKind::Overridden)], ..good() };
    assert_eq!(found(&met, Item::Battery).state, Met, "what is so needs no reason");
    assert_eq!(found(&met, Item::Battery).evidence.by, "");
}

#[test]
fn a_replacement_looks_at_the_tag_alone() {
    let seen = Seen { kind: InstallationKind::Replacement, order: None, statements: vec![], ..good() };
    let list = checklist(&seen, &Limits::default());
    let items: Vec<Item> = list.items.iter().map(|found| found.item).collect();
    assert_eq!(items, [Item::TagHeard, Item::StrapClosed, Item::Battery, Item::FixInsideZone]);
    assert_eq!(list.ready(), Some(at(40)));
}

#[test]
fn names_lead_back() {
    assert!(Item::ALL.iter().all(|item| Item::named(item.name()) == Some(*item)));
    assert!([Met, Missing, Overridden, NotNeeded, Flagged].iter().all(|state| ItemState::named(state.name()) == Some(*state)));
    let kinds = [StatementKind::Stated, StatementKind::NotNeeded, StatementKind::Overridden];
    assert!(kinds.iter().all(|kind| StatementKind::named(kind.name()) == Some(*kind)));
}

proptest! {
    /// Whatever the tag says in whatever order: a fitting begins at a report of a closed strap after which no other says open, within the
    /// time since somebody began; and only if every item that cannot pass is met.
    #[test]
    fn nobody_is_monitored_without_a_closed_strap(
        straps in proptest::collection::vec((-100_i64..300, proptest::option::of(any::<bool>())), 0..12),
        now in 0_i64..300,
    ) {
        let reports: Vec<_> = straps.iter().map(|(second, open)| report(*second, *open, 0.0)).collect();
        let statements = Item::ALL.map(|item| said(item, StatementKind::Overridden)).to_vec();
        let seen = Seen { reports, statements, now: at(now), ..good() };
        let list = checklist(&seen, &Limits::default());
        let counted = || straps.iter().filter(|(second, _)| *second >= 0);
        let last_open = counted().filter(|(_, open)| *open == Some(true)).map(|(second, _)| *second).max();
        let closed_after = counted().filter(|(second, open)| *open == Some(false) && last_open.is_none_or(|last| *second > last));
        let first = closed_after.map(|(second, _)| at(*second).min(at(now))).min();
        prop_assert_eq!(list.begins_at, first);
        let mut turned = seen.clone();
        turned.reports.reverse();
        prop_assert_eq!(checklist(&turned, &Limits::default()).begins_at, first);
        if list.ready().is_some() {
            prop_assert!(list.items.iter().all(|found| found.item.may_be_overridden() || found.state != Missing));
        }
    }
}
