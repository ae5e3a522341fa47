//! Listeners and clients over real sockets.

use super::{Listener, MachineName, Peer, TlsSource, accept, for_machines, for_people};
use crate::transport::io::Socket;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::server::Connected;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const WALL: &str = "paband:machine/wall-2?role=operator&unit=10";

struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
struct Leaf {
    pem: String,
    key: KeyPair,
    chain: Vec<CertificateDer<'static>>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self { certificate: certificate.der().clone(), pem: certificate.pem(), issuer: Issuer::new(params, key) }
    }

    fn leaf(&self, name: SanType) -> Leaf {
        let mut params = CertificateParams::default();
        params.subject_alt_names.push(name);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Leaf { pem: certificate.pem(), key, chain: vec![certificate.der().clone()] }
    }

    fn server(&self) -> Leaf {
        self.leaf(SanType::DnsName("localhost".try_into().unwrap()))
    }

    fn machine(&self, uri: &str) -> Leaf {
        self.leaf(SanType::URI(uri.try_into().unwrap()))
    }
}

impl Leaf {
    fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::try_from(self.key.serialize_der()).unwrap()
    }
}

/// A listener and what came through it.
struct Stage {
    address: SocketAddr,
    sockets: Pin<Box<dyn Stream<Item = Socket> + Send>>,
    source: watch::Sender<Arc<rustls::ServerConfig>>,
}

impl Stage {
    async fn new(config: rustls::ServerConfig, machines: bool) -> Self {
        let (source, tls) = watch::channel(Arc::new(config));
        let (listener, address) = listener(Some(tls), machines).await;
        let (sockets, accepting) = accept(vec![listener]);
        // The test ends before the loops matter.
        std::mem::forget(accepting);
        Self { address, sockets: Box::pin(sockets.map(|socket| socket.unwrap())), source }
    }

    async fn next(&mut self) -> Socket {
        tokio::time::timeout(Duration::from_secs(20), self.sockets.next()).await.unwrap().unwrap()
    }
}

async fn listener(tls: Option<TlsSource>, machines: bool) -> (Listener, SocketAddr) {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    (Listener { socket, tls, machines }, address)
}

fn people_of(authority: &Authority) -> rustls::ServerConfig {
    let server = authority.server();
    for_people(server.chain.clone(), server.key()).unwrap()
}

fn machines_of(authority: &Authority, machines: &Authority) -> rustls::ServerConfig {
    let server = authority.server();
    for_machines(server.chain.clone(), server.key(), vec![machines.certificate.clone()]).unwrap()
}

async fn connect(address: SocketAddr, trusted: &Authority, own: Option<&Leaf>) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots);
    let config = match own {
        Some(own) => config.with_client_auth_cert(own.chain.clone(), own.key()).unwrap(),
        None => config.with_no_client_auth(),
    };
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), stream).await
}

/// With TLS 1.3 a client believes itself connected before the server has looked at its certificate.
async fn is_refused(client: std::io::Result<TlsStream<TcpStream>>) -> bool {
    let Ok(mut client) = client else { return true };
    let reading = client.read_u8();
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("the server closes").is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_known_by_its_certificate_and_nobody_else_comes_in() {
    let (house, machines, foreign) = (Authority::new(), Authority::new(), Authority::new());
    let mut stage = Stage::new(machines_of(&house, &machines), true).await;
    let refused = [
        None,
        Some(foreign.machine(WALL)),
        Some(house.machine(WALL)),
        Some(machines.server()),
        Some(machines.machine("paband:machine/wall-2?role=operator")),
    ];
    for (row, own) in refused.iter().enumerate() {
        let client = connect(stage.address, &house, own.as_ref()).await;
        assert!(is_refused(client).await, "row {row} came in");
    }
    assert!(is_refused(connect(stage.address, &machines, Some(&machines.machine(WALL))).await).await, "the client trusts another server");
    let own = machines.machine(WALL);
    let mut client = connect(stage.address, &house, Some(&own)).await.unwrap();
    let mut socket = stage.next().await;
    let address = client.get_ref().0.local_addr().unwrap();
    let machine = MachineName::of(&own.chain[0]).unwrap();
    assert_eq!(machine.name, "wall-2");
    assert_eq!(socket.connect_info(), Peer { address, machine: Some(machine) });
    client.write_all(b"word").await.unwrap();
    let mut heard = [0; 4];
    socket.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"word");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_come_in_without_a_certificate_and_a_silent_client_holds_nobody_up() {
    let house = Authority::new();
    let mut stage = Stage::new(people_of(&house), false).await;
    let silent = TcpStream::connect(stage.address).await.unwrap();
    let mut loud = TcpStream::connect(stage.address).await.unwrap();
    loud.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let client = connect(stage.address, &house, None).await.unwrap();
    let address = client.get_ref().0.local_addr().unwrap();
    assert_eq!(stage.next().await.connect_info(), Peer { address, machine: None });
    drop(silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_certificate_is_for_new_connections_and_open_ones_go_on() {
    let (old, new) = (Authority::new(), Authority::new());
    let mut stage = Stage::new(people_of(&old), false).await;
    let mut before = connect(stage.address, &old, None).await.unwrap();
    let mut served_before = stage.next().await;
    stage.source.send_replace(Arc::new(people_of(&new)));
    assert!(connect(stage.address, &old, None).await.is_err(), "the old certificate is gone");
    connect(stage.address, &new, None).await.unwrap();
    stage.next().await;
    before.write_all(b"still here").await.unwrap();
    let mut heard = [0; 10];
    served_before.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"still here");
}

/// A health service that notes who asks.
async fn noting(listeners: Vec<Listener>) -> Arc<Mutex<Vec<Peer>>> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let (_, health) = tonic_health::server::health_reporter();
    let note = tonic::service::InterceptorLayer::new(move |request: tonic::Request<()>| {
        noted.lock().unwrap().push(request.extensions().get::<Peer>().cloned().unwrap());
        Ok(request)
    });
    let (incoming, accepting) = accept(listeners);
    std::mem::forget(accepting);
    tokio::spawn(tonic::transport::Server::builder().layer(note).add_service(health).serve_with_incoming(incoming));
    asked
}

async fn channel(address: SocketAddr, tls: Option<ClientTlsConfig>) -> Channel {
    let scheme = if tls.is_some() { "https" } else { "http" };
    let endpoint = Endpoint::from_shared(format!("{scheme}://{address}")).unwrap();
    let endpoint = match tls {
        Some(tls) => endpoint.tls_config(tls.domain_name("localhost")).unwrap(),
        None => endpoint,
    };
    endpoint.connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_carries_who_asks() {
    let (house, machines) = (Authority::new(), Authority::new());
    let own = machines.machine(WALL);
    let (plain, plain_at) = listener(None, false).await;
    let (rooms, rooms_at) = listener(Some(watch::channel(Arc::new(people_of(&house))).1), false).await;
    let (walls, walls_at) = listener(Some(watch::channel(Arc::new(machines_of(&house, &machines))).1), true).await;
    let asked = noting(vec![plain, rooms, walls]).await;
    let trusting = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&house.pem));
    let as_wall = trusting.clone().identity(Identity::from_pem(&own.pem, own.key.serialize_pem()));
    for (address, tls) in [(plain_at, None), (rooms_at, Some(trusting)), (walls_at, Some(as_wall))] {
        HealthClient::new(channel(address, tls).await).check(HealthCheckRequest::default()).await.unwrap();
    }
    let machines: Vec<_> = asked.lock().unwrap().iter().map(|peer| peer.machine.clone()).collect();
    assert_eq!(machines, [None, None, Some(MachineName::of(&own.chain[0]).unwrap())]);
}
