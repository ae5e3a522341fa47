//! A GeoJSON file of zones and leaves, read and checked whole before anything of it is stored.

use geofence::{Leave, Timestamp, Zone};
use geojson::{Feature, JsonObject};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The file's content: only good values.
#[derive(Debug, Default)]
pub(crate) struct ZoneFile {
    pub(crate) versions: Vec<Version>,
    pub(crate) leaves: Vec<(String, Leave)>,
}

/// One feature: a version of a zone.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Version {
    /// Which feature of the file, from 1.
    pub(crate) number: usize,
    pub(crate) whose: Whose,
    pub(crate) reference: String,
    /// The feature without what the columns of the table say: whose, and from when to when.
    pub(crate) feature: String,
    pub(crate) from: Timestamp,
    /// `None`: until the zone's next version.
    pub(crate) to: Option<Timestamp>,
}

/// Whose a zone is. A zone of one wearer is another zone than a shared one of the same name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Whose {
    Wearer(String),
    Wearers(BTreeSet<String>),
    Everyone,
}

impl ZoneFile {
    /// Reads a FeatureCollection with the properties of policy 7. What has no `valid_from` is in force from `now`.
    ///
    /// # Errors
    /// One line for every mistake.
    pub(crate) fn read(text: &str, now: Timestamp) -> Result<Self, Vec<String>> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let file: JsonObject = serde_json::from_str(text).map_err(|error| vec![format!("the file is no JSON object: {error}")])?;
        if file.get("type").and_then(Value::as_str) != Some("FeatureCollection") {
            return Err(vec!["the file's \"type\" must be \"FeatureCollection\"".into()]);
        }
        let list = |name: &str| match file.get(name) {
            None | Some(Value::Null) => Ok(&[][..]),
            Some(Value::Array(list)) => Ok(list.as_slice()),
            Some(_) => Err(vec![format!("\"{name}\" must be a list")]),
        };
        let (mut read, mut mistakes) = (Self::default(), Vec::new());
        for (feature, number) in list("features")?.iter().zip(1..) {
            match version(feature, number, now) {
                Ok(version) => read.versions.push(version),
                Err(mistake) => mistakes.push(format!("feature {number} (zone {}): {mistake}", feature["properties"]["zone"])),
            }
        }
        for (row, number) in list("leaves")?.iter().zip(1..) {
            match leave(row) {
                Ok(leave) => read.leaves.push(leave),
                Err(mistake) => mistakes.push(format!("leave {number}: {mistake}")),
            }
        }
        mistakes.extend(read.conflicts());
        if mistakes.is_empty() { Ok(read) } else { Err(mistakes) }
    }

    /// Features of one zone that cannot stand together: in force at once, or shared by different lists of wearers.
    fn conflicts(&self) -> Vec<String> {
        let mut zones = BTreeMap::<(Option<&str>, &str), Vec<&Version>>::new();
        for version in &self.versions {
            zones.entry((version.whose.owner(), &version.reference)).or_default().push(version);
        }
        let mut mistakes = BTreeMap::new();
        for ((_, reference), mut versions) in zones {
            versions.sort_by_key(|version| (version.from, version.number));
            for pair in versions.windows(2) {
                let (first, second) = (pair[0], pair[1]);
                let numbers = format!("features {} and {} (zone {reference:?})", first.number, second.number);
                if first.whose != second.whose {
                    mistakes.insert(first.number, format!("{numbers}: a shared zone has one list of wearers; give the other another name"));
                } else if first.to.is_some_and(|to| to > second.from) || first.from == second.from {
                    mistakes.insert(first.number, format!("{numbers}: they are in force at the same time"));
                }
            }
        }
        mistakes.into_values().collect()
    }
}

impl Whose {
    /// The one wearer of an own zone.
    pub(crate) fn owner(&self) -> Option<&str> {
        match self {
            Self::Wearer(wearer) => Some(wearer),
            Self::Wearers(_) | Self::Everyone => None,
        }
    }

    fn of(properties: &JsonObject) -> Result<Self, String> {
        let given = |name: &str| properties.get(name).filter(|value| !value.is_null());
        match (given("wearer"), given("wearers")) {
            (Some(Value::String(everyone)), None) | (None, Some(Value::String(everyone))) if everyone == "*" => Ok(Self::Everyone),
            (Some(Value::String(wearer)), None) if !wearer.is_empty() => Ok(Self::Wearer(wearer.clone())),
            (None, Some(Value::Array(list))) if !list.is_empty() => {
                let wearers = list.iter().map(|each| each.as_str().filter(|name| !name.is_empty()).map(str::to_owned));
                wearers.collect::<Option<_>>().map(Self::Wearers).ok_or_else(|| "\"wearers\" must be a list of references".into())
            }
            (None, None) => Err("\"wearer\" or \"wearers\" is missing".into()),
            (Some(_), Some(_)) => Err("give \"wearer\" or \"wearers\", not both".into()),
            _ => Err("\"wearer\" must be a reference, \"wearers\" a list of references or \"*\"".into()),
        }
    }
}

fn version(feature: &Value, number: usize, now: Timestamp) -> Result<Version, String> {
    let mut feature: Feature = serde_json::from_value(feature.clone()).map_err(|error| error.to_string())?;
    let zone = Zone::from_feature(0, &feature).map_err(|error| error.to_string())?;
    let properties = feature.properties.get_or_insert_default();
    let whose = Whose::of(properties)?;
    for name in ["wearer", "wearers", "valid_from", "valid_to"] {
        properties.remove(name);
    }
    let (from, to) = zone.in_force();
    let from = if from == Timestamp::MIN { now } else { from };
    let to = (to != Timestamp::MAX).then_some(to);
    if to.is_some_and(|to| to <= from) {
        return Err("valid_to is past, and without valid_from it would begin now".into());
    }
    let text = feature.to_string();
    let mut names = vec![zone.id()];
    match &whose {
        Whose::Wearer(wearer) => names.push(wearer),
        Whose::Wearers(wearers) => names.extend(wearers.iter().map(String::as_str)),
        Whose::Everyone => {}
    }
    if text.contains("\\u0000") || names.iter().any(|name| name.contains('\0')) {
        return Err("a text holds the character U+0000".into());
    }
    Ok(Version { number, reference: zone.id().to_owned(), feature: text, from, to, whose })
}

fn leave(row: &Value) -> Result<(String, Leave), String> {
    let fields: HashMap<&str, &Value> =
        row.as_object().ok_or("it must be an object")?.iter().map(|(name, value)| (name.as_str(), value)).collect();
    if let Some(unknown) = fields.keys().find(|name| !["wearer", "from", "to", "exclusion"].contains(name)) {
        return Err(format!("unknown member {unknown:?}"));
    }
    let text = |name: &str| fields.get(name).and_then(|value| value.as_str()).ok_or_else(|| format!("{name:?} is missing or no text"));
    let instant = |name: &str| {
        let text = text(name)?;
        text.parse::<Timestamp>().map_err(|_| format!("{name} {text:?} is no time such as 2026-03-21T08:00:00+03:30"))
    };
    let exclusion = match fields.get("exclusion") {
        None => false,
        Some(value) => value.as_bool().ok_or("\"exclusion\" must be true or false")?,
    };
    let wearer = text("wearer")?.to_owned();
    if wearer.is_empty() || wearer.contains('\0') {
        return Err("\"wearer\" must be a reference".into());
    }
    let leave = Leave { from: instant("from")?, to: instant("to")?, exclusion };
    if leave.to <= leave.from { Err("\"to\" must be after \"from\"".into()) } else { Ok((wearer, leave)) }
}

#[cfg(test)]
mod tests {
    use super::{Whose, ZoneFile};
    use geofence::Timestamp;

    fn read(features: &[&str], leaves: &str) -> Result<ZoneFile, Vec<String>> {
        let features: Vec<String> = features
            .iter()
            .map(|properties| {
                format!(r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[51.4,35.7]}},"properties":{{{properties}}}}}"#)
            })
            .collect();
        let text = format!(r#"{{"type":"FeatureCollection","features":[{}],"leaves":{leaves}}}"#, features.join(","));
        ZoneFile::read(&text, Timestamp::from_millis(1_000))
    }

    #[test]
    fn a_feature_is_a_version_without_what_the_table_says() {
        let file =
            read(&[r#""wearer":"a","zone":"home","sense":"inclusion","radius_m":100,"valid_to":"2030-01-01T00:00:00Z""#], "[]").unwrap();
        let version = &file.versions[0];
        assert_eq!((&version.whose, version.reference.as_str()), (&Whose::Wearer("a".into()), "home"));
        assert_eq!((version.from.millis(), version.to), (1_000, Some("2030-01-01T00:00:00Z".parse().unwrap())));
        assert!(!version.feature.contains("wearer") && !version.feature.contains("valid_to"), "{}", version.feature);
    }

    #[test]
    fn every_mistake_has_its_line() {
        let good = r#""wearer":"a","zone":"home","sense":"inclusion","radius_m":100"#;
        let no_sense = r#""wearer":"a","zone":"home2","radius_m":100"#;
        let nobody = r#""zone":"home3","sense":"inclusion","radius_m":100"#;
        let list_a = r#""wearers":["a"],"zone":"park","sense":"exclusion","radius_m":100"#;
        let list_b = r#""wearers":["b"],"zone":"park","sense":"exclusion","radius_m":100,"valid_from":"2040-01-01T00:00:00Z""#;
        let leaves = r#"[{"wearer":"a","from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"},{"wearer":"a","from":"x","to":"y"}]"#;
        let mistakes = read(&[good, no_sense, nobody, good, list_a, list_b], leaves).unwrap_err();
        let begins = ["feature 2 (zone \"home2\")", "feature 3", "leave 1", "leave 2", "features 1 and 4", "features 5 and 6"];
        assert_eq!(mistakes.len(), begins.len(), "{mistakes:#?}");
        for (mistake, begin) in mistakes.iter().zip(begins) {
            assert!(mistake.starts_with(begin), "{mistake}");
        }
    }

    #[test]
    fn what_is_no_collection_is_refused() {
        for text in ["", "[]", "{}", r#"{"type":"Feature"}"#, r#"{"type":"FeatureCollection","features":7}"#] {
            assert_eq!(ZoneFile::read(text, Timestamp::MIN).unwrap_err().len(), 1, "{text}");
        }
    }
}
