//! The service of deposits and of damage.

use super::money_asked::{answer_asked, damage_asked, damages_asked, deposit_asked, notice_asked, object_asked};
use super::money_shown::{damage, deposit, payment};
use super::refused;
use crate::alerts::store_failed;
use crate::gate::{asked, caller};
use chrono::Utc;
use proto::billing::deposits_server::Deposits;
use proto::billing::{
    AnswerDamageObjectionRequest, AssessDamageRequest, Damage, Deposit, GetDepositRequest, ListDamagesRequest, ListDamagesResponse,
    ObjectToDamageRequest, Payment, RecordDamageNoticeRequest, RecordDepositPaymentRequest, SettleDamageRequest,
};
use store::{BooksError, Store};
use tonic::{Request, Response, Status};

/// Shows and takes deposits; records damage and what the person says against it.
pub(crate) struct DepositService {
    store: Store,
}

impl DepositService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

fn shown(request: &'static str, done: Result<store::Damage, BooksError>) -> Result<Response<Damage>, Status> {
    done.map(|done| Response::new(damage(done, Utc::now()))).map_err(|error| refused(request, &error))
}

#[tonic::async_trait]
impl Deposits for DepositService {
    async fn get_deposit(&self, request: Request<GetDepositRequest>) -> Result<Response<Deposit>, Status> {
        let caller = caller(&request)?;
        let found = self.store.deposit(&caller, &request.into_inner().wearer).await;
        found.map(|found| Response::new(deposit(found, Utc::now()))).map_err(|error| refused("GetDeposit", &error))
    }

    async fn record_deposit_payment(&self, request: Request<RecordDepositPaymentRequest>) -> Result<Response<Payment>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        let done = self.store.payment_record(&caller, &deposit_asked(&asked, Utc::now())?).await;
        done.map(|done| Response::new(payment(done))).map_err(|error| refused("RecordDepositPayment", &error))
    }

    async fn assess_damage(&self, request: Request<AssessDamageRequest>) -> Result<Response<Damage>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        shown("AssessDamage", self.store.damage_assess(&caller, &damage_asked(&asked)?).await)
    }

    async fn record_damage_notice(&self, request: Request<RecordDamageNoticeRequest>) -> Result<Response<Damage>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("damage {}", asked.damage_id));
        let (day, how) = notice_asked(&asked)?;
        shown("RecordDamageNotice", self.store.damage_tell(&caller, (asked.damage_id, asked.expected_version), (day, &how)).await)
    }

    async fn list_damages(&self, request: Request<ListDamagesRequest>) -> Result<Response<ListDamagesResponse>, Status> {
        let (caller, now) = (caller(&request)?, Utc::now());
        let filter = damages_asked(&request.into_inner())?;
        let damages = self.store.damage_list(&caller, &filter, now).await.map_err(|error| store_failed("ListDamages", &error))?;
        caller.about(format!("{} damages", damages.len()));
        let is_full = damages.len() == filter.limit as usize;
        let next_before_damage_id = damages.last().filter(|_| is_full).map_or(0, |last| last.damage_id);
        Ok(Response::new(ListDamagesResponse { damages: damages.into_iter().map(|one| damage(one, now)).collect(), next_before_damage_id }))
    }

    async fn object_to_damage(&self, request: Request<ObjectToDamageRequest>) -> Result<Response<Damage>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("damage {}", asked.damage_id));
        let (at, objection) = object_asked(&asked, Utc::now())?;
        shown("ObjectToDamage", self.store.damage_object(&caller, (asked.damage_id, asked.expected_version), (at, &objection)).await)
    }

    async fn answer_damage_objection(&self, request: Request<AnswerDamageObjectionRequest>) -> Result<Response<Damage>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("damage {}", asked.damage_id));
        let (remains, answer) = answer_asked(&asked)?;
        let which = (asked.damage_id, asked.expected_version);
        shown("AnswerDamageObjection", self.store.damage_answer(&caller, which, (remains, &answer)).await)
    }

    async fn settle_damage(&self, request: Request<SettleDamageRequest>) -> Result<Response<Damage>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("damage {}", asked.damage_id));
        shown("SettleDamage", self.store.damage_settle(&caller, (asked.damage_id, asked.expected_version)).await)
    }
}
