//! The service of imports.

use super::running::Running;
use super::template;
use crate::accounts::instant;
use crate::convert::hex;
use crate::enrolment::refused;
use crate::fields::Fields;
use crate::gate::{asked, caller, session};
use crate::imports::sheet::FILE_BYTES_MAX;
use crate::reason::{Reason, Wrong};
use crate::status::refusal;
use access::{Caller, Role};
use chrono::Utc;
use proto::enrolment::imports_server::Imports;
use proto::enrolment::{
    AbandonImportRequest, AddPieceRequest, BeginImportRequest, CheckImportRequest, GetImportRequest, GetImportTemplateRequest,
    GetImportTemplateResponse, Import, ImportKind as Kind, ImportProgress, ImportState as State, ListImportsRequest, ListImportsResponse,
    RunImportRequest,
};
use std::sync::Arc;
use store::{EnrolmentError, IMPORT_PIECE_BYTES, ImportKind, ImportState, NewImport, OpenSession, Store};
use tokio::sync::Semaphore;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

/// Longest name of a file, characters.
const FILE_NAME_MAX: usize = 200;

/// Checks and runs at a time; another one waits.
const AT_A_TIME: usize = 1;

/// Who takes in what. A person may hold several of these roles, each in another unit.
const WHO: [(&[Role], &[ImportKind]); 2] = [
    (&[Role::Intake], &[ImportKind::Wearers, ImportKind::Orders, ImportKind::Zones]),
    (&[Role::Technical, Role::Technician], &[ImportKind::Tags]),
];

/// Takes files, checks and runs them.
pub(crate) struct ImportService {
    store: Store,
    turns: Arc<Semaphore>,
}

impl ImportService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// The caller in those roles that take in this import, and its kind.
    async fn of_import(&self, caller: &Caller, session: &OpenSession, import_id: i64) -> Result<(Caller, ImportKind), Status> {
        for (caller, kinds) in narrowed(caller, session) {
            match self.store.import(&caller, kinds, import_id).await {
                Ok(import) => return Ok((caller, import.new.kind)),
                Err(EnrolmentError::UnknownImport) => {}
                Err(error) => return Err(refused("imports", &error)),
            }
        }
        Err(refused("imports", &EnrolmentError::UnknownImport))
    }

    async fn progress(&self, caller: Caller, kind: ImportKind, import_id: i64, to_store: bool) -> Result<Progress, Status> {
        let (import, bytes) = self.store.import_file(&caller, &[kind], import_id).await.map_err(|error| refused("imports", &error))?;
        let (store, turns) = (self.store.clone(), Arc::clone(&self.turns));
        let running = Running { store, caller, import, bytes, to_store, now: Utc::now(), turns };
        Ok(Response::new(ReceiverStream::new(running.start())))
    }
}

type Progress = Response<ReceiverStream<Result<ImportProgress, Status>>>;

/// The caller as who may take in each group of kinds, reaching only the units of the roles that may.
fn narrowed<'a>(caller: &'a Caller, session: &'a OpenSession) -> impl Iterator<Item = (Caller, &'static [ImportKind])> {
    WHO.iter().filter_map(|(roles, kinds)| caller.clone().with_grants(&session.grants, roles).map(|caller| (caller, *kinds)))
}

#[tonic::async_trait]
impl Imports for ImportService {
    type CheckImportStream = ReceiverStream<Result<ImportProgress, Status>>;
    type RunImportStream = ReceiverStream<Result<ImportProgress, Status>>;

    async fn get_import_template(&self, request: Request<GetImportTemplateRequest>) -> Result<Response<GetImportTemplateResponse>, Status> {
        let mut fields = Fields::default();
        let kind = kind(request.into_inner().kind, &mut fields);
        fields.check()?;
        template::template(kind).map(Response::new)
    }

    async fn begin_import(&self, request: Request<BeginImportRequest>) -> Result<Response<Import>, Status> {
        let session = session(&request)?;
        let (caller, asked) = asked(request)?;
        let mut fields = Fields::default();
        let kind = kind(asked.kind, &mut fields);
        let file_name = fields.text("file_name", &asked.file_name, FILE_NAME_MAX);
        if !(1..=FILE_BYTES_MAX as i64).contains(&asked.bytes) {
            let args = [("min", "1".to_owned()), ("max", FILE_BYTES_MAX.to_string()), ("value", asked.bytes.to_string())];
            fields.note("bytes", Wrong::OutOfRange, &args);
        }
        fields.check()?;
        let who = narrowed(&caller, &session).find(|(_, kinds)| kinds.contains(&kind));
        let (caller, _) = who.ok_or_else(|| refusal(Code::PermissionDenied, Reason::NotAllowed, &[]))?;
        let new = NewImport { kind, file_name, bytes: asked.bytes };
        let begun = self.store.import_begin(&caller, &new, Utc::now()).await;
        Ok(Response::new(import(begun.map_err(|error| refused("BeginImport", &error))?)))
    }

    async fn add_piece(&self, request: Request<AddPieceRequest>) -> Result<Response<Import>, Status> {
        let session = session(&request)?;
        let (caller, AddPieceRequest { import_id, offset, piece }) = (caller(&request)?, request.into_inner());
        let (caller, kind) = self.of_import(&caller, &session, import_id).await?;
        let number = (offset % IMPORT_PIECE_BYTES as i64 == 0).then(|| i32::try_from(offset / IMPORT_PIECE_BYTES as i64).ok()).flatten();
        let number = number.ok_or_else(|| refused("AddPiece", &EnrolmentError::PieceMisplaced))?;
        let added = self.store.import_add_piece(&caller, &[kind], import_id, number, &piece).await;
        Ok(Response::new(import(added.map_err(|error| refused("AddPiece", &error))?)))
    }

    async fn check_import(&self, request: Request<CheckImportRequest>) -> Result<Progress, Status> {
        let session = session(&request)?;
        let (caller, CheckImportRequest { import_id }) = (caller(&request)?, request.into_inner());
        let (caller, kind) = self.of_import(&caller, &session, import_id).await?;
        self.progress(caller, kind, import_id, false).await
    }

    async fn run_import(&self, request: Request<RunImportRequest>) -> Result<Progress, Status> {
        let session = session(&request)?;
        let (caller, RunImportRequest { import_id }) = asked(request)?;
        let (caller, kind) = self.of_import(&caller, &session, import_id).await?;
        self.progress(caller, kind, import_id, true).await
    }

    async fn abandon_import(&self, request: Request<AbandonImportRequest>) -> Result<Response<Import>, Status> {
        let session = session(&request)?;
        let (caller, AbandonImportRequest { import_id }) = asked(request)?;
        let (caller, kind) = self.of_import(&caller, &session, import_id).await?;
        let abandoned = self.store.import_abandon(&caller, &[kind], import_id, Utc::now()).await;
        Ok(Response::new(import(abandoned.map_err(|error| refused("AbandonImport", &error))?)))
    }

    async fn get_import(&self, request: Request<GetImportRequest>) -> Result<Response<Import>, Status> {
        let session = session(&request)?;
        let (caller, GetImportRequest { import_id }) = (caller(&request)?, request.into_inner());
        let (caller, kind) = self.of_import(&caller, &session, import_id).await?;
        let found = self.store.import(&caller, &[kind], import_id).await;
        Ok(Response::new(import(found.map_err(|error| refused("GetImport", &error))?)))
    }

    async fn list_imports(&self, request: Request<ListImportsRequest>) -> Result<Response<ListImportsResponse>, Status> {
        let session = session(&request)?;
        let (caller, asked) = (caller(&request)?, request.into_inner());
        let mut fields = Fields::default();
        let only = (asked.kind != 0).then(|| kind(asked.kind, &mut fields));
        fields.check()?;
        let mut imports = Vec::new();
        for (caller, kinds) in narrowed(&caller, &session) {
            let kinds: Vec<ImportKind> = kinds.iter().copied().filter(|kind| only.is_none_or(|only| only == *kind)).collect();
            imports.extend(self.store.import_list(&caller, &kinds).await.map_err(|error| refused("ListImports", &error))?);
        }
        imports.sort_by_key(|import| std::cmp::Reverse(import.import_id));
        Ok(Response::new(ListImportsResponse { imports: imports.into_iter().map(import).collect() }))
    }
}

/// The kind that a caller's number means; what is none is noted.
fn kind(number: i32, fields: &mut Fields) -> ImportKind {
    match Kind::try_from(number) {
        Ok(Kind::Wearers) => ImportKind::Wearers,
        Ok(Kind::Orders) => ImportKind::Orders,
        Ok(Kind::Zones) => ImportKind::Zones,
        Ok(Kind::Tags) => ImportKind::Tags,
        Ok(Kind::Unspecified) | Err(_) => {
            fields.note("kind", Wrong::UnknownChoice, &[("value", number.to_string())]);
            ImportKind::Wearers
        }
    }
}

/// An import as answers show it.
pub(super) fn import(import: store::Import) -> Import {
    let kind = match import.new.kind {
        ImportKind::Wearers => Kind::Wearers,
        ImportKind::Orders => Kind::Orders,
        ImportKind::Zones => Kind::Zones,
        ImportKind::Tags => Kind::Tags,
    };
    let state = match import.state {
        ImportState::Receiving => State::Receiving,
        ImportState::Received => State::Received,
        ImportState::Done => State::Done,
        ImportState::Abandoned => State::Abandoned,
    };
    Import {
        import_id: import.import_id,
        kind: kind.into(),
        file_name: import.new.file_name,
        bytes: import.new.bytes,
        bytes_received: import.bytes_received,
        state: state.into(),
        begun_by: import.begun_by,
        begun_at: Some(instant(import.begun_at)),
        unit: import.unit,
        sha256: import.checked.sha256.map_or_else(String::new, |digest| hex(&digest)),
        checked_at: import.checked_at.map(instant),
        rows: import.checked.rows,
        rows_known: import.checked.rows_known,
        findings: import.checked.findings,
        ended_at: import.ended_at.map(instant),
    }
}
