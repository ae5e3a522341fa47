//! The allow-list of tags in memory, so that a login asks no database.

use ingest::port::{KnownTag, TagDirectory};
use std::collections::HashMap;
use std::sync::RwLock;

/// IMEI to tag.
#[derive(Default)]
pub struct Directory {
    tags: RwLock<HashMap<Box<str>, KnownTag>>,
}

impl Directory {
    /// Adds or replaces tags.
    pub fn update(&self, tags: impl IntoIterator<Item = (String, KnownTag)>) {
        let mut known = self.tags.write().expect("no code panics while it holds this lock");
        known.extend(tags.into_iter().map(|(imei, tag)| (imei.into_boxed_str(), tag)));
    }

    /// Tags known.
    pub fn len(&self) -> usize {
        self.tags.read().expect("no code panics while it holds this lock").len()
    }
}

impl TagDirectory for Directory {
    fn find(&self, imei: &str) -> Option<KnownTag> {
        self.tags.read().expect("no code panics while it holds this lock").get(imei).cloned()
    }
}
