//! Billing by the clock: the run of each month, the first invoice after a fitting, the last one after a removal. Whatever was missed while the service did not
//! run, or the database was away, is due still, and found at the next look; so is a run that somebody asked for and that was broken off.

use billing::calendar::Moment;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use store::{BOOKS_PORTION, PortionOf, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How often it looks who is due.
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// A run that somebody asked for and that has not got on for so long is gone on with here; whoever did it before is not hindered by that.
const BROKEN_OFF_AFTER: TimeDelta = TimeDelta::minutes(1);

/// Looks until `stop`.
pub async fn run(store: Store, stop: CancellationToken) {
    if let Err(error) = billing::calendar::check_time_zone() {
        tracing::error!(%error, "nobody is billed: the time zone data of this program are wrong");
        return;
    }
    let mut looked: Option<DateTime<Utc>> = None;
    loop {
        let now = Utc::now();
        let done = async {
            look(&store, looked, now, &stop).await?;
            // Nobody of this program goes on with a run that it finds when it starts.
            go_on(&store, looked.map_or(now, |_| now - BROKEN_OFF_AFTER), &stop).await
        };
        match done.await {
            Ok(()) => looked = Some(now),
            // What was not done is due still.
            Err(error) => tracing::warn!(%error, "billing waits: the database did not do it; the next look tries again"),
        }
        if !crate::clock::goes_on_after(LOOK_EVERY, &stop).await {
            return;
        }
    }
}

/// Carries on the books of whoever is due.
async fn look(store: &Store, since: Option<DateTime<Utc>>, now: DateTime<Utc>, stop: &CancellationToken) -> Result<(), StoreError> {
    let month = month_began(now)?;
    let run_id = store.books_run_monthly(month, now).await?;
    let mut blocked = 0;
    for persons in store.books_due(month, since, now).await?.chunks(BOOKS_PORTION) {
        if stop.is_cancelled() {
            break;
        }
        let issued = store.books_portion(persons, now, PortionOf::Due(run_id)).await?;
        blocked += issued.blocked;
        if issued.documents > 0 || issued.blocked > 0 {
            tracing::info!(persons = issued.persons, documents = issued.documents, blocked = issued.blocked, "billed");
        }
    }
    if blocked > 0 {
        tracing::warn!(blocked, "persons wait on the work list of billing: their facts contradict each other");
    }
    match run_id {
        Some(run_id) if !stop.is_cancelled() => store.books_run_end(run_id, now).await,
        _ => Ok(()),
    }
}

/// Goes on with runs that somebody asked for, and that were broken off.
async fn go_on(store: &Store, since: DateTime<Utc>, stop: &CancellationToken) -> Result<(), StoreError> {
    for run_id in store.books_runs_under_way(since).await? {
        tracing::info!(run_id, "a run that was broken off goes on");
        while !stop.is_cancelled() && store.books_run_next(run_id).await? {}
    }
    Ok(())
}

/// The first instant of the Solar Hijri month in Tehran.
fn month_began(now: DateTime<Utc>) -> Result<DateTime<Utc>, StoreError> {
    let now = Moment::try_from(now).map_err(|error| StoreError::Refused(error.to_string()))?;
    Ok(Moment::start_of(now.day().month().first_day()).utc())
}
