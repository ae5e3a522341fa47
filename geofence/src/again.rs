//! The past judged again, from a kept judgement over every report that is stored: after a late report, or facts recorded after they held.

use crate::tracker::tell;
use crate::{Checkpoint, EndReason, Judge, Order, Past, Plan, StateError, Timestamp, Violation};
use std::sync::Arc;

/// What judging a past again brought.
#[derive(Debug)]
pub struct Again {
    /// The judge as it now stands.
    pub judge: Judge,
    /// What differs from what was told: violations that were not known, that changed, or that are refuted.
    pub found: Vec<Violation>,
    /// Judgements to keep, in place of those kept since the past's own checkpoint.
    pub checkpoints: Vec<Checkpoint>,
    /// Reports judged.
    pub reports: usize,
}

/// Judges a wearer's past again, by the plan of today (which holds the versions of then), from the past's checkpoint or else from `from`,
/// up to and including `until`. Where reports were deleted after their time and no checkpoint is kept from after that, it begins where the
/// kept ones do.
///
/// # Errors
/// If the checkpoint cannot be read.
pub fn judge_again(plan: Arc<Plan>, wearer_id: i64, from: Timestamp, past: Past, until: Timestamp) -> Result<Again, StateError> {
    let since = past.checkpoint.as_ref().map(|checkpoint| checkpoint.at).or(past.kept_since).unwrap_or(Timestamp::MIN);
    let mut judge = match &past.checkpoint {
        Some(checkpoint) => Judge::restore(plan, &checkpoint.bytes)?,
        None => Judge::new(plan, from.max(since)),
    };
    let mut reports: Vec<_> = past.reports.iter().map(|stored| (Order::of(&stored.report, stored.received_at), stored)).collect();
    reports.retain(|(order, _)| order.at() > since && !judge.is_late(order));
    reports.sort_by_key(|(order, _)| *order);
    let (mut known, mut found, mut checkpoints) = (Known(judge.open()), Vec::new(), Vec::new());
    for (order, stored) in &reports {
        let kept = judge.checkpoint_before(order.at());
        checkpoints.extend(kept.map(|(at, bytes)| Checkpoint { wearer_id, at, bytes }));
        judge.report(&stored.report, stored.received_at, &mut found);
        known.learn(&mut found);
    }
    judge.advance(until, &mut found);
    known.learn(&mut found);
    if past.checkpoint.is_none() && past.kept_since.is_some() {
        known.without_what_goes_on(&past.told, since);
    }
    Ok(Again { found: known.against(past.told, since), judge, checkpoints, reports: reports.len() })
}

/// The newest state of every violation since the checkpoint.
struct Known(Vec<Violation>);

impl Known {
    fn learn(&mut self, found: &mut Vec<Violation>) {
        found.drain(..).for_each(|violation| tell(&mut self.0, violation));
    }

    /// Judged from nothing, what was under way at `since` seems to begin there: it was told already.
    fn without_what_goes_on(&mut self, told: &[Violation], since: Timestamp) {
        let holds = |old: &Violation, at: Timestamp| old.start <= at && old.end.is_none_or(|(end, _)| at < end);
        let goes_on = |new: &Violation, old: &Violation| {
            old.kind == new.kind && old.zone == new.zone && old.found_at <= since && holds(old, new.start) && !old.is_same(new)
        };
        self.0.retain(|new| !told.iter().any(|old| goes_on(new, old)));
    }

    /// What is new or different from what was told. Of what was found before the checkpoint nothing is refuted: its grounds lie before.
    fn against(self, told: Vec<Violation>, since: Timestamp) -> Vec<Violation> {
        let is_refuted = |violation: &Violation| matches!(violation.end, Some((_, EndReason::Refuted)));
        let stands = |old: &Violation| self.0.iter().any(|new| new.is_same(old));
        let refuted: Vec<_> = told.iter().filter(|old| old.found_at > since && !is_refuted(old) && !stands(old)).cloned().collect();
        let news = self.0.into_iter().filter(|new| match told.iter().find(|old| old.is_same(new)) {
            Some(old) => old != new,
            None => !is_refuted(new),
        });
        news.chain(refuted.into_iter().map(Violation::refuted)).collect()
    }
}
