//! The audit's entries and the chain of hashes that holds them together.
//!
//! An entry's hash is the SHA-256 of the hash before it and of all its own fields, so that none can be changed, taken out or moved without
//! all later hashes being wrong; and the newest hash, kept elsewhere, vouches for all of them. The database computes the same
//! (`audit_digest`), so that whoever appends an entry appends it to the chain.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

/// What is written down of one act.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct AuditEntry {
    /// `person:NAME`, `machine:NAME`, `command:USER` or `nobody`.
    pub who: String,
    /// The role in which it was done; empty where none was needed.
    pub role: String,
    /// The code of that role's unit.
    pub unit: String,
    /// The method, or the command.
    pub act: String,
    /// Whom it concerned: the file reference, or empty.
    pub wearer: String,
    /// What else it concerned.
    pub subject: String,
    /// Why, from the catalogue.
    pub purpose: String,
    /// The case's number.
    pub case_number: String,
    /// Where the call came from.
    pub address: String,
    /// `done`, or the code of the refusal.
    pub result: String,
}

impl AuditEntry {
    /// The same, readable in one line. What a caller sent must neither keep an entry from being written (the database's texts cannot hold the
    /// character of number 0), nor change how the lines around it look (control characters, overrides of the writing direction).
    #[must_use]
    pub fn readable(self) -> Self {
        let readable = |text: String| if text.contains(misleads) { text.replace(misleads, "\u{fffd}") } else { text };
        Self {
            who: readable(self.who),
            role: readable(self.role),
            unit: readable(self.unit),
            act: readable(self.act),
            wearer: readable(self.wearer),
            subject: readable(self.subject),
            purpose: readable(self.purpose),
            case_number: readable(self.case_number),
            address: readable(self.address),
            result: readable(self.result),
        }
    }
}

fn misleads(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An entry in its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditLink {
    /// 1 for the first, without gaps.
    pub number: i64,
    /// When, by the database's clock, microseconds at the finest.
    pub at: DateTime<Utc>,
    /// What was done.
    pub entry: AuditEntry,
    /// Of this entry and, through the one before, of all before it.
    pub hash: [u8; 32],
}

/// Where the chain ends: what vouches for everything before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AuditHead {
    /// The newest entry; 0 before the first.
    pub number: i64,
    /// Its hash; zeros before the first.
    pub hash: [u8; 32],
}

impl AuditHead {
    /// Before the first entry.
    pub const EMPTY: Self = Self { number: 0, hash: [0; 32] };
}

/// What is wrong with a chain, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum AuditFault {
    /// Numbers are missing.
    #[error("entries {first} to {last} are missing")]
    Missing {
        /// The first of them.
        first: i64,
        /// The last of them.
        last: i64,
    },
    /// A number comes twice or out of order.
    #[error("entry {0} is not in its place")]
    Misplaced(i64),
    /// The entry is not what was written, or the one before it was exchanged with its hash.
    #[error("entry {0} was changed or moved: its hash does not fit")]
    Changed(i64),
    /// The chain ends before or besides the head that vouches for it.
    #[error("the chain ends at entry {found}, but its head vouches for entry {vouched}: the newest entries are missing or were exchanged")]
    Head {
        /// The number that the head vouches for.
        vouched: i64,
        /// The last entry that is there.
        found: i64,
    },
}

impl AuditLink {
    /// The hash that this entry must have after `previous`.
    pub fn digest(&self, previous: &[u8; 32]) -> [u8; 32] {
        let entry = &self.entry;
        let mut text = format!("{}:{}", self.number, self.at.timestamp_micros());
        for field in [
            &entry.who,
            &entry.role,
            &entry.unit,
            &entry.act,
            &entry.wearer,
            &entry.subject,
            &entry.purpose,
            &entry.case_number,
            &entry.address,
            &entry.result,
        ] {
            text.push_str(&format!(":{}:{field}", field.len()));
        }
        Sha256::new().chain_update(previous).chain_update(text).finalize().into()
    }
}

/// Walks along a chain, entry by entry, and stops at the first fault.
#[derive(Debug)]
pub struct ChainCheck {
    last: AuditHead,
    vouched: Vec<AuditHead>,
}

impl ChainCheck {
    /// A walk from the first entry. Each of `vouched` must be met on the way.
    pub fn new(mut vouched: Vec<AuditHead>) -> Self {
        vouched.retain(|head| head.number > 0);
        vouched.sort_by_key(|head| std::cmp::Reverse(head.number));
        Self { last: AuditHead::EMPTY, vouched }
    }

    /// The next entry.
    ///
    /// # Errors
    /// When it cannot be the one that was written there.
    pub fn step(&mut self, link: &AuditLink) -> Result<(), AuditFault> {
        let expected = self.last.number + 1;
        if link.number > expected {
            return Err(AuditFault::Missing { first: expected, last: link.number - 1 });
        }
        if link.number < expected {
            return Err(AuditFault::Misplaced(link.number));
        }
        if link.digest(&self.last.hash) != link.hash {
            return Err(AuditFault::Changed(link.number));
        }
        self.last = AuditHead { number: link.number, hash: link.hash };
        while let Some(head) = self.vouched.pop_if(|head| head.number <= link.number) {
            if head.hash != link.hash {
                // Rewritten as a whole from somewhere before, hashes and all.
                return Err(AuditFault::Head { vouched: head.number, found: link.number });
            }
        }
        Ok(())
    }

    /// After the last entry.
    ///
    /// # Errors
    /// When the chain ends before an entry that a head vouches for.
    pub fn end(self) -> Result<AuditHead, AuditFault> {
        match self.vouched.first() {
            Some(head) => Err(AuditFault::Head { vouched: head.number, found: self.last.number }),
            None => Ok(self.last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AuditEntry, AuditFault, AuditHead, AuditLink, ChainCheck};
    use chrono::DateTime;

    fn chain(length: i64) -> Vec<AuditLink> {
        let mut links = Vec::new();
        let mut previous = [0; 32];
        for number in 1..=length {
            let entry = AuditEntry {
                who: "person:sara".into(),
                subject: format!("alert {number}"),
                result: "done".into(),
                ..AuditEntry::default()
            };
            let at = DateTime::from_timestamp(1_700_000_000 + number, 0).unwrap();
            let mut link = AuditLink { number, at, entry, hash: [0; 32] };
            link.hash = link.digest(&previous);
            previous = link.hash;
            links.push(link);
        }
        links
    }

    fn walk(links: &[AuditLink], vouched: Vec<AuditHead>) -> Result<AuditHead, AuditFault> {
        let mut check = ChainCheck::new(vouched);
        links.iter().try_for_each(|link| check.step(link))?;
        check.end()
    }

    fn head(links: &[AuditLink], number: i64) -> AuditHead {
        AuditHead { number, hash: links[number as usize - 1].hash }
    }

    #[test]
    fn an_untouched_chain_holds() {
        let links = chain(9);
        assert_eq!(walk(&links, vec![head(&links, 4), head(&links, 9), AuditHead::EMPTY]), Ok(head(&links, 9)));
        assert_eq!(walk(&[], vec![]), Ok(AuditHead::EMPTY));
    }

    #[test]
    fn one_changed_entry_is_named() {
        let mut links = chain(9);
        links[4].entry.who.replace_range(8..9, "z");
        assert_eq!(walk(&links, vec![]), Err(AuditFault::Changed(5)));
    }

    #[test]
    fn a_field_cannot_flow_into_the_next() {
        let mut links = chain(1);
        links[0].entry.who = "person:sara:0:".into();
        let moved = AuditEntry { who: "person:sara".into(), role: ":0:".into(), ..links[0].entry.clone() };
        assert_ne!(links[0].digest(&[0; 32]), AuditLink { entry: moved, ..links[0].clone() }.digest(&[0; 32]));
    }

    #[test]
    fn what_a_caller_sent_stays_in_its_line() {
        let check = |sent: &str, written: &str| {
            let entry = AuditEntry { wearer: sent.into(), ..AuditEntry::default() }.readable();
            assert_eq!(entry, AuditEntry { wearer: written.into(), ..AuditEntry::default() });
        };
        check("۱۴۰۴/۱۲ می\u{200c}رود", "۱۴۰۴/۱۲ می\u{200c}رود");
        check("a\nperson:x\u{1b}[2K\0b", "a\u{fffd}person:x\u{fffd}[2K\u{fffd}b");
        check("12\u{202e}34", "12\u{fffd}34");
        check("\\u0000\",\"who\":\"", "\\u0000\",\"who\":\"");
    }

    #[test]
    fn a_missing_entry_is_named() {
        let mut links = chain(9);
        links.drain(3..5);
        assert_eq!(walk(&links, vec![]), Err(AuditFault::Missing { first: 4, last: 5 }));
    }

    #[test]
    fn a_moved_entry_is_named() {
        let mut links = chain(9);
        let (one, other) = (links[2].entry.clone(), links[6].entry.clone());
        (links[2].entry, links[6].entry) = (other, one);
        assert_eq!(walk(&links, vec![]), Err(AuditFault::Changed(3)));
        let mut links = chain(9);
        links.swap(2, 6);
        assert_eq!(walk(&links, vec![]), Err(AuditFault::Missing { first: 3, last: 6 }));
    }

    #[test]
    fn what_is_missing_at_the_end_shows_against_a_kept_head() {
        let links = chain(9);
        assert_eq!(walk(&links[..7], vec![head(&links, 9)]), Err(AuditFault::Head { vouched: 9, found: 7 }));
        // Rewritten from entry 6 on with hashes that fit: only a head kept elsewhere tells.
        let mut forged = chain(9);
        forged[5].entry.result = "LOOKED_AWAY".into();
        for at in 5..9 {
            let previous = forged[at - 1].hash;
            forged[at].hash = forged[at].digest(&previous);
        }
        assert!(walk(&forged, vec![]).is_ok());
        assert_eq!(walk(&forged, vec![head(&links, 8)]), Err(AuditFault::Head { vouched: 8, found: 8 }));
    }
}
