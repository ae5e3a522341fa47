//! The live tail: one reader of the database for all watchers. It never waits for any of them.

use crate::events::Happening;
use crate::{Options, convert};
use access::Caller;
use proto::monitor::AlertEvent;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use store::{Channel, Store};
use tokio::sync::{Semaphore, broadcast, watch};
use tokio::time::{sleep, timeout};

/// Longest time between two looks at the database. A notice makes it look at once.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often a gap is read before its numbers count as lost. Events are numbered in commit order, so there should be none.
pub const GAP_READS_MAX: u32 = 5;

/// Watchers that read history at the same time; more wait. So they leave database connections to others.
const HISTORY_READERS_MAX: usize = 4;

/// What the tail knows at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Pulse {
    /// The newest event that is published or just about to be; `None` until the database was read once.
    pub last: Option<i64>,
    /// Whether the newest look at the database succeeded.
    pub in_touch: bool,
    /// Grows whenever the database was found to be an older one.
    pub setbacks: u64,
}

/// An event, and who may be told.
#[derive(Clone, Debug)]
pub struct Told {
    /// The event as a message.
    pub event: AlertEvent,
    /// The units whose people may see it, as the database said when it was read; the central unit sees it in any case.
    seen_from: Vec<i64>,
}

impl Told {
    /// Whether it is within a caller's reach.
    pub fn is_for(&self, caller: &Caller) -> bool {
        caller.reaches_all() || self.seen_from.iter().any(|unit| caller.roots.contains(unit))
    }
}

impl From<store::AlertEvent> for Told {
    fn from(mut event: store::AlertEvent) -> Self {
        let seen_from = std::mem::take(&mut event.seen_from);
        Self { event: convert::event(event), seen_from }
    }
}

/// The database did not answer; what it or its driver said.
#[derive(Debug)]
pub struct Away(pub String);

/// The live tail.
pub struct Hub {
    store: Store,
    options: Options,
    live: broadcast::Sender<Arc<Told>>,
    pulse: watch::Sender<Pulse>,
    history_readers: Semaphore,
}

impl Hub {
    /// A tail that has read nothing yet: [`Hub::run`] makes it live.
    pub fn new(store: Store, options: Options) -> Self {
        let (live, _) = broadcast::channel(options.lag_events_max);
        let (pulse, _) = watch::channel(Pulse::default());
        Self { store, options, live, pulse, history_readers: Semaphore::new(HISTORY_READERS_MAX) }
    }

    /// The options of the service.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Follows what the tail knows.
    pub fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.subscribe()
    }

    /// What the tail knows now.
    pub fn now(&self) -> Pulse {
        *self.pulse.borrow()
    }

    /// Everything published from now on. Whoever then finds [`Pulse::last`] beyond what it has must read history once more.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Told>> {
        self.live.subscribe()
    }

    /// One page of events after `sequence`, straight from the database.
    pub async fn history(&self, sequence: i64) -> Result<Vec<Told>, Away> {
        let _turn = self.history_readers.acquire().await.expect("the semaphore is never closed");
        self.page(sequence).await
    }

    /// The newest sequence in the database.
    pub async fn newest(&self) -> Result<i64, Away> {
        self.answer(self.store.alert_last_sequence()).await
    }

    /// Publishes events for ever.
    pub async fn run(&self) -> Infallible {
        let mut ticks = self.store.listen(Channel::Alerts);
        let mut gap_reads = 0;
        loop {
            match self.look(&mut gap_reads).await {
                Ok(()) => self.touched(),
                Err(Away(error)) => self.lost(&error),
            }
            if let Ok(Err(_)) = timeout(LOOK_EVERY, ticks.changed()).await {
                sleep(LOOK_EVERY).await; // The listener is gone; looking every second still finds everything.
            }
        }
    }

    /// Publishes everything that the database has beyond what is published.
    async fn look(&self, gap_reads: &mut u32) -> Result<(), Away> {
        let Some(mut last) = self.now().last else {
            let newest = self.newest().await?;
            self.pulse.send_modify(|pulse| pulse.last = Some(newest));
            return Ok(());
        };
        loop {
            let page = self.page(last).await?;
            if page.is_empty() {
                return self.notice_setback(last).await;
            }
            let full = page.len() as i64 >= self.options.page_events;
            let next = page[0].event.sequence;
            if next != last + 1 && !give_up_gap(last, next, gap_reads) {
                return Ok(());
            }
            *gap_reads = 0;
            last = self.publish(page);
            if !full {
                return Ok(());
            }
        }
    }

    /// Publishes the page up to its first gap; tells the newest sequence published.
    fn publish(&self, page: Vec<Told>) -> i64 {
        let whole = unbroken(&page);
        let last = page[whole - 1].event.sequence;
        // First the number, then the events: a watcher that subscribes in between reads history and misses nothing.
        self.pulse.send_modify(|pulse| pulse.last = Some(last));
        for event in page.into_iter().take(whole) {
            let _ = self.live.send(Arc::new(event)); // An error means that nobody watches.
        }
        last
    }

    async fn notice_setback(&self, known: i64) -> Result<(), Away> {
        let newest = self.newest().await?;
        if newest < known {
            Happening::SetBack { known, newest }.tell();
            self.pulse.send_modify(|pulse| {
                pulse.last = Some(newest);
                pulse.setbacks += 1;
            });
        }
        Ok(())
    }

    async fn page(&self, sequence: i64) -> Result<Vec<Told>, Away> {
        let page = self.answer(self.store.alert_events_after(sequence, self.options.page_events)).await?;
        Ok(page.into_iter().map(Told::from).collect())
    }

    /// The database's answer, or [`Away`] after the time that it may take.
    async fn answer<T>(&self, question: impl Future<Output = Result<T, store::StoreError>>) -> Result<T, Away> {
        match timeout(self.options.database_wait_max, question).await {
            Ok(answer) => answer.map_err(|error| Away(error.to_string())),
            Err(_) => Err(Away("no answer in time".to_owned())),
        }
    }

    fn touched(&self) {
        let news = self.pulse.send_if_modified(|pulse| !std::mem::replace(&mut pulse.in_touch, true));
        if news {
            Happening::InTouch { last: self.now().last.unwrap_or_default() }.tell();
        }
    }

    fn lost(&self, error: &str) {
        let first = self.now() == Pulse::default();
        let news = self.pulse.send_if_modified(|pulse| std::mem::replace(&mut pulse.in_touch, false));
        if news || first {
            Happening::Blind { error }.tell();
        }
    }
}

/// How many events from the front follow each other without a gap; at least 1 of a page that has any.
pub fn unbroken(page: &[Told]) -> usize {
    let breaks = page.windows(2).position(|pair| pair[1].event.sequence != pair[0].event.sequence + 1);
    breaks.map_or(page.len(), |at| at + 1)
}

/// Counts one more reading of a gap; true when it was read often enough to count as lost.
fn give_up_gap(after: i64, next: i64, gap_reads: &mut u32) -> bool {
    *gap_reads += 1;
    if *gap_reads >= GAP_READS_MAX {
        Happening::EventsMissing { after, next }.tell();
        return true;
    }
    Happening::Gap { after, next }.tell();
    false
}

#[cfg(test)]
mod tests {
    use super::{AlertEvent, Told, give_up_gap, unbroken};

    fn told(sequence: i64) -> Told {
        Told { event: AlertEvent { sequence, ..AlertEvent::default() }, seen_from: Vec::new() }
    }

    #[test]
    fn a_page_is_taken_up_to_its_first_gap() {
        let check = |numbers: &[i64], whole: usize| {
            let page: Vec<_> = numbers.iter().map(|&sequence| told(sequence)).collect();
            assert_eq!(unbroken(&page), whole, "{numbers:?}");
        };
        check(&[], 0);
        check(&[7], 1);
        check(&[7, 8, 9], 3);
        check(&[7, 9, 10], 1);
        check(&[7, 8, 10], 2);
        check(&[7, 7], 1);
    }

    #[test]
    fn a_gap_is_read_five_times_before_its_numbers_count_as_lost() {
        let mut reads = 0;
        let given_up: Vec<_> = (0..5).map(|_| give_up_gap(3, 5, &mut reads)).collect();
        assert_eq!(given_up, [false, false, false, false, true]);
    }
}
