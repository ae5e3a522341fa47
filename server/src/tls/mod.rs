//! Certificates of the listeners: read from files, and read again when those change.

mod ends;
mod files;
mod kind;
mod watched;

pub use files::open_to_others;

use crate::config::{Config, Machines, TagListener, Tls};
use anyhow::{Context, Result};
use files::Files;
use kind::Kind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use watched::Watched;

/// How often the files are looked at. A new certificate is in force at most so long after it was written; SIGHUP is quicker.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// What a listener is given: the certificate in force at the moment.
type Source = watch::Receiver<Arc<rustls::ServerConfig>>;

/// The certificates of all listeners.
#[derive(Default)]
pub struct Certificates {
    watched: Vec<Watched>,
}

impl Certificates {
    /// For a listener for tags; `None` where it speaks plain text.
    ///
    /// # Errors
    /// When a file cannot be read, or certificate and key do not belong together.
    pub fn for_tags(&mut self, listener: &TagListener) -> Result<Option<Source>> {
        let Some(tls) = &listener.tls else { return Ok(None) };
        Ok(Some(self.watch(format!("tags on {}", listener.address), Kind::Tags, tls, None)?))
    }

    /// For the rooms; `None` where they speak plain text.
    ///
    /// # Errors
    /// When a file cannot be read, or certificate and key do not belong together.
    pub fn for_rooms(&mut self, tls: Option<&Tls>) -> Result<Option<Source>> {
        tls.map(|tls| self.watch("rooms".to_owned(), Kind::Rooms, tls, None)).transpose()
    }

    /// For the machines.
    ///
    /// # Errors
    /// When a file is not named, cannot be read, or certificate and key do not belong together.
    pub fn for_machines(&mut self, machines: &Machines) -> Result<Source> {
        let tls = machines.tls.as_ref().context("machines.tls is missing")?;
        let authority = machines.client_ca.as_deref().context("machines.client_ca is missing")?;
        self.watch("machines".to_owned(), Kind::Machines, tls, Some(authority))
    }

    fn watch(&mut self, whose: String, kind: Kind, tls: &Tls, client_ca: Option<&Path>) -> Result<Source> {
        let files = Files { certificate: tls.certificate.clone(), key: tls.key.clone(), client_ca: client_ca.map(Path::to_owned) };
        let (watched, source) = Watched::new(whose, kind, files)?;
        self.watched.push(watched);
        Ok(source)
    }

    /// Looks at the files each minute, and whenever told, until cancelled.
    pub async fn follow(self, now: Arc<Notify>, stop: CancellationToken) {
        let mut watched = self.watched;
        loop {
            let told = tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => false,
                () = now.notified() => true,
            };
            if told && watched.is_empty() {
                tracing::info!("no listener has a certificate: there is nothing to look at");
            }
            // Files may lie on a disk that is slow to answer.
            let looked = tokio::task::spawn_blocking(move || {
                watched.iter_mut().for_each(|watched| watched.look(told));
                watched
            });
            watched = match looked.await {
                Ok(watched) => watched,
                Err(_) => return tracing::error!("certificates are not looked after any more; a restart is needed for new ones"),
            };
        }
    }
}

/// Reads every certificate that the configuration names; each line says whose it is and when it ends.
///
/// # Errors
/// When one is not usable.
pub fn check(config: &Config) -> Result<Vec<String>> {
    let mut certificates = Certificates::default();
    for listener in &config.tags {
        certificates.for_tags(listener)?;
    }
    certificates.for_rooms(config.rooms.tls.as_ref())?;
    if config.machines.address.is_some() {
        certificates.for_machines(&config.machines)?;
    }
    Ok(certificates.watched.iter().map(Watched::described).collect())
}
