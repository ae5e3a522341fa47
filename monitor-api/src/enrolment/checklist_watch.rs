//! The live checklist: looked at every second, told when it changed, until the installation ends.

use super::fittings_shown::checklist;
use super::refused;
use crate::language::{current, speaking};
use crate::reason::Reason;
use crate::status::{database_away, refusal};
use access::Caller;
use chrono::Utc;
use proto::enrolment::{Checklist, installation};
use std::time::Duration;
use store::Store;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

/// Between two looks at the database.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Checklists that wait for a slow client. When they are full nothing is looked at until it has taken one.
const OUTBOX: usize = 2;

/// What a client reads.
pub(super) type ChecklistStream = ReceiverStream<Result<Checklist, Status>>;

/// One client's view of a checklist.
pub(super) struct ChecklistWatch {
    pub store: Store,
    pub caller: Caller,
    pub installation_id: i64,
    /// Longest wait for one answer of the database.
    pub database_wait_max: Duration,
    pub stop: CancellationToken,
}

impl ChecklistWatch {
    /// The checklist now, and a stream of it. The stream holds `place` until it ends.
    pub async fn start(self, place: OwnedSemaphorePermit) -> Result<ChecklistStream, Status> {
        let first = self.look().await?;
        let (outbox, messages) = mpsc::channel(OUTBOX);
        let watching = async move {
            let closed = outbox.clone();
            tokio::select! {
                () = closed.closed() => {}
                () = self.stop.cancelled() => drop(outbox.send(Err(refusal(Code::Unavailable, Reason::Stopping, &[]))).await),
                () = self.tell(&outbox, first) => {}
            }
            drop(place);
        };
        tokio::spawn(speaking(current(), watching));
        Ok(ReceiverStream::new(messages))
    }

    async fn tell(&self, outbox: &mpsc::Sender<Result<Checklist, Status>>, first: Checklist) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await; // The first is due at once, and has been looked at.
        let mut told = first.clone();
        let mut news = Some(Ok(first));
        loop {
            if let Some(news) = news.take() {
                let is_last = news.as_ref().map_or(true, is_over);
                if outbox.send(news).await.is_err() || is_last {
                    return;
                }
            }
            ticks.tick().await;
            match self.look().await {
                Ok(found) if found == told => {}
                Ok(found) => {
                    told = found.clone();
                    news = Some(Ok(found));
                }
                Err(status) => news = Some(Err(status)),
            }
        }
    }

    async fn look(&self) -> Result<Checklist, Status> {
        let looking = self.store.checklist(&self.caller, self.installation_id, Utc::now());
        let found = timeout(self.database_wait_max, looking).await.map_err(|_| database_away())?;
        found.map(checklist).map_err(|error| refused("WatchChecklist", &error))
    }
}

fn is_over(list: &Checklist) -> bool {
    list.installation.as_ref().is_none_or(|found| found.state() != installation::State::Open)
}
