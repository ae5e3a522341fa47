//! An invented town of people under monitoring: the same for the same seed. Most keep the rules, some do not.
//!
//! It lives in real time, because no report may be taken in the server's future and nothing before the fitting is judged. What would take days
//! is made short instead: somebody leaves home for three minutes, and somebody does so every few seconds.
//! Three scenes are staged: a backlog told late, interference in the area, and a curfew missed, if the start is known
//! ([`Town::starting_at`]).

mod backlog;
mod curfew;
mod day;
mod incident;
mod interference;
mod life;
mod place;
mod run;
mod scene;
mod schedule;
mod wearer;
mod zones;

pub use incident::IncidentKind;
pub use run::{Options, Summary, run};

use anyhow::{Result, ensure};
use geofence::Timestamp;
use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use scene::Scenes;
use wearer::Wearer;

/// Most wearers of a town. It is made to be looked at; for many tags there is [`crate::load`].
pub const WEARERS_MAX: u32 = 9_999;

/// One town: its people, their tags and zones.
#[derive(Clone, Debug, PartialEq)]
pub struct Town {
    seed: u64,
    wearers: Vec<Wearer>,
    scenes: Scenes,
}

/// One tag of the town, as the server registers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRow {
    /// 15 digits.
    pub imei: String,
    /// `W-0001`.
    pub wearer: String,
    /// The key of the native protocol; Teltonika tags have one too and never use it.
    pub key: [u8; 32],
}

impl Town {
    /// The town of this seed.
    ///
    /// # Errors
    /// Unless there are 1 to [`WEARERS_MAX`] wearers.
    pub fn generate(seed: u64, wearers: u32) -> Result<Self> {
        ensure!((1..=WEARERS_MAX).contains(&wearers), "a town has 1 to {WEARERS_MAX} wearers; for more tags use load");
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
        let fleet = format!("town {seed}");
        // Towns of different seeds have different tags, as far as the digits go.
        let first_serial = 50_000_000 + (seed % 4_000) as u32 * 10_000;
        let wearers: Vec<_> = (0..wearers).map(|place| Wearer::generate(&fleet, first_serial, place, &mut random)).collect();
        let scenes = Scenes::cast(seed, &wearers, None);
        Ok(Self { seed, wearers, scenes })
    }

    /// The same town, to be lived in from about then on: at the first whole minute at least 60 s later a curfew begins while its wearer is
    /// away. That minute is written into a zone, so the zones are to be made known for this run alone.
    #[must_use]
    pub fn starting_at(self, starts_at: Timestamp) -> Self {
        let scenes = Scenes::cast(self.seed, &self.wearers, Some(starts_at));
        Self { scenes, ..self }
    }

    /// What is staged, and about when after the start: one line each, for a person.
    pub fn scenes(&self) -> Vec<String> {
        self.scenes.words(&self.wearers)
    }

    /// Every tag with its wearer.
    pub fn tags(&self) -> Vec<TagRow> {
        let row =
            |wearer: &Wearer| TagRow { imei: wearer.identity.imei.clone(), wearer: wearer.reference.clone(), key: wearer.identity.key };
        self.wearers.iter().map(row).collect()
    }

    /// The same as CSV: `imei,wearer,key`, the key in 64 hexadecimal digits.
    pub fn tags_csv(&self) -> String {
        let row = |wearer: &Wearer| format!("{},{},{}\n", wearer.identity.imei, wearer.reference, wearer.identity.key_hex());
        std::iter::once("imei,wearer,key\n".to_owned()).chain(self.wearers.iter().map(row)).collect()
    }

    /// Every zone as a GeoJSON FeatureCollection.
    pub fn zones_geojson(&self) -> String {
        zones::collection(&self.wearers, self.scenes.curfew.as_ref())
    }
}

#[cfg(test)]
mod tests;
