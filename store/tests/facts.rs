//! What staff change reaches those who ask, once and whole.

#![allow(clippy::unwrap_used)]

mod common;

use common::now;
use geofence::{Leave, Timestamp};
use store::testing::{TestDatabase, staff};
use store::{Facts, Store, StoreError, TagRow, WearerFacts};

fn tag(imei: &str, wearer: &str) -> TagRow {
    let wearer = (!wearer.is_empty()).then(|| wearer.to_owned());
    TagRow { imei: imei.into(), wearer, key: None, fitted_at: Timestamp::from_millis(1_000) }
}

fn zone(whose: &str, name: &str, more: &str) -> String {
    format!(
        r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[51.4,35.7]}},
        "properties":{{{whose},"zone":"{name}","sense":"inclusion","radius_m":100{more}}}}}"#
    )
}

fn file(features: &[String], leaves: &str) -> String {
    format!(r#"{{"type":"FeatureCollection","features":[{}],"leaves":[{leaves}]}}"#, features.join(","))
}

/// The tags that changed and the rows of zones that changed, after a version.
fn changed(facts: &Facts) -> (Vec<i64>, Vec<i64>) {
    let mut tags: Vec<i64> = facts.tags.iter().map(|tag| tag.tag_id).collect();
    tags.sort_unstable();
    (tags, facts.zones.iter().map(|zone| zone.row_id).collect())
}

async fn wearer_of(store: &Store, tag_id: i64) -> Option<WearerFacts> {
    let facts = store.facts_after(0).await.unwrap();
    facts.tags.into_iter().find(|tag| tag.tag_id == tag_id).unwrap().wearer
}

#[tokio::test]
async fn every_kind_of_change_is_told_once_and_whole() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let client = database.client().await;
    let mut version = 0;
    macro_rules! told {
        ($tags:expr, $zones:expr) => {
            let facts = store.facts_after(version).await.unwrap();
            assert_eq!(changed(&facts), ($tags, $zones));
            assert!(facts.version > version);
            version = facts.version;
            assert_eq!(changed(&store.facts_after(version).await.unwrap()), (vec![], vec![]));
        };
    }
    assert_eq!(store.tags_register(&staff(), "central", &[tag("1", "a"), tag("2", "b"), tag("3", "")]).await.unwrap(), 3);
    told!(vec![1, 2, 3], vec![]);

    let own = zone(r#""wearer":"a""#, "home", "");
    store.zones_import(&staff(), &file(std::slice::from_ref(&own), ""), now(), "").await.unwrap();
    told!(vec![1], vec![1]);
    store.zones_import(&staff(), &file(&[zone(r#""wearers":["a","b"]"#, "park", "")], ""), now(), "").await.unwrap();
    told!(vec![1, 2], vec![2]);
    store.zones_import(&staff(), &file(&[zone(r#""wearers":"*""#, "airport", "")], ""), now(), "").await.unwrap();
    told!(vec![1, 2], vec![3]);
    assert_eq!(wearer_of(&store, 1).await.unwrap().zone_rows, [1, 2, 3]);
    assert_eq!(wearer_of(&store, 2).await.unwrap().zone_rows, [2, 3]);

    let leave = r#"{"wearer":"b","from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z"}"#;
    store.zones_import(&staff(), &file(&[], leave), now(), "").await.unwrap();
    told!(vec![2], vec![]);
    let (from, to) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-02T00:00:00Z".parse().unwrap());
    assert_eq!(wearer_of(&store, 2).await.unwrap().leaves, [Leave { from, to, exclusion: false }]);

    store.tags_register(&staff(), "central", &[TagRow { key: Some([7; 32]), ..tag("3", "") }]).await.unwrap();
    told!(vec![3], vec![]);
    client.execute("UPDATE fittings SET period = tstzrange(lower(period), now()) WHERE tag_id = 1", &[]).await.unwrap();
    told!(vec![1], vec![]);
    assert_eq!(wearer_of(&store, 1).await, None);
    store.tags_register(&staff(), "central", &[TagRow { fitted_at: now().plus_seconds(60), ..tag("3", "a") }]).await.unwrap();
    told!(vec![3], vec![]);
    assert_eq!(wearer_of(&store, 3).await.unwrap().zone_rows, [1, 2, 3]);
    client.execute("DELETE FROM leaves", &[]).await.unwrap();
    told!(vec![2], vec![]);
    client.execute("UPDATE zone_versions SET valid_to = now() + interval '1 day' WHERE row_id = 2", &[]).await.unwrap();
    told!(vec![2, 3], vec![2]);
    let _ = version;
}

#[tokio::test]
async fn who_forgot_a_zone_gets_it_again_with_the_wearer_and_who_knows_it_does_not() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    store.tags_register(&staff(), "central", &[tag("1", "a"), tag("2", "b")]).await.unwrap();
    let zones = [zone(r#""wearer":"a""#, "home", ""), zone(r#""wearers":["a","b"]"#, "park", ""), zone(r#""wearer":"b""#, "home", "")];
    store.zones_import(&staff(), &file(&zones, ""), now(), "").await.unwrap();
    let version = store.facts_after(0).await.unwrap().version;
    // Something of wearer a changes, and none of the zones.
    store.tags_register(&staff(), "central", &[TagRow { key: Some([7; 32]), ..tag("1", "a") }]).await.unwrap();
    let of_a = wearer_of(&store, 1).await.unwrap().zone_rows;
    assert_eq!(of_a.len(), 2);
    let told = async |known: &[i64]| {
        let facts = store.facts_after_knowing(version, |row_id| known.contains(&row_id)).await.unwrap();
        assert_eq!(facts.tags.iter().map(|tag| tag.tag_id).collect::<Vec<_>>(), [1]);
        let mut rows: Vec<i64> = facts.zones.iter().map(|zone| zone.row_id).collect();
        rows.sort_unstable();
        rows
    };
    assert_eq!(told(&of_a).await, Vec::<i64>::new());
    assert_eq!(told(&of_a[1..]).await, of_a[..1]);
    assert_eq!(told(&[]).await, of_a, "and nothing of wearer b, of whom nothing changed");
}

#[tokio::test]
async fn a_changed_zone_becomes_a_new_version_and_the_same_one_does_not() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    store.tags_register(&staff(), "central", &[tag("1", "a")]).await.unwrap();
    let (first, later) = (now(), now().plus_seconds(60));
    let home = zone(r#""wearer":"a""#, "home", "");
    let imported = store.zones_import(&staff(), &file(std::slice::from_ref(&home), ""), first, "").await.unwrap();
    assert_eq!((imported.zones_new, imported.versions_new, imported.unchanged), (1, 1, 0));
    let same = store.zones_import(&staff(), &file(&[home.replace("100", "1e2")], ""), later, "").await.unwrap();
    assert_eq!((same.zones_new, same.versions_new, same.unchanged), (0, 0, 1), "{same}");

    let wider = store.zones_import(&staff(), &file(&[home.replace("100", "200")], ""), later, "").await.unwrap();
    assert_eq!((wider.zones_new, wider.versions_new), (0, 1));
    let facts = store.facts_after(0).await.unwrap();
    let in_force: Vec<_> = facts.zones.iter().map(|row| (row.zone.id().to_owned(), row.zone.in_force())).collect();
    assert_eq!(in_force, [("home".to_owned(), (first, later)), ("home".to_owned(), (later, Timestamp::MAX))]);
    assert_eq!(facts.zones[0].zone.key(), facts.zones[1].zone.key());
    assert_eq!(facts.tags[0].wearer.as_ref().unwrap().zone_rows, [1, 2]);

    // From its very beginning replaced: it is no longer told.
    store.zones_import(&staff(), &file(&[home.replace("100", "300")], ""), later, "").await.unwrap();
    assert_eq!(store.facts_after(0).await.unwrap().zones.iter().map(|row| row.row_id).collect::<Vec<_>>(), [1, 3]);
    let end = format!(r#","valid_from":"{later}","valid_to":"{}""#, later.plus_seconds(5));
    let ended =
        store.zones_import(&staff(), &file(&[zone(r#""wearer":"a""#, "home", &end).replace("100", "300")], ""), later, "").await.unwrap();
    assert_eq!((ended.ends_moved, ended.versions_new), (1, 0), "{ended}");
}

#[tokio::test]
async fn an_import_takes_all_or_nothing_and_names_every_mistake() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let good = zone(r#""wearer":"a""#, "home", "");
    let bad = [good.clone(), zone(r#""nobody":1"#, "x", ""), good.replace("inclusion", "inclusive")];
    let Err(StoreError::Zones(mistakes)) = store.zones_import(&staff(), &file(&bad, ""), now(), "").await else { panic!("it was taken") };
    assert_eq!(mistakes.len(), 2, "{mistakes:?}");
    assert!(mistakes[0].starts_with("feature 2") && mistakes[1].starts_with("feature 3"), "{mistakes:?}");

    store.zones_import(&staff(), &file(&[zone(r#""wearers":"*""#, "airport", "")], ""), now(), "").await.unwrap();
    let clash = [good.clone(), zone(r#""wearer":"a""#, "airport", "")];
    assert!(matches!(store.zones_import(&staff(), &file(&clash, ""), now(), "").await, Err(StoreError::Zones(lines)) if lines.len() == 1));
    store
        .zones_import(&staff(), &file(&[zone(r#""wearer":"a""#, "home", r#","valid_from":"2030-01-01T00:00:00Z""#)], ""), now(), "")
        .await
        .unwrap();
    let overlap = zone(r#""wearer":"a""#, "home", r#","valid_from":"2029-01-01T00:00:00Z","valid_to":"2031-01-01T00:00:00Z""#);
    assert!(
        matches!(store.zones_import(&staff(), &file(&[overlap], ""), now(), "").await, Err(StoreError::Zones(lines)) if lines.len() == 1)
    );
    let status = store.status().await.unwrap();
    assert_eq!((status.wearers, status.zone_versions), (1, 2));
}

#[tokio::test]
async fn a_tag_is_on_one_wearer_and_a_wearer_has_one_tag() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    assert_eq!(store.tags_register(&staff(), "central", &[tag("1", "a"), tag("2", "b")]).await.unwrap(), 2);
    assert_eq!(store.tags_register(&staff(), "central", &[tag("1", "a"), tag("2", "b")]).await.unwrap(), 0, "again is harmless");
    let refused = [
        vec![tag("1", "b")],
        vec![tag("1", "c")],
        vec![tag("3", "a")],
        vec![tag("3", "c"), tag("4", "c")],
        vec![tag("3", "c"), tag("3", "")],
        vec![tag("5", "d"), tag("no spaces", "")],
        vec![tag("", "")],
    ];
    for rows in refused {
        let error = store.tags_register(&staff(), "central", &rows).await.unwrap_err();
        assert!(matches!(&error, StoreError::Tags(lines) if !lines.is_empty()), "{rows:?}: {error}");
    }
    assert_eq!(store.status().await.unwrap().tags, 2);
    let client = database.client().await;
    for twice in ["(1, 2, '[2020-01-01,2021-01-01)'), (1, 1, '[2020-06-01,2020-07-01)')", "(1, 2, '[1969-01-01,)')"] {
        let insert = format!("INSERT INTO fittings (tag_id, wearer_id, period) VALUES {twice}");
        let error = client.batch_execute(&insert).await.unwrap_err();
        assert!(
            error.as_db_error().is_some_and(|refused| refused.code().code() == "23P01" || refused.code().code() == "23505"),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn concurrent_changes_are_told_in_the_order_of_their_commits() {
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let reader = {
        let store = store.clone();
        tokio::spawn(async move {
            let (mut version, mut seen) = (0, Vec::new());
            while seen.len() < 80 {
                let facts = store.facts_after(version).await.unwrap();
                version = facts.version;
                seen.extend(facts.tags.iter().map(|tag| tag.tag_id));
            }
            seen.sort_unstable();
            seen
        })
    };
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let store = store.clone();
            tokio::spawn(async move {
                for n in 0..20 {
                    let name = format!("{}", 100 * writer + n);
                    store.tags_register(&staff(), "central", &[tag(&name, &name)]).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let seen = tokio::time::timeout(std::time::Duration::from_secs(20), reader).await.unwrap().unwrap();
    assert_eq!(
        seen,
        store
            .facts_after(0)
            .await
            .unwrap()
            .tags
            .iter()
            .map(|tag| tag.tag_id)
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
    );
}
