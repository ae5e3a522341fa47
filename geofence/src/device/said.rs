//! What the tag said last of each signal.

use crate::{Signal, Signals};
use serde::{Deserialize, Serialize};

/// Bit n: the newest report that spoke of signal n said yes. "Not said" changes nothing.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Said(u16);

impl Said {
    /// Whether the newest report that spoke of it said yes.
    pub const fn is(self, signal: Signal) -> bool {
        self.0 & (1 << signal as u16) != 0
    }

    /// Takes in what a report says of `signal`. Tells a change: `Some(true)` to yes, `Some(false)` from yes to no.
    pub fn hear(&mut self, signal: Signal, signals: Signals) -> Option<bool> {
        let now = signals.get(signal)?;
        let is_change = now != self.is(signal);
        if is_change {
            self.0 ^= 1 << signal as u16;
        }
        is_change.then_some(now)
    }
}
