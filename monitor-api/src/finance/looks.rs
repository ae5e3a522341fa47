//! Looks over many persons that issue nothing: progress comes as it is made, the whole last. They end with whoever asked.

use super::runs_shown::{Preview, what_if_answer};
use super::tags_shown::Compared;
use crate::alerts::store_failed;
use crate::language::{current, speaking};
use crate::reason::Reason;
use crate::status::refusal;
use access::Caller;
use billing::calendar::Month;
use chrono::{DateTime, Utc};
use proto::billing::{
    CompareWithTagsResponse, PreviewRunResponse, RunProgress, WhatIfResponse, compare_with_tags_response, preview_run_response,
    what_if_response,
};
use std::sync::Arc;
use store::{Alternative, BooksError, BooksPersons, Store, StoreError, TagComparison};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Response, Status};

/// Persons that are looked at together.
const PORTION: usize = 1000;

/// Messages that wait for a slow caller.
const MESSAGES_AHEAD: usize = 4;

/// Of persons who would owe something else so many are told.
pub(super) const CHANGED_TOLD: usize = 100;

/// Whom a look is at.
pub(super) enum Who {
    /// A unit and those below; empty = all within reach.
    Unit(String),
    /// A wearer.
    Wearer(String),
}

/// A fault of the program.
pub(super) fn broken() -> Status {
    refusal(Code::Internal, Reason::Internal, &[])
}

/// Whom the caller may look at.
pub(super) async fn who(store: &Store, caller: &Caller, who: Who) -> Result<BooksPersons, BooksError> {
    match who {
        Who::Unit(unit) => Ok(store.books_persons(store.books_scope(caller, &unit).await?)),
        Who::Wearer(wearer) => {
            caller.about_wearer(&wearer);
            store.books_person(caller, &wearer).await
        }
    }
}

/// What a run at `at` would issue.
pub(super) fn preview(
    store: Store,
    turns: Arc<Semaphore>,
    mut persons: BooksPersons,
    at: DateTime<Utc>,
) -> Response<ReceiverStream<Result<PreviewRunResponse, Status>>> {
    let part = |part| PreviewRunResponse { part: Some(part) };
    stream("PreviewRun", turns, move |messages| async move {
        let (mut seen, due) = (Preview::at(at), persons.count().await?);
        while let Some(portion) = persons.next(PORTION).await? {
            seen.take(store.books_preview(&portion, at).await?)?;
            let progress = RunProgress { persons: seen.persons(), persons_due: due };
            tell(&messages, part(preview_run_response::Part::Progress(progress))).await?;
        }
        tell(&messages, part(preview_run_response::Part::Preview(seen.told()))).await
    })
}

/// What they would owe by something else.
pub(super) fn what_if(
    store: Store,
    turns: Arc<Semaphore>,
    mut persons: BooksPersons,
    months: (Month, Month),
    alternative: Alternative,
) -> Response<ReceiverStream<Result<WhatIfResponse, Status>>> {
    let part = |part| WhatIfResponse { part: Some(part) };
    stream("WhatIf", turns, move |messages| async move {
        let (mut sums, due) = (store::WhatIf::default(), persons.count().await?);
        while let Some(portion) = persons.next(PORTION).await? {
            sums.take(store.books_what_if(&portion, &alternative, months).await?, CHANGED_TOLD);
            let progress = RunProgress { persons: sums.persons + sums.blocked, persons_due: due };
            tell(&messages, part(what_if_response::Part::Progress(progress))).await?;
        }
        tell(&messages, part(what_if_response::Part::Answer(what_if_answer(sums)))).await
    })
}

/// Bills beside what tags said.
pub(super) fn compare(
    turns: Arc<Semaphore>,
    mut comparison: TagComparison,
    silent_days_min: u32,
) -> Response<ReceiverStream<Result<CompareWithTagsResponse, Status>>> {
    let part = |part| CompareWithTagsResponse { part: Some(part) };
    stream("CompareWithTags", turns, move |messages| async move {
        let mut found = Compared::new(silent_days_min);
        while let Some(portion) = comparison.next(PORTION).await? {
            found.take(portion);
            let (persons, persons_due) = comparison.progress();
            let progress = RunProgress { persons: persons as u64, persons_due: persons_due as u64 };
            tell(&messages, part(compare_with_tags_response::Part::Progress(progress))).await?;
        }
        tell(&messages, part(compare_with_tags_response::Part::Comparison(found.told(&comparison)))).await
    })
}

/// The caller has gone: nobody is left to be told.
async fn tell<T>(messages: &mpsc::Sender<Result<T, Status>>, message: T) -> Result<(), StoreError> {
    messages.send(Ok(message)).await.map_err(|_| StoreError::Refused("the caller has gone".to_owned()))
}

/// Does it when its turn comes, and tells the caller how it ended.
fn stream<T, Look>(
    request: &'static str,
    turns: Arc<Semaphore>,
    look: impl FnOnce(mpsc::Sender<Result<T, Status>>) -> Look + Send + 'static,
) -> Response<ReceiverStream<Result<T, Status>>>
where
    T: Send + 'static,
    Look: Future<Output = Result<(), StoreError>> + Send + 'static,
{
    let (messages, received) = mpsc::channel(MESSAGES_AHEAD);
    tokio::spawn(speaking(current(), async move {
        let Ok(_turn) = turns.acquire().await else { return };
        if let Err(error) = look(messages.clone()).await
            && !messages.is_closed()
        {
            // Nobody may be left to hear it.
            let _heard = messages.send(Err(store_failed(request, &error))).await;
        }
    }));
    Response::new(ReceiverStream::new(received))
}
