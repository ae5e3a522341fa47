//! The service of auditors, and of everybody for the own acts.

use crate::accounts::{instant, page_size_violation};
use crate::alerts::store_failed;
use crate::convert;
use crate::gate::caller;
use crate::reason::Wrong;
use crate::status::{check, length_violation, wrong};
use access::AuditLink;
use proto::access::audit_server::Audit;
use proto::access::{
    AuditEntry, AuditHead, GetAuditHeadRequest, ListPurposesRequest, ListPurposesResponse, Purpose, SearchAuditRequest, SearchAuditResponse,
};
use store::{AuditFilter, AuditPage, Store};
use tonic::{Request, Response, Status};

/// Longest text to search for, characters.
const SEARCHED_CHARACTERS_MAX: usize = 200;

/// Entries in one answer if the caller does not say.
const PAGE_UNSAID: u32 = 100;

/// Reads the audit.
pub(crate) struct AuditService {
    store: Store,
}

impl AuditService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl Audit for AuditService {
    async fn search_audit(&self, request: Request<SearchAuditRequest>) -> Result<Response<SearchAuditResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let filter = filter(&asked)?;
        caller.about_wearer(&asked.wearer);
        caller.about("the audit");
        let page = self.store.audit_search(&caller, &filter).await.map_err(|error| store_failed("SearchAudit", &error))?;
        Ok(Response::new(answer(page)))
    }

    async fn list_own_acts(&self, request: Request<SearchAuditRequest>) -> Result<Response<SearchAuditResponse>, Status> {
        let caller = caller(&request)?;
        let filter = filter(&request.into_inner())?;
        let page = self.store.audit_own(&caller, &filter).await.map_err(|error| store_failed("ListOwnActs", &error))?;
        Ok(Response::new(answer(page)))
    }

    async fn get_audit_head(&self, _request: Request<GetAuditHeadRequest>) -> Result<Response<AuditHead>, Status> {
        let (head, at) = self.store.audit_head().await.map_err(|error| store_failed("GetAuditHead", &error))?;
        let hash = convert::hex(&head.hash);
        Ok(Response::new(AuditHead { number: head.number, hash, at: at.map(instant) }))
    }

    async fn list_purposes(&self, _request: Request<ListPurposesRequest>) -> Result<Response<ListPurposesResponse>, Status> {
        let purposes = self.store.purposes().await.map_err(|error| store_failed("ListPurposes", &error))?;
        let purpose =
            |row: store::PurposeRow| Purpose { code: row.code, name_fa: row.name_fa, name_en: row.name_en, needs_case: row.needs_case };
        Ok(Response::new(ListPurposesResponse { purposes: purposes.into_iter().map(purpose).collect() }))
    }
}

fn filter(asked: &SearchAuditRequest) -> Result<AuditFilter, Status> {
    let mut violations = Vec::new();
    for (field, text) in [("who", &asked.who), ("wearer", &asked.wearer), ("act", &asked.act)] {
        violations.extend(length_violation(field, text, 0, SEARCHED_CHARACTERS_MAX));
    }
    let mut instant = |field: &str, time: Option<&prost_types::Timestamp>| {
        let instant = time.map(convert::instant);
        if instant == Some(None) {
            violations.push(wrong(field, Wrong::NoInstant, &[]));
        }
        instant.flatten().and_then(|time| chrono::DateTime::from_timestamp_millis(time.millis()))
    };
    let (from, to) = (instant("from", asked.from.as_ref()), instant("to", asked.to.as_ref()));
    violations.extend(page_size_violation(asked.page_size));
    check(violations)?;
    let limit = if asked.page_size == 0 { PAGE_UNSAID } else { asked.page_size };
    let (who, wearer, act) = (asked.who.clone(), asked.wearer.clone(), asked.act.clone());
    Ok(AuditFilter { from, to, who, wearer, act, refused_only: asked.refused_only, before: asked.before_number.max(0), limit })
}

fn answer(page: AuditPage) -> SearchAuditResponse {
    SearchAuditResponse { entries: page.entries.into_iter().map(entry).collect(), next_before_number: page.next.unwrap_or_default() }
}

fn entry(link: AuditLink) -> AuditEntry {
    let entry = link.entry;
    AuditEntry {
        number: link.number,
        at: Some(instant(link.at)),
        who: entry.who,
        role: entry.role,
        unit: entry.unit,
        act: entry.act,
        wearer: entry.wearer,
        subject: entry.subject,
        purpose: entry.purpose,
        case_number: entry.case_number,
        address: entry.address,
        result: entry.result,
    }
}
