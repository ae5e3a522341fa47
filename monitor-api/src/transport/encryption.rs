//! What the listeners demand of TLS.

use rustls::crypto::ring;
use rustls::server::{NoServerSessionStorage, VerifierBuilderError, WebPkiClientVerifier};
use rustls::{ConfigBuilder, RootCertStore, ServerConfig, WantsVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;

/// The only protocol spoken, as TLS names it.
const HTTP2: &[u8] = b"h2";

/// Why certificates cannot serve a listener.
#[derive(Debug, thiserror::Error)]
pub enum EncryptionError {
    /// The key does not belong to the certificate, or one of them is of a kind that is not understood.
    #[error("certificate and key cannot be used together: {0}")]
    Certificate(#[from] rustls::Error),
    /// The machines' authority is not usable.
    #[error("the machines' authority cannot be used: {0}")]
    Authority(#[from] VerifierBuilderError),
}

/// TLS 1.2 or newer; whoever connects is asked for no certificate. `chain` has the server's own certificate first.
///
/// # Errors
/// When key and certificate do not belong together.
pub fn for_people(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, EncryptionError> {
    let mut config = versions()?.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(config)
}

/// The same, and whoever connects must show a certificate of this authority.
///
/// # Errors
/// When key and certificate do not belong together, or the authority's certificates cannot be read.
pub fn for_machines(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authority: Vec<CertificateDer<'static>>,
) -> Result<ServerConfig, EncryptionError> {
    let mut roots = RootCertStore::empty();
    for certificate in authority {
        roots.add(certificate)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider())).build()?;
    let mut config = versions()?.with_client_cert_verifier(verifier).with_single_cert(chain, key)?;
    config.alpn_protocols = vec![HTTP2.to_vec()];
    // A resumed session would not show its certificate again, though that may have ended meanwhile.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn versions() -> Result<ConfigBuilder<ServerConfig, WantsVerifier>, rustls::Error> {
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions()
}
