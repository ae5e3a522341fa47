//! Accounts made and used as in earnest: by calls alone.

use crate::house::{As, House, sql};
use crate::raw::{ask, reason_of};
use access::{TotpSecret, password};
use chrono::Utc;
use proto::access::{
    BeginTotpRequest, BeginTotpResponse, ChangePasswordRequest, ChangePasswordResponse, ConfirmTotpRequest, ConfirmTotpResponse,
    LogInRequest, LogInResponse,
};
use store::FirstPassword;
use store::testing::staff;
use tonic::Status;

pub const LOG_IN: &str = "/paband.access.v1.Sessions/LogIn";
pub const OWN_PASSWORD: &str = "violet-otter-42-lamp";

/// Somebody who has done what must be done at first.
pub struct Account {
    pub name: String,
    pub totp: TotpSecret,
    pub recovery_codes: Vec<String>,
}

impl Account {
    /// What the authenticator shows now.
    pub fn code(&self) -> String {
        self.totp.code_at(Utc::now())
    }
}

impl House {
    /// An administrator as the command on the server makes one; the first password.
    pub async fn administrator(&self, name: &str) -> String {
        let first = password::first(rand::random());
        let hash = password::hash(&first, rand::random());
        self.store.administrator_create(&staff(), name, FirstPassword { hash: &hash }, Utc::now()).await.unwrap();
        first
    }

    /// Two administrators who have settled.
    pub async fn administrators(&self) -> (Account, Account) {
        let (one, two) = (self.administrator("admin-one").await, self.administrator("admin-two").await);
        (self.settle("admin-one", &one).await, self.settle("admin-two", &two).await)
    }

    pub async fn try_log_in(&self, name: &str, password: &str, second_factor: &str) -> Result<LogInResponse, Status> {
        let request = LogInRequest { name: name.into(), password: password.into(), second_factor: second_factor.into(), cookie: false };
        ask(&self.channel().await, LOG_IN, &As::nobody(), &request).await
    }

    /// A session of the account, with a second factor. Its codes count anew: a test does not wait half a minute for the next.
    pub async fn enter(&self, account: &Account) -> As {
        sql(&self.database, "UPDATE people SET totp_step = NULL").await;
        As::token(self.try_log_in(&account.name, OWN_PASSWORD, &account.code()).await.unwrap().token)
    }

    /// The first log-in: a password of one's own and a second factor.
    pub async fn settle(&self, name: &str, first: &str) -> Account {
        let channel = self.channel().await;
        let session = As::token(self.try_log_in(name, first, "").await.unwrap().token);
        let change = ChangePasswordRequest { password: first.into(), new_password: OWN_PASSWORD.into() };
        let _: ChangePasswordResponse = ask(&channel, "/paband.access.v1.Sessions/ChangePassword", &session, &change).await.unwrap();
        let begun: BeginTotpResponse = ask(&channel, "/paband.access.v1.Sessions/BeginTotp", &session, &BeginTotpRequest {}).await.unwrap();
        let totp = TotpSecret::of_base32(&begun.secret).unwrap();
        let confirm = ConfirmTotpRequest { code: totp.code_at(Utc::now()) };
        let confirmed: ConfirmTotpResponse = ask(&channel, "/paband.access.v1.Sessions/ConfirmTotp", &session, &confirm).await.unwrap();
        Account { name: name.into(), totp, recovery_codes: confirmed.recovery_codes }
    }

    /// Tries a password; why it is refused.
    pub async fn refusal(&self, name: &str, password: &str, second_factor: &str) -> Option<String> {
        reason_of(&self.try_log_in(name, password, second_factor).await)
    }
}
