//! The PEM files of one listener.

use anyhow::{Context, Result, ensure};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::path::{Path, PathBuf};

/// Where they are.
pub(super) struct Files {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Whose certificates machines must show.
    pub client_ca: Option<PathBuf>,
}

/// What is in them. Has no `Debug`: the key is in it.
#[derive(PartialEq, Eq)]
pub(super) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Files {
    /// All of them, as they are now.
    pub(super) fn read(&self) -> Result<Contents> {
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
        })
    }
}

impl Contents {
    /// The server's own certificate first.
    pub(super) fn chain(&self) -> Result<Vec<CertificateDer<'static>>> {
        certificates(&self.certificate).context("the file of the certificate")
    }

    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>> {
        // The reason is left out: it could quote the file.
        PrivateKeyDer::from_pem_slice(&self.key).ok().context("the file of the key holds no private key in PEM form")
    }

    pub(super) fn authority(&self) -> Result<Vec<CertificateDer<'static>>> {
        certificates(self.client_ca.as_deref().unwrap_or_default()).context("the file of the machines' authority")
    }
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().context("it cannot be read as PEM")?;
    ensure!(!found.is_empty(), "it holds no certificate in PEM form");
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Whether users other than its owner and group may read a secret.
pub fn open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o004 != 0)
}
