//! Why a violation was found: the rule and its parameters, the versions of the zone, and the reports that prove it. From these alone the
//! verdict can be computed again (policy 6).

mod choose;
mod line;

pub use line::EvidenceLine;

use crate::again::judge_again;
use crate::command::{CommandError, Row, ZoneFile};
use crate::{Deaf, EndReason, Order, Past, Plan, Rules, StoredReport, Timestamp, Violation, Watch};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

/// The form of the document; another form is not read.
const FORMAT: &str = "paband-evidence-1";
/// The rule by which all of it was judged.
const POLICY: &str = "geofence-policy 1";

/// One violation with everything that proves it. A JSON document that needs nothing beside it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Evidence {
    format: String,
    /// The version of the program that wrote it.
    program: String,
    /// The rule and its version.
    pub policy: String,
    /// The verdict, as a row of `paband judge`.
    pub violation: Value,
    /// Its parameters where a zone is concerned; those of other kinds are the policy's.
    pub parameters: Option<Value>,
    /// The versions of the zone with their leaves, as a ZONES.geojson.
    pub zones: Value,
    /// When the service itself was not running, [from, to).
    pub outages: Vec<(String, String)>,
    /// Judged from here (RFC 3339) ...
    pub from: String,
    /// ... up to and including here.
    pub until: String,
    /// The reports, in the order judged, each with what it says of the zone.
    pub reports: Vec<EvidenceLine>,
}

/// What evidence is made of.
#[derive(Clone, Debug)]
pub struct Grounds {
    /// Whose violation.
    pub wearer: String,
    /// The violation as it is known.
    pub violation: Violation,
    /// GeoJSON features of the versions of its zone, each with the properties of a ZONES.geojson; none where no zone is concerned.
    pub features: Vec<Value>,
    /// The wearer's leaves, as in a ZONES.geojson.
    pub leaves: Vec<Value>,
    /// When the service was not running, in order.
    pub deaf: Vec<Deaf>,
    /// All reports of the wearer around the violation.
    pub reports: Vec<StoredReport>,
}

impl Evidence {
    /// Chooses, of all reports, those that prove the violation, and checks that they do: judged by themselves they give it again.
    ///
    /// # Errors
    /// If the zones cannot be read, or the reports do not give the violation (it was refuted, or reports are missing): the text says so.
    pub fn of(mut grounds: Grounds) -> Result<Self, CommandError> {
        grounds.reports.sort_by_key(|stored| Order::of(&stored.report, stored.received_at));
        let zones = serde_json::json!({"type": "FeatureCollection", "features": grounds.features, "leaves": grounds.leaves});
        let plan = plan(&zones, &grounds.wearer, grounds.deaf.clone())?;
        let rules = plan.rules_of(&grounds.violation.zone);
        let chosen = choose::choose(&plan, rules, &grounds)?;
        let line = |stored: &StoredReport| EvidenceLine::of(stored, &plan, &grounds.violation);
        Ok(Self {
            format: FORMAT.to_owned(),
            program: env!("CARGO_PKG_VERSION").to_owned(),
            policy: POLICY.to_owned(),
            violation: row(&grounds.wearer, &grounds.violation),
            parameters: rules.map(|rules| parameters(&rules)),
            outages: grounds.deaf.iter().map(|deaf| (deaf.from.to_string(), deaf.to.to_string())).collect(),
            from: chosen.from.to_string(),
            until: chosen.until.to_string(),
            reports: chosen.reports.iter().map(line).collect(),
            zones,
        })
    }

    /// Reads a document.
    ///
    /// # Errors
    /// If it is none, or of another form.
    pub fn parse(text: &str) -> Result<Self, CommandError> {
        let evidence: Self = serde_json::from_str(text).map_err(|error| CommandError::Evidence(error.to_string()))?;
        if evidence.format != FORMAT {
            return Err(CommandError::Evidence(format!("its form is {:?}, this program reads {FORMAT:?}", evidence.format)));
        }
        Ok(evidence)
    }

    /// Judges the reports again, by the zones of the document alone. The verdict, which should equal the document's `violation`; `None` if the
    /// reports do not show it.
    ///
    /// # Errors
    /// If the zones or times cannot be read.
    pub fn judge(&self) -> Result<Option<Value>, CommandError> {
        let time = |text: &str| text.parse::<Timestamp>().map_err(|_| CommandError::Evidence(format!("{text:?} is no time")));
        let deaf =
            self.outages.iter().map(|(from, to)| Ok(Deaf { from: time(from)?, to: time(to)? })).collect::<Result<_, CommandError>>()?;
        let wearer = self.violation["wearer"].as_str().ok_or_else(|| CommandError::Evidence("the violation has no wearer".to_owned()))?;
        let plan = plan(&self.zones, wearer, deaf)?;
        let reports = self.reports.iter().map(EvidenceLine::stored).collect();
        let found = judged(&plan, time(&self.from)?, reports, time(&self.until)?);
        let rows = found.iter().map(|violation| row(wearer, violation));
        let names = ["zone", "kind", "start"];
        Ok(rows.into_iter().find(|row| names.iter().all(|name| row[name] == self.violation[name])))
    }
}

fn plan(zones: &Value, wearer: &str, deaf: Vec<Deaf>) -> Result<Arc<Plan>, CommandError> {
    let plan = ZoneFile::parse(&zones.to_string())?.plan_of(wearer)?;
    Ok(Arc::new(plan.watched(Arc::new(Watch { deaf, ..Watch::default() }))))
}

/// The violations of these reports, judged from nothing.
fn judged(plan: &Arc<Plan>, from: Timestamp, reports: Vec<StoredReport>, until: Timestamp) -> Vec<Violation> {
    let past = Past { reports, ..Past::default() };
    let again = judge_again(Arc::clone(plan), 0, from, past, until).expect("without a checkpoint nothing can be unreadable");
    again.found
}

fn row(wearer: &str, violation: &Violation) -> Value {
    let row = Row { wearer: wearer.into(), violation: violation.clone() };
    let mut row = serde_json::to_value(row).expect("a row is plain JSON");
    if let Some(restored_at) = violation.restored_at {
        row["restored_at"] = restored_at.to_string().into();
    }
    row
}

fn parameters(rules: &Rules) -> Value {
    let seconds = |millis: i64| millis as f64 / 1000.0;
    serde_json::json!({
        "open_fixes": rules.open_fixes, "open_after_s": seconds(rules.open_after_ms),
        "close_fixes": rules.close_fixes, "close_after_s": seconds(rules.close_after_ms),
        "stale_after_s": seconds(rules.stale_after_ms), "accuracy_cap_m": rules.accuracy_cap_m,
    })
}

/// Whether a person ended it: then the reports show it open.
fn ended_by_reports(violation: &Violation) -> Violation {
    match violation.end {
        Some((_, EndReason::ByPerson)) => Violation { end: None, ..violation.clone() },
        _ => violation.clone(),
    }
}
