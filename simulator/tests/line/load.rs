//! A load counts only what the server said is stored, and never makes one report twice.

use crate::fake::{Fake, Fate};
use simulator::client::{Endpoint, Protocol};
use simulator::load::{Options, Summary, run};
use simulator::wire::teltonika::Codec;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

fn options(address: String, protocol: Protocol) -> Options {
    Options {
        tags: 40,
        reports_per_s: None,
        connections: 3,
        reports_per_frame: 4,
        frames_on_the_way_max: 3,
        seconds: Some(0.5),
        protocol,
        endpoint: Endpoint::plain(address),
        quiet: true,
    }
}

async fn measured(options: Options) -> Summary {
    tokio::time::timeout(Duration::from_secs(20), run(options, CancellationToken::new())).await.expect("it ends").unwrap()
}

#[tokio::test]
async fn every_report_is_another_and_all_are_answered() {
    for (protocol, connections) in [(Protocol::Native, 3), (Protocol::Teltonika(Codec::EightExtended), 40)] {
        for reports_per_s in [Some(400.0), None] {
            let (fake, address) = Fake::start(protocol == Protocol::Native, &[]).await;
            let summary = measured(Options { reports_per_s, ..options(address, protocol) }).await;
            assert_eq!((summary.connections, summary.reports_stored), (connections, summary.reports_sent), "{summary:?}");
            assert_eq!(fake.distinct() as u64, summary.reports_stored, "{protocol:?}");
            assert!(summary.reports_stored > 100 && summary.answer_p99_ms >= summary.answer_p50_ms, "{summary:?}");
            if reports_per_s.is_some() {
                assert!(summary.reports_sent <= 200 + 20, "no more than asked, give or take a few frames: {summary:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_lost_connection_is_opened_again_and_what_it_carried_is_not_counted() {
    for protocol in [Protocol::Native, Protocol::Teltonika(Codec::Eight)] {
        let (_fake, address) = Fake::start(protocol == Protocol::Native, &[Fate::Stored, Fate::Cut]).await;
        let summary = measured(Options { seconds: Some(1.5), reports_per_s: Some(200.0), ..options(address, protocol) }).await;
        assert_eq!(summary.connections_lost, 1, "{summary:?}");
        assert!(summary.reports_stored < summary.reports_sent && summary.reports_stored > 0, "{summary:?}");
    }
}

#[tokio::test]
async fn a_load_that_makes_no_sense_is_refused() {
    let good = options("127.0.0.1:1".into(), Protocol::Native);
    for bad in [
        Options { tags: 0, ..good.clone() },
        Options { reports_per_frame: 101, ..good.clone() },
        Options { reports_per_s: Some(0.0), ..good.clone() },
        Options { tags: 4_000_000, protocol: Protocol::Teltonika(Codec::Eight), ..good.clone() },
        good,
    ] {
        assert!(run(bad, CancellationToken::new()).await.is_err());
    }
}
