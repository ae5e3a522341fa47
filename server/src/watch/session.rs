//! One connection to the server, from its start to its loss.

use super::place::Place;
use super::screen::Screen;
use crate::room::RoomArgs;
use anyhow::bail;
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::{AlertEvent, WatchRequest, watch_response::Message};
use std::io::Write;
use std::time::Duration;
use tokio::time::timeout;
use tonic::transport::Endpoint;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Longest time without a word from the server; its heartbeats come every 5 s. After that it counts as lost.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// How a connection ended.
pub struct Lost {
    /// For the operator.
    pub why: String,
    /// The server said something before: the next try need not wait long.
    pub had_answer: bool,
}

/// Shows events until the server is lost.
///
/// # Errors
/// When trying again cannot help: the server refuses the request itself, or the screen or the place cannot be written.
pub async fn session<W: Write>(room: &RoomArgs, endpoint: &Endpoint, place: &mut Place, screen: &mut Screen<W>) -> anyhow::Result<Lost> {
    let lost = |why: String, had_answer| Ok(Lost { why, had_answer });
    let channel = match endpoint.connect().await {
        Ok(channel) => channel,
        Err(error) => return lost(root_cause(&error), false),
    };
    let request = WatchRequest { after_sequence: place.seen() };
    // Read anew each time: whoever logs in again meanwhile need not start anew here.
    let mut rooms = AlertsClient::with_interceptor(channel, room.credentials()?);
    let mut messages = match timeout(SILENCE_MAX, rooms.watch(request)).await {
        Ok(Ok(answer)) => answer.into_inner(),
        Ok(Err(status)) => return refused(&status, place, screen, false),
        Err(_) => return lost("it does not answer".to_owned(), false),
    };
    let mut had_answer = false;
    loop {
        let message = timeout(SILENCE_MAX, messages.message()).await;
        // An accepted call is no proof of a working server; its first word is.
        if matches!(message, Ok(Ok(Some(_)))) && !std::mem::replace(&mut had_answer, true) {
            screen.connected(&endpoint.uri().to_string(), place.seen())?;
        }
        match message {
            Ok(Ok(Some(answer))) => match answer.message {
                Some(Message::Event(event)) if !show(&event, place, screen)? => {
                    return lost(format!("it left out events before {}", event.sequence), had_answer);
                }
                Some(Message::Heartbeat(beat)) => {
                    // Up to here nothing more is to come: what lay between concerns other units.
                    if place.seen().is_none_or(|seen| seen < beat.last_sequence) {
                        place.set(beat.last_sequence)?;
                    }
                    screen.heartbeat(&beat)?;
                }
                _ => {}
            },
            Ok(Ok(None)) => return lost("it ended the stream".to_owned(), had_answer),
            Ok(Err(status)) => return refused(&status, place, screen, had_answer),
            Err(_) => return lost("it is silent".to_owned(), had_answer),
        }
    }
}

/// Shows an event that has not been shown; false if events before it are missing.
fn show<W: Write>(event: &AlertEvent, place: &mut Place, screen: &mut Screen<W>) -> anyhow::Result<bool> {
    match place.seen() {
        Some(seen) if event.sequence <= seen => return Ok(true),
        Some(seen) if event.previous_sequence > seen => return Ok(false),
        _ => {}
    }
    screen.event(event)?;
    place.set(event.sequence)?;
    Ok(true)
}

/// Goes on where the server says; tells the operator if that leaves a hole.
fn refused<W: Write>(status: &Status, place: &mut Place, screen: &mut Screen<W>, had_answer: bool) -> anyhow::Result<Lost> {
    let seen = place.seen().unwrap_or_default();
    let resume_after = status.get_details_error_info().and_then(|info| info.metadata.get("resume_after")?.parse::<i64>().ok());
    match (status.code(), resume_after) {
        (Code::InvalidArgument | Code::PermissionDenied, _) => bail!("the server refuses the request: {}", status.message()),
        (Code::Unauthenticated, _) => return Err(crate::room::told(status)),
        (Code::DataLoss, Some(resume_after)) => {
            screen.warn(&format!("EVENTS {} TO {resume_after} ARE MISSING in the server's database", seen + 1))?;
            place.set(resume_after)?;
        }
        (Code::OutOfRange, Some(resume_after)) => {
            screen.warn(&format!(
                "THE SERVER'S DATABASE IS OLDER than what was shown here: its newest event is {resume_after}, shown was {seen}. \
                 Going on behind {resume_after}; numbers may come again for other events."
            ))?;
            place.set(resume_after)?;
        }
        _ => {}
    }
    Ok(Lost { why: told(status), had_answer })
}

fn told(status: &Status) -> String {
    if status.message().is_empty() { status.code().description().to_owned() } else { status.message().to_owned() }
}

/// The innermost cause says what happened: `Connection refused`.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}
