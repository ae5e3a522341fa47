//! Eight clerks at once: whatever they do to one tag or one wearer, a tag is on at most one wearer and a wearer has at most one tag.

use crate::fitting_room::{Room, SPARE};
use crate::house::{IMEI, WEARER, reason, sql};
use futures_util::future::join_all;
use proto::enrolment::*;
use std::collections::BTreeMap;
use tonic::{Response, Status};

const CLERKS: i64 = 8;

/// Eight wearers of Fars and eight tags in stock there.
const EIGHT: &str = "
    INSERT INTO wearers (reference, unit_id) SELECT 'F/' || n, unit_id FROM units, generate_series(1, 8) AS n WHERE code = 'fars';
    INSERT INTO tags (imei, unit_id) SELECT 'tag-' || n, unit_id FROM units, generate_series(1, 8) AS n WHERE code = 'fars'";

/// Every pair of fittings that overlap and have a wearer or a tag in common: there must be none, whatever the constraints say.
const OVERLAPS: &str = "
    SELECT count(*) FROM fittings a JOIN fittings b ON a.fitting_id < b.fitting_id AND a.period && b.period
    WHERE a.wearer_id = b.wearer_id OR a.tag_id = b.tag_id";

/// How often each answer was given; a success is "".
fn told<T>(answers: Vec<Result<T, Status>>) -> BTreeMap<String, usize> {
    let mut told = BTreeMap::new();
    for answer in answers {
        *told.entry(answer.err().map(|status| reason(&status).0).unwrap_or_default()).or_default() += 1;
    }
    told
}

fn counts(expected: &[(&str, usize)]) -> BTreeMap<String, usize> {
    expected.iter().map(|(reason, count)| ((*reason).to_owned(), *count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clerks_want_one_tag_or_one_wearer_and_one_of_them_begins() {
    let room = Room::new().await;
    sql(&room.house.database, EIGHT).await;
    let wearers: Vec<String> = (1..=CLERKS).map(|n| format!("F/{n}")).collect();
    let answers = join_all(wearers.iter().map(|wearer| room.begin(wearer, IMEI))).await;
    assert_eq!(told(answers), counts(&[("", 1), ("TAG_BEING_FITTED", 7)]));
    let tags: Vec<String> = (1..=CLERKS).map(|n| format!("tag-{n}")).collect();
    let answers = join_all(tags.iter().map(|imei| room.begin(WEARER, imei))).await;
    assert_eq!(told(answers), counts(&[("", 1), ("WEARER_BEING_FITTED", 7)]));
    assert_eq!(room.count("SELECT count(*) FROM installations").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clerks_complete_abandon_and_retire_at_once_and_one_thing_happens() {
    let room = Room::new().await;
    for round in 0..4 {
        let begun = room.begin(WEARER, IMEI).await.unwrap();
        room.says(1, false).await;
        let (installation_id, version) = (begun.installation_id, room.signed(begun.installation_id).await.version);
        let completing = join_all((0..CLERKS / 2).map(|_| room.complete(installation_id, version)));
        let abandoning = join_all((0..CLERKS / 2).map(|_| async {
            let abandon = AbandonFittingRequest { installation_id, expected_version: version, reason: "x".into() };
            room.client().await.abandon_fitting(abandon).await.map(Response::into_inner)
        }));
        let (completed, abandoned) = tokio::join!(completing, abandoning);
        let done = completed.iter().filter(|answer| answer.is_ok()).count() + abandoned.iter().filter(|answer| answer.is_ok()).count();
        assert_eq!(done, 1, "round {round}: {completed:?} {abandoned:?}");
        let is_fitted = completed.iter().any(Result::is_ok);
        let refused = completed.into_iter().map(|answer| answer.map(drop)).chain(abandoned.into_iter().map(|answer| answer.map(drop)));
        assert_eq!(told(refused.collect()), counts(&[("", 1), ("INSTALLATION_OVER", 7)]), "round {round}");
        assert_eq!(room.count("SELECT count(*) FROM fittings WHERE upper_inf(period)").await, i64::from(is_fitted));
        if is_fitted {
            sql(&room.house.database, "UPDATE fittings SET period = tstzrange(lower(period), now()) WHERE upper_inf(period)").await;
        }
    }
    assert_eq!(room.count(OVERLAPS).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_clerks_remove_and_exchange_one_tag_at_once() {
    let room = Room::new().await;
    room.fitted().await;
    sql(
        &room.house.database,
        "INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
        VALUES (1, 2, 'end', now(), now(), 'intake', 'Branch 3', '9/14', current_date)",
    )
    .await;
    let begin = BeginReplacementRequest {
        wearer: WEARER.into(),
        imei: SPARE.into(),
        reason: ReplacementReason::Strap.into(),
        payer: Payer::Organisation.into(),
        note: String::new(),
    };
    let installation_id = room.client().await.begin_replacement(begin).await.unwrap().into_inner().installation_id;
    room.says(2, false).await;
    let removing =
        join_all((0..CLERKS / 2).map(|_| async { room.client().await.remove_tag(crate::enrolment_removals::removal()).await.map(drop) }));
    let exchanging = join_all((0..CLERKS / 2).map(|_| async {
        let complete = CompleteReplacementRequest {
            installation_id,
            expected_version: 1,
            condition: EquipmentCondition::Good.into(),
            condition_note: String::new(),
            tag_state: TagState::Returned.into(),
        };
        room.client().await.complete_replacement(complete).await.map(drop)
    }));
    let (removed, exchanged) = tokio::join!(removing, exchanging);
    // Whoever comes first: the tag off and nothing to exchange, or exchanged and then the new one off.
    let removals = removed.iter().filter(|answer| answer.is_ok()).count();
    let exchanges = exchanged.iter().filter(|answer| answer.is_ok()).count();
    assert!((removals, exchanges) == (1, 0) || (removals, exchanges) == (1, 1), "{removed:?} {exchanged:?}");
    assert_eq!(room.count("SELECT count(*) FROM fittings WHERE upper_inf(period)").await, 0);
    assert_eq!(room.count(OVERLAPS).await, 0);
    assert_eq!(room.count("SELECT count(*) FROM removals").await, (removals + exchanges) as i64, "each fitting ends once");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_the_service_too_the_database_lets_one_of_eight_fit() {
    let room = Room::new().await;
    sql(&room.house.database, EIGHT).await;
    let fit =
        "INSERT INTO fittings (tag_id, wearer_id, period) SELECT t.tag_id, w.wearer_id, tstzrange(now() + interval '1 second' * $3, NULL)
        FROM tags t, wearers w WHERE t.imei = $1 AND w.reference = $2";
    let try_one = async |imei: String, wearer: String, later: i32| {
        room.house.database.client().await.execute(fit, &[&imei, &wearer, &f64::from(later)]).await
    };
    let one_tag = join_all((1..=8).map(|n| try_one("tag-1".into(), format!("F/{n}"), n))).await;
    assert_eq!(one_tag.iter().filter(|answer| answer.is_ok()).count(), 1, "{one_tag:?}");
    sql(&room.house.database, "DELETE FROM fittings").await;
    let one_wearer = join_all((1..=8).map(|n| try_one(format!("tag-{n}"), "F/1".into(), n))).await;
    assert_eq!(one_wearer.iter().filter(|answer| answer.is_ok()).count(), 1, "{one_wearer:?}");
    assert_eq!(room.count(OVERLAPS).await, 0);
}
