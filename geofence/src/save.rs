//! A judge's memory as bytes: one version byte, then postcard.

use crate::judge::Ahead;
use crate::signals::SignalMemory;
use crate::state::{SavedState, State};
use crate::{Judge, Plan, Violation};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The form written today.
const VERSION: u8 = 1;

/// Why bytes are no judge's memory.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum StateError {
    /// Written by another version of the program.
    #[error("the judge's memory has form {0}, this program reads form {VERSION}: judge the reports again")]
    UnknownVersion(u8),
    /// No bytes, or damaged ones.
    #[error("the judge's memory is damaged ({0}): judge the reports again")]
    Damaged(String),
}

#[derive(Serialize, Deserialize)]
struct Saved {
    state: SavedState,
    ahead: Option<(SavedState, Vec<Violation>)>,
    signals: SignalMemory,
}

impl Judge {
    /// Appends the memory in a versioned form for [`Judge::restore`].
    pub fn save(&self, out: &mut Vec<u8>) {
        let ahead = self.ahead.as_ref().map(|ahead| (ahead.settled.save(&self.plan), ahead.told.clone()));
        let saved = Saved { state: self.state.save(&self.plan), ahead, signals: self.signals.clone() };
        out.push(VERSION);
        let bytes = postcard::to_stdvec(&saved).expect("the memory holds nothing that postcard cannot write");
        out.extend_from_slice(&bytes);
    }

    /// The judge that wrote `bytes`, under a plan that may have changed since (as by [`Judge::set_plan`]).
    ///
    /// # Errors
    /// If the bytes have a form that this program does not know, or are damaged.
    pub fn restore(plan: Arc<Plan>, bytes: &[u8]) -> Result<Self, StateError> {
        let (version, bytes) = bytes.split_first().ok_or_else(|| StateError::Damaged("empty".to_owned()))?;
        if *version != VERSION {
            return Err(StateError::UnknownVersion(*version));
        }
        let saved: Saved = postcard::from_bytes(bytes).map_err(|error| StateError::Damaged(error.to_string()))?;
        let restore_ahead = |(settled, told)| Box::new(Ahead { settled: State::restore(&plan, settled), told });
        let ahead = saved.ahead.map(restore_ahead);
        Ok(Self { state: State::restore(&plan, saved.state), ahead, signals: saved.signals, plan })
    }
}
