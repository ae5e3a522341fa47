//! One `Watch` stream: history up to the live tail, then live, and heartbeats in between.

use crate::convert;
use crate::events::Happening;
use crate::hub::{GAP_READS_MAX, Hub, Told, unbroken};
use crate::language::{current, speaking};
use crate::reason::Reason;
use crate::status::stream_end;
use access::Caller;
use proto::monitor::{AlertEvent, Heartbeat, WatchResponse, watch_response::Message};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

/// Messages that wait in the server for one client. When they are full the watcher waits, at most `Options::stall_max`.
const OUTBOX_MESSAGES: usize = 64;

/// Wait before history is asked for again after the database failed or showed a gap.
const HISTORY_RETRY_AFTER: Duration = Duration::from_secs(1);

/// What a client reads.
pub type WatchStream = ReceiverStream<Result<WatchResponse, Status>>;

/// Why a stream ends.
enum End {
    /// The client is gone: nobody to tell.
    Gone,
    /// The server is stopping.
    Stopping,
    /// The client takes less than there is to tell.
    TooSlow,
    /// Numbers up to this one, exclusive, are missing in the database.
    Missing { next: i64 },
    /// The database became an older one.
    SetBack { newest: i64 },
}

/// One client's place in the events.
pub struct Watcher {
    hub: Arc<Hub>,
    outbox: mpsc::Sender<Result<WatchResponse, Status>>,
    caller: Caller,
    /// The newest sequence that was put into the outbox, or is none of the caller's.
    sent: AtomicI64,
    /// The newest sequence that the client knows of, from an event or a heartbeat.
    told: AtomicI64,
    stop: CancellationToken,
}

impl Watcher {
    /// Starts a stream of everything after `sequence` that is within the caller's reach. It holds `place` until it ends.
    pub fn start(hub: Arc<Hub>, caller: Caller, sequence: i64, place: OwnedSemaphorePermit, stop: CancellationToken) -> WatchStream {
        let (outbox, messages) = mpsc::channel(OUTBOX_MESSAGES + 1);
        let last_word = outbox.clone().try_reserve_owned().expect("the new outbox is empty");
        let watcher = Self { hub, outbox, caller, sent: AtomicI64::new(sequence), told: AtomicI64::new(sequence), stop };
        let streaming = async move {
            let end = watcher.run().await;
            if let Some(status) = watcher.status(&end) {
                last_word.send(Err(status));
            }
            drop(place);
        };
        tokio::spawn(speaking(current(), streaming));
        ReceiverStream::new(messages)
    }

    async fn run(&self) -> End {
        let setbacks = self.hub.now().setbacks;
        if let Err(end) = self.send_heartbeat().await {
            return end;
        }
        tokio::select! {
            biased;
            () = self.outbox.closed() => End::Gone,
            () = self.stop.cancelled() => End::Stopping,
            end = self.setback(setbacks) => end,
            Err(end) = self.beat() => end,
            Err(end) = self.feed() => end,
        }
    }

    /// History until it meets the live tail, then the tail.
    async fn feed(&self) -> Result<(), End> {
        loop {
            self.history().await?;
            let live = self.hub.subscribe();
            // What was published before the subscription is in the history only.
            if self.sent() >= self.hub.now().last.unwrap_or_default() {
                self.send_heartbeat().await?;
                return self.live(live).await;
            }
        }
    }

    /// Sends pages of the database until everything that the tail has published is sent.
    async fn history(&self) -> Result<(), End> {
        let mut gap_reads = 0;
        while self.sent() < self.hub.now().last.unwrap_or_default() {
            let page = match self.hub.history(self.sent()).await {
                Ok(page) if !page.is_empty() => page,
                _ => {
                    sleep(HISTORY_RETRY_AFTER).await; // The heartbeats tell the client meanwhile.
                    continue;
                }
            };
            let next = page[0].event.sequence;
            if next != self.sent() + 1 {
                gap_reads += 1;
                if gap_reads >= GAP_READS_MAX {
                    return Err(End::Missing { next });
                }
                sleep(HISTORY_RETRY_AFTER).await;
                continue;
            }
            let whole = unbroken(&page);
            for told in page.into_iter().take(whole) {
                self.send_event(told).await?;
            }
        }
        Ok(())
    }

    async fn live(&self, mut live: Receiver<Arc<Told>>) -> Result<(), End> {
        loop {
            match live.recv().await {
                Ok(told) if told.event.sequence <= self.sent() => {} // History had it already.
                Ok(told) if told.event.sequence == self.sent() + 1 => self.send_event(told.as_ref().clone()).await?,
                Ok(told) => return Err(End::Missing { next: told.event.sequence }),
                Err(RecvError::Lagged(_)) => return Err(End::TooSlow),
                Err(RecvError::Closed) => return Err(End::Stopping),
            }
        }
    }

    /// Heartbeats for ever: by time, and at once when the database is lost or found.
    async fn beat(&self) -> Result<(), End> {
        let mut pulse = self.hub.pulse();
        let mut ticks = interval(self.hub.options().heartbeat_every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await; // The first is due at once, and has been sent.
        loop {
            let in_touch = pulse.borrow_and_update().in_touch;
            tokio::select! {
                _ = ticks.tick() => {}
                changed = pulse.wait_for(|pulse| pulse.in_touch != in_touch) => { changed.map_err(|_| End::Stopping)?; }
            }
            self.send_heartbeat().await?;
        }
    }

    async fn setback(&self, known: u64) -> End {
        match self.hub.pulse().wait_for(|pulse| pulse.setbacks != known).await {
            Ok(pulse) => End::SetBack { newest: pulse.last.unwrap_or_default() },
            Err(_) => End::Stopping,
        }
    }

    /// What is not for the caller is passed over; the next event and every heartbeat say how far that goes.
    async fn send_event(&self, told: Told) -> Result<(), End> {
        let sequence = told.event.sequence;
        if !told.is_for(&self.caller) {
            self.sent.store(sequence, Ordering::Relaxed);
            return Ok(());
        }
        let place = self.place().await?;
        self.sent.store(sequence, Ordering::Relaxed);
        let event = AlertEvent { previous_sequence: self.told.swap(sequence, Ordering::Relaxed), ..told.event };
        place.send(Ok(WatchResponse { message: Some(Message::Event(event)) }));
        Ok(())
    }

    async fn send_heartbeat(&self) -> Result<(), End> {
        let place = self.place().await?;
        // Read after the place is won, so that the heartbeat is true where it stands among the events.
        let (last_sequence, pulse) = (self.sent(), self.hub.now());
        self.told.store(last_sequence, Ordering::Relaxed);
        let caught_up = pulse.in_touch && last_sequence >= pulse.last.unwrap_or_default();
        let server_time = Some(convert::now());
        let heartbeat = Heartbeat { last_sequence, server_time, caught_up, blind: !pulse.in_touch };
        place.send(Ok(WatchResponse { message: Some(Message::Heartbeat(heartbeat)) }));
        Ok(())
    }

    async fn place(&self) -> Result<mpsc::Permit<'_, Result<WatchResponse, Status>>, End> {
        match timeout(self.hub.options().stall_max, self.outbox.reserve()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::TooSlow),
        }
    }

    fn sent(&self) -> i64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The last word to the client, if there is one to hear it.
    fn status(&self, end: &End) -> Option<Status> {
        let sent = self.sent();
        Some(match *end {
            End::Gone => return None,
            End::Stopping => stream_end(Code::Unavailable, Reason::Stopping, &[], sent),
            End::TooSlow => {
                Happening::TooSlow { sent }.tell();
                stream_end(Code::Aborted, Reason::TooSlow, &[], sent)
            }
            End::Missing { next } => {
                let args = [("first", (sent + 1).to_string()), ("last", (next - 1).to_string())];
                stream_end(Code::DataLoss, Reason::EventsMissing, &args, next - 1)
            }
            End::SetBack { newest } => sequence_in_future(sent, newest),
        })
    }
}

/// The client knows an event that the database does not have.
pub fn sequence_in_future(asked: i64, newest: i64) -> Status {
    let args = [("asked", asked.to_string()), ("newest", newest.to_string())];
    stream_end(Code::OutOfRange, Reason::SequenceInFuture, &args, newest)
}

#[cfg(test)]
mod tests {
    use super::{Hub, Watcher, speaking};
    use crate::{Language, Options};
    use std::sync::Arc;
    use store::testing::TestDatabase;
    use tokio::sync::Semaphore;
    use tokio_stream::StreamExt;
    use tokio_util::sync::CancellationToken;
    use tonic_types::StatusExt;

    #[tokio::test]
    async fn the_last_word_of_a_stream_is_in_the_language_of_its_call() {
        let database = TestDatabase::create().await;
        let hub = Arc::new(Hub::new(database.store().await, Options::default()));
        let stop = CancellationToken::new();
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        let call = async { Watcher::start(hub, access::Caller::command("tests", "watch"), 0, place, stop.clone()) };
        let mut messages = speaking(Language::Persian, call).await;
        stop.cancel();
        let status = loop {
            if let Err(status) = messages.next().await.expect("a stream that stops says why") {
                break status;
            }
        };
        assert_eq!(status.get_details_localized_message().unwrap().locale, "fa-IR");
        assert_eq!(status.get_details_error_info().unwrap().reason, "STOPPING");
    }
}
