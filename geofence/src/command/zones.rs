//! ZONES.geojson: a FeatureCollection of zones with their wearers, and leaves beside it.

use super::CommandError;
use crate::civil::parse_instant;
use crate::{Leave, Plan, Timestamp, Zone, ZoneError, ZoneReader, ZoneSet};
use geojson::{Feature, JsonObject, JsonValue};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A file of zones, checked and compiled.
#[derive(Debug)]
pub struct ZoneFile {
    /// In the order of the file.
    pub features: Vec<ZoneFeature>,
    /// Approved absences, each with its wearer.
    pub leaves: Vec<(String, Leave)>,
}

/// One feature: a version of a zone and whose it is. Equal zone ids have equal keys.
#[derive(Debug)]
pub struct ZoneFeature {
    /// Which feature of the file, from 1.
    pub number: usize,
    /// Whose.
    pub whose: Whose,
    /// Compiled.
    pub zone: Arc<Zone>,
}

/// Whose a zone is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Of every wearer.
    Everyone,
    /// Of these.
    Wearers(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaveText {
    wearer: String,
    from: String,
    to: String,
    #[serde(default)]
    exclusion: bool,
}

impl ZoneFile {
    /// Reads and checks a whole file.
    ///
    /// # Errors
    /// At the first feature or leave that cannot be judged by, with its number.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: JsonObject = serde_json::from_str(text).map_err(|error| CommandError::Zones(format!("no JSON object: {error}")))?;
        check_collection(&file)?;
        let Some(JsonValue::Array(features)) = file.get("features") else {
            return Err(CommandError::Zones("\"features\" must be a list".to_owned()));
        };
        let (mut keys, mut reader) = (HashMap::new(), ZoneReader::default());
        let features = features.iter().zip(1..).map(|(feature, number)| ZoneFeature::parse(number, feature, &mut keys, &mut reader));
        let features = features.collect::<Result<_, _>>()?;
        Ok(Self { features, leaves: leaves(file.get("leaves"))? })
    }

    /// The plan of one wearer.
    pub(crate) fn plan_of(&self, wearer: &str) -> Result<Plan, CommandError> {
        self.plans()?.of(wearer)
    }

    /// Sorts the features by wearer.
    pub(super) fn plans(&self) -> Result<Plans<'_>, CommandError> {
        let own = self.features.iter().filter(|feature| feature.whose != Whose::Everyone);
        let own_keys: HashSet<i64> = own.map(|feature| feature.zone.key()).collect();
        let mut plans = Plans { everyone: Vec::new(), own: HashMap::new(), set: None, leaves: HashMap::new() };
        let mut shared = Vec::new();
        for feature in &self.features {
            match &feature.whose {
                Whose::Everyone if own_keys.contains(&feature.zone.key()) => plans.everyone.push(feature),
                Whose::Everyone => shared.push(feature),
                Whose::Wearers(wearers) => wearers.iter().for_each(|wearer| plans.own.entry(wearer).or_default().push(feature)),
            }
        }
        check_overlap(&shared, "*")?;
        let zones = || shared.iter().map(|feature| feature.zone.clone()).collect();
        plans.set = (!shared.is_empty()).then(|| Arc::new(ZoneSet::new(zones())));
        for (wearer, leave) in &self.leaves {
            plans.leaves.entry(wearer).or_default().push(*leave);
        }
        Ok(plans)
    }
}

/// What every wearer is subject to.
pub(super) struct Plans<'a> {
    /// Zones of everyone that have versions of a single wearer too.
    everyone: Vec<&'a ZoneFeature>,
    own: HashMap<&'a str, Vec<&'a ZoneFeature>>,
    set: Option<Arc<ZoneSet>>,
    leaves: HashMap<&'a str, Vec<Leave>>,
}

impl Plans<'_> {
    pub fn of(&self, wearer: &str) -> Result<Plan, CommandError> {
        let own: Vec<&ZoneFeature> = self.own.get(wearer).into_iter().flatten().chain(&self.everyone).copied().collect();
        check_overlap(&own, wearer)?;
        let leaves = self.leaves.get(wearer).cloned().unwrap_or_default();
        let zones = own.iter().map(|feature| feature.zone.clone()).collect();
        Ok(Plan::with_set(zones, self.set.clone(), leaves))
    }
}

impl ZoneFeature {
    fn parse(number: usize, feature: &JsonValue, keys: &mut HashMap<String, i64>, reader: &mut ZoneReader) -> Result<Self, CommandError> {
        let id = feature.pointer("/properties/zone").and_then(JsonValue::as_str);
        let at = |error: ZoneError| CommandError::Zone { number, zone: id.map(str::to_owned), error };
        let feature = Feature::deserialize(feature).map_err(|error| at(ZoneError::Invalid("feature".to_owned(), error.to_string())))?;
        let next = keys.len() as i64;
        let key = *keys.entry(id.unwrap_or_default().to_owned()).or_insert(next);
        let zone = reader.read(key, &feature).map_err(at)?;
        let whose = Whose::of(feature.properties.as_ref()).map_err(at)?;
        Ok(Self { number, whose, zone: Arc::new(zone) })
    }
}

impl Whose {
    fn of(properties: Option<&JsonObject>) -> Result<Self, ZoneError> {
        let get = |name: &str| properties.and_then(|properties| properties.get(name)).filter(|value| !value.is_null());
        let (name, value) = match (get("wearer"), get("wearers")) {
            (Some(wearer), None) => ("wearer", wearer),
            (None, Some(wearers)) => ("wearers", wearers),
            (None, None) => return Err(ZoneError::Missing("wearer")),
            (Some(_), Some(_)) => return Err(ZoneError::Invalid("wearers".to_owned(), "give wearer or wearers, not both".to_owned())),
        };
        let wearers = match value {
            JsonValue::String(all) if all == "*" => return Ok(Self::Everyone),
            JsonValue::String(one) if !one.is_empty() => Some(vec![one.clone()]),
            JsonValue::Array(list) => {
                let mut wearers: Option<Vec<String>> = list.iter().map(|wearer| wearer.as_str().map(str::to_owned)).collect();
                wearers.iter_mut().for_each(|wearers| {
                    wearers.sort_unstable();
                    wearers.dedup();
                });
                wearers
            }
            _ => None,
        };
        wearers
            .map(Self::Wearers)
            .ok_or_else(|| ZoneError::Invalid(name.to_owned(), "must be a wearer's name, a list of names, or \"*\"".to_owned()))
    }
}

fn check_collection(file: &JsonObject) -> Result<(), CommandError> {
    if file.get("type").and_then(JsonValue::as_str) != Some("FeatureCollection") {
        return Err(CommandError::Zones("\"type\" must be \"FeatureCollection\"".to_owned()));
    }
    let crs = file.get("crs").filter(|crs| !crs.is_null()).map(ToString::to_string);
    if crs.is_some_and(|crs| !crs.contains("CRS84") && !crs.contains("4326")) {
        return Err(CommandError::Zones("\"crs\" is not WGS84: export the zones in WGS84 longitude and latitude".to_owned()));
    }
    match file.keys().find(|name| name.to_lowercase().starts_with("leave") && *name != "leaves") {
        Some(name) => Err(CommandError::Zones(format!("unknown member \"{name}\": did you mean \"leaves\"?"))),
        None => Ok(()),
    }
}

fn leaves(list: Option<&JsonValue>) -> Result<Vec<(String, Leave)>, CommandError> {
    let rows = match list {
        None | Some(JsonValue::Null) => return Ok(Vec::new()),
        Some(list) => list.as_array().ok_or_else(|| CommandError::Zones("\"leaves\" must be a list".to_owned()))?,
    };
    let read = |(row, number): (&JsonValue, usize)| leave(row).map_err(|why| CommandError::Leave { number, why });
    rows.iter().zip(1..).map(read).collect()
}

fn leave(row: &JsonValue) -> Result<(String, Leave), String> {
    let text = LeaveText::deserialize(row).map_err(|error| error.to_string())?;
    let instant = |name: &str, text: &str| -> Result<Timestamp, String> {
        parse_instant(text).ok_or_else(|| format!("{name} \"{text}\" cannot be read: write a time such as 2026-03-21T08:00:00+03:30"))
    };
    let leave = Leave { from: instant("from", &text.from)?, to: instant("to", &text.to)?, exclusion: text.exclusion };
    if leave.to <= leave.from {
        return Err("to must be after from".to_owned());
    }
    Ok((text.wearer, leave))
}

/// Refuses versions of one zone that are in force at once.
fn check_overlap(features: &[&ZoneFeature], wearer: &str) -> Result<(), CommandError> {
    let mut sorted = features.to_vec();
    sorted.sort_by_key(|feature| (feature.zone.key(), feature.zone.in_force().0));
    for pair in sorted.windows(2) {
        let (first, second) = (&pair[0], &pair[1]);
        if first.zone.key() == second.zone.key() && second.zone.in_force().0 < first.zone.in_force().1 {
            let (zone, wearer) = (first.zone.id().to_owned(), wearer.to_owned());
            return Err(CommandError::Overlap { first: first.number, second: second.number, zone, wearer });
        }
    }
    Ok(())
}
