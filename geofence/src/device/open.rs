//! The open violations of one tag: most tags have none, few have more than one.

use crate::tracker::tell;
use crate::{EndReason, Timestamp, Violation, ViolationKind};
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

/// The newest open violation of each kind.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct OpenList(ThinVec<Open>);

/// A violation as last told.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Open {
    kind: ViolationKind,
    start: Timestamp,
    found_at: Timestamp,
    restored_at: Option<Timestamp>,
}

impl Open {
    fn told(&self, end: Option<(Timestamp, EndReason)>) -> Violation {
        Violation { end, restored_at: self.restored_at, ..Violation::opened(self.kind, self.start, self.found_at) }
    }
}

impl OpenList {
    /// Whether one of this kind is open.
    pub fn has(&self, kind: ViolationKind) -> bool {
        self.0.iter().any(|open| open.kind == kind)
    }

    /// Opens one. An older one of its kind, which only a person ends, is no longer this list's concern.
    pub fn open(&mut self, kind: ViolationKind, start: Timestamp, found_at: Timestamp, found: &mut Vec<Violation>) {
        let open = Open { kind, start, found_at, restored_at: None };
        tell(found, open.told(None));
        self.0.retain(|other| other.kind != kind);
        self.0.push(open);
    }

    /// Ends the one of this kind, if there is one.
    pub fn end(&mut self, kind: ViolationKind, at: Timestamp, reason: EndReason, found: &mut Vec<Violation>) {
        if let Some(index) = self.0.iter().position(|open| open.kind == kind) {
            tell(found, self.0.remove(index).told(Some((at, reason))));
        }
        if self.0.is_empty() {
            self.0 = ThinVec::new(); // gives the memory back: a million tags are well most of the time
        }
    }

    /// Records that the tag says it is well again, of a kind that only a person ends.
    pub fn restore(&mut self, kind: ViolationKind, at: Timestamp, found: &mut Vec<Violation>) {
        if let Some(open) = self.0.iter_mut().find(|open| open.kind == kind) {
            open.restored_at = Some(at);
            tell(found, open.told(None));
        }
    }

    /// Tells every one as it stands.
    pub fn tell_all(&self, found: &mut Vec<Violation>) {
        self.0.iter().for_each(|open| tell(found, open.told(None)));
    }
}
