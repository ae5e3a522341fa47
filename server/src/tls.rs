//! Certificates for listeners.

use crate::config::Tls;
use anyhow::{Context, Result};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

/// The acceptor for a listener.
///
/// # Errors
/// When a file cannot be read, or certificate and key do not belong together.
pub fn acceptor(tls: &Tls) -> Result<TlsAcceptor> {
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the certificate {}", tls.certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).with_context(|| format!("cannot read the private key {}", tls.key.display()))?;
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("the TLS library offers no protocol version")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .with_context(|| format!("{} does not fit {}", tls.key.display(), tls.certificate.display()))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// The rooms' certificate.
///
/// # Errors
/// When a file cannot be read, or certificate and key do not belong together.
pub fn rooms(tls: &Tls) -> Result<monitor_api::TlsSource> {
    let chain = CertificateDer::pem_file_iter(&tls.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the certificate {}", tls.certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(&tls.key).with_context(|| format!("cannot read the private key {}", tls.key.display()))?;
    let config =
        monitor_api::for_people(chain, key).with_context(|| format!("{} does not fit {}", tls.key.display(), tls.certificate.display()))?;
    Ok(tokio::sync::watch::channel(Arc::new(config)).1)
}
