//! Brings what staff have decided from the database to the door, within a second.

use crate::directory::Directory;
use anyhow::Context;
use geofence::{Leave, Plan, Timestamp, Watch, Zone};
use ingest::port::KnownTag;
use ingest::{Door, JudgingRequest, RetiredPast, TagFacts, WearerFacts};
use std::collections::HashMap;
use std::sync::Arc;
use store::{Channel, Facts, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// What is known of the database's facts, and up to which version.
pub struct FactsFeed {
    store: Store,
    directory: Arc<Directory>,
    /// Those that several wearers share; one wearer's own zones are read again when anything of the wearer changes.
    zones: HashMap<i64, Arc<Zone>>,
    watch: Arc<Watch>,
    version: i64,
    /// Pasts that were asked for before the door was open.
    retired: Vec<RetiredPast>,
}

/// One step of news.
struct News {
    facts: Vec<TagFacts>,
    retired: Vec<RetiredPast>,
    known: Vec<(String, KnownTag)>,
}

impl FactsFeed {
    /// Loads everything; the directory is filled, the facts are for the door that opens next. In a thread of its own, because the
    /// allocator looks for what has become free when a thread ends.
    pub async fn load(store: Store, directory: Arc<Directory>, watch: Watch) -> anyhow::Result<(Self, Vec<TagFacts>)> {
        let runtime = tokio::runtime::Handle::current();
        let (tell, told) = tokio::sync::oneshot::channel();
        let loading = move || drop(tell.send(runtime.block_on(Self::load_here(store, directory, watch))));
        std::thread::Builder::new().name("loading".into()).spawn(loading)?;
        Ok(told.await.context("loading ended early")??)
    }

    async fn load_here(store: Store, directory: Arc<Directory>, watch: Watch) -> Result<(Self, Vec<TagFacts>), StoreError> {
        let mut feed = Self { store, directory, zones: HashMap::new(), watch: Arc::new(watch), version: 0, retired: Vec::new() };
        let news = feed.next().await?;
        feed.directory.update(news.known);
        feed.retired = news.retired;
        Ok((feed, news.facts))
    }

    /// Follows changes until cancelled. A missed notice is made good by the version.
    pub async fn follow(mut self, door: Arc<Door>, stop: CancellationToken) {
        let mut changed = self.store.listen(Channel::Facts);
        door.judge_retired(std::mem::take(&mut self.retired)).await;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                tick = changed.changed() => if tick.is_err() { return },
            }
            // A million facts take a while to read: whoever stops the server does not wait for them.
            let news = tokio::select! {
                () = stop.cancelled() => return,
                news = self.next() => news,
            };
            match news {
                Ok(news) if news.facts.is_empty() && news.retired.is_empty() => {}
                Ok(news) => {
                    tracing::info!(tags = news.facts.len(), version = self.version, "new facts in force");
                    // The shards first: a tag that can log in must be known to its shard.
                    door.facts(news.facts).await;
                    self.directory.update(news.known);
                    door.judge_retired(news.retired).await;
                }
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "new facts cannot be read yet"),
            }
        }
    }

    fn wearer(&self, wearer: store::WearerFacts) -> WearerFacts {
        WearerFacts {
            wearer_id: wearer.wearer_id,
            fitted_at: wearer.fitted_at,
            monitored_from: wearer.monitored_from,
            request: wearer.request.map(|(number, from, cause)| JudgingRequest { number, from, cause: cause.into() }),
            plan: Arc::new(self.plan(&wearer.zone_rows, &wearer.zone_spans, wearer.leaves)),
        }
    }

    fn plan(&self, zone_rows: &[i64], zone_spans: &[(i64, Timestamp, Timestamp)], leaves: Vec<Leave>) -> Plan {
        let always = zone_rows.iter().filter_map(|row| self.zones.get(row).cloned());
        let while_in_set = zone_spans.iter().filter_map(|(row, from, to)| self.zones.get(row)?.within(*from, *to).map(Arc::new));
        Plan::new(always.chain(while_in_set).collect(), leaves).watched(Arc::clone(&self.watch))
    }

    fn forget_own_zones(&mut self) {
        // This table and one plan.
        self.zones.retain(|_, zone| Arc::strong_count(zone) > 2);
        self.zones.shrink_to_fit();
    }

    async fn next(&mut self) -> Result<News, StoreError> {
        let zones = &self.zones;
        let Facts { version, zones, tags, retired } =
            self.store.facts_after_knowing(self.version, |row_id| zones.contains_key(&row_id)).await?;
        self.zones.extend(zones.into_iter().map(|row| (row.row_id, row.zone)));
        let mut news = News { facts: Vec::with_capacity(tags.len()), known: Vec::with_capacity(tags.len()), retired: Vec::new() };
        for tag in tags {
            let wearer = tag.wearer.map(|wearer| self.wearer(wearer));
            news.facts.push(TagFacts { tag_id: tag.tag_id, wearer, worn_until: tag.worn_until });
            news.known.push((tag.imei, KnownTag { tag_id: tag.tag_id, key: tag.key }));
        }
        news.retired =
            retired.into_iter().map(|(tag_id, until, wearer)| RetiredPast { tag_id, until, wearer: self.wearer(wearer) }).collect();
        self.version = version;
        self.forget_own_zones();
        Ok(news)
    }
}
