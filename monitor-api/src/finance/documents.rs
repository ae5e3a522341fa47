//! The service of documents.

use super::document_asked::{answer_asked, list_asked, objection_asked, objections_asked, sent_asked, void_asked};
use super::shown::language;
use super::{document_page, document_shown, refused};
use crate::alerts::store_failed;
use crate::enrolment::tehran_day;
use crate::events::Happening;
use crate::fields::{Fields, REFERENCE_MAX};
use crate::gate::{asked, caller};
use crate::language::Language;
use crate::proposals::Proposing;
use crate::reason::{Reason, Wrong};
use crate::status::refusal;
use access::Caller;
use chrono::{DateTime, Utc};
use proto::access::Proposal;
use proto::billing as schema;
use proto::billing::documents_server::Documents;
use proto::billing::render_document_request::Which;
use store::{BooksError, DocumentHappening, DocumentWhole, Store};
use tonic::{Code, Request, Response, Status};

const MARK_COLLECTIBLE: &str = "/paband.billing.v1.Documents/MarkCollectible";
const MARK_UNCOLLECTIBLE: &str = "/paband.billing.v1.Documents/MarkUncollectible";

/// Lists and shows documents, and writes down what becomes of them.
pub(crate) struct DocumentService {
    store: Store,
    proposing: Proposing,
}

impl DocumentService {
    pub(crate) fn new(store: Store, proposing: Proposing) -> Self {
        Self { store, proposing }
    }
}

/// Writes something down about a document and shows the document as it is then.
pub(super) async fn happened(
    store: &Store,
    request: &'static str,
    (caller, document_id): (&Caller, i64),
    (happening, at): (DocumentHappening, DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<Response<schema::Document>, Status> {
    caller.about(format!("document {document_id}"));
    let done = store.document_happened(caller, document_id, &happening, at, now).await;
    let document_id = done.map_err(|error| refused(request, &error))?;
    shown(request, store.document(caller, document_id, now).await)
}

fn shown(request: &'static str, found: Result<DocumentWhole, BooksError>) -> Result<Response<schema::Document>, Status> {
    found.map(|found| Response::new(document_shown::whole(&found))).map_err(|error| refused(request, &error))
}

#[tonic::async_trait]
impl Documents for DocumentService {
    async fn list_documents(
        &self,
        request: Request<schema::ListDocumentsRequest>,
    ) -> Result<Response<schema::ListDocumentsResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let filter = list_asked(&asked)?;
        caller.about_wearer(&filter.wearer);
        if asked.deposit_asked {
            let found = self.store.deposit_requests(&caller, &filter, Utc::now()).await;
            let found = found.map_err(|error| refused("ListDocuments", &error))?;
            caller.about(format!("{} documents", found.requests.len()));
            let documents = found.requests.iter().map(|(shown, asked)| document_shown::request(shown, *asked)).collect();
            return Ok(Response::new(schema::ListDocumentsResponse { documents, next_before_document_id: found.next_before }));
        }
        let page = self.store.document_list(&caller, &filter, Utc::now()).await.map_err(|error| store_failed("ListDocuments", &error))?;
        caller.about(format!("{} documents", page.documents.len()));
        let documents = page.documents.iter().map(document_shown::document).collect();
        Ok(Response::new(schema::ListDocumentsResponse { documents, next_before_document_id: page.next_before }))
    }

    async fn get_document(&self, request: Request<schema::GetDocumentRequest>) -> Result<Response<schema::Document>, Status> {
        let caller = caller(&request)?;
        let document_id = request.into_inner().document_id;
        caller.about(format!("document {document_id}"));
        shown("GetDocument", self.store.document(&caller, document_id, Utc::now()).await)
    }

    async fn render_document(
        &self,
        request: Request<schema::RenderDocumentRequest>,
    ) -> Result<Response<schema::RenderDocumentResponse>, Status> {
        let (caller, now) = (caller(&request)?, Utc::now());
        let schema::RenderDocumentRequest { which, format, language: wished } = request.into_inner();
        let (which, is_json) = render_asked(which, format)?;
        let failed = |error| refused("RenderDocument", &error);
        let (documents, name) = match which {
            Which::DocumentId(document_id) => {
                caller.about(format!("document {document_id}"));
                let whole = self.store.document(&caller, document_id, now).await.map_err(failed)?;
                let name = whole.shown.row.number.clone().unwrap_or_else(|| format!("document-{document_id}"));
                (vec![whole], name)
            }
            Which::Wearer(wearer) => {
                caller.about_wearer(&wearer);
                let open = self.store.documents_open(&caller, wearer.trim(), now).await.map_err(failed)?;
                (open, "open-documents".to_owned())
            }
        };
        if documents.is_empty() {
            return Err(refusal(Code::FailedPrecondition, Reason::NothingOwed, &[]));
        }
        let (text, ending, media_type) = if is_json {
            (json(&documents, now, language(wished))?, "json", "application/json")
        } else {
            (document_page::html(&documents, language(wished)), "html", "text/html; charset=utf-8")
        };
        let (file_name, media_type) = (format!("{name}.{ending}"), media_type.to_owned());
        Ok(Response::new(schema::RenderDocumentResponse { file_name, media_type, content: text.into_bytes() }))
    }

    async fn mark_sent(&self, request: Request<schema::MarkSentRequest>) -> Result<Response<schema::Document>, Status> {
        let ((caller, asked), now) = (asked(request)?, Utc::now());
        happened(&self.store, "MarkSent", (&caller, asked.document_id), sent_asked(&asked, now)?, now).await
    }

    async fn mark_uncollectible(&self, request: Request<schema::MarkUncollectibleRequest>) -> Result<Response<Proposal>, Status> {
        caller(&request)?.about(format!("document {}", request.get_ref().document_id));
        self.proposing.propose(MARK_UNCOLLECTIBLE, request).await
    }

    async fn mark_collectible(&self, request: Request<schema::MarkCollectibleRequest>) -> Result<Response<Proposal>, Status> {
        caller(&request)?.about(format!("document {}", request.get_ref().document_id));
        self.proposing.propose(MARK_COLLECTIBLE, request).await
    }

    async fn void_document(&self, request: Request<schema::VoidDocumentRequest>) -> Result<Response<schema::Document>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about(format!("document {}", asked.document_id));
        let reason = void_asked(&asked)?;
        let done = self.store.document_void(&caller, asked.document_id, &reason).await;
        let document_id = done.map_err(|error| refused("VoidDocument", &error))?;
        shown("VoidDocument", self.store.document(&caller, document_id, Utc::now()).await)
    }

    async fn record_objection(&self, request: Request<schema::RecordObjectionRequest>) -> Result<Response<schema::Document>, Status> {
        let ((caller, asked), now) = (asked(request)?, Utc::now());
        happened(&self.store, "RecordObjection", (&caller, asked.document_id), objection_asked(&asked, now)?, now).await
    }

    async fn list_objections(
        &self,
        request: Request<schema::ListObjectionsRequest>,
    ) -> Result<Response<schema::ListObjectionsResponse>, Status> {
        let (caller, now) = (caller(&request)?, Utc::now());
        let (unit, limit) = objections_asked(&request.into_inner())?;
        let found = self.store.objections_waiting(&caller, &unit, limit).await;
        let (objections, total) = found.map_err(|error| refused("ListObjections", &error))?;
        caller.about(format!("{} objections", objections.len()));
        let objections = objections.into_iter().map(|one| document_shown::objection(one, now)).collect();
        Ok(Response::new(schema::ListObjectionsResponse { objections, total }))
    }

    async fn answer_objection(&self, request: Request<schema::AnswerObjectionRequest>) -> Result<Response<schema::Document>, Status> {
        let ((caller, asked), now) = (asked(request)?, Utc::now());
        let (outcome, text) = answer_asked(&asked)?;
        caller.about(format!("objection {}", asked.objection_id));
        let answered = self.store.objection_answer(&caller, (asked.objection_id, outcome, &text), now).await;
        let document_id = answered.map_err(|error| refused("AnswerObjection", &error))?;
        shown("AnswerObjection", self.store.document(&caller, document_id, now).await)
    }
}

/// Which documents, and whether as JSON.
fn render_asked(which: Option<Which>, format: i32) -> Result<(Which, bool), Status> {
    let mut fields = Fields::default();
    let format = schema::DocumentFormat::try_from(format).unwrap_or_default();
    if format == schema::DocumentFormat::Unspecified {
        fields.note("format", Wrong::Missing, &[]);
    }
    match &which {
        None => fields.note("document_id", Wrong::Missing, &[]),
        Some(Which::Wearer(wearer)) => _ = fields.text("wearer", wearer, REFERENCE_MAX),
        Some(Which::DocumentId(_)) => {}
    }
    fields.check()?;
    let which = which.ok_or_else(|| refusal(Code::Internal, Reason::Internal, &[]))?;
    Ok((which, format == schema::DocumentFormat::Json))
}

fn json(documents: &[DocumentWhole], now: DateTime<Utc>, language: Language) -> Result<String, Status> {
    let today = billing::calendar::Day::try_from(tehran_day(now)).map_err(|error| error.to_string());
    let written = today.and_then(|today| document_page::json(documents, today, language).map_err(|error| error.to_string()));
    written.map_err(|error| {
        Happening::RequestFailed { request: "RenderDocument", error: &error }.tell();
        refusal(Code::Internal, Reason::Internal, &[])
    })
}
