//! One line of the result of `paband judge`.

use crate::{Timestamp, Violation};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use std::cmp::Ordering;
use std::sync::Arc;

/// A violation of a wearer. Serializes to the JSON object of policy 7.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// Whose.
    pub wearer: Arc<str>,
    /// What was found.
    pub violation: Violation,
}

impl Row {
    /// Wearer, start, zone, kind, by bytes (policy 8.15).
    pub fn in_output_order(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }

    fn order(&self) -> (&str, Timestamp, &str, &'static str) {
        (&self.wearer, self.violation.start, &self.violation.zone, self.violation.kind.name())
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let violation = &self.violation;
        let text = |time: Timestamp| time.to_string();
        let tenths = |metres: f64| (metres * 10.0).round() / 10.0;
        let mut row = serializer.serialize_struct("Row", 9)?;
        row.serialize_field("wearer", &*self.wearer)?;
        row.serialize_field("zone", &*violation.zone)?;
        row.serialize_field("kind", violation.kind.name())?;
        row.serialize_field("start", &text(violation.start))?;
        row.serialize_field("end", &violation.end.map(|end| text(end.0)))?;
        row.serialize_field("end_reason", &violation.end.map(|end| end.1.name()))?;
        row.serialize_field("found_at", &text(violation.found_at))?;
        row.serialize_field("max_beyond_m", &violation.max_beyond_m.map(tenths))?;
        row.serialize_field("last_breaking_at", &violation.last_breaking_at.map(text))?;
        row.end()
    }
}
