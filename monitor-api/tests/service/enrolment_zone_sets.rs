//! Zones that several wearers share.

use crate::house::{IMEI, WEARER, reason, wrong_fields};
use crate::raw::{ask, reason_of};
use crate::zone_desk::{Desk, SETS, circle, collection, drawing, features, home};
use geofence::Timestamp;
use proto::enrolment::change_zone_set_response::Outcome as SetOutcome;
use proto::enrolment::*;
use serde_json::json;
use tonic::Status;

#[tokio::test(flavor = "multi_thread")]
async fn a_set_binds_those_who_are_in_it_while_they_are() {
    let desk = Desk::new().await;
    desk.sql("INSERT INTO wearers (reference) SELECT 'shared/' || n FROM generate_series(1, 300) n").await;
    let create = CreateZoneSetRequest {
        set: "airports".to_owned(),
        name_fa: "فرودگاه‌ها".to_owned(),
        name_en: "Airports".to_owned(),
        unit: "central".to_owned(),
        geojson: collection(&[circle("mehrabad", "exclusion", 9000.0, 2000)]),
        reason: "order".to_owned(),
    };
    let path = format!("{SETS}CreateZoneSet");
    let set: ZoneSet = ask(&desk.channel, &path, &desk.clerk, &create).await.unwrap();
    assert_eq!((set.version, set.wearers, set.zones.len()), (1, 0, 1));
    let taken: Result<ZoneSet, Status> =
        ask(&desk.channel, &path, &desk.clerk, &CreateZoneSetRequest { geojson: String::new(), ..create.clone() }).await;
    assert_eq!(reason_of(&taken).as_deref(), Some("ZONE_SET_TAKEN"));
    let same_zone = CreateZoneSetRequest { set: "others".to_owned(), ..create };
    let taken: Result<ZoneSet, Status> = ask(&desk.channel, &path, &desk.clerk, &same_zone).await;
    assert_eq!(reason_of(&taken).as_deref(), Some("ZONE_NAME_TAKEN"));

    let everybody: Vec<String> = (1..=300).map(|n| format!("shared/{n}")).chain([WEARER.to_owned()]).collect();
    let everybody: Vec<&str> = everybody.iter().map(String::as_str).collect();
    let unknown = desk.members("AddToZoneSet", &["shared/1", "nobody"]).await.unwrap_err();
    assert_eq!(reason(&unknown).0, "UNKNOWN_WEARERS");
    let SetOutcome::Set(set) = desk.members("AddToZoneSet", &everybody).await.unwrap() else { panic!() };
    assert_eq!(set.wearers, 301);
    let SetOutcome::Set(set) = desk.members("AddToZoneSet", &everybody[..9]).await.unwrap() else { panic!() };
    assert_eq!(set.wearers, 301, "nobody joins twice");
    let file = json!({"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [51.4, 35.7]},
        "properties": {"wearers": ["shared/1"], "zone": "mehrabad", "sense": "exclusion", "radius_m": 200}}]});
    let import = desk.house.store.zones_import(&store::testing::staff(), &file.to_string(), Timestamp::from(chrono::Utc::now()), "").await;
    assert!(import.unwrap_err().to_string().contains("belongs to a set"), "a file does not take a set's zone over");
    let versions: i64 = desk.house.database.client().await.query_one("SELECT count(*) FROM zone_versions", &[]).await.unwrap().get(0);
    assert_eq!(versions, 1, "one version for all");
    let plan = desk.list().await;
    assert_eq!(
        (plan.zones[0].zone.as_str(), plan.zones[0].origin(), plan.zones[0].set.as_str()),
        ("mehrabad", ZoneOrigin::Set, "airports")
    );
    assert_eq!((features(&plan.geojson).len(), features(&plan.shared_geojson).len()), (0, 1));
    let clash = desk.change(&drawing(&[circle("mehrabad", "exclusion", 3000.0, 300)], plan.version)).await.unwrap_err();
    assert_eq!(wrong_fields(&clash), [("mehrabad".to_owned(), "NAME_TAKEN".to_owned())]);

    // Somebody in it is watched from now on: its zones change by two persons.
    desk.fit().await;
    let change = ChangeZoneSetRequest {
        set: "airports".to_owned(),
        geojson: collection(&[circle("mehrabad", "exclusion", 9000.0, 2500)]),
        ends: vec![],
        valid_from: None,
        reason: "measured again".to_owned(),
        expected_version: 1,
    };
    let answer: ChangeZoneSetResponse = ask(&desk.channel, &format!("{SETS}ChangeZoneSet"), &desk.clerk, &change).await.unwrap();
    let Some(SetOutcome::Proposal(proposal)) = answer.outcome else { panic!() };
    desk.confirm(&desk.second, &proposal).await.unwrap();
    let plan = desk.list().await;
    assert_eq!(plan.zones[0].version, 2);
    let SetOutcome::Set(set) = desk.members("RemoveFromZoneSet", &everybody[..300]).await.unwrap() else { panic!() };
    assert_eq!((set.wearers, set.version), (1, 2));
    let SetOutcome::Proposal(proposal) = desk.members("RemoveFromZoneSet", &[WEARER]).await.unwrap() else { panic!() };
    desk.confirm(&desk.second, &proposal).await.unwrap();
    assert_eq!(desk.list().await.zones, []);
    // The past is judged by what bound then.
    let facts = desk.house.store.facts_after(0).await.unwrap();
    let of_wearer = facts.tags.iter().find(|tag| tag.imei == IMEI).unwrap().wearer.as_ref().unwrap();
    assert_eq!((of_wearer.zone_rows.len(), of_wearer.zone_spans.len()), (0, 2));
    assert!(of_wearer.zone_spans.iter().all(|(_, since, until)| since < until && *until < Timestamp::MAX));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_joins_a_set_beside_which_the_own_zones_cannot_be_kept() {
    let desk = Desk::new().await;
    desk.draw(&[home(150)]).await;
    let create = CreateZoneSetRequest {
        set: "airports".to_owned(),
        name_fa: "فرودگاه‌ها".to_owned(),
        name_en: "Airports".to_owned(),
        unit: "central".to_owned(),
        geojson: collection(&[circle("mehrabad", "exclusion", 500.0, 2000)]),
        reason: "order".to_owned(),
    };
    let _: ZoneSet = ask(&desk.channel, &format!("{SETS}CreateZoneSet"), &desk.clerk, &create).await.unwrap();
    let refused = desk.members("AddToZoneSet", &[WEARER]).await.unwrap_err();
    let zone = format!("{WEARER}: mehrabad");
    assert_eq!(wrong_fields(&refused), [(zone.clone(), "EXCLUSION_OVER_HOME".to_owned()), (zone, "NO_PLACE_LEFT".to_owned())]);
}
