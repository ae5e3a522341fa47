//! The service of persons' accounts.

use super::shown::{month_asked, past_instant};
use super::{account_shown, refused};
use crate::fields::{Fields, REFERENCE_MAX};
use crate::gate::caller;
use crate::reason::{Reason, Wrong};
use crate::status::refusal;
use chrono::Utc;
use proto::billing as schema;
use proto::billing::accounts_server::Accounts;
use store::Store;
use tonic::{Code, Request, Response, Status};

/// Shows accounts.
pub(crate) struct AccountService {
    store: Store,
}

impl AccountService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl Accounts for AccountService {
    async fn get_account(&self, request: Request<schema::GetAccountRequest>) -> Result<Response<schema::Account>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut fields = Fields::default();
        let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
        let at = past_instant(&mut fields, "at", asked.at.as_ref(), Utc::now());
        fields.check()?;
        caller.about_wearer(&wearer);
        let account = self.store.account(&caller, &wearer, at).await.map_err(|error| refused("GetAccount", &error))?;
        Ok(Response::new(account_shown::account(wearer, account)))
    }

    async fn get_account_month(&self, request: Request<schema::GetAccountMonthRequest>) -> Result<Response<schema::AccountMonth>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut fields = Fields::default();
        let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
        let month = month_asked(&mut fields, "month", asked.month.as_ref());
        if asked.month.is_none() {
            fields.note("month", Wrong::Missing, &[]);
        }
        let at = past_instant(&mut fields, "at", asked.at.as_ref(), Utc::now());
        fields.check()?;
        let month = month.ok_or_else(|| refusal(Code::Internal, Reason::Internal, &[]))?;
        caller.about_wearer(&wearer);
        caller.about(format!("month {month}"));
        let account = self.store.account(&caller, &wearer, at).await.map_err(|error| refused("GetAccountMonth", &error))?;
        let named = account_shown::facts_of(&account, month);
        let facts = self.store.facts_said(named).await.map_err(|error| refused("GetAccountMonth", &error.into()))?;
        Ok(Response::new(schema::AccountMonth { days: account_shown::days(&account, month, &facts) }))
    }
}
