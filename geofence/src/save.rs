//! A judge's memory as bytes: one version byte, then postcard.

use crate::coarse::{KeptAt, Lag};
use crate::device::Device;
use crate::judge::{Ahead, Memory, WayBack};
use crate::state::{SavedState, State};
use crate::{Judge, Order, Plan, Timestamp, Violation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long after a checkpoint the next one is kept, milliseconds.
const KEPT_EVERY_MS: i64 = 86_400_000;

/// Why bytes are no judge's memory.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum StateError {
    /// Written by another version of the program.
    #[error("the judge's memory has form {0}, this program reads form {form}: judge the reports again", form = Judge::FORM)]
    UnknownVersion(u8),
    /// No bytes, or damaged ones.
    #[error("the judge's memory is damaged ({0}): judge the reports again")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Saved {
    memory: SavedMemory,
    ahead: Option<(SavedMemory, Vec<Violation>)>,
    newest: Order,
    kept_at: Timestamp,
    lag_ms: i64,
    no_way_back: bool,
}

#[derive(Serialize, Deserialize)]
struct SavedMemory {
    zones: SavedState,
    device: Device,
}

impl Memory {
    fn save(&self, plan: &Plan) -> SavedMemory {
        SavedMemory { zones: self.zones.save(plan), device: self.device.clone() }
    }

    fn restore(plan: &Plan, saved: SavedMemory) -> Self {
        Self { zones: State::restore(plan, saved.zones), device: saved.device }
    }
}

impl Judge {
    /// The form written today: the first byte of what [`Judge::save`] writes.
    pub const FORM: u8 = 2;

    /// Appends the memory in a versioned form for [`Judge::restore`].
    pub fn save(&self, out: &mut Vec<u8>) {
        let ahead = self.way_back().map(|back| (back.settled.save(&self.plan), back.told.clone()));
        let saved = Saved {
            memory: self.memory.save(&self.plan),
            ahead,
            newest: self.newest,
            kept_at: self.kept_at.time(),
            lag_ms: self.lag.millis(),
            no_way_back: self.has_no_way_back(),
        };
        write(&saved, out);
    }

    /// The judge that wrote `bytes`, under a plan that may have changed since (as by [`Judge::set_plan`]).
    ///
    /// # Errors
    /// If the bytes have a form that this program does not know, or are damaged.
    pub fn restore(plan: Arc<Plan>, bytes: &[u8]) -> Result<Self, StateError> {
        let (form, bytes) = bytes.split_first().ok_or_else(|| StateError::Damaged("empty".to_owned()))?;
        if *form != Self::FORM {
            return Err(StateError::UnknownVersion(*form));
        }
        let saved: Saved = postcard::from_bytes(bytes).map_err(|error| StateError::Damaged(error.to_string()))?;
        let restore_back = |(settled, told)| Ahead::WayBack(WayBack { settled: Memory::restore(&plan, settled), told });
        let ahead = if saved.no_way_back { Some(Ahead::NoWayBack) } else { saved.ahead.map(restore_back) };
        Ok(Self {
            memory: Memory::restore(&plan, saved.memory),
            ahead: ahead.map(Box::new),
            newest: saved.newest,
            kept_at: KeptAt::of(saved.kept_at),
            lag: Lag::of_millis(saved.lag_ms),
            plan,
        })
    }

    fn way_back(&self) -> Option<&WayBack> {
        match self.ahead.as_deref() {
            Some(Ahead::WayBack(back)) => Some(back),
            Some(Ahead::NoWayBack) | None => None,
        }
    }

    /// The memory before a report at `at` is taken in, if it is time to keep one: of which newest report, and its bytes. About one a day, so
    /// that judging the past again never begins more than a day early.
    pub fn checkpoint_before(&mut self, at: Timestamp) -> Option<(Timestamp, Vec<u8>)> {
        let (newest, kept_at) = (self.newest.at(), self.kept_at.time());
        if self.has_no_way_back() || at <= newest || at.millis_since(kept_at) < KEPT_EVERY_MS || newest <= kept_at {
            return None;
        }
        self.kept_at = KeptAt::of(newest);
        // As of the newest report: what time alone brought since is found again.
        let settled = self.way_back().map_or(&self.memory, |back| &back.settled);
        let mut memory = settled.save(&self.plan);
        // Time may have passed since in which nothing fell due.
        memory.zones.as_of(newest);
        let mut bytes = Vec::new();
        let saved = Saved { memory, ahead: None, newest: self.newest, kept_at: newest, lag_ms: self.lag.millis(), no_way_back: false };
        write(&saved, &mut bytes);
        Some((newest, bytes))
    }
}

fn write(saved: &Saved, out: &mut Vec<u8>) {
    out.push(Judge::FORM);
    let bytes = postcard::to_stdvec(saved).expect("the memory holds nothing that postcard cannot write");
    out.extend_from_slice(&bytes);
}
