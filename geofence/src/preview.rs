//! What other zones would have found in reports that are stored, by the judge's own code.

use crate::{Past, Plan, StateError, StoredReport, Timestamp, Violation, judge_again};
use std::sync::Arc;

/// The violations that these reports give under this plan, from `from` on (of what is on then the beginning is not known) up to and including
/// `until`, each as it stands at `until`, in order of their start. Reports come in any order.
///
/// # Errors
/// Never for a plan and reports from outside: only a kept judgement could be unreadable, and none is read.
pub fn preview(plan: Plan, reports: Vec<StoredReport>, from: Timestamp, until: Timestamp) -> Result<Vec<Violation>, StateError> {
    let past = Past { reports, ..Past::default() };
    let mut found = judge_again(Arc::new(plan), 0, from, past, until)?.found;
    found.sort_by(|one, other| (one.start, &one.zone, one.kind.name()).cmp(&(other.start, &other.zone, other.kind.name())));
    Ok(found)
}
