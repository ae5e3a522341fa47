//! Streams under way that lose what they stand on.

use crate::house::{As, House, reason, sql};
use crate::raw::ask;
use access::Role;
use geofence::ViolationKind::Inclusion;
use proto::access::*;
use std::time::Instant;
use tonic::Code;

const TEHRAN: &str = "
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('tehran', 1, 'province', 'تهران', 'Tehran', true);
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
        SELECT 'room', unit_id, 'room', 'اتاق', 'Room', true FROM units WHERE code = 'tehran';
    UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'room')";

/// A stream in the middle of its events ends when `path` is called, and another one that stands on something else goes on.
async fn ends_by<M: prost::Message>(path: &str, message: impl FnOnce(i64) -> M) {
    let house = House::new().await;
    sql(&house.database, TEHRAN).await;
    let thief = house.log_in("robbed", &[(Role::Operator, "room")]).await;
    let admin = house.log_in("admin", &[(Role::Administrator, "central")]).await;
    let client = house.database.client().await;
    let person: i64 = client.query_one("SELECT person_id FROM people WHERE name = 'robbed'", &[]).await.unwrap().get(0);
    let mut writer = house.writer("home", Inclusion).await;
    writer.open(3).await;
    let mut stolen = house.try_watch_as(thief.clone(), Some(0)).await.unwrap();
    let mut other = house.watch(Some(0)).await;
    stolen.expect(1, 3).await;
    let started = Instant::now();
    crate::raw::send(&house.channel().await, path, &admin, message(person).encode_to_vec()).await.unwrap();
    let (_, status) = stolen.end().await;
    println!("{path}: the stream ended {:?} after the call", started.elapsed());
    assert_eq!((status.code(), reason(&status).0.as_str()), (Code::Unauthenticated, "SESSION_ENDED"));
    writer.open(1).await;
    other.expect(1, 4).await;
    assert!(house.try_watch_as(thief, Some(0)).await.is_err(), "nor does it begin again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_session_that_is_revoked_ends_in_the_middle_of_a_stream() {
    let revoke = |person_id| RevokePersonSessionsRequest { person_id, session_id: 0 };
    ends_by("/paband.access.v1.People/RevokePersonSessions", revoke).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_switched_off_ends_the_streams_below_it() {
    let off = |_| SwitchUnitRequest { code: "tehran".into(), on: false };
    ends_by("/paband.access.v1.Units/SwitchUnit", off).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_taken_back_ends_the_streams_of_its_person() {
    let revoke = |person_id| RevokeRoleRequest { person_id, role: proto::access::Role::Operator.into(), unit: "room".into() };
    ends_by("/paband.access.v1.People/RevokeRole", revoke).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_switched_off_loses_the_streams() {
    ends_by("/paband.access.v1.People/SwitchPerson", |person_id| SwitchPersonRequest { person_id, on: false }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_runs_out_ends_its_streams_and_logging_out_answers_all_the_same() {
    let house = House::new().await;
    let who: As = house.operator("tired").await;
    let mut watch = house.try_watch_as(who.clone(), Some(0)).await.unwrap();
    watch.heartbeat(|beat| beat.caught_up).await;
    sql(&house.database, "UPDATE sessions SET ends_at = now() WHERE person_id = (SELECT person_id FROM people WHERE name = 'tired')").await;
    let (_, status) = watch.end().await;
    assert_eq!(reason(&status).0, "SESSION_ENDED");
    for _ in 0..20 {
        let who = house.operator("tired").await;
        let _: LogOutResponse = ask(&house.channel().await, "/paband.access.v1.Sessions/LogOut", &who, &LogOutRequest {}).await.unwrap();
    }
}
