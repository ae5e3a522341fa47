//! The year as a server lives it: reports in the order of arrival, timers between them, the past judged again where it must be.

use crate::calendar::{end_of_year, instant, text};
use crate::facts::{home_widened_at, leave_entered_at, plans};
use crate::script::{exchanged_at, reports};
use crate::shard::{Shard, is_refuted};
use crate::words::{correction, opening, state};
use geofence::{StoredReport, Timestamp, Violation};

/// The timers stay this far behind the clock, seconds: reports are on their way.
const TIMER_ALLOWANCE_S: i64 = 30;

pub struct Year {
    pub shard: Shard,
    /// A line a finding, in the order found.
    pub lines: Vec<String>,
    /// What judging again changed, with the cause.
    pub corrections: Vec<String>,
    /// The newest state told of each violation.
    known: Vec<Violation>,
    now: Timestamp,
}

/// When the wearer was fitted.
pub fn fitted_at() -> Timestamp {
    instant(1, 1, "00:00")
}

pub fn live() -> Year {
    let mut arrivals = reports();
    arrivals.sort_by_key(|stored| (stored.received_at, stored.report.taken_at));
    let mut year =
        Year { shard: Shard::new(plans()[0].clone(), fitted_at()), lines: vec![], corrections: vec![], known: vec![], now: fitted_at() };
    // The next one last.
    let mut happenings = vec![(exchanged_at(), "the tag is exchanged"), (home_widened_at(), "staff widen \"home\" from 150 m to 400 m")];
    for batch in arrivals.chunk_by(|a, b| a.received_at == b.received_at) {
        if year.now < leave_entered_at() && leave_entered_at() <= batch[0].received_at {
            year.enter_leave();
        }
        year.pass_time(batch[0].received_at);
        while let Some((at, what)) = happenings.pop_if(|(at, _)| *at <= year.now) {
            year.lines.push(format!("{}  -- {what} --", text(at)));
        }
        year.take(batch);
    }
    year.pass_time(end_of_year().plus_seconds(TIMER_ALLOWANCE_S));
    year.shard.advance(end_of_year());
    year
}

impl Year {
    /// What arrived at once.
    fn take(&mut self, batch: &[StoredReport]) {
        if batch.len() > 1 {
            let (first, last) = (batch[0].report.taken_at, batch[batch.len() - 1].report.taken_at);
            self.lines.push(format!("{}  -- {} reports of {} to {} arrive late --", text(self.now), batch.len(), text(first), text(last)));
        }
        for stored in batch {
            let found = self.shard.take(stored);
            self.tell(found);
        }
        let found = self.shard.judge_again();
        self.correct(found, "late reports");
    }

    /// The leave for Qom is entered when it is long over.
    fn enter_leave(&mut self) {
        self.pass_time(leave_entered_at());
        self.lines.push(format!("{}  -- staff enter a leave of 1401/11/20 17:00 to 1401/11/22 02:00 --", text(self.now)));
        self.shard.judge.set_plan(plans()[1].clone());
        self.shard.dirty = Some(instant(11, 20, "17:00"));
        let found = self.shard.judge_again();
        self.correct(found, "leave entered late");
    }

    /// Each timer rings when it is due.
    fn pass_time(&mut self, now: Timestamp) {
        while let Some(due) = self.shard.judge.next_due().filter(|due| due.plus_seconds(TIMER_ALLOWANCE_S) <= now) {
            self.now = due.plus_seconds(TIMER_ALLOWANCE_S);
            let found = self.shard.advance(due);
            self.tell(found);
        }
        self.now = now;
    }

    /// A line for what opened, was restored or ended; none for what grew.
    fn tell(&mut self, found: Vec<Violation>) {
        for new in found {
            let old = self.learn(&new);
            let line = match &old {
                None => opening(&new, self.now),
                Some(old) if old.end == new.end && old.restored_at == new.restored_at => continue,
                Some(_) => state(&new, self.now),
            };
            self.lines.push(format!("{}  {line}", text(self.now)));
        }
    }

    /// Lines for what judging again changed.
    fn correct(&mut self, found: Vec<Violation>, cause: &str) {
        for new in found {
            let old = self.learn(&new);
            let line = correction(old.as_ref(), &new, cause);
            let line = format!("{}  {line}", text(self.now));
            self.corrections.push(line.clone());
            self.lines.push(line);
            assert!(old.is_some() || !is_refuted(&new), "what was never told is refuted: {new:?}");
        }
    }

    /// Remembers it; what was known of it.
    fn learn(&mut self, new: &Violation) -> Option<Violation> {
        match self.known.iter_mut().find(|old| old.is_same(new)) {
            Some(old) => Some(std::mem::replace(old, new.clone())),
            None => {
                self.known.push(new.clone());
                None
            }
        }
    }
}
