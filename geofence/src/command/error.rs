//! What may be wrong with the files of `paband judge`, and where.

use crate::ZoneError;

/// Why files cannot be judged. Says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The file of zones is no GeoJSON FeatureCollection.
    #[error("zones: {0}")]
    Zones(String),
    /// A feature is no zone. Features are counted from 1.
    #[error("zones: feature {number}{}: {error}", name(zone))]
    Zone {
        /// Which feature of the file, from 1.
        number: usize,
        /// Its zone's id, if it has one.
        zone: Option<String>,
        /// What is wrong with it.
        error: ZoneError,
    },
    /// Two versions of one zone are in force at once.
    #[error(
        "zones: features {first} and {second} are versions of zone \"{zone}\" of wearer \"{wearer}\" that overlap: end one with valid_to where the other begins (valid_from)"
    )]
    Overlap {
        /// The feature that begins first, from 1.
        first: usize,
        /// The feature that begins before the first ends.
        second: usize,
        /// Their zone's id.
        zone: String,
        /// Whose.
        wearer: String,
    },
    /// A leave cannot be read. Leaves are counted from 1.
    #[error("zones: leave {number}: {why}")]
    Leave {
        /// Which leave of the file, from 1.
        number: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A line of the track cannot be read.
    #[error("track: line {line}: {why}")]
    Track {
        /// Which line of the file, the header is 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The track has the wrong columns.
    #[error("track: line 1: column \"{0}\" is missing; the header is wearer,taken_at,lat,lon,accuracy_m[,received_at]")]
    Column(&'static str),
    /// An evidence cannot be made or read.
    #[error("evidence: {0}")]
    Evidence(String),
    /// The track cannot be read at all.
    #[error("track: {0}")]
    Unreadable(#[from] csv::Error),
}

fn name(zone: &Option<String>) -> String {
    zone.as_ref().map_or(String::new(), |zone| format!(" (zone \"{zone}\")"))
}
