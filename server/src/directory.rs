//! The allow-list of tags in memory, so that a login asks no database.

use ingest::port::{KnownTag, TagDirectory};
use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

/// Digits of an IMEI.
const IMEI_DIGITS: usize = 15;

/// IMEI to tag.
#[derive(Default)]
pub struct Directory {
    tags: RwLock<Tags>,
}

/// Trees of numbers take half of what a table of texts takes, and a login may cost a microsecond more.
#[derive(Default)]
struct Tags {
    /// By the 15 digits of a true IMEI.
    numbered: BTreeMap<u64, Entry>,
    /// Whatever else tags are called.
    named: HashMap<Box<str>, Entry>,
}

struct Entry {
    tag_id: i64,
    /// Boxed, because a tag of another protocol has none.
    key: Option<Box<[u8; 32]>>,
}

impl Directory {
    /// Adds or replaces tags.
    pub fn update(&self, tags: impl IntoIterator<Item = (String, KnownTag)>) {
        let (mut numbered, mut named) = (Vec::new(), Vec::new());
        for (imei, tag) in tags {
            let entry = Entry { tag_id: tag.tag_id, key: tag.key.map(Box::new) };
            match number(&imei) {
                Some(number) => numbered.push((number, entry)),
                None => named.push((imei.into_boxed_str(), entry)),
            }
        }
        let mut known = self.tags.write().unwrap_or_else(PoisonError::into_inner);
        known.named.extend(named);
        if known.numbered.is_empty() {
            // Built whole a tree has no half empty leaves.
            known.numbered = numbered.into_iter().collect();
        } else {
            known.numbered.extend(numbered);
        }
    }

    /// Tags known.
    pub fn len(&self) -> usize {
        let known = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        known.numbered.len() + known.named.len()
    }
}

impl TagDirectory for Directory {
    fn find(&self, imei: &str) -> Option<KnownTag> {
        let known = self.tags.read().unwrap_or_else(PoisonError::into_inner);
        let entry = match number(imei) {
            Some(number) => known.numbered.get(&number),
            None => known.named.get(imei),
        }?;
        Some(KnownTag { tag_id: entry.tag_id, key: entry.key.as_deref().copied() })
    }
}

/// The number that a true IMEI is; no two of them have the same.
fn number(imei: &str) -> Option<u64> {
    let is_true = imei.len() == IMEI_DIGITS && imei.bytes().all(|digit| digit.is_ascii_digit());
    is_true.then(|| imei.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::Directory;
    use ingest::port::{KnownTag, TagDirectory};

    #[test]
    fn every_tag_is_found_under_its_own_name_alone() {
        let directory = Directory::default();
        let tag = |imei: &str, tag_id: i64| (imei.to_owned(), KnownTag { tag_id, key: (tag_id % 2 == 0).then_some([tag_id as u8; 32]) });
        directory.update([tag("356307042441013", 1), tag("000000000000002", 2), tag("2", 3), tag("TAG-4", 4)]);
        directory.update([tag("356307042441013", 5), tag("356307042441012", 6)]);
        let found = |imei: &str| directory.find(imei).map(|tag| (tag.tag_id, tag.key.map(|key| key[0])));
        assert_eq!(directory.len(), 5);
        assert_eq!(found("356307042441013"), Some((5, None)));
        assert_eq!(found("356307042441012"), Some((6, Some(6))));
        assert_eq!(found("000000000000002"), Some((2, Some(2))));
        assert_eq!(found("2"), Some((3, None)));
        assert_eq!(found("TAG-4"), Some((4, Some(4))));
        assert_eq!(found("00000000000002"), None);
        assert_eq!(found("+00000000000002"), None);
    }
}
