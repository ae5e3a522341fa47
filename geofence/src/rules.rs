//! The parameters of judgement that staff may override for a zone (policy 3).

use serde::{Deserialize, Serialize};

/// What a zone asks for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    /// The wearer must be inside.
    Inclusion,
    /// The wearer must stay out.
    Exclusion,
}

/// How many fixes and how much time make a violation open and close. Times in milliseconds.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rules {
    /// Breaking fixes in a row that open.
    pub open_fixes: u32,
    /// From the first of them to the newest, at least.
    pub open_after_ms: i64,
    /// Keeping fixes in a row that close.
    pub close_fixes: u32,
    /// From the first of them to the newest, at least.
    pub close_after_ms: i64,
    /// A longer gap between two fixes breaks a run.
    pub stale_after_ms: i64,
    /// A worse fix has no position for this zone, metres. Equal is usable.
    pub accuracy_cap_m: f64,
}

impl Rules {
    /// The defaults of policy 3.
    pub const fn of(sense: Sense) -> Self {
        let (open_fixes, open_after_ms) = match sense {
            Sense::Inclusion => (3, 60_000),
            Sense::Exclusion => (2, 0),
        };
        Self { open_fixes, open_after_ms, close_fixes: 2, close_after_ms: 30_000, stale_after_ms: 300_000, accuracy_cap_m: 100.0 }
    }
}
