//! Where each connected tag can be reached.

use crate::inbox::{Inbox, Ordered};
use crate::wire::Command;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Why a command did not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No connection of this tag is open.
    #[error("the tag is not connected now; try again when it has reported")]
    NotConnected,
    /// Too many commands wait on that connection.
    #[error("too many commands wait for this tag; try again in a moment")]
    Busy,
}

/// The newest connection of every tag that is logged in.
#[derive(Debug, Default)]
pub struct Connected {
    tags: Mutex<HashMap<i64, (Arc<Inbox>, u32)>>,
    last_command: AtomicU64,
}

impl Connected {
    /// A tag has logged in on this connection.
    pub fn enter(&self, tag_id: i64, inbox: &Arc<Inbox>, session: u32) {
        let former = self.lock().insert(tag_id, (Arc::clone(inbox), session));
        if let Some((former, _)) = former.filter(|(former, _)| !Arc::ptr_eq(former, inbox)) {
            former.supersede(tag_id);
        }
    }

    /// A connection has ended; its tags that have a newer one stay.
    pub fn leave(&self, tags: impl Iterator<Item = i64>, inbox: &Arc<Inbox>) {
        let mut known = self.lock();
        for tag_id in tags {
            if known.get(&tag_id).is_some_and(|(newest, _)| Arc::ptr_eq(newest, inbox)) {
                known.remove(&tag_id);
            }
        }
    }

    /// Sends a command to a tag; returns the command's number.
    ///
    /// # Errors
    /// When the tag is not connected or has too many commands waiting.
    pub fn send(&self, tag_id: i64, command: Command) -> Result<u64, CommandError> {
        let (inbox, session) = self.lock().get(&tag_id).cloned().ok_or(CommandError::NotConnected)?;
        let id = self.last_command.fetch_add(1, Ordering::Relaxed) + 1;
        inbox.command(Ordered { session, id, command }).then_some(id).ok_or(CommandError::Busy)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<i64, (Arc<Inbox>, u32)>> {
        self.tags.lock().expect("no code panics while it holds this lock")
    }
}
