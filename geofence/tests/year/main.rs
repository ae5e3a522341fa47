//! A scripted year of one wearer (1401), told in a file that a person can read, and judged in three ways that must agree.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod calendar;
mod facts;
mod live;
mod script;
mod shard;
mod words;

use calendar::end_of_year;
use facts::plans;
use geofence::Violation;
use live::{fitted_at, live};
use shard::{Shard, in_one_go};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/year_of_one_wearer.txt");

const HEAD: &str = "\
The year 1401 of one wearer, as the judge tells it. Times are Solar Hijri dates and Tehran's clock.

home               must be there 22:00 to 06:00 every night, but for the nights of 1 to 4 Farvardin; on 13 Farvardin also 10:00 to 16:00;
                   150 m around a point, from 1401/07/20 23:30 on 400 m
Golestan street    must keep out at all times: 100 m on either side
airports           must keep out of Mehrabad, Imam Khomeini and Shiraz airport (a set shared by many wearers): 2,500 m around each
leaves             1401/04/10 12:00 to 1401/04/16 23:00; 1401/10/10 12:00 to 1401/10/14 12:00 (streets and airports are free too);
                   1401/11/20 17:00 to 1401/11/22 02:00 (entered on 1401/11/25)
reports            one each 5 minutes, 2, 7, 12 ... minutes past the hour

Written by `PABAND_GOLDEN=write cargo nextest run -p geofence year`; read every changed line before it is committed.
";

#[test]
fn the_year_is_told_as_written() {
    let year = live();
    let standing: Vec<String> = year.shard.told.standing().iter().map(words::entry).collect();
    let blocks = [
        ("In the order found", &year.lines),
        ("All violations and events of the year that stand", &standing),
        ("Refuted, corrected or found late, and why", &year.corrections),
    ];
    let block = |(title, lines): (&str, &Vec<String>)| format!("\n== {title} ==\n\n{}\n", lines.join("\n"));
    let told = HEAD.to_owned() + &blocks.map(block).concat();
    if std::env::var("PABAND_GOLDEN").as_deref() == Ok("write") {
        std::fs::write(GOLDEN, &told).unwrap();
    }
    let expected = std::fs::read_to_string(GOLDEN).expect("the golden file is there");
    for (number, (line, expected)) in (1..).zip(told.lines().zip(expected.lines())) {
        assert_eq!(line, expected, "line {number}");
    }
    assert_eq!(told.lines().count(), expected.lines().count());
}

/// What the sorted list shows by the facts as known in the end.
fn expected() -> Vec<Violation> {
    in_one_go(plans()[1].clone(), fitted_at(), &script::reports(), end_of_year())
}

#[test]
fn the_year_lived_ends_as_the_sorted_list() {
    let year = live();
    assert_eq!(year.shard.resumed, 2, "the backlog and the leave are judged from a kept checkpoint");
    assert_eq!(year.shard.told.refuted(), 5);
    same(&year.shard.told.standing(), &expected());
}

#[test]
fn a_clock_that_runs_ahead_and_a_restart_each_day_change_nothing() {
    let mut shard = Shard::new(plans()[1].clone(), fitted_at());
    let (mut clock, mut restarted_at) = (fitted_at(), fitted_at());
    for stored in script::reports() {
        // Six minutes ahead of the reports: some are taken in after time has passed them.
        while clock.plus_seconds(420) <= stored.report.taken_at.plus_seconds(360) {
            clock = clock.plus_seconds(420);
            shard.advance(clock);
        }
        if clock.millis_since(restarted_at) >= 86_400_000 {
            restarted_at = clock;
            shard.save_and_restore();
        }
        shard.take(&stored);
    }
    shard.advance(end_of_year());
    assert_eq!(shard.dirty, None);
    same(&shard.told.standing(), &expected());
}

fn same(one: &[Violation], other: &[Violation]) {
    for (one, other) in one.iter().zip(other) {
        assert_eq!(one, other);
    }
    assert_eq!(one.len(), other.len());
}
