//! How one wearer stands in one cell.

use super::count::{Count, leaves_at};
use crate::Timestamp;

/// The newest sighting of a wearer in a cell. 16 bytes: a million of them are held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub at: Timestamp,
    /// When the trouble began: [`Standing::CALM`] = there is none, [`Standing::BEFORE`] = before the wearer was known here.
    turn: Timestamp,
}

impl Standing {
    const CALM: Timestamp = Timestamp::MAX;
    const BEFORE: Timestamp = Timestamp::MIN;

    /// The standing after a sighting. Who is first seen in trouble did not turn: nobody saw him without.
    pub fn after(before: Option<Self>, at: Timestamp, troubled: bool) -> Self {
        let turn = match before {
            _ if !troubled => Self::CALM,
            None => Self::BEFORE,
            Some(before) if before.is_troubled() => before.turn,
            Some(_) => at,
        };
        Self { at, turn }
    }

    pub fn is_troubled(&self) -> bool {
        self.turn != Self::CALM
    }

    /// When the wearer was seen to turn from calm to trouble.
    pub fn turned_at(&self) -> Option<Timestamp> {
        (self.turn != Self::CALM && self.turn != Self::BEFORE).then_some(self.turn)
    }

    /// Whether the newest sighting lies in the window that ends at `clock`.
    pub fn is_heard(&self, clock: Timestamp, within_ms: i64) -> bool {
        leaves_at(self.at, within_ms) > clock
    }

    /// Whether it is known what the wearer was before: for two windows, because a tag may report once a window.
    pub fn is_known(&self, clock: Timestamp, within_ms: i64) -> bool {
        leaves_at(self.at, within_ms.saturating_mul(2)) > clock
    }

    /// Adds the wearer to the count of a window that ends at `clock`.
    pub fn enter(&self, count: &mut Count, clock: Timestamp, within_ms: i64) {
        let troubled = u32::from(self.is_troubled());
        count.add(self.at, |part| {
            part.heard += 1;
            part.troubled += troubled;
        });
        if let Some(turned_at) = self.turned_at().filter(|turned_at| leaves_at(*turned_at, within_ms) > clock) {
            count.add(turned_at, |part| part.turned += 1);
        }
    }

    /// Takes the wearer out of it again, as far as time has not.
    pub fn leave(&self, count: &mut Count) {
        let troubled = u32::from(self.is_troubled());
        count.take_back(self.at, |part| {
            part.heard -= 1;
            part.troubled -= troubled;
        });
        if let Some(turned_at) = self.turned_at() {
            count.take_back(turned_at, |part| part.turned -= 1);
        }
    }
}
