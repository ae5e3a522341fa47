//! What the rest of the house leaves for one connection: outcomes of its submissions, commands for its tags.

use crate::wire::{Command, Outcome};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// Commands waiting for one connection. One more is refused as busy.
pub const COMMANDS_MAX: usize = 16;

/// A submission's fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// The session within the connection.
    pub session: u32,
    /// The submission's ticket.
    pub ticket: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// A command on its way to a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ordered {
    /// The session within the connection.
    pub session: u32,
    /// The command's number.
    pub id: u64,
    /// What the tag shall do.
    pub command: Command,
}

/// The letter box of one connection. Shards put in without waiting; its size is bounded by what the connection has in flight.
#[derive(Debug, Default)]
pub struct Inbox {
    letters: Mutex<Letters>,
    arrived: Notify,
    refused: AtomicBool,
    superseded: OnceLock<(i64, Instant)>,
}

/// What a tag had under way when it connected anew may still be read from the old connection for so long.
const UNDER_WAY_MAX: Duration = Duration::from_secs(5);

/// Everything that arrived since the last look.
#[derive(Debug, Default)]
pub struct Letters {
    /// Outcomes in the order in which they became known.
    pub settled: Vec<Settled>,
    /// Commands in the order given.
    pub commands: Vec<Ordered>,
}

impl Inbox {
    /// Leaves outcomes and wakes the connection.
    pub fn settle(&self, outcomes: impl IntoIterator<Item = Settled>) {
        self.lock().settled.extend(outcomes);
        self.arrived.notify_one();
    }

    /// A tag of this connection has logged in on another one.
    pub fn supersede(&self, tag_id: i64) {
        self.superseded.get_or_init(|| (tag_id, Instant::now()));
    }

    /// The first tag that has logged in elsewhere, once nothing of it can be under way here any more.
    pub fn superseded(&self) -> Option<i64> {
        self.superseded.get().filter(|(_, since)| since.elapsed() > UNDER_WAY_MAX).map(|(tag_id, _)| *tag_id)
    }

    /// From now on nothing of this connection is stored: what comes later must not overtake what was refused.
    pub fn refuse(&self) {
        self.refused.store(true, Ordering::Release);
    }

    /// Whether something of this connection was refused.
    pub fn is_refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    /// Leaves a command and wakes the connection; `false` if too many wait already.
    pub fn command(&self, ordered: Ordered) -> bool {
        let mut letters = self.lock();
        if letters.commands.len() >= COMMANDS_MAX {
            return false;
        }
        letters.commands.push(ordered);
        drop(letters);
        self.arrived.notify_one();
        true
    }

    /// Waits until something may have arrived.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Takes out everything.
    pub fn take(&self) -> Letters {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Letters> {
        self.letters.lock().expect("no code panics while it holds this lock")
    }
}
