//! A curfew that begins a minute or two after the start, while its wearer is away.

use super::day::TEHRAN_OFFSET_S;
use super::incident::{CURFEW_LEAD_S, CURFEW_S, Incident, IncidentKind};
use geofence::Timestamp;
use serde_json::{Value, json};

/// From the start to the beginning at least, milliseconds; the first whole minute after that.
const AHEAD_MS: i64 = 60_000;
/// Days of the week as timetables name them, from 1970-01-01 on.
const DAYS: [&str; 7] = ["thu", "fri", "sat", "sun", "mon", "tue", "wed"];

/// Who has it, and from when.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curfew {
    /// Place among the town's wearers.
    pub wearer: usize,
    pub begins: Timestamp,
}

impl Curfew {
    /// For a run that starts then.
    pub fn after(wearer: usize, starts_at: Timestamp) -> Self {
        let soonest = starts_at.millis().saturating_add(AHEAD_MS);
        // Whole minutes are the same in Tehran: its offset is 3 h 30 min.
        let past = soonest.rem_euclid(60_000);
        let begins = Timestamp::from_millis(if past == 0 { soonest } else { soonest.saturating_add(60_000 - past) });
        Self { wearer, begins }
    }

    /// Its timetable: an hour on that day of the week, Asia/Tehran.
    pub fn timetable(&self) -> Value {
        json!([{ "days": [self.day()], "from": wall(self.begins, 0), "to": wall(self.begins, CURFEW_S as i64) }])
    }

    /// What its wearer does in a run that began then.
    pub fn incident(&self, run_began: Timestamp) -> Incident {
        let begins_s = self.begins.millis_since(run_began) as f64 / 1000.0 - CURFEW_LEAD_S;
        Incident { begins_s, wearer: self.wearer, kind: IncidentKind::MissesCurfew }
    }

    /// The hour and minute in Tehran so many seconds after it began: `22:00`.
    pub fn wall(&self, after_s: i64) -> String {
        wall(self.begins, after_s)
    }

    fn day(&self) -> &'static str {
        let day = (self.begins.millis().div_euclid(1000) + TEHRAN_OFFSET_S).div_euclid(86_400);
        DAYS[day.rem_euclid(7) as usize]
    }
}

fn wall(begins: Timestamp, after_s: i64) -> String {
    let minute = (begins.millis().div_euclid(1000) + after_s + TEHRAN_OFFSET_S).rem_euclid(86_400) / 60;
    format!("{:02}:{:02}", minute / 60, minute % 60)
}
