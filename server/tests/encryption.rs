//! Encryption as an administrator sets it up: `paband pki`, rooms and machines on their listeners, certificates that change while it runs.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::{Server, Session, Setup, until};
use proto::access::sessions_client::SessionsClient;
use proto::access::{LogInRequest, WhoAmIRequest};
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::watch_response::Message;
use proto::monitor::{AcknowledgeAlertRequest, CloseAlertRequest, ListAlertsRequest, WatchRequest, WatchResponse};
use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use store::testing::TestDatabase;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;

fn paband(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paband")).args(arguments).env_remove("PABAND_CONFIG").output().unwrap()
}

/// A server with certificates of `paband pki`.
struct Stage {
    server: Server,
    pki: tempfile::TempDir,
    database: TestDatabase,
}

impl Stage {
    async fn new() -> Self {
        let pki = tempfile::tempdir().unwrap();
        let folder = pki.path().to_str().unwrap();
        let made = paband(&["pki", "init", folder, "--name", "rooms.example"]);
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let at = |name: &str| pki.path().join(name);
        let tls = format!("tls = {{ certificate = {:?}, key = {:?} }}", at("server.pem"), at("server.key"));
        let more = format!("[machines]\naddress = \"MACHINES\"\n{tls}\nclient_ca = {:?}", at("machines-ca.pem"));
        let database = TestDatabase::create().await;
        let setup = Setup { native_line: &tls, rooms_line: &tls, more: &more, ..Setup::default() };
        let server = Server::set_up(Some(database.url()), &setup);
        until("rooms can watch", async || server.logged("live alerts: in touch")).await;
        Self { server, pki, database }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.pki.path().join(name)
    }

    fn pki(&self, arguments: &[&str]) {
        let made = paband(&[&["pki"], arguments, &["--dir", self.pki.path().to_str().unwrap()]].concat());
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    fn tls(&self) -> ClientTlsConfig {
        ClientTlsConfig::new().ca_certificate(Certificate::from_pem(std::fs::read(self.at("server-ca.pem")).unwrap()))
    }

    fn as_machine(&self, name: &str) -> ClientTlsConfig {
        let read = |extension| std::fs::read(self.at(&format!("machine-{name}.{extension}"))).unwrap();
        self.tls().identity(Identity::from_pem(read("pem"), read("key")))
    }

    /// What the server shows to whoever connects now.
    async fn shown(&self, address: SocketAddr) -> CertificateDer<'static> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.at("server-ca.pem")).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("rooms.example").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
    }

    fn current(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_file(self.at("server.pem")).unwrap()
    }
}

/// Whether a call came through to the service, whatever that said.
async fn reaches(address: SocketAddr, tls: Option<ClientTlsConfig>) -> bool {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let endpoint = Endpoint::from_shared(format!("{scheme}://{address}")).unwrap();
    let endpoint = match tls {
        Some(tls) => endpoint.tls_config(tls).unwrap(),
        None => endpoint,
    };
    let Ok(channel) = endpoint.connect().await else { return false };
    match AlertsClient::new(channel).list_alerts(ListAlertsRequest::default()).await {
        Ok(_) => true,
        Err(status) => !matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled | Code::Internal),
    }
}

async fn watch(address: SocketAddr, tls: ClientTlsConfig, session: Session) -> Streaming<WatchResponse> {
    let channel = Endpoint::from_shared(format!("https://{address}")).unwrap().tls_config(tls).unwrap().connect().await.unwrap();
    AlertsClient::with_interceptor(channel, session).watch(WatchRequest { after_sequence: None }).await.unwrap().into_inner()
}

async fn heartbeat(stream: &mut Streaming<WatchResponse>) {
    let message = tokio::time::timeout(common::PATIENCE, stream.message()).await.unwrap().unwrap().unwrap();
    assert!(matches!(message.message, Some(Message::Heartbeat(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_need_no_certificate_and_machines_do() {
    let stage = Stage::new().await;
    let (rooms, machines) = (stage.server.rooms, stage.server.machines);
    stage.pki(&["machine", "wall-2", "--role", "operator", "--unit", "10"]);
    assert!(reaches(rooms, Some(stage.tls())).await);
    assert!(!reaches(rooms, None).await, "plain text finds no answer");
    assert!(reaches(machines, Some(stage.as_machine("wall-2"))).await);
    assert!(!reaches(machines, Some(stage.tls())).await, "a machine without a certificate");
    assert!(!reaches(machines, None).await);
    // A certificate of another installation's authority.
    let elsewhere = Stage::new().await;
    elsewhere.pki(&["machine", "wall-2", "--role", "operator", "--unit", "10"]);
    let foreign = |extension| std::fs::read(elsewhere.at(&format!("machine-wall-2.{extension}"))).unwrap();
    assert!(!reaches(machines, Some(stage.tls().identity(Identity::from_pem(foreign("pem"), foreign("key"))))).await);
    assert!(stage.server.logged("a machine was refused"), "{}", stage.server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_looks_in_its_unit_and_changes_nothing_and_a_persons_session_is_nothing_there() {
    let stage = Stage::new().await;
    stage.pki(&["machine", "wall-1", "--role", "operator", "--unit", "central"]);
    stage.pki(&["machine", "wall-9", "--role", "operator", "--unit", "nowhere"]);
    let machines = stage.server.machines;
    let endpoint = Endpoint::from_shared(format!("https://{machines}")).unwrap();
    let channel = async |name: &str| endpoint.clone().tls_config(stage.as_machine(name)).unwrap().connect().await.unwrap();
    let mut wall = AlertsClient::new(channel("wall-1").await);
    wall.list_alerts(ListAlertsRequest::default()).await.unwrap();
    let reason = |status: Status| status.get_details_error_info().unwrap().reason;
    let close = CloseAlertRequest { alert_id: 1, note: "all well".into() };
    assert_eq!(reason(wall.close_alert(close).await.unwrap_err()), "PERSON_ONLY");
    assert_eq!(reason(wall.acknowledge_alert(AcknowledgeAlertRequest { alert_id: 1 }).await.unwrap_err()), "PERSON_ONLY");
    let mut sessions = SessionsClient::new(channel("wall-1").await);
    assert_eq!(reason(sessions.log_in(LogInRequest::default()).await.unwrap_err()), "PERSON_ONLY");
    let person = Session::operator(stage.database.url()).await;
    let mut as_both = SessionsClient::with_interceptor(channel("wall-1").await, person);
    assert_eq!(reason(as_both.who_am_i(WhoAmIRequest {}).await.unwrap_err()), "PERSON_ONLY");
    let mut unknown = AlertsClient::new(channel("wall-9").await);
    assert_eq!(reason(unknown.list_alerts(ListAlertsRequest::default()).await.unwrap_err()), "UNKNOWN_MACHINE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_without_a_restart_and_an_open_stream_goes_on() {
    let stage = Stage::new().await;
    let (rooms, native) = (stage.server.rooms, stage.server.native);
    let mut open = watch(rooms, stage.tls(), Session::operator(stage.database.url()).await).await;
    heartbeat(&mut open).await;
    let first = stage.current();
    assert_eq!(stage.shown(rooms).await, first);
    stage.pki(&["server"]);
    assert_ne!(stage.current(), first);
    stage.server.hang_up();
    until("rooms see the new certificate", async || stage.shown(rooms).await == stage.current()).await;
    until("tags see it too", async || stage.shown(native).await == stage.current()).await;
    heartbeat(&mut open).await;

    let second = stage.current();
    std::fs::write(stage.at("server.key"), "no key").unwrap();
    stage.server.hang_up();
    until("the broken key is told", async || stage.server.logged("the old one stays in force")).await;
    assert_eq!(stage.shown(rooms).await, second);
    heartbeat(&mut open).await;
}

fn check(directory: &Path, config: &str) -> Output {
    let file = directory.join("paband.toml");
    std::fs::write(&file, config).unwrap();
    paband(&["--config", file.to_str().unwrap(), "config", "check"])
}

#[test]
fn the_configuration_is_checked_for_what_others_could_reach_or_read() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("pki");
    let printed = paband(&["pki", "init", folder.to_str().unwrap()]);
    let printed = String::from_utf8(printed.stdout).unwrap();
    let good = check(directory.path(), &printed);
    let said = String::from_utf8(good.stdout).unwrap();
    assert!(good.status.success(), "what pki prints is a configuration: {}", String::from_utf8_lossy(&good.stderr));
    assert!(said.contains("certificate for machines: ends at") && !said.contains("WARNING"), "{said}");

    let open = check(directory.path(), "[rooms]\naddress = \"0.0.0.0:7743\"");
    assert!(!open.status.success());
    let why = String::from_utf8(open.stderr).unwrap();
    assert!(why.contains("rooms.tls") && why.contains("paband pki init"), "{why}");

    let plain_tags = check(directory.path(), "[[tags]]\nprotocol = \"teltonika\"\naddress = \"0.0.0.0:7701\"");
    let said = String::from_utf8(plain_tags.stdout).unwrap();
    assert!(plain_tags.status.success() && said.contains("WARNING: tags on 0.0.0.0:7701"), "{said}");
}
