//! The one way to the database: encrypted wherever it leaves this machine.

use crate::StoreError;
use deadpool_postgres::{Manager, ManagerConfig, RecyclingMethod};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::net::IpAddr;
use std::sync::Arc;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// Who vouches for a database on another machine. The system's authorities are not asked: any of the world's could vouch for anyone.
#[derive(Clone)]
pub struct DatabaseAuthority(Arc<RootCertStore>);

impl std::fmt::Debug for DatabaseAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseAuthority").field("certificates", &self.0.len()).finish()
    }
}

impl DatabaseAuthority {
    /// From the text of a PEM file with one certificate or more.
    ///
    /// # Errors
    /// When there is none, or one cannot be read.
    pub fn from_pem(pem: &[u8]) -> Result<Self, StoreError> {
        let unusable = |why: String| StoreError::Address(format!("the authority's certificate is unusable: {why}"));
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(unusable("the file holds none".to_owned()));
        }
        Ok(Self(Arc::new(roots)))
    }
}

/// Where the database is and how it is spoken to. Its `Debug` would show the password, so it has none.
#[derive(Clone)]
pub(crate) struct Connector {
    config: Config,
    tls: MakeRustlsConnect,
}

impl Connector {
    pub(crate) fn new(mut config: Config, authority: Option<&DatabaseAuthority>) -> Result<Self, StoreError> {
        config.ssl_mode(mode(&config, authority.is_some())?);
        let roots = authority.map_or_else(|| Arc::new(RootCertStore::empty()), |authority| Arc::clone(&authority.0));
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| StoreError::Address(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { config, tls: MakeRustlsConnect::new(tls) })
    }

    pub(crate) async fn connect(&self) -> Result<(Client, Connection<Socket, Encrypted>), StoreError> {
        Ok(self.config.connect(self.tls.clone()).await?)
    }

    /// For a pool. Each connection is asked before each use: after a restart of the server no caller gets a dead one.
    pub(crate) fn manager(&self) -> Manager {
        let settings = ManagerConfig { recycling_method: RecyclingMethod::Verified };
        Manager::from_config(self.config.clone(), self.tls.clone(), settings)
    }
}

/// Reads a URL. What is wrong with it is not told in its own words: they may be pieces of the password.
pub(crate) fn config(url: &str) -> Result<Config, StoreError> {
    url.parse().map_err(|_| {
        StoreError::Address(
            "it is not written as postgresql://USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS (write special characters as %XX; \
             sslmode is disable, prefer or require)"
                .to_owned(),
        )
    })
}

/// Whether this way is encrypted. Within this machine only when asked for; away from it always, also if only one of several hosts is.
fn mode(config: &Config, has_authority: bool) -> Result<SslMode, StoreError> {
    let refused = |why: &str| Err(StoreError::Address(why.to_owned()));
    match (is_local(config), config.get_ssl_mode(), has_authority) {
        (true, SslMode::Require, true) => Ok(SslMode::Require),
        (true, SslMode::Require, false) => refused("it demands TLS: name the PEM file of who vouches for the server as [database] ca"),
        (true, ..) => Ok(SslMode::Disable),
        (false, SslMode::Disable, _) => refused("it leads to another machine without TLS: take sslmode=disable out of it"),
        (false, _, false) => {
            refused("it leads to another machine, which must prove who it is: name the PEM file of who vouches for it as [database] ca")
        }
        (false, _, true) => Ok(SslMode::Require),
    }
}

fn is_local(config: &Config) -> bool {
    // An address given beside a name is the one that is called.
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
    })
}

#[cfg(test)]
mod tests {
    use super::{DatabaseAuthority, SslMode, config, mode};

    fn decide(url: &str, has_authority: bool) -> Result<SslMode, String> {
        mode(&config(url).unwrap(), has_authority).map_err(|error| error.to_string())
    }

    #[test]
    fn within_this_machine_plain_text_serves() {
        for url in [
            "postgresql:///paband?host=/run/postgresql",
            "host=/run/postgresql,localhost dbname=paband",
            "postgresql://user:word@127.0.0.1/paband",
            "postgresql://user@127.9.9.9/paband",
            "postgresql://user@[::1]:5433/paband",
            "postgresql://user@LocalHost/paband?sslmode=disable",
            "host=db.example hostaddr=127.0.0.1",
        ] {
            assert_eq!(decide(url, false), Ok(SslMode::Disable), "{url}");
            assert_eq!(decide(url, true), Ok(SslMode::Disable), "{url}");
        }
        assert_eq!(decide("postgresql://localhost/paband?sslmode=require", true), Ok(SslMode::Require));
        assert!(decide("postgresql://localhost/paband?sslmode=require", false).unwrap_err().contains("[database] ca"));
    }

    #[test]
    fn away_from_it_there_is_tls_or_no_connection() {
        for url in [
            "postgresql://user:word@db.example/paband",
            "postgresql://user@10.0.0.7/paband?sslmode=require",
            "postgresql://user@0.0.0.0/paband",
            "host=localhost hostaddr=10.0.0.7",
            "host=localhost,db.example",
            "host=localhost.example",
        ] {
            assert_eq!(decide(url, true), Ok(SslMode::Require), "{url}");
            let refused = decide(url, false).unwrap_err();
            assert!(refused.contains("[database] ca") && !refused.contains("word"), "{refused}");
        }
        for has_authority in [false, true] {
            assert!(decide("postgresql://db.example/paband?sslmode=disable", has_authority).unwrap_err().contains("sslmode=disable"));
        }
    }

    #[test]
    fn a_mistake_in_the_address_does_not_show_the_password() {
        for url in ["host=db password=correct horse", "postgresql://user:horse@db:port/x", "postgresql://user@db/x?horse=1", "horse"] {
            let error = config(url).err().unwrap();
            assert!(!error.to_string().contains("horse") && !format!("{error:?}").contains("horse"), "{error:?}");
            assert!(!error.is_recoverable());
        }
    }

    #[test]
    fn an_authority_is_one_certificate_or_more() {
        let made = rcgen::generate_simple_self_signed(vec!["db.example".to_owned()]).unwrap().cert.pem();
        let two = DatabaseAuthority::from_pem(format!("{made}{made}").as_bytes()).unwrap();
        assert_eq!(format!("{two:?}"), "DatabaseAuthority { certificates: 2 }");
        for unusable in ["", "not PEM", &made.replace("MII", "MIJ")] {
            assert!(DatabaseAuthority::from_pem(unusable.as_bytes()).is_err(), "{unusable}");
        }
    }
}
