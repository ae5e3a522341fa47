//! The memory of a tag: reports from the moment they are taken until the server says that they are stored.

use geofence::{Report, Signal};
use std::collections::VecDeque;

/// What happened to one tag so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Reports taken.
    pub taken: u64,
    /// Reports that the server said are stored.
    pub stored: u64,
    /// Reports dropped because the flash was full: the oldest without an alarm, of nothing but alarms the oldest.
    pub dropped: u64,
    /// Frames of reports sent, repeats included.
    pub frames: u64,
    /// Reports that had to be sent again.
    pub resent: u64,
    /// Connections on which the login succeeded.
    pub logins: u64,
    /// How often the server has refused the tag itself, or what it says, since it last stored something.
    pub refusals_in_a_row: u32,
}

/// Oldest first. The first `on_the_way` are sent and not yet answered; those are never dropped.
#[derive(Debug)]
pub(super) struct Flash {
    reports: VecDeque<Report>,
    on_the_way: usize,
    capacity: usize,
    pub radio: bool,
    pub finishing: bool,
    pub refusal: Option<String>,
    pub counters: Counters,
}

impl Flash {
    pub fn new(capacity: usize) -> Self {
        Self {
            reports: VecDeque::new(),
            on_the_way: 0,
            capacity: capacity.max(1),
            radio: true,
            finishing: false,
            refusal: None,
            counters: Counters::default(),
        }
    }

    pub fn push(&mut self, report: Report) {
        while !self.has_room() {
            let waiting = self.reports.iter().skip(self.on_the_way);
            let least = waiting.take_while(|report| is_alarm(report)).count() % self.waiting();
            self.reports.remove(self.on_the_way + least);
            self.counters.dropped += 1;
        }
        self.reports.push_back(report);
        self.counters.taken += 1;
    }

    pub fn has_room(&self) -> bool {
        self.waiting() < self.capacity
    }

    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    pub fn finished(&self) -> bool {
        self.finishing && self.is_empty()
    }

    /// How many are not on their way.
    pub fn waiting(&self) -> usize {
        self.reports.len() - self.on_the_way
    }

    /// Copies the oldest that are not on their way.
    pub fn next(&self, most: usize, into: &mut Vec<Report>) {
        into.clear();
        into.extend(self.reports.iter().skip(self.on_the_way).take(most));
    }

    /// The next `count` are on their way in one frame.
    pub fn sent(&mut self, count: usize) {
        self.on_the_way += count;
        self.counters.frames += 1;
        debug_assert!(self.on_the_way <= self.reports.len());
    }

    /// The oldest `count`, which were on their way, are stored.
    pub fn stored(&mut self, count: usize) {
        self.reports.drain(..count);
        self.on_the_way -= count;
        self.counters.stored += count as u64;
        self.counters.refusals_in_a_row = 0;
        self.refusal = None;
    }

    /// Whatever was on its way has to be sent again.
    pub fn connection_lost(&mut self) {
        self.counters.resent += self.on_the_way as u64;
        self.on_the_way = 0;
    }

    pub fn logged_in(&mut self) {
        self.counters.logins += 1;
    }

    pub fn refused(&mut self, text: String) {
        self.counters.refusals_in_a_row += 1;
        self.refusal = Some(text);
    }
}

/// What must outlive a full flash: strap, tamper, call for help, switching off.
fn is_alarm(report: &Report) -> bool {
    [Signal::StrapOpen, Signal::CaseTamper, Signal::Sos, Signal::PowerOff].iter().any(|signal| report.signals.is(*signal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use geofence::Timestamp;

    fn at(millis: i64) -> Report {
        Report::at(Timestamp::from_millis(millis))
    }

    fn next(flash: &Flash) -> Vec<i64> {
        let mut reports = Vec::new();
        flash.next(10, &mut reports);
        reports.iter().map(|report| report.taken_at.millis()).collect()
    }

    #[test]
    fn a_full_flash_drops_its_oldest_but_never_what_is_on_its_way() {
        let mut flash = Flash::new(2);
        flash.push(at(1));
        flash.sent(1);
        for millis in 2..=4 {
            flash.push(at(millis));
        }
        assert_eq!(next(&flash), [3, 4]);
        flash.connection_lost();
        assert_eq!(next(&flash), [1, 3, 4]);
        flash.sent(2);
        flash.stored(2);
        assert_eq!(next(&flash), [4]);
        let counters = flash.counters;
        assert_eq!((counters.taken, counters.stored, counters.dropped, counters.resent), (4, 2, 1, 1));
    }
    #[test]
    fn a_full_flash_keeps_alarms_before_positions() {
        let alarm = |millis| Report { signals: at(0).signals.with(Signal::StrapOpen, true), ..at(millis) };
        let mut flash = Flash::new(3);
        for report in [alarm(1), at(2), alarm(3), at(4)] {
            flash.push(report);
        }
        assert_eq!(next(&flash), [1, 3, 4]);
        flash.push(alarm(5));
        flash.push(alarm(6));
        assert_eq!(next(&flash), [3, 5, 6]);
    }
}
