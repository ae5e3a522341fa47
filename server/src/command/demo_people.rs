//! The people of the demonstration: two administrators and an operator, made as a real installation makes them.

use crate::room::{Room, RoomArgs, told};
use crate::session_file;
use access::{TotpSecret, password};
use anyhow::{Context, Result};
use chrono::Utc;
use proto::access::people_client::PeopleClient;
use proto::access::proposals_client::ProposalsClient;
use proto::access::sessions_client::SessionsClient;
use proto::access::{
    BeginTotpRequest, ChangePasswordRequest, ConfirmProposalRequest, ConfirmTotpRequest, CreatePersonRequest, GrantRoleRequest,
    LogInRequest, Role,
};
use serde::{Deserialize, Serialize};
use std::path::Path;
use store::{FirstPassword, Store};

/// A log-in that is written down, which nobody does in earnest.
#[derive(Clone, Serialize, Deserialize)]
struct Account {
    name: String,
    password: String,
    totp: [u8; 20],
}

/// Sees that there is an operator, and keeps a session of theirs for `paband watch`. `file` holds their secrets from one demonstration to the next.
pub async fn operator(store: &Store, room: &RoomArgs, file: &Path) -> Result<()> {
    let account = match std::fs::read_to_string(file) {
        Ok(text) => {
            serde_json::from_str(&text).with_context(|| format!("{} is damaged; remove the demonstration's directory", file.display()))?
        }
        Err(_) => {
            let account =
                make(store, room).await.context("the demonstration's people could not be made; remove its directory and start again")?;
            session_file::write(file, &serde_json::to_string(&account)?)?;
            account
        }
    };
    let token = log_in(room, &account).await?;
    session_file::write(&room.session_file(), &token)
}

async fn make(store: &Store, room: &RoomArgs) -> Result<Account> {
    let (first, second) = (administrator(store, room, "demo-admin-1").await?, administrator(store, room, "demo-admin-2").await?);
    let mut people = PeopleClient::new(as_person(room, &first).await?);
    let asked = CreatePersonRequest { name: "demo-operator".into(), shown_name: "Demonstration".into(), unit: "central".into() };
    let created = people.create_person(asked).await.map_err(|status| told(&status))?.into_inner();
    let person_id = created.person.context("a person is made")?.person_id;
    let grant = GrantRoleRequest { person_id, role: Role::Operator.into(), unit: "central".into() };
    let proposal_id = people.grant_role(grant).await.map_err(|status| told(&status))?.into_inner().proposal_id;
    // What one administrator proposes takes effect when the other confirms it.
    let mut proposals = ProposalsClient::new(as_person(room, &second).await?);
    proposals.confirm_proposal(ConfirmProposalRequest { proposal_id }).await.map_err(|status| told(&status))?;
    settle(room, "demo-operator", &created.first_password).await
}

async fn administrator(store: &Store, room: &RoomArgs, name: &str) -> Result<Account> {
    let first = password::first(rand::random());
    let hash = password::hash(&first, rand::random());
    store.administrator_create(&super::caller("demo"), name, FirstPassword { hash: &hash }, Utc::now()).await?;
    settle(room, name, &first).await
}

/// The first log-in: a password of one's own, and a second factor. A session with which dangerous acts are allowed needs a new log-in after it.
async fn settle(room: &RoomArgs, name: &str, first: &str) -> Result<Account> {
    let token = log_in_with(room, name, first, "").await?;
    let mut sessions = SessionsClient::new(with_token(room, &token).await?);
    let new_password = password::first(rand::random());
    let change = ChangePasswordRequest { password: first.to_owned(), new_password: new_password.clone() };
    sessions.change_password(change).await.map_err(|status| told(&status))?;
    let begun = sessions.begin_totp(BeginTotpRequest {}).await.map_err(|status| told(&status))?.into_inner();
    let totp = TotpSecret::of_base32(&begun.secret).context("the server's secret is readable")?;
    // The code of the step before, so that the log-in that follows has one that is not used yet.
    let code = totp.code_at(Utc::now() - chrono::TimeDelta::seconds(30));
    sessions.confirm_totp(ConfirmTotpRequest { code }).await.map_err(|status| told(&status))?;
    Ok(Account { name: name.to_owned(), password: new_password, totp: *totp.bytes() })
}

async fn log_in(room: &RoomArgs, account: &Account) -> Result<String> {
    let totp = TotpSecret::new(account.totp);
    let with_code_of = async |seconds| {
        let code = totp.code_at(Utc::now() + chrono::TimeDelta::seconds(seconds));
        log_in_with(room, &account.name, &account.password, &code).await
    };
    // The code of this half minute may have been used by the demonstration before.
    match with_code_of(0).await {
        Ok(token) => Ok(token),
        Err(_) => with_code_of(30).await,
    }
}

async fn log_in_with(room: &RoomArgs, name: &str, password: &str, second_factor: &str) -> Result<String> {
    let channel = room.endpoint()?.connect().await.with_context(|| format!("cannot reach {}", room.server))?;
    let mut sessions = SessionsClient::new(channel);
    let request = LogInRequest { name: name.into(), password: password.into(), second_factor: second_factor.into(), cookie: false };
    Ok(sessions.log_in(request).await.map_err(|status| told(&status))?.into_inner().token)
}

async fn as_person(room: &RoomArgs, account: &Account) -> Result<Room> {
    with_token(room, &log_in(room, account).await?).await
}

async fn with_token(room: &RoomArgs, token: &str) -> Result<Room> {
    room.connect_with(token).await
}
