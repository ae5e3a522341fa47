//! The matrix of rights: every method, as every role and as whoever has none, through real connections.

use crate::house::{As, House, PATIENCE, sql};
use crate::raw::{reason_of, send};
use access::Role;
use monitor_api::{MethodRights, Rights};
use store::testing::log_in;
use tokio::time::timeout;
use tokio_postgres::Client;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

/// One's own account: open before everything else is.
const OWN_ACCOUNT: &str = "/paband.access.v1.Sessions/";

/// What the gate says. Anything else that a call is told comes from the service behind it.
const OF_THE_GATE: [(&str, Code); 10] = [
    ("NOT_LOGGED_IN", Code::Unauthenticated),
    ("SESSION_ENDED", Code::Unauthenticated),
    ("NOT_ALLOWED", Code::PermissionDenied),
    ("UNIT_NOT_ON", Code::PermissionDenied),
    ("OTHER_ORIGIN", Code::PermissionDenied),
    ("NOT_DECLARED", Code::Unimplemented),
    ("PASSWORD_CHANGE_NEEDED", Code::FailedPrecondition),
    ("SECOND_FACTOR_NEEDED", Code::FailedPrecondition),
    ("REAUTHENTICATION_NEEDED", Code::FailedPrecondition),
    ("PURPOSE_NEEDED", Code::FailedPrecondition),
];

#[derive(Clone, Copy, PartialEq, Debug)]
enum Account {
    Whole,
    MustChangePassword,
    NoSecondFactor,
    NotFresh,
}

#[derive(Debug)]
struct Visitor {
    name: String,
    roles: Vec<(Role, &'static str)>,
    account: Account,
    purpose: bool,
}

impl Visitor {
    fn new(name: String, roles: Vec<(Role, &'static str)>) -> Self {
        Self { name, roles, account: Account::Whole, purpose: true }
    }

    /// Every role, but something is missing.
    fn of_all_roles(name: &str, account: Account) -> Self {
        let roles = Role::ALL.map(|role| (role, "central")).to_vec();
        Self { account, ..Self::new(name.to_owned(), roles) }
    }

    async fn session(&self, client: &Client) -> As {
        let token = log_in(client, &self.name, &self.roles).await;
        let lacks = match self.account {
            Account::Whole => "",
            Account::MustChangePassword => "UPDATE people SET password_until = now() + interval '1 day' WHERE name = '{}'",
            Account::NoSecondFactor => "UPDATE people SET totp_secret = NULL WHERE name = '{}'",
            Account::NotFresh => {
                "UPDATE sessions s SET fresh_until = now() - interval '1 second' FROM people p WHERE p.person_id = s.person_id AND name = '{}'"
            }
        };
        client.batch_execute(&lacks.replace("{}", &self.name)).await.unwrap();
        let session = As::token(token);
        if self.purpose { session.purpose("alert") } else { session }
    }
}

/// What the declaration of a method means for a visitor: the reason of the gate, or `None` = let through.
fn expected(path: &str, rights: &MethodRights, visitor: &Visitor) -> Option<&'static str> {
    if rights.anyone {
        return None;
    }
    if rights.own && path.starts_with(OWN_ACCOUNT) {
        // The service's own word: who finds an open screen must not exchange the authenticator.
        let exchange = path.ends_with("/BeginTotp") && visitor.account == Account::NotFresh;
        return exchange.then_some("REAUTHENTICATION_NEEDED");
    }
    match visitor.account {
        Account::MustChangePassword => return Some("PASSWORD_CHANGE_NEEDED"),
        Account::NoSecondFactor => return Some("SECOND_FACTOR_NEEDED"),
        Account::Whole | Account::NotFresh => {}
    }
    if rights.own {
        return None;
    }
    let held: Vec<_> = visitor.roles.iter().filter(|(role, _)| rights.roles.contains(role)).collect();
    if held.is_empty() {
        return Some("NOT_ALLOWED");
    }
    if held.iter().all(|(_, unit)| *unit != "central") {
        return Some("UNIT_NOT_ON");
    }
    if rights.fresh && visitor.account == Account::NotFresh {
        return Some("REAUTHENTICATION_NEEDED");
    }
    (rights.purpose && !visitor.purpose).then_some("PURPOSE_NEEDED")
}

async fn check(channel: &Channel, path: &str, who: &As, expected: Option<&str>, whom: &str) {
    let answer = send(channel, path, who, Vec::new()).await;
    let reason = reason_of(&answer);
    let refused = OF_THE_GATE.iter().find(|(of_the_gate, _)| reason.as_deref() == Some(*of_the_gate));
    assert_eq!(refused.map(|(reason, _)| *reason), expected, "{path} as {whom}: {answer:?}");
    if let (Some((_, code)), Err(status)) = (refused, &answer) {
        assert_eq!(status.code(), *code, "{path} as {whom}");
    }
}

async fn house() -> House {
    let house = House::new().await;
    sql(&house.database, "INSERT INTO units (code, parent_id, kind, name_fa, name_en) VALUES ('qom', 1, 'province', 'قم', 'Qom')").await;
    house
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_lets_in_whom_it_declares_and_nobody_else() {
    let house = house().await;
    let (client, channel) = (house.database.client().await, house.channel().await);
    let mut visitors = vec![Visitor::new("no-role".to_owned(), Vec::new())];
    for role in Role::ALL {
        visitors.push(Visitor::new(format!("{}.on", role.name()), vec![(role, "central")]));
        visitors.push(Visitor::new(format!("{}.off", role.name()), vec![(role, "qom")]));
        let silent = Visitor::new(format!("{}.silent", role.name()), vec![(role, "central")]);
        visitors.push(Visitor { purpose: false, ..silent });
    }
    visitors.push(Visitor::of_all_roles("first-password", Account::MustChangePassword));
    visitors.push(Visitor::of_all_roles("no-factor", Account::NoSecondFactor));
    visitors.push(Visitor::of_all_roles("not-fresh", Account::NotFresh));
    let rights = Rights::declared().unwrap();
    let mut calls = 0;
    for (path, method) in rights.all() {
        for visitor in &visitors {
            let session = visitor.session(&client).await; // A new one each time: some methods end it.
            check(&channel, path, &session, expected(path, method, visitor), &visitor.name).await;
            calls += 1;
        }
    }
    println!("{calls} calls, {} methods", rights.all().count());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_only_the_log_in_is_open() {
    let house = house().await;
    let (client, channel) = (house.database.client().await, house.channel().await);
    let ended = As::token(log_in(&client, "gone", &Role::ALL.map(|role| (role, "central"))).await);
    sql(&house.database, "UPDATE sessions SET ended_at = now(), ended_because = 'revoked' WHERE person_id = (SELECT person_id FROM people WHERE name = 'gone')").await;
    let unknown = As::token(access::Token::new([1; 32]).written());
    for (whom, who, reason) in [
        ("nobody", As::nobody(), "NOT_LOGGED_IN"),
        ("garbage", As::token("'; DROP TABLE sessions; --".to_owned()), "NOT_LOGGED_IN"),
        ("another scheme", As::nobody().with("authorization", "Basic cm9vdDpyb290"), "NOT_LOGGED_IN"),
        ("an unknown token", unknown, "SESSION_ENDED"),
        ("an ended session", ended, "SESSION_ENDED"),
    ] {
        for (path, method) in Rights::declared().unwrap().all() {
            let expected = if method.anyone { None } else { Some(reason) };
            check(&channel, path, &who.clone().purpose("alert"), expected, whom).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_no_schema_has_leads_nowhere() {
    let house = house().await;
    let channel = house.channel().await;
    let all = Visitor::of_all_roles("all-roles", Account::Whole).session(&house.database.client().await).await;
    for path in [
        "/paband.monitor.v1.Alerts/Delete",
        "//paband.monitor.v1.Alerts/ListAlerts",
        "/paband.monitor.v1.Alerts//ListAlerts",
        "/paband.monitor.v1.Alerts/ListAlerts/",
        "/paband.monitor.v1.Alerts/ListAlerts.",
        "/paband.monitor.v1.Alerts/%4CistAlerts",
        "/paband.monitor.v1.Alerts/../Alerts/ListAlerts",
        "/paband.monitor.v1.alerts/ListAlerts",
        "/grpc.health.v1.Health/Delete",
        "/",
    ] {
        check(&channel, path, &all, Some("NOT_DECLARED"), "all roles").await;
    }
    check(&channel, "/paband.monitor.v1.Alerts/ListAlerts?session=1", &As::nobody(), Some("NOT_LOGGED_IN"), "nobody").await;
    check(&channel, "/paband.monitor.v1.Alerts/ListAlerts?x", &all, None, "all roles").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_needs_a_session_and_health_does_not() {
    let house = house().await;
    let channel = house.channel().await;
    let session = Visitor::new("no-role".to_owned(), Vec::new()).session(&house.database.client().await).await;
    for version in ["v1", "v1alpha"] {
        let path = format!("/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo");
        check(&channel, &path, &As::nobody(), Some("NOT_LOGGED_IN"), "nobody").await;
        check(&channel, &path, &session, None, "somebody").await;
    }
    let mut health = HealthClient::new(channel);
    health.check(HealthCheckRequest::default()).await.unwrap();
    let mut watching = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    timeout(PATIENCE, watching.message()).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_twice_or_by_another_page_does_not_count() {
    let house = house().await;
    let client = house.database.client().await;
    let operator = [(Role::Operator, "central")];
    let (one, other) = (log_in(&client, "one", &operator).await, log_in(&client, "other", &operator).await);
    let cookie = |token: &str| As::nobody().with("cookie", format!("__Host-paband={token}"));
    let ours = format!("http://{}", house.address).replace("http:", "https:");
    let rows = [
        ("a token", As::token(one.clone()), None),
        ("two tokens", As::token(one.clone()).with("authorization", format!("Bearer {other}")), Some("NOT_LOGGED_IN")),
        ("a token twice", As::token(one.clone()).with("authorization", format!("Bearer {one}")), Some("NOT_LOGGED_IN")),
        ("a cookie of this page", cookie(&one).with("sec-fetch-site", "same-origin"), None),
        ("a cookie of this origin", cookie(&one).with("origin", ours.clone()), None),
        ("a cookie of nobody's page", cookie(&one), Some("OTHER_ORIGIN")),
        ("a cookie of another page", cookie(&one).with("origin", "https://evil.example"), Some("OTHER_ORIGIN")),
        ("a cookie of another site", cookie(&one).with("sec-fetch-site", "cross-site").with("origin", ours), Some("OTHER_ORIGIN")),
        ("a cookie by another name", As::nobody().with("cookie", format!("paband={one}")), Some("NOT_LOGGED_IN")),
        ("a cookie that is no token", cookie("x").with("sec-fetch-site", "same-origin"), Some("NOT_LOGGED_IN")),
    ];
    for (what, who, expected) in rows {
        let channel = house.channel().await;
        check(&channel, "/paband.monitor.v1.Alerts/ListAlerts", &who, expected, what).await;
    }
    let endless = As::token(one).with("x-endless", "x".repeat(64 * 1024));
    assert!(send(&house.channel().await, "/paband.access.v1.Sessions/WhoAmI", &endless, Vec::new()).await.is_err());
}
