//! A check or a run under way: how far it is, what it found, how it ended.

use super::findings::Findings;
use super::reading::{self, Read};
use super::service::import as shown;
use crate::enrolment::refused;
use crate::language::{current, speaking, speaking_at_once};
use crate::reason::Reason;
use crate::status::refusal;
use access::Caller;
use chrono::{DateTime, Utc};
use proto::enrolment::import_progress::Message;
use proto::enrolment::{ImportFinding, ImportOutcome, ImportProgress, ImportStep};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{Import, Imported, Store};
use tokio::sync::{Semaphore, mpsc};
use tonic::{Code, Status};

/// A caller is told so often how far it is.
const STEPS: usize = 40;

/// Messages that wait for a slow caller. Steps beyond are not told; findings and the outcome wait.
const MESSAGES_AHEAD: usize = 2 * STEPS;

/// Most rows that were there already whose numbers are told.
const ROWS_KNOWN_TOLD_MAX: usize = 1000;

type Messages = mpsc::Sender<Result<ImportProgress, Status>>;

/// What a check or a run needs.
pub(super) struct Running {
    pub store: Store,
    pub caller: Caller,
    pub import: Import,
    pub bytes: Vec<u8>,
    /// Not only to check.
    pub to_store: bool,
    pub now: DateTime<Utc>,
    /// One at a time works: each holds a connection, and many rows.
    pub turns: Arc<Semaphore>,
}

impl Running {
    /// Begins; the messages come as they are made. A check ends with its caller, a run does not.
    pub fn start(self) -> mpsc::Receiver<Result<ImportProgress, Status>> {
        let (messages, received) = mpsc::channel(MESSAGES_AHEAD);
        tokio::spawn(speaking(current(), async move {
            let closed = messages.clone();
            let is_check = !self.to_store;
            tokio::select! {
                ended = self.end(&messages) => if let Err(status) = ended {
                    // Nobody may be left to hear it.
                    let _heard = messages.send(Err(status)).await;
                },
                () = closed.closed(), if is_check => {}
            }
        }));
        received
    }

    async fn end(mut self, messages: &Messages) -> Result<(), Status> {
        tell_step(messages, 0, 0);
        let turns = Arc::clone(&self.turns);
        let _turn = turns.acquire().await.map_err(|_| broken())?;
        let read = self.read().await?;
        let rows = read.file.rows;
        tell_step(messages, 0, rows);
        let told = AtomicUsize::new(0);
        let progress = |done: usize| {
            let step = done * STEPS / rows.max(1);
            if told.fetch_max(step, Ordering::Relaxed) < step {
                tell_step(messages, done, rows);
            }
        };
        let doing = self.store.import_do(&self.caller, &self.import, &read.file, self.to_store, &progress, self.now);
        let imported = doing.await.map_err(|error| refused(if self.to_store { "RunImport" } else { "CheckImport" }, &error))?;
        tell_end(messages, read, imported).await;
        Ok(())
    }

    /// Reads the file on a thread of its own. A file of an import that is done is gone: there is nothing to read.
    async fn read(&mut self) -> Result<Read, Status> {
        let (kind, now, bytes, language) = (self.import.new.kind, self.now, std::mem::take(&mut self.bytes), current());
        let reading = tokio::task::spawn_blocking(move || speaking_at_once(language, || reading::read(kind, &bytes, now)));
        reading.await.map_err(|_| broken())
    }
}

fn tell_step(messages: &Messages, done: usize, all: usize) {
    let step = ImportStep { rows_done: done as i64, rows_all: all as i64 };
    // A caller who does not listen holds nothing up.
    let _told = messages.try_send(Ok(progress(Message::Step(step))));
}

async fn tell_end(messages: &Messages, mut read: Read, imported: Imported) {
    let mut refusals = Findings::default();
    for (at, error) in &imported.refused {
        read.refused(*at, error, &mut refusals);
    }
    // Read again by whom it was done before, the file is gone and says nothing.
    let findings = if imported.stored { Findings::default() } else { std::mem::take(&mut read.findings).with(refusals) };
    let rows_known = imported.known.iter().take(ROWS_KNOWN_TOLD_MAX).map(|at| i64::from(read.number(*at))).collect();
    let outcome = ImportOutcome {
        import: Some(shown(imported.import)),
        stored: imported.stored,
        sheets_unread: read.sheets_unread,
        columns_unread: read.columns_unread,
        rows_known,
    };
    let found: Vec<ImportFinding> = findings.into_told();
    for message in found.into_iter().map(Message::Finding).chain([Message::Outcome(outcome)]) {
        if messages.send(Ok(progress(message))).await.is_err() {
            return;
        }
    }
}

fn progress(message: Message) -> ImportProgress {
    ImportProgress { message: Some(message) }
}

fn broken() -> Status {
    refusal(Code::Internal, Reason::Internal, &[])
}
