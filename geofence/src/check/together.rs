//! Zones that are on at once: whether one person can keep them all.

use super::hours::{Span, on_spans, windows};
use super::one::DEPTH_MIN_M;
use super::room::{may_meet, room};
use super::{CheckTerms, Checked, Finding, FindingCode};
use crate::{Sense, Timestamp, Zone};
use std::collections::{BTreeSet, HashSet};

/// Changes looked at: five weeks of a dozen zones that turn on and off twice a day are some 1,700.
const CHANGES_MAX: usize = 5_000;

/// Finds names that are used twice, forbidden zones over a residence, and zones that leave no place to be.
pub(super) fn check(drafts: &[Checked], terms: &CheckTerms, findings: &mut Vec<Finding>) {
    check_names(drafts, findings);
    let live: Vec<&Checked> = drafts.iter().filter(|draft| draft.zone.to > terms.now).collect();
    let combinations = combinations(&live, terms.now);
    check_homes(&live, &combinations, findings);
    let mut told = HashSet::new();
    for (on, at) in &combinations {
        check_room(&live, on, *at, &mut told, findings);
    }
}

fn check_names(drafts: &[Checked], findings: &mut Vec<Finding>) {
    let overlap = |one: &Zone, other: &Zone| one.from < other.to && other.from < one.to;
    for (at, one) in drafts.iter().enumerate() {
        for other in drafts[at + 1..].iter().filter(|other| other.name() == one.name() && (one.is_new() || other.is_new())) {
            if one.draft.is_shared != other.draft.is_shared {
                findings.push(Finding::refused(one.name(), FindingCode::NameTaken));
            } else if overlap(&one.zone, &other.zone) {
                findings.push(Finding::refused(one.name(), FindingCode::TwiceInForce));
            }
        }
    }
    findings.dedup_by(|one, other| one == other);
}

/// Which zones are on together, by their places among the drafts, each with the first instant; those with something new alone.
fn combinations(drafts: &[&Checked], now: Timestamp) -> Vec<(BTreeSet<usize>, Timestamp)> {
    let windows = windows(drafts.iter().filter(|draft| draft.is_new()).map(|draft| &*draft.zone), now);
    let spans: Vec<Vec<Span>> = drafts.iter().map(|draft| on_spans(&draft.zone, &windows)).collect();
    let mut changes: Vec<Timestamp> = spans.iter().flatten().flat_map(|span| [span.0, span.1]).collect();
    changes.sort_unstable();
    changes.dedup();
    let mut next = vec![0; spans.len()];
    let (mut known, mut found) = (HashSet::new(), Vec::new());
    for change in changes.into_iter().take(CHANGES_MAX) {
        let mut on = BTreeSet::new();
        for (index, spans) in spans.iter().enumerate() {
            while spans.get(next[index]).is_some_and(|span| span.1 <= change) {
                next[index] += 1;
            }
            if spans.get(next[index]).is_some_and(|span| span.0 <= change) {
                on.insert(index);
            }
        }
        if on.iter().any(|index| drafts[*index].is_new()) && known.insert(on.clone()) {
            found.push((on, change));
        }
    }
    found
}

fn check_homes(drafts: &[&Checked], combinations: &[(BTreeSet<usize>, Timestamp)], findings: &mut Vec<Finding>) {
    for (home_at, home) in drafts.iter().enumerate() {
        let Some(residence) = &home.residence else { continue };
        for (at, forbidden) in drafts.iter().enumerate() {
            let concerns = forbidden.zone.sense() == Sense::Exclusion && (home.is_new() || forbidden.is_new());
            let Some(place) = concerns.then(|| residence.under(&forbidden.zone)).flatten() else { continue };
            let are_on_at_once = combinations.iter().any(|(on, _)| on.contains(&home_at) && on.contains(&at));
            let code = FindingCode::ExclusionOverHome;
            let finding = if are_on_at_once { Finding::refused(forbidden.name(), code) } else { Finding::warned(forbidden.name(), code) };
            findings.push(finding.with("home", home.name()).at(place));
        }
    }
}

/// Whether these zones, on at once, leave a place to be.
fn check_room(drafts: &[&Checked], on: &BTreeSet<usize>, at: Timestamp, told: &mut HashSet<BTreeSet<usize>>, findings: &mut Vec<Finding>) {
    let of = |sense: Sense| on.iter().copied().filter(move |index| drafts[*index].zone.sense() == sense);
    let within: Vec<usize> = of(Sense::Inclusion).collect();
    let within_zones: Vec<&Zone> = within.iter().map(|index| &*drafts[*index].zone).collect();
    let near: Vec<usize> =
        of(Sense::Exclusion).filter(|index| within_zones.iter().all(|zone| may_meet(zone, &drafts[*index].zone))).collect();
    let concerned: BTreeSet<usize> = within.iter().chain(&near).copied().collect();
    if within.is_empty() || concerned.len() < 2 || !concerned.iter().any(|index| drafts[*index].is_new()) || !told.insert(concerned.clone())
    {
        return;
    }
    let without_zones: Vec<&Zone> = near.iter().map(|index| &*drafts[*index].zone).collect();
    let Some(room) = room(&within_zones, &without_zones, DEPTH_MIN_M).filter(|room| room.depth_m < DEPTH_MIN_M) else { return };
    let Some(new) = concerned.iter().find(|index| drafts[**index].is_new()) else { return };
    let others: Vec<&str> = concerned.iter().filter(|index| *index != new).map(|index| drafts[*index].name()).collect();
    let name = drafts[*new].name();
    findings.push(if room.depth_m <= 0.0 {
        Finding::refused(name, FindingCode::NoPlaceLeft).with("others", others.join(", ")).with("at", at)
    } else {
        let little = Finding::warned(name, FindingCode::LittlePlaceLeft).with("others", others.join(", ")).with("at", at).at(room.place);
        little.with("depth", room.depth_m.floor())
    });
}
