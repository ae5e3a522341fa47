//! The service from its listener to its last caller.

use crate::Options;
use crate::alerts::AlertService;
use crate::events::Happening;
use crate::hub::{Hub, Pulse};
use crate::judgement::JudgementService;
use crate::tags::{CommandSink, TagService};
use crate::transport::{self, Listener};
use proto::monitor::alerts_server::{self, AlertsServer};
use proto::monitor::judgement_server::{self, JudgementServer};
use proto::monitor::tags_server::{self, TagsServer};
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

/// Time between pings on a quiet connection, and how long an answer may take. A dead client is dropped after both.
const PING_EVERY: Duration = Duration::from_secs(20);
const PING_WAIT_MAX: Duration = Duration::from_secs(10);

/// Streams on one connection. A client that wants more waits.
const STREAMS_PER_CONNECTION_MAX: u32 = 100;

/// Bytes of request headers on one connection.
const HEADER_BYTES_MAX: u32 = 16 * 1024;

/// Bytes of one request: the longest legal one, a closing note, is below 20 KiB. A longer one is refused.
const REQUEST_BYTES_MAX: usize = 64 * 1024;

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
    let hub = Arc::new(Hub::new(store.clone(), options));
    let judgement = JudgementService::new(store.clone(), hub.options().database_wait_max);
    let alerts = AlertsServer::new(AlertService::new(store, hub.clone(), stop.clone())).max_decoding_message_size(REQUEST_BYTES_MAX);
    let tags = TagsServer::new(TagService::new(sink)).max_decoding_message_size(REQUEST_BYTES_MAX);
    let judgement = JudgementServer::new(judgement).max_decoding_message_size(REQUEST_BYTES_MAX);
    let (reporter, health) = tonic_health::server::health_reporter();
    let router = server().add_service(alerts).add_service(judgement).add_service(tags).add_service(health);
    let router = with_reflection(router)?;

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

/// Both versions of reflection: tools in use ask for either.
fn with_reflection(router: Router) -> Result<Router, ServeError> {
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
