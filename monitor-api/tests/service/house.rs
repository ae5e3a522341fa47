//! What every test needs: a server over a database of its own, rooms that call it, writers that find violations.

use crate::cable::Cable;
use access::Role;
use geofence::{Batch, Timestamp, Violation, ViolationKind, WearerViolation};
use monitor_api::{CommandError, CommandSink, Listener, Options, Order, ServeError, serve};
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::{AlertEvent, Heartbeat, WatchRequest, WatchResponse, watch_response::Message};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};
use std::time::Duration;
use store::testing::{TestDatabase, log_in};
use store::{JournalConnection, Store};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use tonic_types::StatusExt;

/// Nothing in these tests takes this long.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The tag that every test has.
pub const IMEI: &str = "356307042441013";
pub const WEARER: &str = "1404/12";

pub struct House {
    pub database: TestDatabase,
    pub store: Store,
    pub cable: Cable,
    pub address: SocketAddr,
    options: Options,
    /// The session in which tests watch.
    watcher: As,
    stop: CancellationToken,
    serving: JoinHandle<Result<(), ServeError>>,
}

/// Small limits and a quick pace, so that tests reach them.
pub fn options() -> Options {
    Options {
        heartbeat_every: Duration::from_millis(200),
        database_wait_max: Duration::from_secs(2),
        page_events: 50,
        stop_wait_max: Duration::from_secs(3),
        ..Options::default()
    }
}

impl House {
    pub async fn new() -> Self {
        Self::with(options()).await
    }

    pub async fn with(options: Options) -> Self {
        let database = TestDatabase::create().await;
        let store = database.store().await;
        let house =
            format!("INSERT INTO tags (imei) VALUES ('{IMEI}'), ('356307042441014'); INSERT INTO wearers (reference) VALUES ('{WEARER}')");
        sql(&database, &house).await;
        let cable = Cable::to(database.url()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, serving) = start(listener, &cable, &options).await;
        let watcher = As::token(log_in(&database.client().await, "watcher", &[(Role::Operator, "central")]).await);
        let house = Self { database, store, cable, address, options, watcher, stop, serving };
        house.watch(None).await;
        house
    }

    /// Stops the server and waits until it has stopped.
    pub async fn stop(&mut self) {
        self.stop.cancel();
        timeout(PATIENCE, &mut self.serving).await.unwrap().unwrap().unwrap();
    }

    /// Starts the server again at the same address.
    pub async fn start(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        (self.stop, self.serving) = start(listener, &self.cable, &self.options).await;
    }

    /// Somebody's session; the person and the roles are made if need be.
    pub async fn log_in(&self, name: &str, roles: &[(Role, &str)]) -> As {
        As::token(log_in(&self.database.client().await, name, roles).await)
    }

    /// A session of an operator of the central unit.
    pub async fn operator(&self, name: &str) -> As {
        self.log_in(name, &[(Role::Operator, "central")]).await
    }

    /// A connection of its own.
    pub async fn channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }

    pub async fn room(&self) -> AlertsClient<InterceptedService<Channel, As>> {
        self.room_of("op7").await
    }

    /// A room in which this operator of the central unit sits.
    pub async fn room_of(&self, name: &str) -> AlertsClient<InterceptedService<Channel, As>> {
        AlertsClient::with_interceptor(self.channel().await, self.operator(name).await)
    }

    /// Watches as soon as the server can.
    pub async fn watch(&self, after_sequence: Option<i64>) -> Watch {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let status = match self.try_watch(after_sequence).await {
                Ok(watch) => return watch,
                Err(status) => status,
            };
            assert_eq!(status.code(), Code::Unavailable, "{status}");
            assert!(tokio::time::Instant::now() < deadline, "{status}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Watches if the server is willing.
    pub async fn try_watch(&self, after_sequence: Option<i64>) -> Result<Watch, Status> {
        self.try_watch_as(self.watcher.clone(), after_sequence).await
    }

    /// The same as somebody.
    pub async fn try_watch_as(&self, who: As, after_sequence: Option<i64>) -> Result<Watch, Status> {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        let channel = endpoint.connect().await.map_err(|error| Status::unavailable(error.to_string()))?;
        let messages = AlertsClient::with_interceptor(channel, who).watch(WatchRequest { after_sequence }).await?.into_inner();
        Ok(Watch { messages })
    }

    /// A writer of violations of this kind, each of a zone that is named after it.
    pub async fn writer(&self, zone: &str, kind: ViolationKind) -> Writer {
        static SHARDS: AtomicU16 = AtomicU16::new(0);
        let journal = self.store.journal_connection(SHARDS.fetch_add(1, Ordering::Relaxed)).await.unwrap();
        Writer { journal, zone: zone.to_owned(), kind, start: Timestamp::from_millis(1_700_000_000_000), wearer_id: 1 }
    }
}

/// A caller: the session that goes with each call, and what else is said.
#[derive(Clone, Debug)]
pub struct As {
    headers: Vec<(&'static str, String)>,
}

impl As {
    pub fn nobody() -> Self {
        Self { headers: Vec::new() }
    }

    pub fn token(token: String) -> Self {
        Self::nobody().with("authorization", format!("Bearer {token}"))
    }

    /// One more header.
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The request with everything that is said; what is said twice goes twice.
    pub fn says<T>(&self, mut request: Request<T>) -> Request<T> {
        for (name, value) in &self.headers {
            request.metadata_mut().append(*name, value.parse().unwrap());
        }
        // Each call is another one, unless a test says that it is not.
        if request.metadata().get("paband-idempotency-key").is_none() {
            request.metadata_mut().insert("paband-idempotency-key", fresh_key().parse().unwrap());
        }
        request
    }

    /// For this purpose.
    pub fn purpose(self, code: &str) -> Self {
        self.with("paband-purpose", code)
    }
}

impl Interceptor for As {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        Ok(self.says(request))
    }
}

/// A key that no other change has.
pub fn fresh_key() -> String {
    static KEYS: AtomicI64 = AtomicI64::new(0);
    format!("test-key-{}", KEYS.fetch_add(1, Ordering::Relaxed))
}

/// Executes SQL beside the server.
pub async fn sql(database: &TestDatabase, command: &str) {
    let (client, connection) = tokio_postgres::connect(database.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(command).await.unwrap();
}

async fn start(listener: TcpListener, cable: &Cable, options: &Options) -> (CancellationToken, JoinHandle<Result<(), ServeError>>) {
    let stop = CancellationToken::new();
    let store = Store::connect(cable.url(), 8).await.unwrap();
    let serving =
        tokio::spawn(serve(vec![Listener { socket: listener, tls: None, machines: false }], store, Door, options.clone(), stop.clone()));
    (stop, serving)
}

/// A stream and what is read from it.
pub struct Watch {
    messages: Streaming<WatchResponse>,
}

impl Watch {
    pub async fn message(&mut self) -> Result<Message, Status> {
        let answer = timeout(PATIENCE, self.messages.message()).await.expect("the stream says something")?;
        Ok(answer.expect("a stream ends with a status").message.expect("an answer says something"))
    }

    /// The next event; heartbeats are skipped.
    pub async fn event(&mut self) -> Result<AlertEvent, Status> {
        loop {
            if let Message::Event(event) = self.message().await? {
                return Ok(event);
            }
        }
    }

    /// The next heartbeat that is as wished; nothing else may come before it.
    pub async fn heartbeat(&mut self, wished: impl Fn(&Heartbeat) -> bool) -> Heartbeat {
        loop {
            match self.message().await.unwrap() {
                Message::Heartbeat(beat) if wished(&beat) => return beat,
                Message::Heartbeat(_) => {}
                Message::Event(event) => panic!("an event before the heartbeat: {event:?}"),
            }
        }
    }

    /// Reads events `first` to `last`, each once and in order.
    pub async fn expect(&mut self, first: i64, last: i64) {
        for sequence in first..=last {
            assert_eq!(self.event().await.unwrap().sequence, sequence);
        }
    }

    /// Reads to the end; the last event's number, if there was one, and the status.
    pub async fn end(mut self) -> (Option<i64>, Status) {
        let mut last = None;
        loop {
            match self.event().await {
                Ok(event) => last = Some(event.sequence),
                Err(status) => return (last, status),
            }
        }
    }
}

/// The `reason` and the `resume_after` of a refusal.
pub fn reason(status: &Status) -> (String, Option<i64>) {
    let info = status.get_details_error_info().expect("every refusal has an ErrorInfo");
    assert_eq!(info.domain, "paband");
    let resume_after = info.metadata.get("resume_after").map(|number| number.parse().unwrap());
    (info.reason, resume_after)
}

/// The wrong fields of a refusal, each with its reason.
pub fn wrong_fields(status: &Status) -> Vec<(String, String)> {
    assert_eq!(reason(status).0, "INVALID_FIELDS");
    let violations = status.get_details_bad_request().expect("wrong fields are named").field_violations;
    violations.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

/// A field and its reason as [`wrong_fields`] tells them.
pub fn owned((field, reason): (&str, &str)) -> (String, String) {
    (field.to_owned(), reason.to_owned())
}

/// Numbers of batches, without repeat in this process.
static BATCH: AtomicI64 = AtomicI64::new(1);

pub struct Writer {
    journal: JournalConnection,
    zone: String,
    kind: ViolationKind,
    start: Timestamp,
    /// Of a fresh database the first.
    wearer_id: i64,
}

impl Writer {
    /// The same about another wearer.
    pub fn about(self, wearer_id: i64) -> Self {
        Self { wearer_id, ..self }
    }

    /// The same with the first violation a minute after this instant.
    pub fn after(self, start: Timestamp) -> Self {
        Self { start, ..self }
    }

    /// Opens so many violations in one transaction: as many events. Tries until the database confirms.
    pub async fn open(&mut self, count: usize) {
        let violations = (0..count).map(|_| self.violation()).collect();
        let number = BATCH.fetch_add(1, Ordering::Relaxed);
        let batch = Batch { number, violations, ..Batch::default() };
        let trying = async {
            while self.journal.append(&batch, Timestamp::from(chrono::Utc::now())).await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
        };
        timeout(PATIENCE, trying).await.expect("the database takes the batch");
    }

    fn violation(&mut self) -> WearerViolation {
        self.start = self.start.plus_seconds(60);
        let violation = Violation {
            zone: self.zone.as_str().into(),
            kind: self.kind,
            start: self.start,
            found_at: self.start.plus_seconds(30),
            end: None,
            max_beyond_m: Some(120.0),
            last_breaking_at: Some(self.start),
            restored_at: None,
        };
        WearerViolation { wearer_id: self.wearer_id, tag_id: 1, violation, again: None }
    }
}

/// A door with one tag behind it.
pub struct Door;

impl CommandSink for Door {
    async fn send(&self, imei: &str, order: Order) -> Result<u64, CommandError> {
        match (imei, order) {
            (IMEI, Order::LocateNow) => Ok(7),
            (IMEI, Order::SetInterval(_)) => Err(CommandError::Busy),
            (IMEI, Order::Notify { .. }) => Err(CommandError::NotSupported),
            ("356307042441014", _) => Err(CommandError::NotConnected),
            _ => Err(CommandError::UnknownTag),
        }
    }
}
