//! What staff have on their desks: lists of tags and of wearers, decisions, a drawing.

use proto::enrolment::{Date, Decision};

/// The tags of the executor's list.
pub fn ids_csv() -> [&'static str; 2] {
    ["356307042441013", "356307042441021"]
}

/// The executor's list.
pub fn tags_csv() -> String {
    let mut text = "IMEI;سریال;پروتکل;مدل;واحد\r\n".to_owned();
    for (number, imei) in ids_csv().into_iter().enumerate() {
        text += &format!("{imei};S-{number};teltonika;TAT240;tehran\r\n");
    }
    text
}

/// The prison's list.
pub fn wearers_csv(reference: &str) -> String {
    format!("شمارهٔ پرونده,واحد,نام,نام خانوادگی,نام پدر,کد ملی\r\n{reference},tehran,علي,كريمي,حسن,۰۰۷۶۲۲۹۶۴۵\r\n")
}

/// A decision of the court, dated some days ago.
pub fn decision(number: &str) -> Option<Decision> {
    let day = (chrono::Utc::now() - chrono::TimeDelta::days(5)).format("%Y-%m-%d").to_string();
    let date = Some(Date { solar_hijri: String::new(), gregorian: day });
    Some(Decision { authority: "Branch 3 of Tehran".into(), number: number.into(), date })
}

/// The flat, by its outline, and a circle around the complainant's shop 900 m to the east.
pub fn home_and_shop() -> String {
    r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","geometry":{"type":"Polygon","coordinates":[[[51.39985,35.69985],[51.40015,35.69985],[51.40015,35.70015],[51.39985,35.70015],[51.39985,35.69985]]]},
         "properties":{"zone":"home","sense":"inclusion","distance_m":40,"residence":true}},
        {"type":"Feature","geometry":{"type":"Point","coordinates":[51.409945,35.7]},"properties":{"zone":"shop","sense":"exclusion","radius_m":200}}]}"#
        .to_owned()
}

pub fn seconds_from_now(seconds: i64) -> Option<prost_types::Timestamp> {
    let at = chrono::Utc::now() + chrono::TimeDelta::seconds(seconds);
    Some(prost_types::Timestamp { seconds: at.timestamp(), nanos: at.timestamp_subsec_nanos() as i32 })
}

pub fn days_ago(days: i64) -> Option<prost_types::Timestamp> {
    seconds_from_now(-days * 86_400)
}
