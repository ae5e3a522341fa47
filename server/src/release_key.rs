//! The key that signs archives of released data: the configured file, or one that is made in the state directory at the first need.

use crate::config::Config;
use anyhow::{Context, Result};
use monitor_api::release::Signer;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The key is for its owner alone.
const KEY_MODE: u32 = 0o600;
/// Others pass through to the private PostgreSQL's own directory, which says who may go further.
const DIRECTORY_MODE: u32 = 0o755;

/// Reads the key. One of the state directory is made if it is missing; a configured one is not.
///
/// # Errors
/// When there is no key, or it cannot be read or made.
pub fn signer(config: &Config) -> Result<Signer> {
    let path = path(config);
    if config.release.key.is_none() {
        make_if_missing(&path)?;
    }
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read the key that signs releases, {}", path.display()))?;
    Signer::from_pem(&text).with_context(|| format!("the key that signs releases, {}, cannot be used", path.display()))
}

/// The same for a server: without a key that nobody configured, it watches and releases nothing.
///
/// # Errors
/// When the configured key cannot be used.
pub fn signer_to_serve(config: &Config) -> Result<Option<Signer>> {
    match signer(config) {
        Err(error) if config.release.key.is_none() => {
            tracing::error!(error = format!("{error:#}"), "no data can be released until this is mended and the server started again");
            Ok(None)
        }
        signer => signer.map(Some),
    }
}

/// Where the key is.
pub fn path(config: &Config) -> PathBuf {
    config.release.key.clone().unwrap_or_else(|| config.state_dir.join("release-key.pem"))
}

/// Whole or not at all, and never in place of another: of two programs that make one at once both then read the first.
fn make_if_missing(path: &Path) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let cannot = || format!("cannot make the key that signs releases, {}", path.display());
    let directory = path.parent().unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(directory).with_context(cannot)?;
    let new = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(KEY_MODE).open(&new).with_context(cannot)?;
    let made =
        file.write_all(Signer::generate_pem()?.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| std::fs::hard_link(&new, path));
    std::fs::remove_file(&new).with_context(cannot)?;
    match made {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).with_context(cannot),
        Err(_) => Ok(()),
        Ok(()) => {
            tracing::info!(key = %path.display(), "made the key that signs releases; paband release key prints what others check with");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{path, signer};
    use crate::config::{Config, Release};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config { state_dir: directory.path().join("state"), ..Config::default() };
        let first = signer(&config).unwrap().public();
        assert_eq!(signer(&config).unwrap().public(), first);
        assert_eq!(std::fs::metadata(path(&config)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(config.state_dir).unwrap().count(), 1, "nothing is left over");
    }

    #[test]
    fn a_configured_key_is_never_made_up() {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("key.pem");
        let config = Config { release: Release { key: Some(key.clone()) }, ..Config::default() };
        assert!(format!("{:#}", signer(&config).unwrap_err()).contains("key.pem"));
        std::fs::write(&key, "no key").unwrap();
        assert!(format!("{:#}", signer(&config).unwrap_err()).contains("no Ed25519 private key"));
    }
}
