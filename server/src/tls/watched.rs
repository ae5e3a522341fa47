//! The files of one listener, and what is in force because of them.

use super::Source;
use super::ends;
use super::files::{Contents, Files};
use super::kind::Kind;
use anyhow::{Context, Result};
use geofence::Timestamp;
use std::sync::Arc;
use tokio::sync::watch;

/// A warning of a near end comes again after so long, milliseconds.
const WARN_EVERY_MILLIS: i64 = 86_400_000;

/// One listener's certificate.
pub(super) struct Watched {
    /// `rooms`, `tags on 0.0.0.0:7700`.
    whose: String,
    kind: Kind,
    files: Files,
    /// What was last read, in force or not; `None` where it could not be read.
    seen: Option<Contents>,
    ends: Option<Timestamp>,
    warned_at: Option<Timestamp>,
    in_force: watch::Sender<Arc<rustls::ServerConfig>>,
}

impl Watched {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// When they are not usable: there is nothing older to go on with.
    pub(super) fn new(whose: String, kind: Kind, files: Files) -> Result<(Self, Source)> {
        let start = || -> Result<_> {
            let contents = files.read()?;
            let config = kind.build(&contents)?;
            Ok((ends::of(&contents.chain()?), contents, config))
        };
        let (ends, contents, config) = start().with_context(|| format!("the certificate for {whose} cannot be used"))?;
        let (in_force, source) = watch::channel(Arc::new(config));
        Ok((Self { whose, kind, files, seen: Some(contents), ends, warned_at: None, in_force }, source))
    }

    /// Puts what is in the files in force if it is new and usable. `told`: somebody asked, and hears that nothing changed.
    pub(super) fn look(&mut self, told: bool) {
        let read = self.files.read();
        match &read {
            Ok(contents) if self.seen.as_ref() == Some(contents) => {
                if told {
                    tracing::info!(whose = self.whose, "the certificate has not changed");
                }
            }
            // Said once, not each minute.
            Err(_) if self.seen.is_none() && !told => {}
            _ => match read.as_ref().map_err(|error| format!("{error:#}")).and_then(|new| self.take(new).map_err(|e| format!("{e:#}"))) {
                Ok(()) => {
                    tracing::info!(whose = self.whose, ends = self.ends.map(tracing::field::display), "a new certificate is in force")
                }
                Err(error) => tracing::error!(whose = self.whose, error, "the new certificate cannot be used; the old one stays in force"),
            },
        }
        self.seen = read.ok();
        self.warn(crate::clock::now());
    }

    fn take(&mut self, new: &Contents) -> Result<()> {
        let config = self.kind.build(new)?;
        self.ends = ends::of(&new.chain()?);
        self.warned_at = None;
        self.in_force.send_replace(Arc::new(config));
        Ok(())
    }

    fn warn(&mut self, now: Timestamp) {
        let due = self.warned_at.is_none_or(|warned| now.millis_since(warned) >= WARN_EVERY_MILLIS);
        if let Some(warning) = self.ends.and_then(|ends| ends::warning(ends, now)).filter(|_| due) {
            self.warned_at = Some(now);
            tracing::warn!(whose = self.whose, warning, "the certificate in force needs renewing");
        }
    }

    /// For a person: whose it is and when it ends.
    pub(super) fn described(&self) -> String {
        let ends = self.ends.map_or("ends at an unknown time".to_owned(), |ends| format!("ends at {ends}"));
        format!("certificate for {}: {ends}", self.whose)
    }
}

#[cfg(test)]
mod tests {
    use super::{Files, Kind, Watched};
    use std::path::Path;
    use std::sync::Arc;

    fn write(directory: &Path) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(directory.join("certificate.pem"), made.cert.pem()).unwrap();
        std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    }

    fn files(directory: &Path) -> Files {
        Files { certificate: directory.join("certificate.pem"), key: directory.join("key.pem"), client_ca: None }
    }

    #[test]
    fn what_is_new_and_usable_comes_into_force() {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path());
        let (mut watched, source) = Watched::new("rooms".to_owned(), Kind::Rooms, files(directory.path())).unwrap();
        let first = Arc::clone(&source.borrow());
        let is_first = || Arc::ptr_eq(&first, &source.borrow());
        watched.look(true);
        assert!(is_first(), "nothing changed");
        let good = std::fs::read(directory.path().join("key.pem")).unwrap();
        for broken in [b"".as_slice(), b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
            std::fs::write(directory.path().join("key.pem"), broken).unwrap();
            watched.look(false);
            assert!(is_first(), "a broken key changes nothing");
        }
        std::fs::remove_file(directory.path().join("key.pem")).unwrap();
        watched.look(false);
        watched.look(false);
        assert!(is_first(), "nor does a missing one");
        std::fs::write(directory.path().join("key.pem"), good).unwrap();
        write(directory.path());
        watched.look(false);
        assert!(!is_first());
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_at_the_start() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(one.path());
        write(other.path());
        for kind in [Kind::Rooms, Kind::Tags] {
            let mixed = Files { key: other.path().join("key.pem"), ..files(one.path()) };
            let error = Watched::new("rooms".to_owned(), kind, mixed).err().unwrap();
            assert!(format!("{error:#}").contains("cannot be used together"), "{error:#}");
        }
        let missing = Files { key: one.path().join("no.pem"), ..files(one.path()) };
        assert!(format!("{:#}", Watched::new("rooms".to_owned(), Kind::Rooms, missing).err().unwrap()).contains("no.pem"));
    }
}
