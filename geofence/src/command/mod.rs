//! The pure part of `paband judge` (policy 7): a file of zones and a file of fixes in, rows of violations out.

mod areas;
mod error;
mod row;
mod track;
mod zones;

pub use error::CommandError;
pub use row::Row;
pub use track::{TrackReader, TrackRow};
pub use zones::{Whose, ZoneFeature, ZoneFile};

use crate::device::Heard;
use crate::{EndReason, Fix, Judge, Plan, Signals, Timestamp, Violation, Watch};
use areas::Areas;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// Judges every wearer of a track against the zones of a GeoJSON file, up to and including `until` (default: the newest row). Rows
/// may come in any order and repeated. The result is in the order of policy 8.15. With `all_rules` silence, lack of position, implausible
/// jumps and interference in an area are found too; rows of an area name no wearer.
///
/// # Errors
/// If either file cannot be read as policy 7 says: the error names the feature or line and what to do.
pub fn judge_files(zones: &str, track: impl Read, until: Option<Timestamp>, all_rules: bool) -> Result<Vec<Row>, CommandError> {
    let zones = ZoneFile::parse(zones)?;
    let tracks = Tracks::read(track, until)?;
    let until = until.or(tracks.newest).unwrap_or(Timestamp::MIN);
    let plans = zones.plans()?;
    let watch = all_rules.then(Arc::<Watch>::default);
    let (mut rows, mut areas) = (Vec::new(), Areas::default());
    for (wearer, track) in tracks.by_wearer {
        let wearer: Arc<str> = Arc::from(wearer);
        let plan = plans.of(&wearer)?;
        let plan = match &watch {
            Some(watch) => plan.watched(watch.clone()),
            None => plan,
        };
        let violations = judge(plan, track, until, &mut areas);
        rows.extend(violations.into_iter().map(|violation| Row { wearer: wearer.clone(), violation }));
    }
    rows.extend(areas.rows(until));
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
    /// Rows without a valid position: when they count, and whether the tag's clock is off.
    bare: Vec<(Timestamp, bool)>,
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
            None => {
                let new = Track { from: row.taken_at, fixes: Vec::new(), bare: Vec::new() };
                self.by_wearer.entry(row.wearer.as_str().into()).or_insert(new)
            }
        };
        track.from = track.from.min(row.taken_at);
        match row.fix() {
            Some(fix) => track.fixes.push(fix),
            None => track.bare.push(row.judged_at()),
        }
    }
}

/// What a wearer shows of the area goes to `areas`. Without a watch, rows without a position change nothing.
fn judge(plan: Plan, mut track: Track, until: Timestamp, areas: &mut Areas) -> Vec<Violation> {
    track.sort();
    let mut judge = Judge::new(Arc::new(plan), track.from);
    let (mut found, mut known) = (Vec::new(), Known::default());
    let number = areas.next_wearer();
    for heard in track.heard() {
        judge.hear(&heard, &mut found);
        known.learn(&mut found);
        areas.see(number, heard.at, judge.sighting());
    }
    judge.advance(until, &mut found);
    known.learn(&mut found);
    known.all()
}

impl Track {
    fn sort(&mut self) {
        self.fixes.sort_unstable_by(Fix::in_order);
        self.fixes.dedup_by_key(|fix| fix.taken_at);
        self.bare.sort_unstable();
        self.bare.dedup();
    }

    /// All rows in the order judged: of one instant a position first.
    fn heard(&self) -> impl Iterator<Item = Heard<'_>> {
        let heard = |at, fix, clock_is_off| Heard { at, fix, clock_is_off, signals: Signals::default(), battery_percent: None };
        let (mut fixes, mut bare) = (self.fixes.iter().peekable(), self.bare.iter().peekable());
        std::iter::from_fn(move || {
            let bare_first = match (fixes.peek(), bare.peek()) {
                (Some(fix), Some((at, _))) => *at < fix.taken_at,
                (fix, _) => fix.is_none(),
            };
            if bare_first {
                return bare.next().map(|(at, clock_is_off)| heard(*at, None, *clock_is_off));
            }
            fixes.next().map(|fix| heard(fix.taken_at, Some(fix), false))
        })
    }
}

/// The newest state of each violation.
#[derive(Default)]
struct Known {
    open: Vec<Violation>,
    ended: Vec<Violation>,
}

impl Known {
    fn all(mut self) -> Vec<Violation> {
        self.ended.append(&mut self.open);
        self.ended.retain(|violation| !matches!(violation.end, Some((_, EndReason::Refuted))));
        self.ended
    }

    fn learn(&mut self, found: &mut Vec<Violation>) {
        for violation in found.drain(..) {
            if let Some(at) = self.open.iter().position(|open| open.is_same(&violation)) {
                self.open.swap_remove(at);
            }
            if violation.end.is_some() { self.ended.push(violation) } else { self.open.push(violation) }
        }
    }
}
