//! The service of runs.

use super::runs_asked::{case_asked, compare_asked, preview_asked, runs_asked, start_asked, what_if_asked, work_asked};
use super::runs_shown::{run, work};
use super::{looks, refused};
use crate::alerts::store_failed;
use crate::events::Happening;
use crate::gate::{asked, caller};
use chrono::Utc;
use proto::billing::runs_server::Runs;
use proto::billing::start_run_request::Who;
use proto::billing::{
    BillCaseRequest, BillCaseResponse, CompareWithTagsRequest, CompareWithTagsResponse, GetRunRequest, ListRunsRequest, ListRunsResponse,
    ListWorkRequest, ListWorkResponse, PreviewRunRequest, PreviewRunResponse, Run, StartRunRequest, WhatIfRequest, WhatIfResponse,
};
use std::sync::Arc;
use store::{Store, StoreError};
use tokio::sync::Semaphore;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

/// Looks over many persons at a time; another one waits. Whoever issues comes first.
const LOOKS_AT_A_TIME: usize = 1;

/// Begins, shows and previews runs.
pub(crate) struct RunService {
    store: Store,
    turns: Arc<Semaphore>,
}

impl RunService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, turns: Arc::new(Semaphore::new(LOOKS_AT_A_TIME)) }
    }
}

/// A run over units goes on after its answer. Broken off, it is gone on with by a service that looks after runs.
async fn go_on(store: Store, run_id: i64) -> Result<(), StoreError> {
    while store.books_run_next(run_id).await? {}
    Ok(())
}

#[tonic::async_trait]
impl Runs for RunService {
    async fn start_run(&self, request: Request<StartRunRequest>) -> Result<Response<Run>, Status> {
        let (caller, asked) = asked(request)?;
        let now = Utc::now();
        let run_id = match start_asked(asked)? {
            Who::Wearer(wearer) => {
                caller.about_wearer(&wearer);
                self.store.books_run_person(&caller, &wearer, now).await
            }
            Who::Unit(unit) => {
                let begun = self.store.books_run_ask(&caller, &unit, now).await;
                let (run_id, is_new) = begun.map_err(|error| refused("StartRun", &error))?;
                if is_new {
                    let store = self.store.clone();
                    tokio::spawn(async move {
                        if let Err(error) = go_on(store, run_id).await {
                            Happening::RequestFailed { request: "StartRun", error: &error.to_string() }.tell();
                        }
                    });
                }
                Ok(run_id)
            }
        };
        let run_id = run_id.map_err(|error| refused("StartRun", &error))?;
        let begun = self.store.books_run(&caller, run_id, Utc::now()).await.map_err(|error| refused("StartRun", &error))?;
        Ok(Response::new(run(begun)))
    }

    async fn get_run(&self, request: Request<GetRunRequest>) -> Result<Response<Run>, Status> {
        let caller = caller(&request)?;
        let found = self.store.books_run(&caller, request.into_inner().run_id, Utc::now()).await;
        Ok(Response::new(run(found.map_err(|error| refused("GetRun", &error))?)))
    }

    async fn list_runs(&self, request: Request<ListRunsRequest>) -> Result<Response<ListRunsResponse>, Status> {
        let caller = caller(&request)?;
        let (before, limit) = runs_asked(&request.into_inner())?;
        let runs = self.store.books_runs(&caller, before, limit, Utc::now()).await.map_err(|error| store_failed("ListRuns", &error))?;
        let next_before_run_id = runs.last().filter(|_| runs.len() as i64 == limit).map_or(0, |last| last.run_id);
        Ok(Response::new(ListRunsResponse { runs: runs.into_iter().map(run).collect(), next_before_run_id }))
    }

    type PreviewRunStream = ReceiverStream<Result<PreviewRunResponse, Status>>;

    async fn preview_run(&self, request: Request<PreviewRunRequest>) -> Result<Response<Self::PreviewRunStream>, Status> {
        let caller = caller(&request)?;
        let (who, at) = preview_asked(request.into_inner(), Utc::now())?;
        let persons = looks::who(&self.store, &caller, who).await.map_err(|error| refused("PreviewRun", &error))?;
        Ok(looks::preview(self.store.clone(), Arc::clone(&self.turns), persons, at))
    }

    type WhatIfStream = ReceiverStream<Result<WhatIfResponse, Status>>;

    async fn what_if(&self, request: Request<WhatIfRequest>) -> Result<Response<Self::WhatIfStream>, Status> {
        let caller = caller(&request)?;
        let (unit, months, alternative) = what_if_asked(request.into_inner())?;
        let persons = looks::who(&self.store, &caller, looks::Who::Unit(unit)).await.map_err(|error| refused("WhatIf", &error))?;
        Ok(looks::what_if(self.store.clone(), Arc::clone(&self.turns), persons, months, alternative))
    }

    async fn list_work(&self, request: Request<ListWorkRequest>) -> Result<Response<ListWorkResponse>, Status> {
        let caller = caller(&request)?;
        let (asked, after, limit) = work_asked(request.into_inner())?;
        let found = self.store.books_work(&caller, &asked.unit, asked.blocked_only, after, limit).await;
        let found = found.map_err(|error| refused("ListWork", &error))?;
        let names = found.iter().flat_map(|work| work.reason.facts().map(str::to_owned)).collect::<Vec<_>>();
        let facts = self.store.facts_said(names).await.map_err(|error| refused("ListWork", &error.into()))?;
        caller.about(format!("{} entries", found.len()));
        let next = found.last().filter(|_| found.len() as i64 == limit).map(|last| format!("{}.{}", last.place.0, last.place.1));
        Ok(Response::new(ListWorkResponse {
            work: found.into_iter().map(|one| work(one, &facts)).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    type CompareWithTagsStream = ReceiverStream<Result<CompareWithTagsResponse, Status>>;

    async fn compare_with_tags(&self, request: Request<CompareWithTagsRequest>) -> Result<Response<Self::CompareWithTagsStream>, Status> {
        let caller = caller(&request)?;
        let (unit, of, silent_days_min) = compare_asked(&request.into_inner())?;
        caller.about(format!("{of}"));
        let comparison = self.store.tag_comparison(&caller, &unit, of, Utc::now()).await;
        let comparison = comparison.map_err(|error| refused("CompareWithTags", &error))?;
        Ok(looks::compare(Arc::clone(&self.turns), comparison, silent_days_min))
    }

    async fn bill_case(&self, request: Request<BillCaseRequest>) -> Result<Response<BillCaseResponse>, Status> {
        let BillCaseRequest { case, explain } = request.into_inner();
        // A case may be long: beside the tasks that wait for sockets.
        let answer = tokio::task::spawn_blocking(move || case_asked(&case, explain));
        let answer = answer.await.map_err(|_| looks::broken())??;
        Ok(Response::new(BillCaseResponse { answer }))
    }
}
