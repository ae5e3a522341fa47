//! Where the server is, and how to reach it: plain TCP or TLS.

use anyhow::{Context, Result};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Longest time to reach the server, the TLS handshake included. After that the try has failed.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// A connection in both directions.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A door of the server.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// `host:port`.
    pub address: String,
    /// `None` = plain TCP.
    pub tls: Option<Tls>,
}

impl Endpoint {
    /// Without TLS.
    pub fn plain(address: impl Into<String>) -> Self {
        Self { address: address.into(), tls: None }
    }

    /// Connects.
    ///
    /// # Errors
    /// When the server cannot be reached within 10 s, or its certificate is not trusted.
    pub async fn connect(&self) -> Result<Box<dyn Stream>> {
        let address = &self.address;
        let connected = tokio::time::timeout(CONNECT_WITHIN, self.connect_now()).await;
        connected
            .with_context(|| format!("{address} did not answer within 10 s"))?
            .with_context(|| format!("cannot connect to {address}: is paband running there?"))
    }

    async fn connect_now(&self) -> Result<Box<dyn Stream>> {
        let stream = TcpStream::connect(&self.address).await?;
        stream.set_nodelay(true)?;
        let Some(tls) = &self.tls else { return Ok(Box::new(stream)) };
        let host = self.address.rsplit_once(':').map_or(self.address.as_str(), |(host, _)| host);
        let name = ServerName::try_from(host.to_owned()).context("the address holds no host name")?;
        Ok(Box::new(tls.connector.connect(name, stream).await?))
    }
}

/// Whom the tags trust.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
}

impl Tls {
    /// Trusts the authorities in this PEM file, and no others.
    ///
    /// # Errors
    /// When the file cannot be read or holds no certificate.
    pub fn trusting(ca_file: &Path) -> Result<Self> {
        let advice = || format!("{}: expected a PEM file with the certificate of the authority", ca_file.display());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(ca_file).with_context(advice)? {
            roots.add(certificate.with_context(advice)?).with_context(advice)?;
        }
        anyhow::ensure!(!roots.is_empty(), advice());
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)) })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}
