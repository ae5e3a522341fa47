//! The sessions of a connection: one tag's costs no table, since there may be a million such connections.

use super::session::Standing;
use std::collections::HashMap;

#[derive(Default)]
pub(super) struct Sessions {
    /// That of session 0.
    single: Option<Standing>,
    /// Those of a gateway's sessions.
    many: HashMap<u32, Standing>,
}

impl Sessions {
    pub(super) fn len(&self) -> usize {
        self.many.len() + usize::from(self.single.is_some())
    }

    pub(super) fn get(&self, session: u32) -> Option<&Standing> {
        if session == 0 { self.single.as_ref() } else { self.many.get(&session) }
    }

    pub(super) fn get_mut(&mut self, session: u32) -> Option<&mut Standing> {
        if session == 0 { self.single.as_mut() } else { self.many.get_mut(&session) }
    }

    pub(super) fn insert(&mut self, session: u32, value: Standing) {
        if session == 0 {
            self.single = Some(value);
        } else {
            self.many.insert(session, value);
        }
    }

    pub(super) fn remove(&mut self, session: u32) -> Option<Standing> {
        if session == 0 { self.single.take() } else { self.many.remove(&session) }
    }
}
