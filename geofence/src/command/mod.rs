//! The pure part of `paband judge` (policy 7): a file of zones and a file of fixes in, rows of violations out.

mod error;
mod row;
mod track;
mod zones;

pub use error::CommandError;
pub use row::Row;
pub use track::{TrackReader, TrackRow};
pub use zones::{Whose, ZoneFeature, ZoneFile};

use crate::{Fix, Judge, Plan, Timestamp, Violation};
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// Judges every wearer of a track against the zones of a GeoJSON file, up to and including `until` (default: the newest row). Rows
/// may come in any order and repeated. The result is in the order of policy 8.15.
///
/// # Errors
/// If either file cannot be read as policy 7 says: the error names the feature or line and what to do.
pub fn judge_files(zones: &str, track: impl Read, until: Option<Timestamp>) -> Result<Vec<Row>, CommandError> {
    let zones = ZoneFile::parse(zones)?;
    let tracks = Tracks::read(track, until)?;
    let until = until.or(tracks.newest).unwrap_or(Timestamp::MIN);
    let plans = zones.plans()?;
    let mut rows = Vec::new();
    for (wearer, track) in tracks.by_wearer {
        let wearer: Arc<str> = Arc::from(wearer);
        let plan = Arc::new(plans.of(&wearer)?);
        rows.extend(judge(plan, track, until).into_iter().map(|violation| Row { wearer: wearer.clone(), violation }));
    }
    rows.sort_by(Row::in_output_order);
    Ok(rows)
}

/// The rows of each wearer that are judged.
struct Tracks {
    by_wearer: HashMap<Box<str>, Track>,
    newest: Option<Timestamp>,
}

struct Track {
    /// The first row, with or without a position.
    from: Timestamp,
    fixes: Vec<Fix>,
}

impl Tracks {
    fn read(track: impl Read, until: Option<Timestamp>) -> Result<Self, CommandError> {
        let mut tracks = Self { by_wearer: HashMap::new(), newest: None };
        let mut rows = TrackReader::new(track)?;
        let mut row = TrackRow::default();
        while rows.read(&mut row)? {
            if until.is_none_or(|until| row.taken_at <= until) {
                tracks.add(&row);
            }
        }
        Ok(tracks)
    }

    fn add(&mut self, row: &TrackRow) {
        self.newest = self.newest.max(Some(row.taken_at));
        let track = match self.by_wearer.get_mut(row.wearer.as_str()) {
            Some(track) => track,
            None => self.by_wearer.entry(row.wearer.as_str().into()).or_insert(Track { from: row.taken_at, fixes: Vec::new() }),
        };
        track.from = track.from.min(row.taken_at);
        track.fixes.extend(row.fix());
    }
}

fn judge(plan: Arc<Plan>, mut track: Track, until: Timestamp) -> Vec<Violation> {
    track.fixes.sort_unstable_by(Fix::in_order);
    track.fixes.dedup_by_key(|fix| fix.taken_at);
    let mut judge = Judge::new(plan, track.from);
    let (mut found, mut known) = (Vec::new(), Known::default());
    for fix in &track.fixes {
        judge.fix(fix, &mut found);
        known.learn(&mut found);
    }
    judge.advance(until, &mut found);
    known.learn(&mut found);
    known.ended.append(&mut known.open);
    known.ended
}

/// The newest state of each violation.
#[derive(Default)]
struct Known {
    open: Vec<Violation>,
    ended: Vec<Violation>,
}

impl Known {
    fn learn(&mut self, found: &mut Vec<Violation>) {
        for violation in found.drain(..) {
            if let Some(at) = self.open.iter().position(|open| open.is_same(&violation)) {
                self.open.swap_remove(at);
            }
            if violation.end.is_some() { self.ended.push(violation) } else { self.open.push(violation) }
        }
    }
}
