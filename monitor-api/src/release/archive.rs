//! Putting an archive together: positions in pieces as they are read, so that only the packed bytes are in memory.

use super::facts::Counts;
use super::{
    ArchiveError, Explained, FACTS, PAGE, POSITIONS, PUBLIC_KEY, ReleaseFacts, SIGNATURE, SUMS, Signer, VIOLATIONS, hex, page, positions,
    violations,
};
use crate::calendar::solar_hijri;
use chrono::{DateTime, Datelike, Timelike, Utc};
use geofence::{StoredReport, Timestamp};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// An archive that is ready.
pub(crate) struct Built {
    pub bytes: Vec<u8>,
    pub sha256: [u8; 32],
    pub positions: u64,
    pub violations: u64,
}

/// The positions of one day of Tehran.
#[derive(Clone, Debug)]
pub(super) struct DayCount {
    pub positions: u64,
    pub first: Timestamp,
    pub last: Timestamp,
}

/// An archive under way: positions first, then [`ArchiveBuilder::finish`].
pub(crate) struct ArchiveBuilder {
    facts: ReleaseFacts,
    files: Files,
    positions: u64,
    /// By the date as it is shown, `1405/09/01`: that sorts by time.
    days: BTreeMap<String, DayCount>,
}

impl ArchiveBuilder {
    pub fn new(facts: ReleaseFacts) -> Result<Self, ArchiveError> {
        let mut files = Files::new(facts.released_at);
        if facts.request.positions {
            files.begin(POSITIONS)?;
            files.write(positions::HEADER.as_bytes())?;
        }
        Ok(Self { facts, files, positions: 0, days: BTreeMap::new() })
    }

    /// Adds the positions of these reports, which come after all those before. Positions so far.
    pub fn add_positions(&mut self, reports: &[StoredReport]) -> Result<u64, ArchiveError> {
        let mut lines = String::new();
        for stored in reports {
            let Some(at) = positions::add(&mut lines, stored) else { continue };
            self.positions += 1;
            let day = solar_hijri(at).map_or_else(|| "-".to_owned(), |shown| shown.split(' ').next().unwrap_or("-").to_owned());
            let count = self.days.entry(day).or_insert(DayCount { positions: 0, first: at, last: at });
            count.positions += 1;
            count.last = at;
        }
        self.files.write(lines.as_bytes())?;
        Ok(self.positions)
    }

    /// Adds everything else and signs it.
    pub fn finish(mut self, violations: &[Explained], signer: &Signer) -> Result<Built, ArchiveError> {
        if self.facts.request.positions {
            self.files.end();
        }
        let counts = Counts { positions: self.positions, violations: violations.len() as u64 };
        if self.facts.request.violations {
            self.files.whole(VIOLATIONS, &json(&violations::document(violations))?)?;
        }
        let public = signer.public();
        self.files.whole(FACTS, &json(&self.facts.document(counts, &public.fingerprint()))?)?;
        let page = page::page(&self.facts, counts, violations, &self.days, &public.fingerprint());
        self.files.whole(PAGE, page.as_bytes())?;
        self.files.whole(PUBLIC_KEY, public.pem().as_bytes())?;
        let sums = self.files.sums();
        self.files.whole(SUMS, sums.as_bytes())?;
        self.files.whole(SIGNATURE, &signer.sign(sums.as_bytes()))?;
        let bytes = self.files.finish()?;
        let sha256 = Sha256::digest(&bytes).into();
        Ok(Built { bytes, sha256, positions: counts.positions, violations: counts.violations })
    }
}

fn json(value: &serde_json::Value) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| ArchiveError(error.to_string()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Files written one after another, each hashed on the way.
struct Files {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    options: SimpleFileOptions,
    under_way: Option<(&'static str, Sha256)>,
    sums: Vec<(&'static str, [u8; 32])>,
}

impl Files {
    fn new(at: DateTime<Utc>) -> Self {
        let time = zip::DateTime::from_date_and_time(
            at.year().try_into().unwrap_or(1980),
            at.month() as u8,
            at.day() as u8,
            at.hour() as u8,
            at.minute() as u8,
            at.second() as u8,
        );
        let options =
            SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).last_modified_time(time.unwrap_or_default());
        Self { zip: ZipWriter::new(Cursor::default()), options, under_way: None, sums: Vec::new() }
    }

    fn begin(&mut self, name: &'static str) -> Result<(), ArchiveError> {
        self.zip.start_file(name, self.options)?;
        self.under_way = Some((name, Sha256::new()));
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ArchiveError> {
        if let Some((_, hash)) = &mut self.under_way {
            hash.update(bytes);
            self.zip.write_all(bytes)?;
        }
        Ok(())
    }

    fn end(&mut self) {
        self.sums.extend(self.under_way.take().map(|(name, hash)| (name, hash.finalize().into())));
    }

    fn whole(&mut self, name: &'static str, bytes: &[u8]) -> Result<(), ArchiveError> {
        self.begin(name)?;
        self.write(bytes)?;
        self.end();
        Ok(())
    }

    /// As `sha256sum` writes and checks it.
    fn sums(&self) -> String {
        self.sums.iter().map(|(name, sum)| format!("{}  {name}\n", hex(sum))).collect()
    }

    fn finish(self) -> Result<Vec<u8>, ArchiveError> {
        Ok(self.zip.finish()?.into_inner())
    }
}
