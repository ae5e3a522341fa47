//! Zones as staff write them: GeoJSON features (policy 7) to compiled zones.
//!
//! Properties that say nothing of judgement (`name`, `colour`, ...) are ignored. One that looks like a rule but is none (`radius`,
//! `open_after`, `validFrom`) is an error: ignoring it would judge otherwise than its author meant.

use crate::civil::parse_instant;
use crate::shape::{Frame, Outline, OutlineError, Shape};
use crate::zone::{NamedTerms, Terms};
use crate::{Rules, Sense, Timestamp, Timetable, Zone, timetable_json};
use geojson::{Feature, GeometryValue, JsonObject, JsonValue, Position};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// Properties that a zone may have.
const KNOWN: [&str; 16] = [
    "wearer",
    "wearers",
    "zone",
    "sense",
    "radius_m",
    "distance_m",
    "timetable",
    "exceptions",
    "valid_from",
    "valid_to",
    "open_fixes",
    "open_after_s",
    "close_fixes",
    "close_after_s",
    "stale_after_s",
    "accuracy_cap_m",
];

/// Unknown properties that begin so look like a rule.
const RULE_LIKE: [&str; 13] =
    ["open", "close", "stale", "accuracy", "valid", "radius", "distance", "timetable", "exception", "sense", "leave", "days", "wearer"];

/// No radius, distance or cap beyond this, metres: half-way around the Earth.
const METRES_MAX: f64 = 20_000_000.0;
/// No duration beyond this, seconds: ten years.
const SECONDS_MAX: f64 = 315_360_000.0;

/// Why a feature is no zone. Says what to change.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum ZoneError {
    /// A property that must be there is not.
    #[error("property \"{0}\" is missing")]
    Missing(&'static str),
    /// A property has a value that cannot be read.
    #[error("property \"{0}\": {1}")]
    Invalid(String, String),
    /// A property that looks like a rule but is none.
    #[error("unknown property \"{0}\" looks like a rule of judgement; known are: {known}", known = KNOWN.join(", "))]
    Unknown(String),
    /// The geometry cannot be a zone.
    #[error("geometry {0} cannot be a zone: use Polygon, MultiPolygon, LineString or Point")]
    Geometry(&'static str),
    /// The geometry is missing.
    #[error("the feature has no geometry")]
    NoGeometry,
    /// The corners make no outline.
    #[error(transparent)]
    Outline(#[from] OutlineError),
}

/// Reads many zones and lets them share what they have in common: names, rules, timetables. Reading 200,000 zones with one reader
/// saves some 100 bytes each over [`Zone::from_feature`].
#[derive(Debug, Default)]
pub struct ZoneReader {
    /// By the properties that make the terms, as text.
    alike: HashMap<String, Alike>,
}

/// Zones with the same terms.
#[derive(Debug)]
struct Alike {
    terms: Arc<Terms>,
    named: HashMap<Arc<str>, Arc<NamedTerms>>,
}

/// What makes the terms of a zone.
const OF_TERMS: [&str; 9] =
    ["sense", "timetable", "exceptions", "open_fixes", "open_after_s", "close_fixes", "close_after_s", "stale_after_s", "accuracy_cap_m"];

impl ZoneReader {
    /// Compiles one version of a zone, as [`Zone::from_feature`].
    ///
    /// # Errors
    /// As [`Zone::from_feature`].
    pub fn read(&mut self, key: i64, feature: &Feature) -> Result<Zone, ZoneError> {
        let empty = JsonObject::new();
        let properties = Properties(feature.properties.as_ref().unwrap_or(&empty));
        properties.check_names()?;
        let named = self.named(&properties)?;
        let shape = properties.shape(&feature.geometry.as_ref().ok_or(ZoneError::NoGeometry)?.value)?;
        let (from, to) = (properties.instant("valid_from")?, properties.instant("valid_to")?);
        let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
        if to <= from {
            return Err(invalid("valid_to", "must be after valid_from"));
        }
        Ok(Zone { key, named, from, to, frame: Frame::of(&shape), shape })
    }

    fn named(&mut self, properties: &Properties) -> Result<Arc<NamedTerms>, ZoneError> {
        let text = OF_TERMS.map(|name| properties.get(name).map(JsonValue::to_string).unwrap_or_default()).join("\n");
        // Terms first: what is wrong with them is told before what is wrong with the name.
        let alike = match self.alike.entry(text) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Alike { terms: Arc::new(properties.terms()?), named: HashMap::new() }),
        };
        let id = properties.id()?;
        if let Some(known) = alike.named.get(id) {
            return Ok(Arc::clone(known));
        }
        let named = Arc::new(NamedTerms { id: Arc::from(id), terms: Arc::clone(&alike.terms) });
        alike.named.insert(Arc::clone(&named.id), Arc::clone(&named));
        Ok(named)
    }
}

impl Zone {
    /// Compiles one version of a zone from a GeoJSON feature with the properties of policy 7. `key` names the zone through all
    /// its versions. Whose it is (`wearer`, `wearers`) is not looked at. For many zones use one [`ZoneReader`].
    ///
    /// # Errors
    /// If the geometry is none of Polygon, MultiPolygon, LineString and Point, or a property is missing, misspelt or out of range.
    pub fn from_feature(key: i64, feature: &Feature) -> Result<Self, ZoneError> {
        ZoneReader::default().read(key, feature)
    }
}

fn invalid(name: &str, why: &str) -> ZoneError {
    ZoneError::Invalid(name.to_owned(), why.to_owned())
}

struct Properties<'a>(&'a JsonObject);

impl<'a> Properties<'a> {
    fn get(&self, name: &str) -> Option<&'a JsonValue> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn check_names(&self) -> Result<(), ZoneError> {
        for name in self.0.keys().filter(|name| !KNOWN.contains(&name.as_str())) {
            let lower = name.to_lowercase();
            let is_rule_like = RULE_LIKE.iter().any(|start| lower.starts_with(start)) || KNOWN.contains(&lower.as_str());
            if is_rule_like {
                return Err(ZoneError::Unknown(name.clone()));
            }
        }
        Ok(())
    }

    fn text(&self, name: &'static str) -> Result<Option<&'a str>, ZoneError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) => value.as_str().map(Some).ok_or_else(|| invalid(name, "must be a text")),
        }
    }

    fn id(&self) -> Result<&'a str, ZoneError> {
        match self.text("zone")? {
            Some("") => Err(invalid("zone", "must not be empty")),
            id => id.ok_or(ZoneError::Missing("zone")),
        }
    }

    fn sense(&self) -> Result<Sense, ZoneError> {
        match self.text("sense")? {
            Some("inclusion") => Ok(Sense::Inclusion),
            Some("exclusion") => Ok(Sense::Exclusion),
            Some(_) => Err(invalid("sense", "must be \"inclusion\" or \"exclusion\"")),
            None => Err(ZoneError::Missing("sense")),
        }
    }

    fn number(&self, name: &'static str, least: f64, most: f64) -> Result<Option<f64>, ZoneError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_f64().filter(|number| (least..=most).contains(number));
        number.map(Some).ok_or_else(|| ZoneError::Invalid(name.to_owned(), format!("must be a number from {least} to {most}")))
    }

    fn millis(&self, name: &'static str, default: i64) -> Result<i64, ZoneError> {
        Ok(self.number(name, 0.0, SECONDS_MAX)?.map_or(default, |seconds| (seconds * 1000.0).round() as i64))
    }

    fn count(&self, name: &'static str, default: u32) -> Result<u32, ZoneError> {
        match self.number(name, 1.0, 1e9)? {
            None => Ok(default),
            Some(count) if count.fract() == 0.0 => Ok(count as u32),
            Some(_) => Err(invalid(name, "must be a whole number")),
        }
    }

    fn instant(&self, name: &'static str) -> Result<Option<Timestamp>, ZoneError> {
        let hint = "must be a time such as 2026-03-21T08:00:00+03:30, or a Tehran date or time such as 2026-03-21";
        self.text(name)?.map(|text| parse_instant(text).ok_or_else(|| invalid(name, hint))).transpose()
    }

    fn terms(&self) -> Result<Terms, ZoneError> {
        let (sense, timetable) = (self.sense()?, self.timetable()?);
        let default = Rules::of(sense);
        let rules = Rules {
            open_fixes: self.count("open_fixes", default.open_fixes)?,
            open_after_ms: self.millis("open_after_s", default.open_after_ms)?,
            close_fixes: self.count("close_fixes", default.close_fixes)?,
            close_after_ms: self.millis("close_after_s", default.close_after_ms)?,
            stale_after_ms: self.millis("stale_after_s", default.stale_after_ms)?,
            accuracy_cap_m: self.number("accuracy_cap_m", 0.0, METRES_MAX)?.unwrap_or(default.accuracy_cap_m),
        };
        Ok(Terms { sense, rules, timetable })
    }

    fn timetable(&self) -> Result<Option<Timetable>, ZoneError> {
        timetable_json::read(self.get("timetable"), self.get("exceptions")).map_err(|(name, why)| invalid(name, &why))
    }

    fn shape(&self, geometry: &GeometryValue) -> Result<Shape, ZoneError> {
        let distance_m = self.number("distance_m", 0.0, METRES_MAX)?;
        let radius_m = self.number("radius_m", f64::MIN_POSITIVE, METRES_MAX)?;
        let outline = match geometry {
            GeometryValue::Point { coordinates } => {
                if distance_m.is_some() {
                    return Err(invalid("distance_m", "belongs to an outline; a Point needs radius_m"));
                }
                return circle(coordinates, radius_m.ok_or(ZoneError::Missing("radius_m"))?);
            }
            GeometryValue::LineString { coordinates } => {
                distance_m.ok_or(ZoneError::Missing("distance_m"))?;
                Outline::line(corners(coordinates)?)?
            }
            GeometryValue::Polygon { coordinates } => Outline::polygons(vec![polygon(coordinates)?])?,
            GeometryValue::MultiPolygon { coordinates } => {
                Outline::polygons(coordinates.iter().map(|part| polygon(part)).collect::<Result<_, _>>()?)?
            }
            other => return Err(ZoneError::Geometry(other.type_name())),
        };
        if radius_m.is_some() {
            return Err(invalid("radius_m", "belongs to a Point; an outline takes distance_m"));
        }
        if outline.is_strip() && distance_m == Some(0.0) {
            return Err(invalid("distance_m", "must be above 0 for an open LineString"));
        }
        Ok(Shape::Outline(outline.reaching(distance_m.unwrap_or(0.0))))
    }
}

fn circle(centre: &Position, radius_m: f64) -> Result<Shape, ZoneError> {
    let centre = corner(centre)?;
    if !(centre.0.abs() <= 90.0 && centre.1.abs() <= 360.0) {
        return Err(OutlineError::OutOfRange(centre.1, centre.0).into());
    }
    Ok(Shape::circle(centre, radius_m))
}

fn polygon(rings: &[Vec<Position>]) -> Result<Vec<Vec<(f64, f64)>>, ZoneError> {
    rings.iter().map(|ring| corners(ring)).collect()
}

fn corners(line: &[Position]) -> Result<Vec<(f64, f64)>, ZoneError> {
    line.iter().map(corner).collect()
}

/// Latitude and longitude of a GeoJSON position.
fn corner(position: &Position) -> Result<(f64, f64), ZoneError> {
    match position.as_slice() {
        [longitude, latitude, ..] => Ok((*latitude, *longitude)),
        _ => Err(invalid("coordinates", "a position needs longitude and latitude")),
    }
}
