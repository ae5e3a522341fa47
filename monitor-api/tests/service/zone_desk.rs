//! A clerk of intake who draws zones, and a second one.

use crate::house::{As, House, WEARER, sql};
use crate::raw::ask;
use access::Role;
use proto::access::{ConfirmProposalRequest, Proposal};
use proto::enrolment::change_zone_set_response::Outcome as SetOutcome;
use proto::enrolment::change_zones_response::Outcome;
use proto::enrolment::*;
use serde_json::{Value, json};
use tonic::Status;
use tonic::transport::Channel;

pub const ZONES: &str = "/paband.enrolment.v1.Zones/";
pub const SETS: &str = "/paband.enrolment.v1.ZoneSets/";

/// A house of 12 m in the town of these tests, and what is around it.
pub fn home(distance_m: u32) -> Value {
    let (north, east) = (6.0 / 110_950.0, 6.0 / 90_500.0);
    let corner = |up: f64, right: f64| json!([51.4 + right * east, 35.7 + up * north]);
    let ring = [corner(-1.0, -1.0), corner(-1.0, 1.0), corner(1.0, 1.0), corner(1.0, -1.0), corner(-1.0, -1.0)];
    json!({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"zone": "home", "sense": "inclusion", "distance_m": distance_m, "residence": true, "name": "خانه"}})
}

pub fn circle(zone: &str, sense: &str, metres_east: f64, radius_m: u32) -> Value {
    json!({"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4 + metres_east / 90_500.0, 35.7]},
        "properties": {"zone": zone, "sense": sense, "radius_m": radius_m}})
}

pub fn collection(features: &[Value]) -> String {
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

pub fn features(geojson: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(geojson).unwrap();
    file["features"].as_array().unwrap().clone()
}

pub fn seconds(time: Option<prost_types::Timestamp>) -> i64 {
    time.unwrap().seconds
}

pub struct Desk {
    pub house: House,
    pub clerk: As,
    pub second: As,
    pub channel: Channel,
}

impl Desk {
    pub async fn new() -> Self {
        let house = House::new().await;
        let clerk = house.log_in("clerk", &[(Role::Intake, "central")]).await.purpose("alert");
        let second = house.log_in("second", &[(Role::Intake, "central")]).await;
        let channel = house.channel().await;
        Self { house, clerk, second, channel }
    }

    pub async fn sql(&self, command: &str) {
        sql(&self.house.database, command).await;
    }

    /// The first tag on the first wearer, since some days ago.
    pub async fn fit(&self) {
        self.sql("INSERT INTO fittings (tag_id, wearer_id, period) VALUES (1, 1, tstzrange(now() - interval '20 days', NULL))").await;
    }

    pub async fn order(&self, regime: &str, degree: &str) {
        self.sql(&format!(
            "INSERT INTO orders (wearer_id) VALUES (1); INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority,
                decision_number, decision_date, legal_basis, regime, zone_degree) SELECT max(order_id), 1, 'new', now() - interval '1 day', now(), 'test',
                'Branch 3', '12', '2026-11-01', 'ipc_62', '{regime}', {degree} FROM orders"
        ))
        .await;
    }

    pub async fn list(&self) -> ZonePlan {
        let asked = ListZonesRequest { wearer: WEARER.to_owned() };
        ask(&self.channel, &format!("{ZONES}ListZones"), &self.clerk, &asked).await.unwrap()
    }

    pub async fn change(&self, change: &ChangeZonesRequest) -> Result<Outcome, Status> {
        let answer: ChangeZonesResponse = ask(&self.channel, &format!("{ZONES}ChangeZones"), &self.clerk, change).await?;
        Ok(answer.outcome.unwrap())
    }

    /// Draws at once.
    pub async fn draw(&self, features: &[Value]) -> ZonePlan {
        let change = drawing(features, self.list().await.version);
        match self.change(&change).await.unwrap() {
            Outcome::Plan(plan) => plan,
            Outcome::Proposal(proposal) => panic!("{proposal:?}"),
        }
    }

    pub async fn confirm(&self, who: &As, proposal: &Proposal) -> Result<Proposal, Status> {
        let confirm = ConfirmProposalRequest { proposal_id: proposal.proposal_id };
        ask(&self.channel, "/paband.access.v1.Proposals/ConfirmProposal", who, &confirm).await
    }

    pub async fn preview(&self, features: &[Value], ends: &[&str]) -> PreviewZonesResponse {
        let ends = ends.iter().map(|zone| (*zone).to_owned()).collect();
        let asked = PreviewZonesRequest { wearer: WEARER.to_owned(), geojson: collection(features), ends, days: 7 };
        ask(&self.channel, &format!("{ZONES}PreviewZones"), &self.clerk, &asked).await.unwrap()
    }

    pub async fn members(&self, method: &str, wearers: &[&str]) -> Result<SetOutcome, Status> {
        let wearers = wearers.iter().map(|wearer| (*wearer).to_owned()).collect();
        let asked = ZoneSetWearersRequest { set: "airports".to_owned(), wearers, reason: "order".to_owned() };
        let answer: ChangeZoneSetResponse = ask(&self.channel, &format!("{SETS}{method}"), &self.clerk, &asked).await?;
        Ok(answer.outcome.unwrap())
    }
}

pub fn drawing(features: &[Value], expected_version: i64) -> ChangeZonesRequest {
    let geojson = if features.is_empty() { String::new() } else { collection(features) };
    ChangeZonesRequest {
        wearer: WEARER.to_owned(),
        geojson,
        ends: vec![],
        valid_from: None,
        reason: "order 12".to_owned(),
        expected_version,
    }
}
