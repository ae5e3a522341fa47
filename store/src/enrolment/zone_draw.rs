//! What drawing zones makes of those that stand: which versions end, which begin, and what is to be checked. No database.

use super::zones::{ZoneOrigin, ZoneVersion, timed};
use chrono::{DateTime, Utc};
use geofence::Timestamp;
use geofence::check::ZoneDraft;
use geojson::Feature;
use std::collections::{BTreeMap, BTreeSet};

/// Of whose zones it is not said, and from when to when not either: columns say it.
const OF_COLUMNS: [&str; 4] = ["wearer", "wearers", "valid_from", "valid_to"];

/// A version to write.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct NewVersion {
    pub zone: String,
    /// Without what columns say.
    pub feature: Feature,
    pub from: DateTime<Utc>,
    pub to: Option<DateTime<Utc>>,
}

/// What a change does to the versions of a wearer's or a set's own zones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Drawing {
    /// Versions that end, and when; one that has not begun then never was.
    pub ends: Vec<(i64, DateTime<Utc>)>,
    pub begins: Vec<NewVersion>,
    /// Everything as it will be, for the check.
    pub drafts: Vec<ZoneDraft>,
    /// Names of zones to end that nothing has.
    pub unknown: Vec<String>,
}

/// Draws `features` and ends the zones named in `ends`, at `at`. A feature with a later `valid_from` of its own begins then. Zones that are
/// not named stay as they are; of those that are, what was planned after `at` gives way too. What is as it was is not written again.
pub(crate) fn draw(standing: &[ZoneVersion], features: &[Feature], ends: &[String], at: DateTime<Utc>) -> Drawing {
    let mut drawing = Drawing::default();
    let mut by_name = BTreeMap::<String, Vec<NewVersion>>::new();
    for feature in features {
        match new_version(feature, at) {
            Ok(version) => by_name.entry(version.zone.clone()).or_default().push(version),
            // What cannot be read is found wrong by the check.
            Err(feature) => drawing.drafts.push(ZoneDraft { feature: *feature, is_new: true, is_shared: false }),
        }
    }
    let is_own = |version: &&ZoneVersion| version.origin == ZoneOrigin::Own;
    let own_names: BTreeSet<&str> = standing.iter().filter(is_own).map(|version| version.zone.as_str()).collect();
    drawing.unknown = ends.iter().filter(|name| !own_names.contains(name.as_str())).cloned().collect();
    by_name.values_mut().for_each(|versions| versions.sort_by_key(|version| version.from));
    let is_kept = |name: &str, versions: &[NewVersion]| is_as_it_was(standing, name, versions, at);
    by_name.retain(|name, versions| !is_kept(name, versions));
    for version in standing {
        let is_named = by_name.contains_key(&version.zone) || ends.contains(&version.zone);
        drawing.keep(version, is_own(&version) && is_named, at);
    }
    for version in by_name.into_values().flatten() {
        drawing.drafts.push(ZoneDraft { feature: timed(&version.feature, version.from, version.to), is_new: true, is_shared: false });
        drawing.begins.push(version);
    }
    drawing
}

impl Drawing {
    /// Nothing would change.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && self.begins.is_empty()
    }

    fn keep(&mut self, version: &ZoneVersion, gives_way: bool, at: DateTime<Utc>) {
        let mut to = version.to;
        if gives_way && version.to.is_none_or(|to| to > at) {
            self.ends.push((version.row_id, at.max(version.from)));
            to = Some(at);
        }
        if to.is_none_or(|to| to > version.from) {
            let is_shared = version.origin != ZoneOrigin::Own;
            self.drafts.push(ZoneDraft { feature: timed(&version.feature, version.from, to), is_new: false, is_shared });
        }
    }
}

/// The version that a feature makes, or the feature itself with the times that are wrong with it.
fn new_version(feature: &Feature, at: DateTime<Utc>) -> Result<NewVersion, Box<Feature>> {
    // Read by the judge's own reader: it knows what a time is.
    let zone = geofence::Zone::from_feature(0, feature).map_err(|_| Box::new(feature.clone()))?;
    let (from, to) = zone.in_force();
    let instant = |time: Timestamp| DateTime::from_timestamp_millis(time.millis());
    let mut bare = feature.clone();
    OF_COLUMNS.iter().for_each(|name| drop(bare.remove_property(name)));
    let from = instant(from).map_or(at, |from| from.max(at));
    let to = if to == Timestamp::MAX { None } else { instant(to) };
    if to.is_some_and(|to| to <= from) {
        // As it would be: over before it begins.
        return Err(Box::new(feature.clone()));
    }
    Ok(NewVersion { zone: zone.id().to_owned(), feature: bare, from, to })
}

fn is_as_it_was(standing: &[ZoneVersion], name: &str, versions: &[NewVersion], at: DateTime<Utc>) -> bool {
    let stands = |version: &&ZoneVersion| version.origin == ZoneOrigin::Own && version.zone == name && version.to.is_none_or(|to| to > at);
    let standing: Vec<&ZoneVersion> = standing.iter().filter(stands).collect();
    let same = |(old, new): (&&ZoneVersion, &NewVersion)| old.feature == new.feature && old.from.max(at) == new.from && old.to == new.to;
    standing.len() == versions.len() && standing.iter().zip(versions).all(same)
}
