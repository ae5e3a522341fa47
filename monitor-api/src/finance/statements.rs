//! The service of bank statements.

use super::money_asked::{match_asked, text};
use super::money_shown::{import, line};
use super::refused;
use super::statement_asked::{import_asked, lines_asked, token};
use crate::alerts::store_failed;
use crate::fields::REASON_MAX;
use crate::gate::{asked, caller};
use crate::language::{current, speaking_at_once};
use crate::reason::Reason;
use crate::status::refusal;
use chrono::Utc;
use proto::billing::statements_server::Statements;
use proto::billing::{
    ImportStatementRequest, ListStatementLinesRequest, ListStatementLinesResponse, MatchLineRequest, SetLineAsideRequest, StatementImport,
    StatementLine,
};
use store::{LineState, Store};
use tonic::{Code, Request, Response, Status};

/// Reads statements in and says whose their lines are.
pub(crate) struct StatementService {
    store: Store,
}

impl StatementService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl Statements for StatementService {
    async fn import_statement(&self, request: Request<ImportStatementRequest>) -> Result<Response<StatementImport>, Status> {
        let (caller, asked) = asked(request)?;
        let now = Utc::now();
        // Reading a file takes a processor, not a socket.
        let language = current();
        let reading = tokio::task::spawn_blocking(move || speaking_at_once(language, || import_asked(&asked, now)));
        let new = reading.await.map_err(|_| refusal(Code::Internal, Reason::Internal, &[]))??;
        let done = self.store.statement_import(&caller, &new, now).await;
        done.map(|done| Response::new(import(done))).map_err(|error| refused("ImportStatement", &error))
    }

    async fn list_statement_lines(
        &self,
        request: Request<ListStatementLinesRequest>,
    ) -> Result<Response<ListStatementLinesResponse>, Status> {
        let caller = caller(&request)?;
        let filter = lines_asked(&request.into_inner())?;
        let lines = self.store.statement_line_list(&caller, &filter).await.map_err(|error| store_failed("ListStatementLines", &error))?;
        caller.about(format!("{} lines of statements", lines.len()));
        let is_full = lines.len() == filter.limit as usize;
        let next = lines.last().filter(|_| is_full).map(|last| token(last.state != LineState::Waiting, last.line_id));
        let next_page_token = next.unwrap_or_default();
        Ok(Response::new(ListStatementLinesResponse { lines: lines.into_iter().map(line).collect(), next_page_token }))
    }

    async fn match_line(&self, request: Request<MatchLineRequest>) -> Result<Response<StatementLine>, Status> {
        let (caller, asked) = asked(request)?;
        if !asked.wearer.is_empty() {
            caller.about_wearer(&asked.wearer);
        }
        let done = self.store.statement_line_match(&caller, &match_asked(&asked)?).await;
        done.map(|done| Response::new(line(done))).map_err(|error| refused("MatchLine", &error))
    }

    async fn set_line_aside(&self, request: Request<SetLineAsideRequest>) -> Result<Response<StatementLine>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("line {} of a statement", asked.line_id));
        let reason = text("reason", &asked.reason, REASON_MAX)?;
        let done = self.store.statement_line_set_aside(&caller, (asked.line_id, asked.expected_version), &reason).await;
        done.map(|done| Response::new(line(done))).map_err(|error| refused("SetLineAside", &error))
    }
}
