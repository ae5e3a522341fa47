//! Area interference: when it opens, whom it holds, when it ends; and the same by a stupid twin that counts everything anew.
#![allow(clippy::unwrap_used, reason = "tests")]

use geofence::{Cell, Interference, InterferenceRules, InterferenceWatch, Sighting, Timestamp};
use proptest::prelude::*;

fn time(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

fn seconds(at: Timestamp) -> i64 {
    at.millis_since(time(0)) / 1000
}

fn tehran() -> Cell {
    Cell::of(35.7, 51.4)
}

fn karaj() -> Cell {
    Cell::of(35.83, 50.97)
}

/// A watch and everything it told.
struct Room {
    watch: InterferenceWatch,
    found: Vec<Interference>,
}

impl Room {
    fn new() -> Self {
        Self { watch: InterferenceWatch::new(InterferenceRules::default()), found: Vec::new() }
    }

    /// These wearers report in that second.
    fn hear(&mut self, second: i64, cell: Cell, wearers: std::ops::Range<i64>, troubled: bool) {
        for wearer in wearers {
            self.watch.take(&Sighting { at: time(second * 1000), wearer, cell, troubled }, &mut self.found);
        }
    }

    fn advance(&mut self, second: i64) {
        self.watch.advance(time(second * 1000), &mut self.found);
    }

    /// What was told since: start, found, end, and how many joined.
    fn told(&mut self) -> Vec<(i64, i64, Option<i64>, usize)> {
        let told = |one: Interference| (seconds(one.start), seconds(one.found_at), one.end.map(seconds), one.joined.len());
        self.found.drain(..).map(told).collect()
    }

    /// A jammed city: all are well, then every minute those of `wearers` up to `troubled` are not.
    fn jammed(wearers: i64, troubled: i64) -> Self {
        let mut room = Self::new();
        room.hear(0, tehran(), 0..wearers, false);
        room.hear(60, tehran(), troubled..wearers, false);
        room.hear(61, tehran(), 0..troubled, true);
        room
    }
}

#[test]
fn a_jammed_city_is_one_incident_if_enough_turn() {
    let opens = |wearers, troubled| !Room::jammed(wearers, troubled).told().is_empty();
    assert!(opens(60, 20));
    assert!(!opens(60, 19));
    assert!(opens(66, 20));
    assert!(!opens(67, 20), "29.9 %");
    assert!(!opens(100, 20));
    assert!(opens(100, 30), "30 % exactly");
}

#[test]
fn it_names_its_first_turn_and_all_who_are_in_trouble() {
    let mut room = Room::new();
    room.hear(0, tehran(), 0..50, false);
    room.hear(0, tehran(), 50..55, true); // before anything was known of them: in trouble, but they did not turn
    room.hear(30, tehran(), 0..10, true);
    room.hear(90, tehran(), 10..19, true);
    assert_eq!(room.told(), []);
    room.hear(200, tehran(), 19..20, true);
    assert_eq!(room.told(), [(30, 200, None, 25)]);
    room.hear(210, tehran(), 15..22, true);
    assert_eq!(room.told(), [(30, 200, None, 1), (30, 200, None, 1)]);
    let open = room.watch.open();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].joined, (0..22).chain(50..55).collect::<Vec<_>>());
}

#[test]
fn turns_further_apart_than_the_window_are_not_together() {
    let mut room = Room::new();
    for minute in 0..20 {
        room.hear(minute * 60, tehran(), minute..40, false);
        room.hear(minute * 60 + 1, tehran(), 0..minute + 1, true);
    }
    assert_eq!(room.told(), []);
}

#[test]
fn those_who_come_back_in_trouble_from_an_outage_did_not_turn_together() {
    let mut room = Room::new();
    room.hear(0, tehran(), 0..60, false);
    room.hear(700, tehran(), 0..60, true);
    assert_eq!(room.told(), []);
    let mut room = Room::new();
    room.hear(0, tehran(), 0..60, false);
    room.hear(310, tehran(), 0..60, true); // tags that report every five minutes
    assert_eq!(room.told().len(), 1 + 40, "20 open it, and 40 join one by one");
}

#[test]
fn neighbours_are_no_members() {
    assert_ne!(tehran(), karaj());
    let mut room = Room::new();
    room.hear(0, tehran(), 0..40, false);
    room.hear(0, karaj(), 100..130, false);
    room.hear(60, karaj(), 100..119, true);
    room.hear(61, tehran(), 0..20, true);
    room.hear(62, karaj(), 100..119, true);
    assert_eq!(room.found.len(), 1);
    assert_eq!((room.found[0].cell, room.found[0].joined.clone()), (tehran(), (0..20).collect()));
}

/// Minute by minute all 60 report; 25 of them in trouble until minute 10, then `later`.
fn after_ten_minutes(later: i64, minutes: i64) -> Room {
    let mut room = Room::new();
    room.hear(0, tehran(), 0..60, false);
    for minute in 1..=minutes {
        let troubled = if minute <= 10 { 25 } else { later };
        room.hear(minute * 60, tehran(), 0..troubled, true);
        room.hear(minute * 60, tehran(), troubled..60, false);
    }
    room
}

#[test]
fn it_ends_when_it_was_calm_for_ten_minutes() {
    let end = |mut room: Room| {
        room.watch.advance(time(1_000 * 60 * 31), &mut room.found);
        room.told().into_iter().filter_map(|told| told.2).collect::<Vec<_>>()
    };
    // The calm begins with the report that leaves 5 of 60 in trouble.
    assert_eq!(end(after_ten_minutes(5, 30)), [11 * 60 + 600]);
    assert_eq!(end(after_ten_minutes(6, 30)), [] as [i64; 0], "10 % exactly is not calm");
    let mut broken = after_ten_minutes(0, 15);
    broken.hear(15 * 60 + 30, tehran(), 0..6, true);
    broken.hear(16 * 60, tehran(), 0..60, false);
    broken.hear(20 * 60, tehran(), 0..60, false);
    broken.hear(24 * 60, tehran(), 0..60, false);
    assert_eq!(end(broken), [16 * 60 + 600]);
}

#[test]
fn it_ends_when_nobody_is_heard_any_more() {
    let mut room = after_ten_minutes(25, 20);
    room.told();
    while let Some(due) = room.watch.next_due() {
        room.watch.advance(due, &mut room.found);
    }
    // The last second is heard for five minutes, then there are ten minutes of nobody.
    assert_eq!(room.told(), [(60, 60, Some(20 * 60 + 1 + 300 + 600), 0)]);
}

#[test]
fn an_incident_goes_on_after_a_restart() {
    let before = Room::jammed(60, 25);
    let mut room = Room::new();
    before.watch.open().into_iter().for_each(|open| room.watch.resume(open));
    assert_eq!(room.watch.open(), before.watch.open());
    assert!(room.watch.next_due().is_some());
    room.advance(5000);
    assert_eq!(room.told(), [], "it was not calm while nobody listened");
    room.hear(5010, tehran(), 0..20, true);
    room.hear(5010, tehran(), 30..60, false);
    room.hear(5020, tehran(), 40..41, true);
    assert_eq!(room.told(), [(61, 61, None, 1)]);
    room.hear(5060, tehran(), 0..60, false);
    room.advance(5700);
    assert_eq!(room.told(), [(61, 61, Some(5660), 0)]);
}

#[test]
fn old_and_repeated_sightings_break_nothing() {
    let mut room = Room::jammed(60, 20);
    room.told();
    room.hear(61, tehran(), 0..20, true);
    room.hear(0, tehran(), 0..60, false);
    room.hear(60, tehran(), 0..20, false);
    room.hear(-10_000, karaj(), 0..60, true);
    room.watch.take(&Sighting { at: Timestamp::MIN, wearer: 1, cell: karaj(), troubled: true }, &mut room.found);
    assert_eq!(room.told(), []);
    assert_eq!(room.watch.open()[0].joined.len(), 20);
    room.watch.take(&Sighting { at: Timestamp::MAX, wearer: 1, cell: karaj(), troubled: true }, &mut room.found);
    room.advance(100);
}

/// The stupid twin.
mod twin {
    use super::*;

    pub const TICK_MS: i64 = 250;

    pub fn rules() -> InterferenceRules {
        InterferenceRules { within_ms: 5_000, wearers_min: 3, share_min: 0.30, calm_share: 0.25, calm_ms: 8_000 }
    }

    /// One cell at one instant: everything from the list of the sightings taken in so far, in the order they came.
    #[derive(Default)]
    pub struct Twin {
        taken: Vec<(i64, Sighting)>,
        open: Option<(Interference, Option<i64>)>,
    }

    /// The newest of a wearer's sightings, and when he turned.
    struct Shown {
        wearer: i64,
        at: i64,
        troubled: bool,
        turned: Option<i64>,
    }

    fn millis(at: Timestamp) -> i64 {
        at.millis_since(time(0))
    }

    fn is_within(at: i64, now: i64, windows: i64) -> bool {
        at.div_euclid(1000) * 1000 + 1000 + windows * rules().within_ms > now
    }

    impl Twin {
        fn shown(&self, wearer: i64) -> Option<Shown> {
            let mut shown: Option<Shown> = None;
            for (now, sighting) in self.taken.iter().filter(|(_, sighting)| sighting.wearer == wearer) {
                let at = millis(sighting.at);
                if shown.as_ref().is_some_and(|shown| shown.at >= at) {
                    continue;
                }
                let known = shown.filter(|shown| is_within(shown.at, *now, 2));
                let turned = match known {
                    Some(known) if known.troubled => known.turned,
                    Some(_) => Some(at),
                    None => None,
                };
                shown = Some(Shown { wearer, at, troubled: sighting.troubled, turned: turned.filter(|_| sighting.troubled) });
            }
            shown
        }

        fn heard(&self, now: i64) -> Vec<Shown> {
            (0..12).filter_map(|wearer| self.shown(wearer)).filter(|shown| is_within(shown.at, now, 1)).collect()
        }

        fn judge_calm(&mut self, now: i64) {
            let heard = self.heard(now);
            let troubled = heard.iter().filter(|shown| shown.troubled).count();
            let is_calm = troubled == 0 || (troubled as f64) < rules().calm_share * heard.len() as f64;
            if let Some((_, since)) = &mut self.open {
                *since = is_calm.then(|| since.unwrap_or(now));
            }
        }

        /// An instant comes; nothing is heard in it yet.
        pub fn tick(&mut self, now: i64, found: &mut Vec<Interference>) {
            if let Some((incident, Some(since))) = &self.open
                && since + rules().calm_ms <= now
            {
                found.push(Interference { end: Some(time(since + rules().calm_ms)), joined: Vec::new(), ..incident.clone() });
                self.open = None;
            }
            self.judge_calm(now);
        }

        pub fn take(&mut self, now: i64, sighting: &Sighting, found: &mut Vec<Interference>) {
            let newest = self.shown(sighting.wearer).is_none_or(|shown| shown.at < millis(sighting.at));
            if !newest || !is_within(millis(sighting.at), now, 1) {
                return;
            }
            self.taken.push((now, *sighting));
            match &mut self.open {
                Some((incident, _)) if sighting.troubled && !incident.joined.contains(&sighting.wearer) => {
                    incident.joined.push(sighting.wearer);
                    found.push(Interference { joined: vec![sighting.wearer], ..incident.clone() });
                }
                Some(_) => {}
                None => self.open_if_so(now, sighting.cell, found),
            }
            self.judge_calm(now);
        }

        fn open_if_so(&mut self, now: i64, cell: Cell, found: &mut Vec<Interference>) {
            let heard = self.heard(now);
            let turned: Vec<i64> = heard.iter().filter_map(|shown| shown.turned.filter(|turned| is_within(*turned, now, 1))).collect();
            if turned.len() < 3 || turned.len() * 10 < heard.len() * 3 {
                return;
            }
            let joined = heard.iter().filter(|shown| shown.troubled).map(|shown| shown.wearer).collect();
            let start = time(*turned.iter().min().unwrap());
            let incident = Interference { cell, start, found_at: time(now), end: None, joined };
            found.push(incident.clone());
            self.open = Some((incident, None));
        }
    }
}

/// In ticks: how long after the one before, how long under way, whose, in which cell, in trouble; `advance` in between.
type Step = (i64, i64, i64, bool, bool, bool);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let gap = prop_oneof![8 => 0..2_i64, 2 => 1..8_i64, 1 => 8..60_i64];
    let delay = prop_oneof![8 => Just(0_i64), 2 => 0..12_i64, 1 => 0..40_i64];
    // Trouble comes over all together: a run of steps shares it, mostly.
    let run = (any::<bool>(), proptest::collection::vec((gap, delay, 0..12_i64, proptest::bool::weighted(0.8), any::<bool>()), 1..25));
    let step = |mood: bool| {
        move |(gap, delay, wearer, here, advance): (i64, i64, i64, bool, bool)| (gap, delay, wearer, here, mood ^ (wearer == 3), advance)
    };
    proptest::collection::vec(run, 1..10)
        .prop_map(move |runs| runs.into_iter().flat_map(|(mood, run)| run.into_iter().map(step(mood))).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_watch_and_its_stupid_twin_find_the_same(steps in steps()) {
        let mut watch = InterferenceWatch::new(twin::rules());
        let mut twins = [(tehran(), twin::Twin::default()), (karaj(), twin::Twin::default())];
        let (mut by_watch, mut by_twin) = (Vec::new(), Vec::new());
        let mut now = 0;
        for (gap, delay, wearer, here, troubled, advance) in steps {
            for tick in 1..=gap {
                twins.iter_mut().for_each(|(_, twin)| twin.tick(now + tick * twin::TICK_MS, &mut by_twin));
            }
            now += gap * twin::TICK_MS;
            if advance || delay > 0 {
                watch.advance(time(now), &mut by_watch);
            }
            let index = usize::from(!here);
            let sighting = Sighting { at: time(now - delay * twin::TICK_MS), wearer, cell: twins[index].0, troubled };
            watch.take(&sighting, &mut by_watch);
            twins[index].1.take(now, &sighting, &mut by_twin);
        }
        for tick in 1..100 {
            twins.iter_mut().for_each(|(_, twin)| twin.tick(now + tick * twin::TICK_MS, &mut by_twin));
        }
        let until = time(now + 99 * twin::TICK_MS);
        while let Some(due) = watch.next_due().filter(|due| *due <= until) {
            watch.advance(due, &mut by_watch);
        }
        watch.advance(until, &mut by_watch);
        // Ends in a cell that is not heard from are told late, by the watch; each cell for itself is in order.
        by_watch.sort_by_key(|told| told.cell);
        by_twin.sort_by_key(|told| told.cell);
        prop_assert_eq!(by_watch, by_twin);
    }
}
