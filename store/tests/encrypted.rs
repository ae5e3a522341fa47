//! A database that is reached by TLS: every connection is encrypted, and only a server that proves who it is gets a password.

#![allow(clippy::unwrap_used)]

use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls_pki_types::PrivateKeyDer;
use std::sync::Arc;
use store::testing::TestDatabase;
use store::{Channel, DatabaseAuthority, Store, StoreError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_postgres::config::{Config, Host};
use tokio_rustls::TlsAcceptor;

/// How a client asks for TLS: its length, and the number of the request (PostgreSQL's manual, "SSLRequest").
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F];

/// The test database, behind a door that speaks nothing but TLS.
struct Front {
    database: TestDatabase,
    authority: DatabaseAuthority,
    port: u16,
}

impl Front {
    /// With a certificate for this name, or without TLS.
    async fn new(name: Option<&str>) -> Self {
        let database = TestDatabase::create().await;
        let made = rcgen::generate_simple_self_signed(vec![name.unwrap_or("127.0.0.1").to_owned()]).unwrap();
        let authority = DatabaseAuthority::from_pem(made.cert.pem().as_bytes()).unwrap();
        let tls = name.map(|_| acceptor(&made));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let behind: Arc<Config> = Arc::new(database.url().parse().unwrap());
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(near, tls.clone(), Arc::clone(&behind)));
            }
        });
        Self { database, authority, port }
    }

    fn url(&self, host: &str) -> String {
        let behind: Config = self.database.url().parse().unwrap();
        let (user, name) = (behind.get_user().unwrap_or("postgres"), behind.get_dbname().unwrap());
        let password = behind.get_password().map_or("none".into(), String::from_utf8_lossy);
        format!("{host} port={} user={user} dbname={name} password='{password}' sslmode=require", self.port)
    }

    async fn connect(&self, host: &str) -> Result<Store, StoreError> {
        Store::connect_trusting(&self.url(host), 2, Some(&self.authority)).await
    }
}

fn acceptor(made: &CertifiedKey<rcgen::KeyPair>) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    TlsAcceptor::from(Arc::new(config.with_single_cert(vec![made.cert.der().clone()], key).unwrap()))
}

async fn serve(mut near: TcpStream, tls: Option<TlsAcceptor>, behind: Arc<Config>) {
    let mut asked = [0; 8];
    near.read_exact(&mut asked).await.unwrap();
    assert_eq!(asked, SSL_REQUEST, "the first word is for TLS");
    let Some(tls) = tls else {
        near.write_all(b"N").await.unwrap();
        assert_eq!(near.read_u8().await.ok(), None, "nothing is said in plain text");
        return;
    };
    near.write_all(b"S").await.unwrap();
    let Ok(mut near) = tls.accept(near).await else { return };
    let port = behind.get_ports().first().copied().unwrap_or(5432);
    // Who goes away first is of no interest here.
    let _ = match &behind.get_hosts()[0] {
        Host::Unix(folder) => {
            let mut far = UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).await.unwrap();
            tokio::io::copy_bidirectional(&mut near, &mut far).await
        }
        Host::Tcp(host) => {
            let mut far = TcpStream::connect((host.as_str(), port)).await.unwrap();
            tokio::io::copy_bidirectional(&mut near, &mut far).await
        }
    };
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_tls() {
    let front = Front::new(Some("db.example")).await;
    let host = "host=db.example hostaddr=127.0.0.1";
    Store::migrate(&front.url(host), Some(&front.authority)).await.unwrap();
    let store = front.connect(host).await.unwrap();
    store.journal_connection(0).await.unwrap();
    let mut news = store.listen(Channel::Facts);
    for _ in 0..3 {
        news.changed().await.unwrap();
    }
    let everyone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'paband' AND datname = current_database()";
    let connections: i64 = front.database.client().await.query_one(everyone, &[]).await.unwrap().get(0);
    assert!(connections >= 2, "pool and listener, all through the front");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_prove_who_it_is_hears_nothing() {
    let front = Front::new(Some("db.example")).await;
    let other = Front::new(Some("db.example")).await;
    let error = |result: Result<Store, StoreError>| result.err().unwrap().to_string();
    let another_name = error(front.connect("host=127.0.0.1").await);
    assert!(another_name.contains("TLS handshake"), "{another_name}");
    let another_authority = Store::connect_trusting(&front.url("host=db.example hostaddr=127.0.0.1"), 2, Some(&other.authority)).await;
    assert!(error(another_authority).contains("TLS handshake"));
    let without_tls = Front::new(None).await;
    let refused = error(without_tls.connect("host=127.0.0.1").await);
    assert!(refused.contains("does not support TLS"), "{refused}");
}
