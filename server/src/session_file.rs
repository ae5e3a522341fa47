//! The sessions that `paband login` keeps for this user: a file for each server, for its owner alone.

use anyhow::{Context, Result};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The file for a server: `~/.local/state/paband/sessions/http---127-0-0-1-7743`.
pub fn of_server(server: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let base = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).or_else(home).unwrap_or_else(|| PathBuf::from("/var/lib"));
    let name: String = server.chars().map(|character| if character.is_ascii_alphanumeric() { character } else { '-' }).collect();
    base.join("paband/sessions").join(name)
}

/// The token in the file; `None` where there is no file.
pub fn read(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(token) => Ok(Some(token.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read the session in {}", path.display())),
    }
}

/// Keeps a token, for nobody else to read.
pub fn write(path: &Path, token: &str) -> Result<()> {
    let written = || -> std::io::Result<()> {
        if let Some(directory) = path.parent() {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        // Beside and renamed: a file that others may read already would keep its mode.
        let beside = path.with_extension("new");
        let _ = std::fs::remove_file(&beside);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
        writeln!(file, "{token}")?;
        std::fs::rename(&beside, path)
    };
    written().with_context(|| format!("cannot keep the session in {}", path.display()))
}

/// Forgets a token.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{of_server, read, remove, write};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_session_is_kept_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions/one");
        assert_eq!(read(&path).unwrap(), None);
        write(&path, "first").unwrap();
        write(&path, "token").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("token"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        remove(&path).unwrap();
        remove(&path).unwrap();
        assert_eq!(read(&path).unwrap(), None);
        assert!(of_server("https://a.b:1").ends_with("paband/sessions/https---a-b-1"));
    }
}
