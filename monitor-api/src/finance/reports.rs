//! The service of sums and files.

use super::document_list::{self, ROWS_MAX, receivable};
use super::ledger_file::{LedgerAsked, LedgerFileError, LedgerFormat, write_ledger};
use super::reports_shown::{receivables, reconciled, trial_balance};
use super::shown::{UNIT_MAX, as_of, language, month_asked, past_instant, unit_ids, units};
use crate::alerts::store_failed;
use crate::events::Happening;
use crate::fields::Fields;
use crate::gate::caller;
use crate::language::current;
use crate::reason::{Reason, Wrong};
use crate::status::refusal;
use access::Caller;
use billing::calendar::{Day, Moment, Month};
use chrono::Utc;
use proto::billing as schema;
use proto::billing::reports_server::Reports;
use store::{AsOf, DocumentFilter, DocumentShown, Store};
use tokio::sync::mpsc;
use tokio_stream::Iter;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status};

/// Bytes of one piece of a file.
const PIECE_BYTES: usize = 64 * 1024;

/// Pieces written ahead of a slow caller.
const PIECES_AHEAD: usize = 4;

/// Documents read at a time.
const DOCUMENTS: u32 = 2000;

/// Reports and files.
pub(crate) struct ReportService {
    store: Store,
}

impl ReportService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }

    /// The documents that were issued in a month to wearers of these units, in the order of issue.
    async fn documents_of(&self, caller: &Caller, units: &[i64], (from, to): (Moment, Moment)) -> Result<Vec<DocumentShown>, Status> {
        let (from, to) = (Some(from.utc()), Some(to.utc()));
        let mut filter = DocumentFilter { units: Some(units.to_vec()), from, to, limit: DOCUMENTS, ..DocumentFilter::default() };
        let mut documents = Vec::new();
        loop {
            let page = self.store.document_list(caller, &filter, Utc::now()).await;
            let page = page.map_err(|error| store_failed("ExportDocuments", &error))?;
            documents.extend(page.documents);
            if documents.len() > ROWS_MAX {
                return Err(refusal(Code::FailedPrecondition, Reason::TooManyRows, &[("max", ROWS_MAX.to_string())]));
            }
            // A full page may have been the last one; the next one is then empty.
            if page.next_before == 0 {
                break;
            }
            filter.before = page.next_before;
        }
        documents.reverse();
        Ok(documents)
    }
}

#[tonic::async_trait]
impl Reports for ReportService {
    type ExportLedgerStream = ReceiverStream<Result<schema::ExportPiece, Status>>;
    type ExportDocumentsStream = Iter<std::vec::IntoIter<Result<schema::ExportPiece, Status>>>;

    async fn get_receivables(
        &self,
        request: Request<schema::GetReceivablesRequest>,
    ) -> Result<Response<schema::GetReceivablesResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let (unit, as_of) = unit_and_day(&asked.unit, asked.day.as_ref())?;
        let units = units(&self.store, &caller, &unit).await?;
        let open = self.store.open_invoices(&unit_ids(&units), as_of).await.map_err(|error| store_failed("GetReceivables", &error))?;
        let rows = receivables(&units, &open, as_of.day, current()).map_err(|error| broken("GetReceivables", &error))?;
        Ok(Response::new(schema::GetReceivablesResponse { rows }))
    }

    async fn get_trial_balance(
        &self,
        request: Request<schema::GetTrialBalanceRequest>,
    ) -> Result<Response<schema::GetTrialBalanceResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let mut fields = Fields::default();
        let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
        let at = past_instant(&mut fields, "at", asked.at.as_ref(), Utc::now());
        fields.check()?;
        let failed = |error| store_failed("GetTrialBalance", &error);
        let (as_of, units) = (AsOf::instant(at).map_err(failed)?, units(&self.store, &caller, &unit).await?);
        let balances = self.store.trial_balance(&unit_ids(&units), as_of).await.map_err(failed)?;
        let head = self.store.ledger_head().await.map_err(failed)?;
        Ok(Response::new(trial_balance(&balances, head).map_err(|error| broken("GetTrialBalance", &error))?))
    }

    async fn export_ledger(&self, request: Request<schema::ExportLedgerRequest>) -> Result<Response<Self::ExportLedgerStream>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let (unit, format, from, to) = ledger_asked(&asked)?;
        let units = unit_ids(&units(&self.store, &caller, &unit).await?);
        caller.about("ledger");
        let (sender, pieces) = mpsc::channel(PIECES_AHEAD);
        let store = self.store.clone();
        let speaking = crate::language::speaking(current(), async move {
            let asked = LedgerAsked { format, units, from, to };
            send_ledger(&store, &asked, &sender).await;
        });
        tokio::spawn(speaking);
        Ok(Response::new(ReceiverStream::new(pieces)))
    }

    async fn export_documents(
        &self,
        request: Request<schema::ExportDocumentsRequest>,
    ) -> Result<Response<Self::ExportDocumentsStream>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let (unit, month, is_csv) = documents_asked(&asked)?;
        let ids = unit_ids(&units(&self.store, &caller, &unit).await?);
        let (from, to) = (Moment::start_of(month.first_day()), Moment::start_of(month.next().first_day()));
        let documents = self.documents_of(&caller, &ids, (from, to)).await?;
        let (expected, language) = (receivable(&documents), language(asked.language));
        let found = self.store.receivable_issued(&ids, from.utc(), to.utc()).await;
        let found = found.map_err(|error| store_failed("ExportDocuments", &error))?;
        if found != expected {
            let args = [("expected", expected.to_string()), ("found", found.to_string())];
            return Err(refusal(Code::FailedPrecondition, Reason::BooksDisagree, &args));
        }
        caller.about(format!("{} documents", documents.len()));
        let head = self.store.ledger_head().await.map_err(|error| store_failed("ExportDocuments", &error))?;
        let (file, ending, media_type) = if is_csv {
            (document_list::csv(&documents, &head, language).map_err(|error| broken("ExportDocuments", &error))?, "csv", CSV)
        } else {
            (document_list::xlsx(&documents, month, &head, language).map_err(|error| broken("ExportDocuments", &error))?, "xlsx", XLSX)
        };
        let mut pieces = pieces(&file);
        if let Some(first) = pieces.first_mut() {
            (first.file_name, first.media_type) = (format!("paband-documents-{month}.{ending}"), media_type.to_owned());
        }
        Ok(Response::new(tokio_stream::iter(pieces.into_iter().map(Ok).collect::<Vec<_>>())))
    }

    async fn reconcile(&self, request: Request<schema::ReconcileRequest>) -> Result<Response<schema::ReconcileResponse>, Status> {
        let caller = caller(&request)?;
        let asked = request.into_inner();
        let (unit, as_of) = unit_and_day(&asked.unit, asked.day.as_ref())?;
        let units = unit_ids(&units(&self.store, &caller, &unit).await?);
        let compared = self.store.books_reconcile(&units, as_of).await;
        let (sums, differences) = compared.map_err(|error| store_failed("Reconcile", &error))?;
        caller.about(format!("{} differences", differences.len()));
        Ok(Response::new(reconciled(&sums, differences)))
    }
}

const CSV: &str = "text/csv; charset=utf-8";
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

fn pieces(file: &[u8]) -> Vec<schema::ExportPiece> {
    file.chunks(PIECE_BYTES).map(|piece| schema::ExportPiece { piece: piece.to_vec(), ..Default::default() }).collect()
}

/// A fault of the program.
fn broken(request: &'static str, error: &dyn std::fmt::Display) -> Status {
    Happening::RequestFailed { request, error: &error.to_string() }.tell();
    refusal(Code::Internal, Reason::Internal, &[])
}

fn unit_and_day(unit: &str, day: Option<&proto::enrolment::Date>) -> Result<(String, AsOf), Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", unit, UNIT_MAX);
    let as_of = as_of(&mut fields, day, Utc::now())?;
    fields.check().map(|()| (unit, as_of))
}

type AskedLedger = (String, LedgerFormat, Option<Day>, Option<Day>);

fn ledger_asked(asked: &schema::ExportLedgerRequest) -> Result<AskedLedger, Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
    let format = match asked.format() {
        schema::LedgerFormat::Unspecified => {
            fields.note("format", Wrong::Missing, &[]);
            LedgerFormat::Csv
        }
        schema::LedgerFormat::Hledger => LedgerFormat::Hledger,
        schema::LedgerFormat::Beancount => LedgerFormat::Beancount,
        schema::LedgerFormat::Csv => LedgerFormat::Csv,
        schema::LedgerFormat::Xlsx => LedgerFormat::Xlsx,
    };
    let mut day = |field: &str, asked: Option<&proto::enrolment::Date>| {
        let date = fields.optional_date(field, asked)?;
        let day = Day::try_from(date).ok();
        if day.is_none() {
            fields.note(field, Wrong::NoDate, &[]);
        }
        day
    };
    let (from, to) = (day("from", asked.from.as_ref()), day("to", asked.to.as_ref()));
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        fields.note("to", Wrong::NotAfter, &[("from", geofence::Timestamp::from(Moment::start_of(from).utc()).to_string())]);
    }
    fields.check().map(|()| (unit, format, from, to))
}

fn documents_asked(asked: &schema::ExportDocumentsRequest) -> Result<(String, Month, bool), Status> {
    let mut fields = Fields::default();
    let unit = fields.optional_text("unit", &asked.unit, UNIT_MAX);
    let month = month_asked(&mut fields, "month", asked.month.as_ref());
    if asked.month.is_none() {
        fields.note("month", Wrong::Missing, &[]);
    }
    let format = asked.format();
    if format == schema::DocumentListFormat::Unspecified {
        fields.note("format", Wrong::Missing, &[]);
    }
    fields.check()?;
    let month = month.ok_or_else(|| refusal(Code::Internal, Reason::Internal, &[]))?;
    Ok((unit, month, format == schema::DocumentListFormat::Csv))
}

/// Writes the ledger piece by piece to a caller, or why there is none.
async fn send_ledger(store: &Store, asked: &LedgerAsked, sender: &mpsc::Sender<Result<schema::ExportPiece, Status>>) {
    let (ending, media_type) = match asked.format {
        LedgerFormat::Hledger => ("journal", "text/plain; charset=utf-8"),
        LedgerFormat::Beancount => ("beancount", "text/plain; charset=utf-8"),
        LedgerFormat::Csv => ("csv", CSV),
        LedgerFormat::Xlsx => ("xlsx", XLSX),
    };
    let first = schema::ExportPiece { file_name: format!("paband-ledger.{ending}"), media_type: media_type.to_owned(), piece: Vec::new() };
    if sender.send(Ok(first)).await.is_err() {
        return;
    }
    let take = |written: Vec<u8>| async move {
        for piece in pieces(&written) {
            sender.send(Ok(piece)).await.map_err(|_| LedgerFileError::NobodyReads)?;
        }
        Ok(())
    };
    let refused = match write_ledger(store, asked, take).await {
        Ok(()) | Err(LedgerFileError::NobodyReads) => return,
        Err(LedgerFileError::TooManyRows(max)) => refusal(Code::FailedPrecondition, Reason::TooManyRows, &[("max", max.to_string())]),
        Err(LedgerFileError::Store(error)) => store_failed("ExportLedger", &error),
        Err(error) => broken("ExportLedger", &error),
    };
    // Nobody may be there to hear it any more.
    _ = sender.send(Err(refused)).await;
}
