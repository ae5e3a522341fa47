//! A shard under random failures and crashes, with reports that come late and in any order, stores every report once and finds what a
//! single-threaded replay of the sorted list finds.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use geofence::{
    Batch, Checkpoint, EndReason, Judge, Order, Past, Plan, Report, Signal, Source, StoredReport, TagState, Timestamp, Violation, Watch,
    Zone,
};
use ingest::port::{Journal, JournalError, Quarantined};
use ingest::wire::{Outcome, Submission};
use ingest::{Counters, Delivery, Inbox, Shard, ShardContext, ShardHandle, ShardLimits, TagFacts, WearerFacts};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const TAGS: i64 = 7;
const REPORTS: i64 = 600;

type Findings = BTreeMap<(i64, String, String, i64), Violation>;

/// All-or-nothing memory that survives a shard, and fails on purpose. Each life of the shard has its own, as it has its own connection:
/// what a former life still has under way is refused once a new one has begun.
struct FlakyJournal {
    life: u64,
    kept: Arc<Mutex<Kept>>,
    dice: Mutex<StdRng>,
}

#[derive(Default)]
struct Kept {
    life: u64,
    reports: Vec<(i64, StoredReport)>,
    states: BTreeMap<i64, TagState>,
    findings: Findings,
    judgements: BTreeMap<(i64, Timestamp), Vec<u8>>,
    checkpoint: i64,
    highest: i64,
}

#[derive(Debug, thiserror::Error)]
#[error("thrown by the dice")]
struct Thrown;

impl FlakyJournal {
    fn throw(&self, sides: u32) -> bool {
        self.dice.lock().unwrap().random_range(0..sides) == 0
    }

    fn thrown() -> JournalError {
        JournalError(Box::new(Thrown))
    }
}

impl Kept {
    fn append(&mut self, batch: &Batch) {
        assert!(batch.number > 0);
        self.highest = self.highest.max(batch.number);
        self.reports.extend(batch.reports.iter().map(|report| (batch.number, *report)));
        for state in &batch.states {
            self.states.insert(state.tag_id, state.clone());
        }
        for found in &batch.violations {
            let new = &found.violation;
            let key = (found.wearer_id, new.kind.name().to_owned(), new.zone.to_string(), new.start.millis());
            let kept = self.findings.entry(key).or_insert_with(|| new.clone());
            // As the database does: in the ordinary course nothing reopens or shrinks, what was judged again replaces what was known.
            if found.again.is_some() || is_refuted(kept) || kept.end.is_none() && kept.last_breaking_at <= new.last_breaking_at {
                *kept = new.clone();
            }
        }
        for again in &batch.judged_again {
            self.judgements.retain(|(wearer_id, at), _| *wearer_id != again.wearer_id || *at < again.from);
        }
        self.judgements.extend(batch.checkpoints.iter().map(|kept| ((kept.wearer_id, kept.at), kept.bytes.clone())));
        assert!(batch.checkpoint >= self.checkpoint, "a checkpoint goes back: {} after {}", batch.checkpoint, self.checkpoint);
        self.checkpoint = batch.checkpoint;
    }
}

impl Kept {
    fn past(&self, wearer_id: i64, from: Timestamp) -> Past {
        let newest = self.judgements.range((wearer_id, Timestamp::MIN)..(wearer_id, from)).next_back();
        let checkpoint = newest.map(|((wearer_id, at), bytes)| Checkpoint { wearer_id: *wearer_id, at: *at, bytes: bytes.clone() });
        let since = checkpoint.as_ref().map_or(Timestamp::MIN, |checkpoint| checkpoint.at);
        let of_wearer =
            |stored: &StoredReport| stored.tag_id + 100 == wearer_id && Order::of(&stored.report, stored.received_at).at() > since;
        let reports = self.reports.iter().map(|(_, stored)| *stored).filter(of_wearer).collect();
        let matters = |violation: &&Violation| violation.end.is_none_or(|(at, _)| at >= since) || violation.found_at > since;
        let told =
            self.findings.iter().filter(|(key, _)| key.0 == wearer_id).map(|(_, violation)| violation).filter(matters).cloned().collect();
        Past { checkpoint, reports, told, kept_since: None }
    }
}

fn is_refuted(violation: &Violation) -> bool {
    matches!(violation.end, Some((_, EndReason::Refuted)))
}

impl Journal for FlakyJournal {
    async fn append(&self, batch: &Batch) -> Result<(), JournalError> {
        tokio::task::yield_now().await;
        if self.throw(10) {
            return Err(Self::thrown());
        }
        let mut kept = self.kept.lock().unwrap();
        if kept.life != self.life {
            return Err(Self::thrown());
        }
        kept.append(batch);
        // The worst moment: durable, and nobody learns of it.
        if self.throw(10) { Err(Self::thrown()) } else { Ok(()) }
    }

    async fn recovery_start(&self) -> Result<i64, JournalError> {
        Ok(self.kept.lock().unwrap().checkpoint)
    }

    async fn stored(&self, reports: &[(i64, Report)]) -> Result<Vec<bool>, JournalError> {
        tokio::task::yield_now().await;
        if self.throw(6) {
            return Err(Self::thrown());
        }
        let kept: HashSet<(i64, Report)> =
            self.kept.lock().unwrap().reports.iter().map(|(_, stored)| (stored.tag_id, stored.report)).collect();
        Ok(reports.iter().map(|key| kept.contains(key)).collect())
    }

    async fn states(&self, tags: &[i64]) -> Result<Vec<TagState>, JournalError> {
        let kept = self.kept.lock().unwrap();
        Ok(tags.iter().filter_map(|tag| kept.states.get(tag).cloned()).collect())
    }

    async fn reports_after(&self, tags: &[i64], batch: i64) -> Result<Vec<(i64, StoredReport)>, JournalError> {
        if self.throw(4) {
            return Err(Self::thrown());
        }
        let kept = self.kept.lock().unwrap();
        Ok(kept.reports.iter().filter(|(number, stored)| *number > batch && tags.contains(&stored.tag_id)).copied().collect())
    }

    async fn pasts(&self, asked: &[(i64, Timestamp)]) -> Result<Vec<Past>, JournalError> {
        tokio::task::yield_now().await;
        if self.throw(6) {
            return Err(Self::thrown());
        }
        let kept = self.kept.lock().unwrap();
        Ok(asked.iter().map(|(wearer_id, from)| kept.past(*wearer_id, *from)).collect())
    }

    async fn quarantine(&self, _: Quarantined) -> Result<(), JournalError> {
        Ok(())
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

fn fitted_at() -> Timestamp {
    now().plus_seconds(-20 * 86_400)
}

fn plan() -> Arc<Plan> {
    let features = r#"{"type":"FeatureCollection","features":[
        {"type":"Feature","properties":{"wearer":"any","zone":"home","sense":"inclusion","radius_m":300},
         "geometry":{"type":"Point","coordinates":[51.4,35.7]}},
        {"type":"Feature","properties":{"wearer":"any","zone":"street","sense":"exclusion","radius_m":200},
         "geometry":{"type":"Point","coordinates":[51.41,35.7]}}]}"#;
    let features: geojson::FeatureCollection = features.parse().unwrap();
    let zones = (1..).zip(&features.features).map(|(key, feature)| Arc::new(Zone::from_feature(key, feature).unwrap())).collect();
    Arc::new(Plan::new(zones, Vec::new()).watched(Arc::<Watch>::default()))
}

fn facts() -> Vec<TagFacts> {
    let plan = plan();
    let wearer = |tag_id| WearerFacts {
        wearer_id: tag_id + 100,
        fitted_at: fitted_at(),
        monitored_from: fitted_at(),
        plan: Arc::clone(&plan),
        request: None,
    };
    (1..=TAGS).map(|tag_id| TagFacts { tag_id, wearer: Some(wearer(tag_id)), worn_until: None }).collect()
}

/// A walk that crosses both edges now and then.
fn walk(dice: &mut StdRng) -> Vec<Report> {
    let mut metres_east = 0.0;
    let mut taken_at = fitted_at();
    (0..REPORTS)
        .map(|_| {
            metres_east += dice.random_range(-90.0..100.0);
            let pause = if dice.random_range(0..25) == 0 { dice.random_range(300..60_000) } else { dice.random_range(1..40) };
            taken_at = taken_at.plus_seconds(pause).min(now());
            let longitude = 51.4 + metres_east / 90_500.0;
            Report {
                latitude_e7: 357_000_000,
                longitude_e7: (longitude * 1e7) as i32,
                accuracy_dm: 100,
                satellites: 9,
                source: Source::Gnss,
                signals: Report::at(taken_at).signals.with(Signal::Fix, true),
                ..Report::at(taken_at)
            }
        })
        .collect()
}

/// The order in which a tag sends: now and then it keeps some reports for later.
fn held_back(walk: Vec<Report>, dice: &mut StdRng) -> Vec<Report> {
    let mut keyed: Vec<(usize, Report)> = walk.into_iter().enumerate().collect();
    for (place, _) in &mut keyed {
        if dice.random_range(0..15) == 0 {
            *place += dice.random_range(1..200);
        }
    }
    keyed.sort_by_key(|(place, _)| *place);
    keyed.into_iter().map(|(_, report)| report).collect()
}

/// A tag that keeps every report until it is acknowledged.
struct Tag {
    tag_id: i64,
    reports: Vec<Report>,
    acknowledged: usize,
    sent: usize,
    /// Ticket and how many reports are acknowledged with it.
    under_way: Vec<(u64, usize)>,
    inbox: Arc<Inbox>,
    tickets: u64,
}

impl Tag {
    fn reconnect(&mut self) {
        self.inbox = Arc::new(Inbox::default());
        self.under_way.clear();
        self.sent = self.acknowledged;
    }

    fn next_submission(&mut self, dice: &mut StdRng) -> Submission {
        // Now and then a tag sends again what was acknowledged long ago.
        let from = if dice.random_range(0..12) == 0 { self.sent.saturating_sub(dice.random_range(0..400)) } else { self.sent };
        let to = (self.sent + dice.random_range(1..9)).min(self.reports.len());
        self.tickets += 1;
        self.sent = to;
        self.under_way.push((self.tickets, to));
        Submission { session: 0, ticket: self.tickets, tag_id: self.tag_id, reports: self.reports[from..to].to_vec() }
    }

    fn read_letters(&mut self) {
        for settled in self.inbox.take().settled {
            match settled.outcome {
                Outcome::Stored => {
                    let (_, up_to) = *self.under_way.iter().find(|(ticket, _)| *ticket == settled.ticket).unwrap();
                    self.acknowledged = self.acknowledged.max(up_to);
                }
                Outcome::NotStored => return self.reconnect(),
            }
        }
    }
}

fn start(kept: &Arc<Mutex<Kept>>, seed: u64) -> (ShardHandle, tokio::task::JoinHandle<()>) {
    let (life, highest) = {
        let mut kept = kept.lock().unwrap();
        kept.life += 1;
        (kept.life, kept.highest)
    };
    let journal = Arc::new(FlakyJournal { life, kept: Arc::clone(kept), dice: Mutex::new(StdRng::seed_from_u64(seed ^ life << 32)) });
    let context = ShardContext {
        number: 0,
        limits: ShardLimits {
            batch_reports_max: 50,
            linger: Duration::from_micros(200),
            reports_in_flight_max: 500,
            checkpoint_after: Duration::from_millis(3),
            checkpoint_states_max: 3,
            again_quiet: Duration::from_millis(1),
            again_wait_max: Duration::from_millis(4),
            again_wearers_max: 3,
            ..ShardLimits::default()
        },
        batch_numbers: Arc::new(AtomicI64::new(highest)),
        counters: Arc::new(Counters::default()),
        clock: now,
        sightings: tokio::sync::mpsc::channel(1).0,
        timers_from: Timestamp::MIN,
    };
    let (shard, handle) = Shard::new(context, journal);
    let (tell, _) = tokio::sync::oneshot::channel();
    (handle, tokio::spawn(shard.run(facts(), tell)))
}

/// How many findings were refuted on the way.
async fn live(seed: u64) -> usize {
    let mut dice = StdRng::seed_from_u64(seed);
    let kept = Arc::<Mutex<Kept>>::default();
    let new_tag = |tag_id, dice: &mut StdRng| Tag {
        tag_id,
        reports: held_back(walk(dice), dice),
        acknowledged: 0,
        sent: 0,
        under_way: Vec::new(),
        inbox: Arc::default(),
        tickets: 0,
    };
    let mut tags: Vec<Tag> = (1..=TAGS).map(|tag_id| new_tag(tag_id, &mut dice)).collect();
    let (mut handle, mut running) = start(&kept, seed);
    while tags.iter().any(|tag| tag.acknowledged < tag.reports.len()) {
        let chosen = dice.random_range(0..tags.len());
        let tag = &mut tags[chosen];
        tag.read_letters();
        if tag.sent < tag.reports.len() && tag.under_way.len() < 40 {
            let submission = tag.next_submission(&mut dice);
            let delivery = Delivery { inbox: Arc::clone(&tag.inbox), received_at: now(), submissions: vec![submission] };
            assert!(handle.deliver(delivery).await, "the shard has ended");
        } else {
            tokio::time::sleep(Duration::from_micros(300)).await;
            tag.under_way.retain(|(_, up_to)| *up_to > tag.acknowledged);
        }
        if dice.random_range(0..300) == 0 {
            // kill -9: whatever was in memory is gone.
            running.abort();
            let _ = running.await;
            (handle, running) = start(&kept, seed);
            tags.iter_mut().for_each(Tag::reconnect);
        }
    }
    // The past is judged again when the backlog is in.
    let expected = expected(&tags);
    let patience = std::time::Instant::now();
    while standing(&kept.lock().unwrap()) != expected && patience.elapsed() < Duration::from_secs(20) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(handle);
    running.await.unwrap();
    let kept = kept.lock().unwrap();
    check(&tags, &kept, &expected, seed);
    kept.findings.values().filter(|violation| is_refuted(violation)).count()
}

/// What stands in the end, without what was refuted.
fn standing(kept: &Kept) -> Findings {
    kept.findings.iter().filter(|(_, violation)| !is_refuted(violation)).map(|(key, violation)| (key.clone(), violation.clone())).collect()
}

/// What a single thread finds in the sorted reports.
fn expected(tags: &[Tag]) -> Findings {
    let mut expected = Findings::new();
    for tag in tags {
        let mut sorted = tag.reports.clone();
        sorted.sort_by_key(|report| Order::of(report, now()));
        let mut judge = Judge::new(plan(), fitted_at());
        let mut found = Vec::new();
        sorted.iter().for_each(|report| judge.report(report, now(), &mut found));
        judge.advance(now().plus_seconds(-2), &mut found);
        for new in found {
            expected.insert((tag.tag_id + 100, new.kind.name().to_owned(), new.zone.to_string(), new.start.millis()), new);
        }
    }
    expected
}

fn check(tags: &[Tag], kept: &Kept, expected: &Findings, seed: u64) {
    let distinct: HashSet<(i64, Report)> = kept.reports.iter().map(|(_, stored)| (stored.tag_id, stored.report)).collect();
    let sent: HashSet<(i64, Report)> = tags.iter().flat_map(|tag| tag.reports.iter().map(|report| (tag.tag_id, *report))).collect();
    assert_eq!(distinct, sent, "seed {seed}");
    assert_eq!(kept.reports.len(), sent.len(), "seed {seed}: a report is stored twice");
    let standing = standing(kept);
    for (key, violation) in expected {
        assert_eq!(standing.get(key), Some(violation), "seed {seed}: {key:?}");
    }
    assert_eq!(standing.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>(), "seed {seed}: found too much");
    assert!(expected.len() > 5, "the walk is dull: {} violations", expected.len());
    assert!(!kept.judgements.is_empty(), "seed {seed}: no judgement was kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_failures_and_crashes_change_nothing() {
    let mut refuted = 0;
    for seed in 0..12 {
        refuted += live(seed).await;
    }
    assert!(refuted > 10, "hardly anything was ever corrected: {refuted}");
}
