//! The terminal client against a server that says what a test scripted.

use super::{WatchArgs, WatchOptions, run};
use proto::monitor::alerts_server::{Alerts, AlertsServer};
use proto::monitor::watch_response::Message;
use proto::monitor::{
    AcknowledgeAlertRequest, Alert, AlertEvent, CloseAlertRequest, EventKind, Heartbeat, ListAlertsRequest, ListAlertsResponse,
    WatchRequest, WatchResponse,
};
use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};
use tonic_types::{ErrorDetails, StatusExt};

type Answer = Result<WatchResponse, Status>;

/// What the server says on each call, and what it was asked. The last call's stream stays open.
#[derive(Clone, Default)]
struct Script {
    calls: Arc<Mutex<VecDeque<Vec<Answer>>>>,
    asked: Arc<Mutex<Vec<Option<i64>>>>,
}

#[tonic::async_trait]
impl Alerts for Script {
    type WatchStream = std::pin::Pin<Box<dyn tokio_stream::Stream<Item = Answer> + Send>>;

    async fn watch(&self, request: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        self.asked.lock().unwrap().push(request.into_inner().after_sequence);
        let said = tokio_stream::iter(self.calls.lock().unwrap().pop_front().unwrap_or_default());
        Ok(Response::new(Box::pin(said.chain(tokio_stream::pending()))))
    }

    async fn list_alerts(&self, _: Request<ListAlertsRequest>) -> Result<Response<ListAlertsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn acknowledge_alert(&self, _: Request<AcknowledgeAlertRequest>) -> Result<Response<Alert>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn close_alert(&self, _: Request<CloseAlertRequest>) -> Result<Response<Alert>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}

/// A screen that can be read while it is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The numbers of the events shown, in order.
    fn events(&self) -> Vec<i64> {
        self.text().lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect()
    }
}

fn event(sequence: i64) -> Answer {
    let alert = Some(Alert { wearer: format!("1404/{sequence}"), ..Alert::default() });
    Ok(WatchResponse {
        message: Some(Message::Event(AlertEvent { sequence, kind: EventKind::Opened.into(), alert, previous_sequence: sequence - 1 })),
    })
}

fn beat(last_sequence: i64, caught_up: bool, blind: bool) -> Answer {
    let beat = Heartbeat { last_sequence, server_time: None, caught_up, blind };
    Ok(WatchResponse { message: Some(Message::Heartbeat(beat)) })
}

fn end(code: Code, resume_after: i64) -> Answer {
    let metadata = HashMap::from([("resume_after".to_owned(), resume_after.to_string())]);
    Err(Status::with_error_details(code, "the stream ends", ErrorDetails::with_error_info("WHY", "paband", metadata)))
}

/// Runs the client against the script until the screen shows `last`; what it showed, and what it asked for on each call.
async fn watch(calls: Vec<Vec<Answer>>, after: Option<i64>, state: Option<PathBuf>, last: &str) -> (Paper, Vec<Option<i64>>) {
    let script = Script { calls: Arc::new(Mutex::new(calls.into())), ..Script::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    let service = AlertsServer::new(script.clone());
    let serving = tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(TcpIncoming::from(listener)));
    let args = WatchArgs { after, state, ..WatchArgs::of_server(server) };
    let (paper, cancel) = (Paper::default(), CancellationToken::new());
    let running = tokio::spawn(run(WatchOptions { args, colour: false }, paper.clone(), cancel.clone()));
    let shown = async {
        while !paper.text().contains(last) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let timely = tokio::time::timeout(Duration::from_secs(20), shown).await;
    assert!(timely.is_ok(), "{last:?} is not shown:\n{}", paper.text());
    cancel.cancel();
    running.await.unwrap().unwrap();
    serving.abort();
    let asked = script.asked.lock().unwrap().clone();
    (paper, asked)
}

#[tokio::test]
async fn each_event_is_shown_once_over_losses_of_the_server() {
    let calls = vec![
        vec![beat(4, false, false), event(5), event(6), end(Code::Unavailable, 6)],
        vec![beat(6, false, false), event(6), event(7), end(Code::Aborted, 7)],
        vec![end(Code::Unavailable, 7)],
        vec![event(8), beat(8, true, false)],
    ];
    let (paper, asked) = watch(calls, Some(4), None, "live: everything up to event 8").await;
    assert_eq!(paper.events(), [5, 6, 7, 8]);
    assert_eq!(asked, [Some(4), Some(6), Some(7), Some(7)]);
    // The third call ended without a word: the server was not back.
    assert_eq!(paper.text().matches("the server is back").count(), 2, "{}", paper.text());
    assert_eq!(paper.text().matches("LOST the server").count(), 2, "{}", paper.text());
}

#[tokio::test]
async fn from_now_on_means_from_the_first_heartbeat_on_even_if_nothing_happens() {
    let calls = vec![vec![beat(9, true, false), end(Code::Unavailable, 9)], vec![event(10)]];
    let (paper, asked) = watch(calls, None, None, "1404/10").await;
    assert_eq!((paper.events(), asked), (vec![10], vec![None, Some(9)]));
}

#[tokio::test]
async fn the_operator_is_told_when_the_system_is_blind_and_sees_again() {
    let calls = vec![vec![beat(1, true, false), beat(1, false, true), beat(1, false, true), event(2), beat(2, true, false)]];
    let (paper, _) = watch(calls, Some(1), None, "live: everything up to event 2").await;
    assert_eq!(paper.text().matches("BLIND").count(), 1, "{}", paper.text());
}

#[tokio::test]
async fn a_hole_left_out_by_the_server_is_asked_for_again_and_one_that_stays_is_told() {
    let calls = vec![vec![event(1), event(4)], vec![event(2), end(Code::DataLoss, 3)], vec![event(4)]];
    let (paper, asked) = watch(calls, Some(0), None, "1404/4").await;
    assert_eq!((paper.events(), asked), (vec![1, 2, 4], vec![Some(0), Some(1), Some(3)]));
    assert!(paper.text().contains("EVENTS 3 TO 3 ARE MISSING"), "{}", paper.text());
}

#[tokio::test]
async fn a_database_that_was_set_back_is_told_and_followed() {
    let calls = vec![vec![end(Code::OutOfRange, 3)], vec![event(4)]];
    let (paper, asked) = watch(calls, Some(9), None, "1404/4").await;
    assert_eq!((paper.events(), asked), (vec![4], vec![Some(9), Some(3)]));
    assert!(paper.text().contains("OLDER"), "{}", paper.text());
}

#[tokio::test]
async fn the_next_start_goes_on_behind_the_last_event_shown() {
    let folder = tempfile::tempdir().unwrap();
    let state = Some(folder.path().join("place"));
    watch(vec![vec![event(1), event(2)]], Some(0), state.clone(), "1404/2").await;
    let (paper, asked) = watch(vec![vec![event(3)]], Some(0), state, "1404/3").await;
    assert_eq!((paper.events(), asked), (vec![3], vec![Some(2)]));
}

#[tokio::test]
async fn a_request_that_can_never_succeed_ends_the_client() {
    let args = WatchArgs::of_server("not an address".to_owned());
    let ended = run(WatchOptions { args, colour: false }, Vec::new(), CancellationToken::new()).await;
    assert!(ended.unwrap_err().to_string().contains("--server"));
}
