//! Where certificates and keys lie.

use super::Made;
use super::issue::Pair;
use anyhow::{Context, Result, ensure};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A key is for its owner alone.
const KEY_MODE: u32 = 0o600;
/// A certificate is no secret.
const CERTIFICATE_MODE: u32 = 0o644;

/// A folder with pairs of files, NAME.pem and NAME.key.
pub struct Folder(PathBuf);

impl Folder {
    /// By its absolute path, so that what is printed holds from anywhere.
    pub fn new(path: &Path) -> Result<Self> {
        Ok(Self(std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))?))
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn make(&self) -> Result<()> {
        std::fs::create_dir_all(&self.0).with_context(|| format!("cannot make {}", self.0.display()))
    }

    /// Refuses if any of these is there, before anything is written.
    pub(super) fn ensure_absent(&self, names: &[&str]) -> Result<()> {
        for path in names.iter().flat_map(|name| [self.at(name, "pem"), self.at(name, "key")]) {
            ensure!(
                !path.exists(),
                "{} is there already and is not overwritten: choose another folder, or remove it first",
                path.display()
            );
        }
        Ok(())
    }

    pub(super) fn write_new(&self, name: &str, pair: &Pair) -> Result<Made> {
        let made = self.made(name);
        write(&made.key, &pair.key, KEY_MODE)?;
        write(&made.certificate, &pair.certificate, CERTIFICATE_MODE)?;
        Ok(made)
    }

    /// Each file is either the old or the new one at any time; a server that looks between the two keeps what it has.
    pub(super) fn replace(&self, name: &str, pair: &Pair) -> Result<Made> {
        let (made, new) = (self.made(name), self.made(&format!("{name}.new")));
        for path in [&new.key, &new.certificate] {
            // Left over from a try that was interrupted.
            let _ = std::fs::remove_file(path);
        }
        write(&new.key, &pair.key, KEY_MODE)?;
        write(&new.certificate, &pair.certificate, CERTIFICATE_MODE)?;
        for (from, to) in [(&new.key, &made.key), (&new.certificate, &made.certificate)] {
            std::fs::rename(from, to).with_context(|| format!("cannot write {}", to.display()))?;
        }
        Ok(made)
    }

    pub(super) fn certificate(&self, name: &str) -> Result<String> {
        read(&self.at(name, "pem"))
    }

    pub(super) fn read(&self, name: &str) -> Result<Pair> {
        Ok(Pair { certificate: self.certificate(name)?, key: read(&self.at(name, "key"))? })
    }

    fn made(&self, name: &str) -> Made {
        Made { certificate: self.at(name, "pem"), key: self.at(name, "key") }
    }

    fn at(&self, name: &str, extension: &str) -> PathBuf {
        self.0.join(format!("{name}.{extension}"))
    }
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| format!("cannot write {}", path.display()))
}
