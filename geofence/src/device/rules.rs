//! The parameters by which a tag itself is watched, and the times at which nobody listened.

use crate::Timestamp;

/// When a tag counts as silent, lost, empty or implausible (policy 4). Per wearer.
#[derive(Clone, PartialEq, Debug)]
pub struct DeviceRules {
    /// The longest time between two reports that was asked of the tag, milliseconds.
    pub interval_ms: i64,
    /// What is added to it before the tag counts as silent, milliseconds.
    pub silence_buffer_ms: i64,
    /// Heard without a valid fix for this long is `no_position`, milliseconds.
    pub no_position_ms: i64,
    /// The same while the home beacon is heard, milliseconds.
    pub no_position_at_home_ms: i64,
    /// Battery at which `battery_low` opens, percent. Equal opens.
    pub battery_low: u8,
    /// Battery at which `battery_critical` opens, percent. Equal opens.
    pub battery_critical: u8,
    /// This far above the lowest percentage seen the battery is restored, points.
    pub battery_recovered: u8,
    /// Nobody moves faster, metres a second. Equal is plausible.
    pub speed_max_m_s: f64,
    /// Plausible reports with a fix in a row that end `implausible`.
    pub plausible_fixes: u8,
}

impl Default for DeviceRules {
    /// The defaults of policy 4.
    fn default() -> Self {
        Self {
            interval_ms: 300_000,
            silence_buffer_ms: 300_000,
            no_position_ms: 900_000,
            no_position_at_home_ms: 3_600_000,
            battery_low: 20,
            battery_critical: 10,
            battery_recovered: 10,
            speed_max_m_s: 70.0,
            plausible_fixes: 3,
        }
    }
}

/// A span [from, to) in which the service itself heard nothing: neither silence nor lack of a position is counted in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deaf {
    /// First deaf instant.
    pub from: Timestamp,
    /// First instant at which it hears again.
    pub to: Timestamp,
}

/// When `wait_ms` have passed since `since`; each deaf span on the way (they ascend and do not overlap) begins the wait anew at its end,
/// because a tag may have tried in vain until then.
pub(super) fn due(since: Timestamp, wait_ms: i64, deaf: &[Deaf]) -> Timestamp {
    let heeded = deaf.partition_point(|span| span.to <= since);
    let later = deaf[heeded..].iter().filter(|span| span.from < span.to);
    later.fold(since.plus_millis(wait_ms), |due, span| if span.from < due { due.max(span.to.plus_millis(wait_ms)) } else { due })
}
