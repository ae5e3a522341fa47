//! What was recorded of an order after it was closed (decision D27): it counts from the approval of two persons on, or from when the order was open again.
//!
//! An order is closed once it is over (ended or revoked, and that is recorded) and the last tag that was fitted under it is off. Whether a fact came late is
//! judged by what was known when it was recorded, so that the same books follow for ever.

use super::WorkReason;
use super::late_kind::LateKind;
use billing::calendar::{Day, Moment};
use billing::{Fact, FactId, OrderId, Period, What};
use chrono::TimeDelta;
use std::collections::{BTreeMap, HashMap};

/// That an order is over, as it was recorded.
pub(super) struct OrderEnd {
    pub order: OrderId,
    pub at: Moment,
    pub recorded_at: Moment,
    /// It was a wrong entry: the order is open again.
    pub cancelled_at: Option<Moment>,
}

/// While an order was closed.
#[derive(Clone, Debug)]
pub(super) struct Closing {
    order: OrderId,
    /// While tags were fitted under it.
    used: (Moment, Moment),
    from: Moment,
    until: Option<Moment>,
}

/// Facts that were recorded at one instant, change what a closed order costs, and do not count (yet).
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// The facts, in the order in which they were read.
    pub facts: Vec<Fact>,
    /// What happened.
    pub kind: LateKind,
    /// The time of which something changes.
    pub span: Period,
    /// The order, and since when it is closed.
    pub order: OrderId,
    pub closed_at: Moment,
    /// When it was recorded.
    pub recorded_at: Moment,
    /// Who refused it.
    pub refused: Option<LateRefusal>,
}

/// That somebody refused it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LateRefusal {
    /// Who.
    pub by: String,
    /// When.
    pub at: Moment,
    /// Why.
    pub reason: String,
}

/// What was decided of the late facts of a person, by the names of the facts, and which facts the books know already.
#[derive(Default)]
pub(super) struct Decided {
    pub approved: HashMap<String, Moment>,
    pub refused: HashMap<String, LateRefusal>,
    /// They count since then, whatever is found out now: documents follow from them.
    pub known: HashMap<String, Moment>,
}

impl Decided {
    /// Whether the books count this. One of the same name that was recorded later than the books know it is another.
    fn knows(&self, fact: &Fact) -> bool {
        self.known.get(&fact.id.to_string()).is_some_and(|since| fact.recorded_at <= *since)
    }
}

/// While orders were closed.
pub(super) fn closings(facts: &[Fact], ends: &[OrderEnd]) -> Vec<Closing> {
    let closing = |end: &OrderEnd| {
        let (used, off_known) = used(facts, &end.order)?;
        let from = end.at.max(end.recorded_at).max(off_known);
        let is_some_time = end.cancelled_at.is_none_or(|until| until > from);
        is_some_time.then(|| Closing { order: end.order.clone(), used, from, until: end.cancelled_at })
    };
    ends.iter().filter_map(closing).collect()
}

/// While tags were fitted under an order, and since when it is known that the last is off. None while one is fitted, and if none ever was.
fn used(facts: &[Fact], order: &OrderId) -> Option<((Moment, Moment), Moment)> {
    let installs = || facts.iter().filter(|fact| matches!(&fact.what, What::Install { order: under, .. } if under == order));
    let (first, last) = (installs().map(|fact| fact.what.at()).min()?, installs().map(|fact| fact.what.at()).max()?);
    let ends_it = |fact: &&Fact| match &fact.what {
        What::Remove { at } => *at >= last,
        What::Install { at, order: under, .. } => *at > last && under != order,
        _ => false,
    };
    let off = facts.iter().filter(ends_it).min_by_key(|fact| fact.what.at())?;
    Some(((first, off.what.at()), off.effective_at()))
}

/// Whether something of a person came late at all, decided or not.
pub(super) fn has_late(facts: &[Fact], closings: &[Closing]) -> bool {
    !closings.is_empty() && groups(facts).iter().any(|group| late(facts, group, closings).is_some())
}

/// Takes out of a person's facts what came late and does not count; what counts by an approval counts from then on.
pub(super) fn hold_back(facts: &mut Vec<Fact>, closings: &[Closing], decided: &Decided) -> Vec<Waiting> {
    let (mut waiting, mut since): (Vec<Waiting>, HashMap<FactId, Option<Moment>>) = (Vec::new(), HashMap::new());
    for mut group in groups(facts) {
        take_out_what_undoes_held(&mut group, &mut waiting, &mut since);
        let Some((late, span)) = late(facts, &group, closings) else { continue };
        if group.iter().any(|fact| decided.knows(fact)) {
            continue;
        }
        let counts = counts_from(&group, &late, decided);
        since.extend(group.iter().map(|fact| (fact.id.clone(), counts)));
        if let (None, Some(first)) = (counts, late.iter().min_by_key(|closing| closing.from)) {
            let held: Vec<Fact> = group.iter().map(|fact| (*fact).clone()).collect();
            let refused = held.iter().find_map(|fact| decided.refused.get(&fact.id.to_string()).cloned());
            let (kind, recorded_at) = (kind(facts, &group), group[0].recorded_at);
            let (order, closed_at) = (first.order.clone(), first.from);
            waiting.push(Waiting { facts: held, kind, span, order, closed_at, recorded_at, refused });
        }
    }
    facts.retain(|fact| since.get(&fact.id) != Some(&None));
    for fact in facts.iter_mut() {
        if let Some(Some(counts)) = since.get(&fact.id) {
            fact.recorded_at = *counts;
        }
    }
    waiting.retain(|one| !one.facts.is_empty());
    waiting
}

/// Since when a late group counts: its approval, or when all orders that it concerns were open again.
fn counts_from(group: &[&Fact], late: &[&Closing], decided: &Decided) -> Option<Moment> {
    let approved = group.iter().filter_map(|fact| decided.approved.get(&fact.id.to_string())).min().copied();
    let open_again = late.iter().map(|closing| closing.until).collect::<Option<Vec<Moment>>>().and_then(|all| all.into_iter().max());
    [approved, open_again].into_iter().flatten().min()
}

/// Takes out of a group what undoes facts that did not count when it was recorded: it undoes nothing and counts only when they do, and neither is waited
/// for. What the rest undoes once more does not wait a second time either.
fn take_out_what_undoes_held(group: &mut Vec<&Fact>, waiting: &mut [Waiting], since: &mut HashMap<FactId, Option<Moment>>) {
    let undone = |fact: &Fact| if let What::Cancel { fact, .. } = &fact.what { Some(fact.clone()) } else { None };
    group.retain(|fact| {
        let Some((target, counts)) = undone(fact).and_then(|target| since.get(&target).map(|counts| (target, *counts))) else {
            return true;
        };
        if counts.is_some_and(|counts| counts <= fact.recorded_at) {
            return true;
        }
        waiting.iter_mut().for_each(|one| one.facts.retain(|held| held.id != target));
        since.insert(fact.id.clone(), counts);
        false
    });
    let again: Vec<FactId> = group.iter().filter_map(|fact| undone(fact)).collect();
    waiting.iter_mut().for_each(|one| one.facts.retain(|held| undone(held).is_none_or(|target| !again.contains(&target))));
}

/// Facts that change what days or fees cost, by the instant at which they were recorded: what one act wrote down stands or falls together.
fn groups(facts: &[Fact]) -> Vec<Vec<&Fact>> {
    let mut groups: BTreeMap<Moment, Vec<&Fact>> = BTreeMap::new();
    for fact in facts {
        if period(facts, fact).is_some() || target(facts, fact).and_then(|target| period(facts, target)).is_some() {
            groups.entry(fact.recorded_at).or_default().push(fact);
        }
    }
    groups.into_values().collect()
}

/// That a day was billed in two files is none of these: it is an error, whenever it is found. Of a fee: the instant at which it arose.
fn period(facts: &[Fact], fact: &Fact) -> Option<Period> {
    match &fact.what {
        What::Fee { of, .. } => {
            let from = facts.iter().find(|fact| fact.id == *of)?.what.at();
            let to = Moment::try_from(from.utc() + TimeDelta::microseconds(1)).ok();
            Some(Period { from, to })
        }
        What::Leave(period) | What::Suspend(period) | What::Class { period, .. } | What::Waiver { period, .. } => Some(*period),
        _ => None,
    }
}

fn target<'a>(facts: &'a [Fact], fact: &Fact) -> Option<&'a Fact> {
    let What::Cancel { fact: target, .. } = &fact.what else { return None };
    facts.iter().find(|fact| fact.id == *target)
}

fn kind(facts: &[Fact], group: &[&Fact]) -> LateKind {
    let old = group.iter().find_map(|fact| target(facts, fact));
    let what = old.or_else(|| group.first().copied()).map(|fact| &fact.what);
    LateKind::of(what, old.is_some())
}

/// The orders that were closed when a group was recorded and of which it changes something, and the time in which it does.
fn late<'a>(facts: &[Fact], group: &[&Fact], closings: &'a [Closing]) -> Option<(Vec<&'a Closing>, Period)> {
    let recorded_at = group.first()?.recorded_at;
    let spans = changed(facts, group);
    let is_closed = |closing: &&Closing| recorded_at > closing.from && closing.until.is_none_or(|until| recorded_at < until);
    let concerns = |closing: &&Closing, span: &Period| span.from < closing.used.1 && span.to.is_none_or(|to| to > closing.used.0);
    let late: Vec<&Closing> =
        closings.iter().filter(is_closed).filter(|closing| spans.iter().any(|span| concerns(closing, span))).collect();
    let span = spans.into_iter().find(|span| late.iter().any(|closing| concerns(closing, span)))?;
    Some((late, span))
}

/// The time in which something becomes otherwise. What takes the place of a fact that begins at the same instant changes only its end.
fn changed(facts: &[Fact], group: &[&Fact]) -> Vec<Period> {
    let same = |one: &What, other: &What| match (one, other) {
        (What::Leave(_), What::Leave(_)) | (What::Suspend(_), What::Suspend(_)) => true,
        (What::Class { class: one, .. }, What::Class { class: other, .. }) => one == other,
        (What::Waiver { percent: a, covers: b, .. }, What::Waiver { percent: c, covers: d, .. }) => (a, b) == (c, d),
        _ => false,
    };
    let mut begun: Vec<(&Fact, Period)> = group.iter().filter_map(|fact| Some((*fact, period(facts, fact)?))).collect();
    let mut spans = Vec::new();
    for old in group.iter().filter_map(|fact| target(facts, fact)) {
        let Some(was) = period(facts, old) else { continue };
        let place = begun.iter().position(|(new, is)| is.from == was.from && same(&new.what, &old.what));
        match place.map(|place| begun.swap_remove(place).1) {
            None => spans.push(was),
            Some(is) if is.to == was.to => {}
            Some(is) => {
                let (first, last) = if is_before(is.to, was.to) { (is.to, was.to) } else { (was.to, is.to) };
                spans.extend(first.map(|from| Period { from, to: last }));
            }
        }
    }
    spans.extend(begun.into_iter().map(|(_, period)| period));
    spans
}

/// Of two ends: none is never.
fn is_before(one: Option<Moment>, other: Option<Moment>) -> bool {
    one.is_some_and(|one| other.is_none_or(|other| one < other))
}

impl Waiting {
    /// What it is called: its first fact.
    pub(super) fn name(&self) -> String {
        self.facts.first().map(|fact| fact.id.to_string()).unwrap_or_default()
    }

    /// The last day on which it can be approved: the same day twelve months after the closing; of a day that is not there the last of the month.
    pub(super) fn last_day(&self) -> Day {
        let closed = self.closed_at.day();
        let month = (0..12).fold(closed.month(), |month, _| month.next());
        month.first_day().plus(i64::from(closed.day_of_month()).min(month.length()) - 1)
    }

    /// Why somebody must look at it; nothing if it was refused, or can only be left as it is.
    pub(super) fn todo(&self, now: Moment) -> Option<WorkReason> {
        if self.refused.is_some() || now.day() > self.last_day() {
            return None;
        }
        let (fact, order, until) = (self.name(), self.order.to_string(), self.last_day().to_string());
        let text = format!(
            "{fact} was recorded after order {order} was closed and does not change the bill: have it approved by two persons by {until}, or refuse it"
        );
        let arguments = [("kind", self.kind.name().to_owned()), ("fact", fact), ("order", order), ("until", until)];
        let arguments = arguments.map(|(name, value)| (name.to_owned(), value)).into();
        Some(WorkReason { code: "LATE_FACT".to_owned(), arguments, text })
    }
}
