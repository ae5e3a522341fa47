//! Whatever a server does, every report arrives at least once and the client finishes.

use crate::fake::{Fake, Fate};
use geofence::{Report, Timestamp};
use simulator::client::{Endpoint, Protocol, Tag, TagOptions};
use simulator::identity::Identity;
use simulator::replay::{self, Pace};
use simulator::wire::{Order, teltonika::Codec};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const PROTOCOLS: [Protocol; 3] = [Protocol::Native, Protocol::Teltonika(Codec::Eight), Protocol::Teltonika(Codec::EightExtended)];

fn options(address: &str, protocol: Protocol) -> TagOptions {
    TagOptions {
        answer_within: Duration::from_millis(150),
        reconnect: (Duration::from_millis(2), Duration::from_millis(20)),
        ..TagOptions::new(Identity::of_wearer("W-0001"), Endpoint::plain(address), protocol)
    }
}

fn report(millis: i64) -> Report {
    Report { latitude_e7: 357_000_000, longitude_e7: 514_000_000, ..Report::at(Timestamp::from_millis(1_700_000_000_000 + millis)) }
}

async fn within<T>(limit_s: u64, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(limit_s), future).await.expect("the client finishes")
}

#[tokio::test]
async fn every_report_arrives_whatever_becomes_of_frames() {
    use Fate::{Cut, Ignored, Late, Refused, Stored, StoredThenCut};
    let rows: [&[Fate]; 6] = [
        &[],
        &[Cut, Stored, StoredThenCut, Cut, Cut, Stored, StoredThenCut],
        &[Refused, Stored, Refused, Refused],
        &[Late, Late, Stored, Late],
        &[Ignored, Stored, Ignored],
        &[Stored, StoredThenCut, Refused, Late, Ignored, Cut, Stored, StoredThenCut],
    ];
    for protocol in PROTOCOLS {
        for fates in rows {
            let (fake, address) = Fake::start(protocol == Protocol::Native, fates).await;
            let (tag, _orders) = Tag::start(options(&address, protocol), CancellationToken::new());
            for millis in 0..500 {
                tag.push_when_room(report(millis)).await;
            }
            within(10, tag.delivered()).await;
            let counters = tag.counters();
            assert_eq!(fake.distinct(), 500, "{protocol:?} {fates:?}");
            assert_eq!((counters.taken, counters.stored, counters.dropped), (500, 500, 0));
            assert_eq!(counters.resent > 0, fates.iter().any(|fate| !matches!(fate, Stored | Late)), "{protocol:?} {fates:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (tag, _orders) = Tag::start(options(&address, Protocol::Native), CancellationToken::new());
    tag.push(report(0));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(tag.counters().stored, 0);
}

#[tokio::test]
async fn without_radio_reports_wait_and_then_come_together() {
    let (fake, address) = Fake::start(true, &[]).await;
    let (tag, _orders) = Tag::start(options(&address, Protocol::Native), CancellationToken::new());
    tag.push(report(0));
    within(5, tag.delivered()).await;
    tag.radio(false);
    (1..=25).for_each(|millis| tag.push(report(millis)));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(fake.distinct(), 1);
    tag.radio(true);
    within(5, tag.delivered()).await;
    assert_eq!((fake.distinct(), tag.counters().logins), (26, 2));
}

#[tokio::test]
async fn orders_come_out_and_are_answered() {
    let (fake, address) = Fake::start(true, &[]).await;
    let (tag, mut orders) = Tag::start(options(&address, Protocol::Native), CancellationToken::new());
    tag.push(report(0));
    assert_eq!(within(5, orders.recv()).await, Some(Order::SetInterval(7)));
    while fake.commands.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let result = fake.commands.lock().unwrap()[0].clone();
    assert_eq!((result.id, result.done), (41, true));
}

#[tokio::test]
async fn a_recorded_track_is_replayed_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("track.csv");
    let mut rows = String::from("wearer,taken_at,lat,lon,accuracy_m\n");
    for second in 0..300 {
        let (minute, second, wearer) = (second / 60, second % 60, second % 3);
        rows += &format!("W-{wearer},2026-11-22T09:{minute:02}:{second:02}Z,35.7,51.4,6.5\n");
    }
    std::fs::write(&file, rows).unwrap();
    for protocol in PROTOCOLS {
        for pace in [Pace::Unlimited, Pace::Times(1000.0)] {
            let (fake, address) = Fake::start(protocol == Protocol::Native, &[Fate::StoredThenCut, Fate::Cut]).await;
            let options = replay::Options {
                file: file.clone(),
                tags: None,
                endpoint: Endpoint::plain(address),
                protocol,
                pace,
                shift_to_now: false,
                quiet: true,
            };
            let summary = within(20, replay::run(options, CancellationToken::new())).await.unwrap();
            assert_eq!((summary.wearers, summary.reports, summary.not_stored, fake.distinct()), (3, 300, 0, 300), "{protocol:?}");
            assert!(summary.resent > 0 && (pace != Pace::Unlimited || summary.packets < 100), "{summary:?}");
            assert!(summary.seconds > 0.29 || pace == Pace::Unlimited, "{summary:?}");
        }
    }
}
