//! The way of an account over gRPC: log-ins, duties, second factors, sessions and their ends.

use crate::accounts::{LOG_IN, OWN_PASSWORD};
use crate::house::{As, House, reason, sql, wrong_fields};
use crate::raw::{ask, reason_of, send};
use proto::access::sessions_client::SessionsClient;
use proto::access::*;
use tonic::Code;
use tonic_types::StatusExt;

const SESSIONS: &str = "/paband.access.v1.Sessions";
const PEOPLE: &str = "/paband.access.v1.People";

async fn who_am_i(house: &House, who: &As) -> Result<WhoAmIResponse, tonic::Status> {
    ask(&house.channel().await, &format!("{SESSIONS}/WhoAmI"), who, &WhoAmIRequest {}).await
}

async fn call(house: &House, path: &str, who: &As, message: &impl prost::Message) -> Option<String> {
    reason_of(&send(&house.channel().await, path, who, message.encode_to_vec()).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_does_the_duties_before_anything_else() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    let entered = house.try_log_in("admin-one", &first, "").await.unwrap();
    assert_eq!(entered.who.unwrap().duties, [Duty::ChangePassword, Duty::SetUpSecondFactor].map(i32::from));
    let session = As::token(entered.token);
    let list = ListPeopleRequest::default();
    assert_eq!(call(&house, &format!("{PEOPLE}/ListPeople"), &session, &list).await.as_deref(), Some("PASSWORD_CHANGE_NEEDED"));
    let acts = SearchAuditRequest::default();
    let own_acts = "/paband.access.v1.Audit/ListOwnActs";
    assert_eq!(call(&house, own_acts, &session, &acts).await.as_deref(), Some("PASSWORD_CHANGE_NEEDED"));
    let account = house.settle("admin-one", &first).await;
    assert_eq!(account.recovery_codes.len(), 10);
    let session = house.enter(&account).await;
    let who = who_am_i(&house, &session).await.unwrap();
    assert_eq!((who.duties, who.recovery_codes_left, who.fresh_until.is_some()), (vec![], 10, true));
    assert_eq!(call(&house, &format!("{PEOPLE}/ListPeople"), &session, &list).await, None);
    assert_eq!(house.refusal("admin-one", &first, "").await.as_deref(), Some("LOG_IN_REFUSED"), "the first password is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_password_fits_for_three_days() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    sql(&house.database, "UPDATE people SET password_until = now() - interval '1 second'").await;
    assert_eq!(house.refusal("admin-one", &first, "").await.as_deref(), Some("LOG_IN_REFUSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_counts_once_and_must_be_right() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    let account = house.settle("admin-one", &first).await;
    let name = account.name.as_str();
    sql(&house.database, "UPDATE people SET totp_step = NULL").await;
    let code = account.code();
    house.try_log_in(name, OWN_PASSWORD, &code).await.unwrap();
    for (what, second) in [("used", code.as_str()), ("none", ""), ("wrong", "000000x"), ("no code of this person", "k7mp-29xz-ahqr")] {
        assert_eq!(house.refusal(name, OWN_PASSWORD, second).await.as_deref(), Some("LOG_IN_REFUSED"), "{what}");
    }
    sql(&house.database, "UPDATE people SET failures = 0, locked_until = NULL").await;
    let careless = account.recovery_codes[3].to_uppercase().replace('-', " ");
    let entered = house.try_log_in(name, OWN_PASSWORD, &careless).await.unwrap();
    assert_eq!(entered.who.unwrap().recovery_codes_left, 9);
    assert_eq!(house.refusal(name, OWN_PASSWORD, &account.recovery_codes[3]).await.as_deref(), Some("LOG_IN_REFUSED"), "it is used up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_from_before_the_second_factor_ends_when_it_is_set_up() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    let channel = house.channel().await;
    let session = As::token(house.try_log_in("admin-one", &first, "").await.unwrap().token);
    let change = ChangePasswordRequest { password: first.clone(), new_password: OWN_PASSWORD.into() };
    let _: ChangePasswordResponse = ask(&channel, &format!("{SESSIONS}/ChangePassword"), &session, &change).await.unwrap();
    let stolen = As::token(house.try_log_in("admin-one", OWN_PASSWORD, "").await.unwrap().token);
    let begun: BeginTotpResponse = ask(&channel, &format!("{SESSIONS}/BeginTotp"), &session, &BeginTotpRequest {}).await.unwrap();
    let wrong = ConfirmTotpRequest { code: "12345".into() };
    assert_eq!(call(&house, &format!("{SESSIONS}/ConfirmTotp"), &session, &wrong).await.as_deref(), Some("CODE_WRONG"));
    let code = access::TotpSecret::of_base32(&begun.secret).unwrap().code_at(chrono::Utc::now());
    assert_eq!(call(&house, &format!("{SESSIONS}/ConfirmTotp"), &session, &ConfirmTotpRequest { code }).await, None);
    assert_eq!(reason_of(&who_am_i(&house, &stolen).await).as_deref(), Some("SESSION_ENDED"));
    who_am_i(&house, &session).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_keeps_the_rules_and_ends_the_other_sessions() {
    let house = House::new().await;
    let first = house.administrator("admin-one").await;
    let account = house.settle("admin-one", &first).await;
    let (session, other) = (house.enter(&account).await, house.enter(&account).await);
    let change = |new: &str| ChangePasswordRequest { password: OWN_PASSWORD.into(), new_password: new.into() };
    let path = format!("{SESSIONS}/ChangePassword");
    for (new, rule) in [
        ("short-1", "TOO_SHORT"),
        ("my-admin-one-violet", "HOLDS_NAME"),
        ("abababababab", "FEW_CHARACTERS"),
        ("password1234567890", "COMMON_WORDS"),
    ] {
        let refused = send(&house.channel().await, &path, &session, prost::Message::encode_to_vec(&change(new))).await.unwrap_err();
        assert!(wrong_fields(&refused).contains(&("new_password".into(), rule.into())), "{new}: {refused}");
    }
    assert_eq!(call(&house, &path, &session, &change(OWN_PASSWORD)).await.as_deref(), Some("PASSWORD_USED_BEFORE"));
    assert_eq!(call(&house, &path, &session, &change(&first)).await.as_deref(), Some("PASSWORD_USED_BEFORE"));
    assert_eq!(call(&house, &path, &session, &change("کبوتر روی بام همسایه")).await, None);
    assert_eq!(reason_of(&who_am_i(&house, &other).await).as_deref(), Some("SESSION_ENDED"));
    who_am_i(&house, &session).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn dangerous_acts_need_password_and_second_factor_of_late() {
    let house = House::new().await;
    let (account, _) = house.administrators().await;
    let session = house.enter(&account).await;
    sql(&house.database, "UPDATE sessions SET fresh_until = now() - interval '1 second'; UPDATE people SET totp_step = NULL").await;
    let create = CreatePersonRequest { name: "sara".into(), shown_name: "سارا".into(), unit: "central".into() };
    let path = format!("{PEOPLE}/CreatePerson");
    assert_eq!(call(&house, &path, &session, &create).await.as_deref(), Some("REAUTHENTICATION_NEEDED"));
    let begin = format!("{SESSIONS}/BeginTotp");
    assert_eq!(call(&house, &begin, &session, &BeginTotpRequest {}).await.as_deref(), Some("REAUTHENTICATION_NEEDED"));
    let again = |password: &str, second_factor: String| ReAuthenticateRequest { password: password.into(), second_factor };
    let fresh = format!("{SESSIONS}/ReAuthenticate");
    assert_eq!(call(&house, &fresh, &session, &again("wrong", account.code())).await.as_deref(), Some("LOG_IN_REFUSED"));
    assert_eq!(call(&house, &fresh, &session, &again(OWN_PASSWORD, account.code())).await, None);
    assert_eq!(call(&house, &path, &session, &create).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn own_sessions_are_listed_and_ended() {
    let house = House::new().await;
    let (account, other) = house.administrators().await;
    sql(&house.database, "DELETE FROM sessions WHERE person_id IN (SELECT person_id FROM people WHERE name LIKE 'admin%')").await;
    let (one, two, three) = (house.enter(&account).await, house.enter(&account).await, house.enter(&account).await);
    let foreign = house.enter(&other).await;
    let list = async |who: &As| -> Vec<Session> {
        let path = format!("{SESSIONS}/ListSessions");
        ask::<ListSessionsResponse>(&house.channel().await, &path, who, &ListSessionsRequest {}).await.unwrap().sessions
    };
    let sessions = list(&one).await;
    assert_eq!(sessions.iter().map(|session| session.this_one).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(sessions[0].address, "127.0.0.1");
    let revoke = |session_id| RevokeSessionRequest { session_id };
    let path = format!("{SESSIONS}/RevokeSession");
    let not_mine = list(&foreign).await[0].session_id;
    assert_eq!(call(&house, &path, &one, &revoke(not_mine)).await.as_deref(), Some("UNKNOWN_SESSION"));
    assert_eq!(call(&house, &path, &one, &revoke(sessions[1].session_id)).await, None);
    assert_eq!(reason_of(&who_am_i(&house, &two).await).as_deref(), Some("SESSION_ENDED"));
    let ended: RevokeSessionResponse = ask(&house.channel().await, &path, &one, &revoke(0)).await.unwrap();
    assert_eq!(ended.ended, 1);
    assert_eq!(reason_of(&who_am_i(&house, &three).await).as_deref(), Some("SESSION_ENDED"));
    assert_eq!(call(&house, &format!("{SESSIONS}/LogOut"), &one, &LogOutRequest {}).await, None);
    assert_eq!(reason_of(&who_am_i(&house, &one).await).as_deref(), Some("SESSION_ENDED"));
    who_am_i(&house, &foreign).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_when_it_is_idle_and_when_it_is_old() {
    let house = House::new().await;
    let (account, _) = house.administrators().await;
    for limit in ["last_used_at = now() - make_interval(secs => idle_s)", "ends_at = now()"] {
        let session = house.enter(&account).await;
        who_am_i(&house, &session).await.unwrap();
        sql(&house.database, &format!("UPDATE sessions SET {limit}")).await;
        assert_eq!(reason_of(&who_am_i(&house, &session).await).as_deref(), Some("SESSION_ENDED"), "{limit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_gets_a_cookie_that_only_this_page_can_use() {
    let house = House::new().await;
    let (account, _) = house.administrators().await;
    sql(&house.database, "UPDATE people SET totp_step = NULL").await;
    let request = LogInRequest { name: account.name.clone(), password: OWN_PASSWORD.into(), second_factor: account.code(), cookie: true };
    let answer = SessionsClient::new(house.channel().await).log_in(request).await.unwrap();
    let cookie = answer.metadata().get("set-cookie").unwrap().to_str().unwrap().to_owned();
    for part in ["Path=/", "Secure", "HttpOnly", "SameSite=Strict"] {
        assert!(cookie.split("; ").any(|found| found == part), "{cookie}");
    }
    assert!(cookie.starts_with("__Host-paband=") && !cookie.contains("Domain"), "{cookie}");
    assert_eq!(answer.into_inner().token, "");
    let pair = cookie.split(';').next().unwrap().to_owned();
    let from = |origin: &str| As::nobody().with("cookie", pair.clone()).with("origin", origin);
    who_am_i(&house, &from(&format!("https://{}", house.address))).await.unwrap();
    assert_eq!(reason_of(&who_am_i(&house, &from("https://evil.example")).await).as_deref(), Some("OTHER_ORIGIN"));
    assert!(send(&house.channel().await, LOG_IN, &As::nobody(), Vec::new()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_resets_switches_off_and_unlocks() {
    let house = House::new().await;
    let (one, two) = house.administrators().await;
    let session = house.enter(&one).await;
    let channel = house.channel().await;
    let person_id = who_am_i(&house, &house.enter(&two).await).await.unwrap().person_id;
    for _ in 0..5 {
        house.refusal("admin-two", "wrong", "").await;
    }
    let locked = house.try_log_in("admin-two", OWN_PASSWORD, &two.code()).await.unwrap_err();
    assert_eq!((locked.code(), reason(&locked).0.as_str()), (Code::ResourceExhausted, "LOG_IN_LOCKED"));
    assert!(locked.get_details_retry_info().unwrap().retry_delay.is_some());
    let unlocked: Person = ask(&channel, &format!("{PEOPLE}/UnlockPerson"), &session, &UnlockPersonRequest { person_id }).await.unwrap();
    assert_eq!(unlocked.locked_until, None);
    let theirs = house.enter(&two).await;
    let off = SwitchPersonRequest { person_id, on: false };
    assert_eq!(call(&house, &format!("{PEOPLE}/SwitchPerson"), &session, &off).await, None);
    assert_eq!(reason_of(&who_am_i(&house, &theirs).await).as_deref(), Some("SESSION_ENDED"));
    assert_eq!(house.refusal("admin-two", OWN_PASSWORD, &two.code()).await.as_deref(), Some("LOG_IN_REFUSED"));
    assert_eq!(call(&house, &format!("{PEOPLE}/SwitchPerson"), &session, &SwitchPersonRequest { person_id, on: true }).await, None);
    let theirs = house.enter(&two).await;
    let reset: ResetPasswordResponse =
        ask(&channel, &format!("{PEOPLE}/ResetPassword"), &session, &ResetPasswordRequest { person_id }).await.unwrap();
    assert_eq!(reason_of(&who_am_i(&house, &theirs).await).as_deref(), Some("SESSION_ENDED"));
    let who = house.try_log_in("admin-two", &reset.first_password, "").await.unwrap().who.unwrap();
    assert_eq!(who.duties.len(), 2);
}
