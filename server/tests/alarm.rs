//! Guessing passwords is told to whoever watches the log.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Server, channel, until};
use proto::access::LogInRequest;
use proto::access::sessions_client::SessionsClient;
use store::testing::TestDatabase;
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn guessing_a_password_raises_an_alarm_that_names_nobody() {
    let database = TestDatabase::create().await;
    let server = Server::start(Some(database.url()), "");
    let said = server.paband(&["administrator", "colonel-shahbazi"]);
    assert!(said.contains("Password for the first log-in"), "{said}");
    let mut sessions = SessionsClient::new(channel(server.rooms).await.unwrap());
    let guess = |number: i32| LogInRequest {
        name: "colonel-shahbazi".to_owned(),
        password: format!("violet-otter-{number}"),
        ..LogInRequest::default()
    };
    assert_eq!(sessions.log_in(guess(0)).await.unwrap_err().code(), Code::Unauthenticated);
    assert!(!server.logged("ALARM"), "one slip is no attack");
    for number in 1..6 {
        sessions.log_in(guess(number)).await.unwrap_err();
    }
    until("the alarm is told", async || server.logged("ALARM")).await;
    assert!(!server.log().contains("shahbazi") && !server.log().contains("violet"), "{}", server.log());
}
