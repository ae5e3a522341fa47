//! A town on the line.

use crate::fake::Fake;
use simulator::client::Endpoint;
use simulator::town::{IncidentKind, Options, Town, run};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn half_of_a_town_speaks_native_the_other_teltonika() {
    let (native, native_address) = Fake::start(true, &[]).await;
    let (teltonika, teltonika_address) = Fake::start(false, &[]).await;
    let options = Options {
        report_every: Duration::from_millis(200),
        seconds: Some(1.5),
        quiet: true,
        ..Options::new(Endpoint::plain(native_address), Endpoint::plain(teltonika_address))
    };
    let town = Town::generate(7, 10).unwrap();
    let summary = run(&town, options, CancellationToken::new()).await.unwrap();
    let heard = |fake: &Fake| fake.stored.lock().unwrap().keys().map(|(imei, _)| imei.clone()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!((heard(&native).len(), heard(&teltonika).len()), (5, 5));
    // The fake orders native tags to report every 7 s, so most come from the others.
    assert!(teltonika.distinct() > native.distinct() && native.commands.lock().unwrap().len() == 5);
    assert!(summary.reports_stored > 25 && summary.reports_stored <= summary.reports, "{summary:?}");
    let expected = [IncidentKind::LeavesHome, IncidentKind::EntersStreet, IncidentKind::CrossesStreetUnheard].map(|kind| (kind, 1));
    assert_eq!(summary.incidents, expected.into_iter().collect());
}

#[tokio::test]
async fn a_cancelled_town_stops() {
    let (_fake, address) = Fake::start(true, &[]).await;
    let cancel = CancellationToken::new();
    let options = Options { quiet: true, ..Options::new(Endpoint::plain(address.clone()), Endpoint::plain(address)) };
    let town = Town::generate(1, 3).unwrap();
    let stopped = tokio::join!(run(&town, options, cancel.clone()), async { cancel.cancel() }).0;
    assert!(stopped.is_ok());
}
