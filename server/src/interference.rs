//! Watches the areas: many wearers in trouble together become one incident (policy 4).

use geofence::{Interference, InterferenceRules, InterferenceWatch, Sighting, Timestamp};
use std::time::Duration;
use store::Store;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How often time alone is looked at, and what was found of members meanwhile is attached.
const TICK: Duration = Duration::from_secs(5);

/// Portions of sightings that may wait. One more is dropped: a sighting is one of many, and comes again within a minute.
pub const QUEUE_MAX: usize = 1024;

/// Takes in what the shards see until cancelled.
pub async fn watch(store: Store, mut sightings: mpsc::Receiver<Vec<Sighting>>, stop: CancellationToken) {
    let mut watch = InterferenceWatch::new(InterferenceRules::default());
    resume(&store, &mut watch, &stop).await;
    let mut tick = tokio::time::interval(TICK);
    let mut unwritten: Vec<Interference> = Vec::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            portion = sightings.recv() => match portion {
                Some(portion) => portion.iter().for_each(|sighting| watch.take(sighting, &mut unwritten)),
                None => return,
            },
            _ = tick.tick() => {
                watch.advance(crate::clock::now(), &mut unwritten);
                if !watch.open().is_empty() && let Err(error) = store.incidents_attach(crate::clock::now()).await {
                    tracing::warn!(error = &error as &dyn std::error::Error, "alerts could not be attached to an incident; tried again shortly");
                }
            }
        }
        write(&store, &mut unwritten, crate::clock::now()).await;
    }
}

/// In order; what could not be written is tried again.
async fn write(store: &Store, unwritten: &mut Vec<Interference>, now: Timestamp) {
    while let Some(incident) = unwritten.first() {
        if let Err(error) = store.incident(incident, now).await {
            return tracing::warn!(error = &error as &dyn std::error::Error, "an incident could not be written; tried again shortly");
        }
        let incident = unwritten.remove(0);
        tracing::debug!(joined = incident.joined.len(), ended = incident.end.is_some(), "interference in an area");
    }
}

/// Goes on with what was open before a restart.
async fn resume(store: &Store, watch: &mut InterferenceWatch, stop: &CancellationToken) {
    loop {
        match store.incidents_open().await {
            Ok(open) => return open.into_iter().for_each(|incident| watch.resume(incident)),
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "open incidents cannot be read yet"),
        }
        if !crate::clock::goes_on_after(TICK, stop).await {
            return;
        }
    }
}
