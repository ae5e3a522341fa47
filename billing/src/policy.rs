//! The switches of the billing policy: data, not code.

use serde::{Deserialize, Serialize};

/// When a month is billed (decision D1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// On its 1st, for the whole month, with a true-up later.
    #[default]
    Advance,
    /// On the 1st of the next month.
    Arrears,
}

/// Which days count as used (rule R2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UseDay {
    /// A tag is fitted at the day's last instant: the day of installation counts, the day of removal does not.
    #[default]
    EndOfDay,
    /// A tag is fitted at any instant of the day: both count.
    AnyPart,
}

/// Which days are free for a leave or a suspension (rule R3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaveDay {
    /// Free at the day's last instant: the day a leave starts is free, the day of return is not.
    #[default]
    EndOfDay,
    /// Free at any instant: the kindest reading.
    AnyPart,
    /// Free from the first instant to the last: the strictest.
    FullDay,
}

/// What the "first month" of the cap is (decision D10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CapWindow {
    /// The Solar Hijri month of the order's first installation.
    #[default]
    CalendarMonth,
    /// Thirty days from the day of installation on.
    #[serde(rename = "first_30_days")]
    First30Days,
}

/// Longest time to pay, days. A longer one is refused as a slip of the hand.
pub const DUE_DAYS_MAX: u16 = 366;

/// Every switch. `Policy::default()` is the policy in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// When a month is billed.
    pub mode: Mode,
    /// Which days count as used.
    pub use_day: UseDay,
    /// Which days are free.
    pub leave_day: LeaveDay,
    /// What the first month is.
    pub cap_window: CapWindow,
    /// Whether replacement fees of the first month are under the cap too (decision D12).
    pub cap_includes_replacement: bool,
    /// The due date is the issue day + this - 1: the issue day is day 1 (decision D34). 1 to [`DUE_DAYS_MAX`].
    pub due_days: u16,
    /// Percentage of the fee money kept that is set aside (article 7, rule R11). 0 to 100.
    pub setaside_percent: u8,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            use_day: UseDay::default(),
            leave_day: LeaveDay::default(),
            cap_window: CapWindow::default(),
            cap_includes_replacement: false,
            due_days: 10,
            setaside_percent: 5,
        }
    }
}

impl Policy {
    /// Whether the numbers are within their ranges.
    ///
    /// # Errors
    /// Says which is not.
    pub fn check(&self) -> Result<(), PolicyError> {
        if !(1..=DUE_DAYS_MAX).contains(&self.due_days) {
            return Err(PolicyError::DueDays(self.due_days));
        }
        if self.setaside_percent > 100 {
            return Err(PolicyError::SetAside(self.setaside_percent));
        }
        Ok(())
    }
}

/// Which number of a policy is out of range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Time to pay.
    #[error("due_days is {0}: write 1 to {DUE_DAYS_MAX}")]
    DueDays(u16),
    /// Percentage set aside.
    #[error("setaside_percent is {0}: write 0 to 100")]
    SetAside(u8),
}
