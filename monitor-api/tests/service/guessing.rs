//! Guessing passwords: slowed, held off, written down.

use crate::accounts::OWN_PASSWORD;
use crate::house::{As, House, reason, sql};
use crate::raw::{reason_of, send};
use access::Role;
use prost::Message;
use proto::access::ChangePasswordRequest;
use std::time::{Duration, Instant};
use store::testing::staff;
use store::{AuditFilter, AuditPage};
use tokio::task::JoinSet;
use tonic_types::StatusExt;

/// How long a caller is told to wait, if held off.
async fn wait(house: &House, name: &str, password: &str) -> Option<Duration> {
    let status = house.try_log_in(name, password, "").await.unwrap_err();
    match reason(&status).0.as_str() {
        "LOG_IN_REFUSED" => None,
        "LOG_IN_LOCKED" => Some(status.get_details_retry_info().unwrap().retry_delay.unwrap()),
        other => panic!("{other}"),
    }
}

/// The lock is over, and those of the address are forgotten.
async fn later(house: &House) {
    sql(&house.database, "UPDATE people SET locked_until = now() WHERE locked_until IS NOT NULL; DELETE FROM log_in_failures").await;
}

async fn entries(house: &House) -> AuditPage {
    let filter = AuditFilter { act: "/paband.access.v1.Sessions/LogIn".into(), limit: 1000, ..AuditFilter::default() };
    house.store.audit_search(&staff(), &filter).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_lock_an_account_for_longer_and_longer() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    for _ in 0..4 {
        assert_eq!(wait(&house, "admin-one", "wrong").await, None);
    }
    for minutes in [1, 2, 4, 8] {
        assert_eq!(wait(&house, "admin-one", "wrong").await, None, "this one is tried, and locks");
        let told = wait(&house, "admin-one", &first).await.expect("the right password does not help now");
        let longest = Duration::from_secs(60 * minutes + 1);
        assert!(told <= longest && told > longest / 2, "{told:?}, not {longest:?}");
        later(&house).await;
    }
    house.try_log_in("admin-one", &first, "").await.unwrap();
    assert_eq!(wait(&house, "admin-one", "wrong").await, None, "a success forgives");
    assert_eq!(entries(&house).await.entries.iter().filter(|link| link.entry.result == "LOG_IN_REFUSED").count(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_name_is_answered_like_a_known_one() {
    let house = House::new().await;
    house.administrator("admin-one").await;
    for name in ["admin-one", "nobody-here", "کلمه عبور من", "a\u{1}b"] {
        let started = Instant::now();
        for _ in 0..5 {
            assert_eq!(wait(&house, name, "wrong").await, None, "{name}");
        }
        println!("{name}: {:?} for five", started.elapsed());
        assert!(wait(&house, name, "wrong").await.is_some(), "{name} is held off");
        later(&house).await;
    }
    let status = house.try_log_in("a\0b", "wrong", "").await.unwrap_err();
    println!("{status}");
    let kept = entries(&house).await.entries;
    assert!(kept.iter().all(|link| !format!("{:?}", link.entry).contains("کلمه")), "what was typed is not kept");
    assert!(
        kept.iter().any(|link| link.entry.subject == "unknown name" && link.entry.who == "nobody" && link.entry.address == "127.0.0.1")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_once_do_not_slip_through() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    let channel = house.channel().await;
    let mut guesses = JoinSet::new();
    for number in 0..40 {
        let channel = channel.clone();
        guesses.spawn(async move {
            let request =
                proto::access::LogInRequest { name: "admin-one".into(), password: format!("guess-{number}"), ..Default::default() };
            reason_of(&send(&channel, crate::accounts::LOG_IN, &As::nobody(), request.encode_to_vec()).await)
        });
    }
    let answers = guesses.join_all().await;
    let tried = answers.iter().filter(|answer| answer.as_deref() == Some("LOG_IN_REFUSED")).count();
    assert_eq!(tried, 5, "{answers:?}");
    assert!(wait(&house, "admin-one", &first).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_guesses_is_held_off_whatever_the_name() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    for number in 0..30 {
        assert_eq!(wait(&house, &format!("name-{number}"), "wrong").await, None);
    }
    let told = wait(&house, "admin-one", &first).await.expect("nobody logs in from there");
    assert!(told > Duration::from_secs(500) && told <= Duration::from_secs(601), "until enough are forgotten: {told:?}");
    sql(&house.database, "UPDATE log_in_failures SET at = at - interval '10 minutes'").await;
    house.try_log_in("admin-one", &first, "").await.unwrap();
    assert_eq!(entries(&house).await.entries.iter().filter(|link| link.entry.result == "LOG_IN_REFUSED").count(), 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_log_in_rightly_are_not_counted() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    for _ in 0..35 {
        house.try_log_in("admin-one", &first, "").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_session_does_not_find_out_the_password() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    let account = house.settle("admin-one", &first).await;
    let stolen = house.enter(&account).await;
    let change = |password: &str| ChangePasswordRequest { password: password.into(), new_password: "kestrel-maple-19-harbor".into() };
    let path = "/paband.access.v1.Sessions/ChangePassword";
    let mut answers = Vec::new();
    for guess in ["a", "b", "c", "d", "e", OWN_PASSWORD] {
        answers.push(reason_of(&send(&house.channel().await, path, &stolen, change(guess).encode_to_vec()).await));
    }
    assert_eq!(answers.last().unwrap().as_deref(), Some("LOG_IN_LOCKED"), "{answers:?}");
    let operator = house.log_in("op7", &[(Role::Operator, "central")]).await;
    assert!(send(&house.channel().await, "/paband.access.v1.Sessions/WhoAmI", &operator, vec![]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_exchanged_while_it_is_tried_lets_nobody_in() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    let mut owner = house.database.client().await;
    let exchange = owner.transaction().await.unwrap();
    exchange.batch_execute("UPDATE people SET password = 'another' WHERE name = 'admin-one'").await.unwrap();
    let (answer, ()) = tokio::join!(house.try_log_in("admin-one", &first, ""), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        exchange.commit().await.unwrap();
    });
    assert_eq!(reason_of(&answer).as_deref(), Some("LOG_IN_REFUSED"));
}
