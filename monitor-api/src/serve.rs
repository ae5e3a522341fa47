//! The service from its listener to its last caller.

use crate::Options;
use crate::accounts::{PeopleService, SessionService, UnitService};
use crate::alerts::AlertService;
use crate::audit::AuditService;
use crate::custody::{DeletionService, HoldService, ReleaseService, Releasing};
use crate::enrolment::{
    FittingService, GEOJSON_BYTES_MAX, InspectionService, InventoryService, LeaveBatchService, LeaveService, OrderService,
    PHOTO_REQUEST_BYTES_MAX, PhotoService, WearerService, ZoneService, ZoneSetService,
};
use crate::events::Happening;
use crate::finance::{
    AccountService, DepositService, DocumentService, LateFactService, PayingService, PaymentService, PolicyService, RefundService,
    ReliefService, ReminderService, ReportService, RunService, STATEMENT_BYTES_MAX, SetAsideService, StatementService, TariffService,
};
use crate::gate::{Gate, Rights, RightsError, Standing};
use crate::hub::{Hub, Pulse};
use crate::imports::ImportService;
use crate::judgement::JudgementService;
use crate::proposals::{ProposalService, Proposing};
use crate::statistics::StatisticsService;
use crate::tags::{CommandSink, TagService};
use crate::tracking::TrackingService;
use crate::transport::{self, Listener};
use proto::access::audit_server::AuditServer;
use proto::access::people_server::PeopleServer;
use proto::access::proposals_server::ProposalsServer;
use proto::access::sessions_server::SessionsServer;
use proto::access::units_server::UnitsServer;
use proto::billing::accounts_server::AccountsServer;
use proto::billing::deposits_server::DepositsServer;
use proto::billing::documents_server::DocumentsServer;
use proto::billing::late_facts_server::LateFactsServer;
use proto::billing::paying_server::PayingServer;
use proto::billing::payments_server::PaymentsServer;
use proto::billing::policies_server::PoliciesServer;
use proto::billing::refunds_server::RefundsServer;
use proto::billing::relief_server::ReliefServer;
use proto::billing::reminders_server::RemindersServer;
use proto::billing::reports_server::ReportsServer;
use proto::billing::runs_server::RunsServer;
use proto::billing::set_aside_server::SetAsideServer;
use proto::billing::statements_server::StatementsServer;
use proto::billing::tariffs_server::TariffsServer;
use proto::custody::deletions_server::DeletionsServer;
use proto::custody::holds_server::HoldsServer;
use proto::custody::releases_server::ReleasesServer;
use proto::enrolment::fittings_server::FittingsServer;
use proto::enrolment::imports_server::ImportsServer;
use proto::enrolment::inspections_server::InspectionsServer;
use proto::enrolment::inventory_server::InventoryServer;
use proto::enrolment::leave_batches_server::LeaveBatchesServer;
use proto::enrolment::leaves_server::LeavesServer;
use proto::enrolment::orders_server::OrdersServer;
use proto::enrolment::photos_server::PhotosServer;
use proto::enrolment::statistics_server::StatisticsServer;
use proto::enrolment::wearers_server::WearersServer;
use proto::enrolment::zone_sets_server::ZoneSetsServer;
use proto::enrolment::zones_server::ZonesServer;
use proto::monitor::alerts_server::{self, AlertsServer};
use proto::monitor::judgement_server::{self, JudgementServer};
use proto::monitor::tags_server::{self, TagsServer};
use proto::monitor::tracking_server::TrackingServer;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::transport::Server;
use tonic::transport::server::Router;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower_layer::{Identity, Stack};

/// Time between pings on a quiet connection, and how long an answer may take. A dead client is dropped after both.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_WAIT_MAX: Duration = Duration::from_secs(10);

/// Streams on one connection. A client that wants more waits.
const STREAMS_PER_CONNECTION_MAX: u32 = 100;

/// Bytes of request headers on one connection.
const HEADER_BYTES_MAX: u32 = 16 * 1024;

/// Bytes of one request: the longest legal one, a closing note, is below 20 KiB. A longer one is refused.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

/// Bytes of one request that carries a piece of a file.
const PIECE_REQUEST_BYTES_MAX: usize = 1024 * 1024 + REQUEST_BYTES_MAX;
/// The same where zones are drawn: a MiB of GeoJSON, and the rest.
const ZONES_BYTES_MAX: usize = GEOJSON_BYTES_MAX + REQUEST_BYTES_MAX;
/// The same where a bank's statement comes in: a MiB of it, and the rest.
const STATEMENT_REQUEST_BYTES_MAX: usize = STATEMENT_BYTES_MAX + REQUEST_BYTES_MAX;

/// The name under which health tells of the whole server.
const OVERALL: &str = "";

/// Why the service ended or did not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A listener for machines has no encryption, so nobody could say who calls.
    #[error("a listener for machines needs TLS")]
    MachinesWithoutTls,
    /// The service broke.
    #[error("the gRPC service failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The schemas do not say who may call what.
    #[error("nobody can be let in: {0}")]
    Rights(#[from] RightsError),
    /// The schemas cannot be read.
    #[error("the schemas cannot be read: {0}")]
    Schemas(#[from] prost_reflect::DescriptorError),
    /// The descriptors of the schemas cannot be shown.
    #[error("the schemas cannot be shown: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The live tail ended by a fault of the program.
    #[error("the live tail of alerts broke: {0}")]
    Hub(#[from] tokio::task::JoinError),
}

/// Serves on all listeners until `stop` is cancelled. Streams then end with `UNAVAILABLE` and where to resume; what is still connected after
/// [`Options::stop_wait_max`] is cut off.
///
/// Needs no database to start: health says `NOT_SERVING` and watchers are refused until it answers.
///
/// # Errors
/// When a listener for machines has no TLS, or the service breaks.
pub async fn serve(
    listeners: Vec<Listener>,
    store: Store,
    sink: impl CommandSink,
    options: Options,
    stop: CancellationToken,
) -> Result<(), ServeError> {
    let stop_wait_max = options.stop_wait_max;
    if listeners.iter().any(|listener| listener.machines && listener.tls.is_none()) {
        return Err(ServeError::MachinesWithoutTls);
    }
    let rights = Arc::new(Rights::declared()?);
    let standing = Standing::default();
    let gate = Gate::new(Arc::clone(&rights), store.clone(), standing.clone(), options.database_wait_max);
    let (reporter, health) = tonic_health::server::health_reporter();
    let router = with_accounts(server().layer(gate).add_service(health), &store, rights, &options)?;
    let router = with_enrolment(with_files(router, &store)?, &store, &options, &stop)?;
    let router = with_finance(router, &store)?;
    let hub = Arc::new(Hub::new(store.clone(), options));
    let router = with_monitoring(router, &store, sink, &hub, &stop);
    let router = with_reflection(router)?;

    let _standing = AbortOnDropHandle::new(tokio::spawn(standing.watch(store)));
    let _health = AbortOnDropHandle::new(tokio::spawn(tell_health(reporter, hub.pulse(), stop.clone())));
    let tail = AbortOnDropHandle::new(tokio::spawn(async move { hub.run().await }));
    let (incoming, accepting) = transport::accept(listeners);
    let serving = router.serve_with_incoming_shutdown(incoming, stop.clone().cancelled_owned());
    let ended = tokio::select! {
        served = serving => served.map_err(ServeError::from),
        Err(broken) = tail => Err(broken.into()),
        () = async { stop.cancelled().await; tokio::time::sleep(stop_wait_max).await } => {
            Happening::CutOffAtStop.tell();
            Ok(())
        }
    };
    accepting.end().await;
    ended
}

fn server() -> Server {
    Server::builder()
        .http2_keepalive_interval(Some(PING_EVERY))
        .http2_keepalive_timeout(Some(PING_WAIT_MAX))
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .http2_max_header_list_size(HEADER_BYTES_MAX)
}

type Gates = Stack<Gate, Identity>;

/// A service with the limit on requests.
macro_rules! limited {
    ($server:ident, $service:expr) => {
        $server::new($service).max_decoding_message_size(REQUEST_BYTES_MAX)
    };
}

fn with_accounts(router: Router<Gates>, store: &Store, rights: Arc<Rights>, options: &Options) -> Result<Router<Gates>, ServeError> {
    let proposing = Proposing::new(store.clone())?;
    let releasing = Releasing::new(store.clone(), options.signer.clone());
    Ok(router
        .add_service(limited!(SessionsServer, SessionService::new(store.clone(), options.clone())))
        .add_service(limited!(PeopleServer, PeopleService::new(store.clone(), proposing.clone())))
        .add_service(limited!(UnitsServer, UnitService::new(store.clone())))
        .add_service(limited!(ProposalsServer, ProposalService::new(store.clone(), rights, releasing)))
        .add_service(limited!(AuditServer, AuditService::new(store.clone())))
        .add_service(limited!(HoldsServer, HoldService::new(store.clone(), proposing.clone())))
        .add_service(limited!(ReleasesServer, ReleaseService::new(store.clone(), proposing)))
        .add_service(limited!(DeletionsServer, DeletionService::new(store.clone()))))
}

fn with_files(router: Router<Gates>, store: &Store) -> Result<Router<Gates>, ServeError> {
    let proposing = Proposing::new(store.clone())?;
    let imports = ImportsServer::new(ImportService::new(store.clone())).max_decoding_message_size(PIECE_REQUEST_BYTES_MAX);
    let zones = ZoneService::new(store.clone(), proposing.clone());
    let sets = ZoneSetService::new(store.clone(), proposing.clone());
    let photos = PhotosServer::new(PhotoService::new(store.clone())).max_decoding_message_size(PHOTO_REQUEST_BYTES_MAX);
    Ok(router
        .add_service(limited!(WearersServer, WearerService::new(store.clone(), proposing.clone())))
        .add_service(photos)
        .add_service(limited!(OrdersServer, OrderService::new(store.clone(), proposing)))
        .add_service(imports)
        .add_service(limited!(StatisticsServer, StatisticsService::new(store.clone())))
        .add_service(ZonesServer::new(zones).max_decoding_message_size(ZONES_BYTES_MAX))
        .add_service(ZoneSetsServer::new(sets).max_decoding_message_size(ZONES_BYTES_MAX)))
}

fn with_enrolment(router: Router<Gates>, store: &Store, options: &Options, stop: &CancellationToken) -> Result<Router<Gates>, ServeError> {
    let proposing = Proposing::new(store.clone())?;
    Ok(router
        .add_service(limited!(LeavesServer, LeaveService::new(store.clone())))
        .add_service(limited!(LeaveBatchesServer, LeaveBatchService::new(store.clone())))
        .add_service(limited!(InspectionsServer, InspectionService::new(store.clone())))
        .add_service(limited!(InventoryServer, InventoryService::new(store.clone())))
        .add_service(limited!(FittingsServer, FittingService::new(store.clone(), proposing, options, stop.clone()))))
}

fn with_finance(router: Router<Gates>, store: &Store) -> Result<Router<Gates>, ServeError> {
    let proposing = Proposing::new(store.clone())?;
    let statements = StatementsServer::new(StatementService::new(store.clone())).max_decoding_message_size(STATEMENT_REQUEST_BYTES_MAX);
    Ok(router
        .add_service(limited!(RunsServer, RunService::new(store.clone())))
        .add_service(limited!(TariffsServer, TariffService::new(store.clone(), proposing.clone())))
        .add_service(limited!(SetAsideServer, SetAsideService::new(store.clone(), proposing.clone())))
        .add_service(limited!(PoliciesServer, PolicyService::new(store.clone(), proposing.clone())))
        .add_service(limited!(LateFactsServer, LateFactService::new(store.clone(), proposing.clone())))
        .add_service(limited!(ReliefServer, ReliefService::new(store.clone(), proposing.clone())))
        .add_service(limited!(DocumentsServer, DocumentService::new(store.clone(), proposing.clone())))
        .add_service(limited!(PayingServer, PayingService::new(store.clone(), proposing)))
        .add_service(limited!(RemindersServer, ReminderService::new(store.clone())))
        .add_service(limited!(AccountsServer, AccountService::new(store.clone())))
        .add_service(limited!(ReportsServer, ReportService::new(store.clone())))
        .add_service(statements)
        .add_service(limited!(PaymentsServer, PaymentService::new(store.clone())))
        .add_service(limited!(RefundsServer, RefundService::new(store.clone())))
        .add_service(limited!(DepositsServer, DepositService::new(store.clone()))))
}

fn with_monitoring(
    router: Router<Gates>,
    store: &Store,
    sink: impl CommandSink,
    hub: &Arc<Hub>,
    stop: &CancellationToken,
) -> Router<Gates> {
    let judgement = JudgementService::new(store.clone(), hub.options().database_wait_max);
    router
        .add_service(limited!(AlertsServer, AlertService::new(store.clone(), Arc::clone(hub), stop.clone())))
        .add_service(limited!(JudgementServer, judgement))
        .add_service(limited!(TagsServer, TagService::new(sink, store.clone())))
        .add_service(limited!(TrackingServer, TrackingService::new(store.clone())))
}

/// Both versions of reflection: tools in use ask for either.
fn with_reflection(router: Router<Gates>) -> Result<Router<Gates>, ServeError> {
    let shown = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(router.add_service(shown().build_v1()?).add_service(shown().build_v1alpha()?))
}

/// Keeps the health service true: alerts are served only while the tail is in touch with the database.
async fn tell_health(mut reporter: HealthReporter, mut pulse: watch::Receiver<Pulse>, stop: CancellationToken) {
    reporter.set_service_status(tags_server::SERVICE_NAME, ServingStatus::Serving).await;
    while !stop.is_cancelled() {
        let in_touch = pulse.borrow_and_update().in_touch;
        let status = if in_touch { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in [OVERALL, alerts_server::SERVICE_NAME, judgement_server::SERVICE_NAME] {
            reporter.set_service_status(service, status).await;
        }
        tokio::select! {
            _ = pulse.wait_for(|pulse| pulse.in_touch != in_touch) => {}
            () = stop.cancelled() => {}
        }
    }
    for service in [OVERALL, alerts_server::SERVICE_NAME, judgement_server::SERVICE_NAME, tags_server::SERVICE_NAME] {
        reporter.set_service_status(service, ServingStatus::NotServing).await;
        reporter.clear_service_status(service).await; // Ends the streams of those who watch it.
    }
}
