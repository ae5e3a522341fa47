//! What each kind of listener makes of its files.

use super::files::Contents;
use anyhow::{Context, Result};
use rustls::ServerConfig;
use std::sync::Arc;

/// Whose listener it is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Tags,
    Rooms,
    Machines,
}

impl Kind {
    /// The configuration for new connections.
    pub(super) fn build(self, contents: &Contents) -> Result<ServerConfig> {
        let (chain, key) = (contents.chain()?, contents.key()?);
        match self {
            Self::Rooms => Ok(monitor_api::for_people(chain, key)?),
            Self::Machines => Ok(monitor_api::for_machines(chain, key, contents.authority()?)?),
            Self::Tags => ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .context("the TLS library offers no protocol version")?
                .with_no_client_auth()
                .with_single_cert(chain, key)
                .context("certificate and key cannot be used together"),
        }
    }
}
