//! What the wearer did in 1401, and the reports of it: one each 5 minutes, at 2, 7, 12 ... past the hour. No clock and no chance in it.

use crate::calendar::{date, end_of_year, instant, wall};
use chrono::{Datelike, Weekday};
use geofence::{Report, Signal, Signals, StoredReport, Timestamp};

/// Latitude and longitude, degrees.
pub type Place = (f64, f64);

pub const HOME: Place = (35.7, 51.4);
const WORK: Place = (35.76, 51.44);
const FAMILY: Place = (35.74, 51.35);
/// About 1,540 m north of home.
const TEAHOUSE: Place = (35.7139, 51.4);
/// About 300 m north of home.
const BROTHER: Place = (35.7027, 51.4);
const STREET: Place = (35.7315, 51.373);
const SHIRAZ: Place = (29.61, 52.53);
const SHIRAZ_AIRPORT: Place = (29.54, 52.59);
const QOM: Place = (34.64, 50.88);
const DUBAI: Place = (25.2, 55.3);

/// What is out of the ordinary.
#[derive(Clone, Copy)]
enum What {
    At(Place),
    Journey(Place, Place),
    /// No report is made.
    Nothing,
    /// Reports without a position.
    NoPosition,
    Accuracy(u16),
    StrapOpen,
    Battery(u8),
    /// Reports are made but arrive at the end.
    HeldBack,
}

/// Something out of the ordinary for some minutes; of several at once the later line counts.
struct Episode {
    from: Timestamp,
    minutes: i64,
    what: What,
}

const fn days(count: i64) -> i64 {
    count * 1440
}

/// The year, line by line.
fn episodes() -> Vec<Episode> {
    use What::{Accuracy, At, Battery, HeldBack, Journey, NoPosition, Nothing, StrapOpen};
    let lines = [
        // With the family on the four free nights of Nowruz, and on the fifth, which is not free.
        (1, 1, "20:00", 330, At(FAMILY)),
        (1, 2, "20:00", 330, At(FAMILY)),
        (1, 3, "20:00", 330, At(FAMILY)),
        (1, 4, "20:00", 330, At(FAMILY)),
        (1, 5, "20:00", 160, At(FAMILY)),
        // Out on Sizdah Bedar, in the extra hours.
        (1, 13, "12:20", 75, At(TEAHOUSE)),
        (1, 16, "21:30", 130, At(TEAHOUSE)),
        // Once by car through the forbidden street (one report), once on foot.
        (2, 10, "16:36", 3, At(STREET)),
        (3, 5, "16:00", 25, At(STREET)),
        (3, 20, "15:05", 15, StrapOpen),
        // The leave for Shiraz ends an hour into the night; the bus arrives in the morning.
        (4, 10, "12:30", 600, Journey(HOME, SHIRAZ)),
        (4, 10, "22:30", days(6) - 150, At(SHIRAZ)),
        (4, 13, "18:00", 50, At(SHIRAZ_AIRPORT)),
        (4, 16, "20:00", 600, Journey(SHIRAZ, HOME)),
        // Three days nothing is heard.
        (5, 10, "14:04", days(3) - 4, Nothing),
        // A forged position of three reports.
        (6, 10, "02:00", 13, At(DUBAI)),
        // The night on which the hour from 23:00 comes twice: home at 23:20 of winter time.
        (6, 30, "21:30", 170, At(TEAHOUSE)),
        // At the brother's, before and after home is widened to include his house.
        (7, 20, "22:20", 110, At(BROTHER)),
        (8, 10, "22:20", 110, At(BROTHER)),
        // Two nights out; the tag has no network from the middle of the first on, for two days.
        (8, 20, "21:30", 130, At(TEAHOUSE)),
        (8, 21, "22:38", 102, At(TEAHOUSE)),
        (8, 20, "22:20", days(2), HeldBack),
        // The battery runs flat.
        (9, 5, "10:00", 360, Battery(19)),
        (9, 5, "16:00", 240, Battery(9)),
        (9, 5, "20:00", 720, Nothing),
        // A week without a position.
        (9, 15, "12:00", days(7), NoPosition),
        // The leave of winter turns exclusion zones off as well; it ends while he is in the street.
        (10, 11, "15:00", 120, At(STREET)),
        (10, 12, "20:00", 240, At(TEAHOUSE)),
        (10, 14, "11:00", 80, At(STREET)),
        // The tag is exchanged.
        (10, 25, "11:04", 36, Nothing),
        // To Qom, on a leave that is entered three days late and ends at 02:00.
        (11, 20, "18:00", 120, Journey(HOME, QOM)),
        (11, 20, "20:00", days(2) - 240, At(QOM)),
        (11, 22, "16:00", 120, Journey(QOM, HOME)),
        // One report is lost; then positions too coarse to be used, at the beginning of a night.
        (12, 5, "03:00", 3, Nothing),
        (12, 12, "21:40", 60, Accuracy(2500)),
    ];
    lines.map(|(month, day, clock, minutes, what)| Episode { from: instant(month, day, clock), minutes, what }).into()
}

/// When the second tag was put on.
pub fn exchanged_at() -> Timestamp {
    instant(10, 25, "11:40")
}

/// All reports in the order taken.
pub fn reports() -> Vec<StoredReport> {
    let episodes = episodes();
    let (first, end) = (instant(1, 1, "00:02"), end_of_year());
    let instants = (0..).map(|step| (step, first.plus_seconds(step * 300))).take_while(|(_, at)| *at < end);
    instants.filter_map(|(step, at)| report(&episodes, step, at)).collect()
}

/// The report of one instant, if one is made.
fn report(episodes: &[Episode], step: i64, at: Timestamp) -> Option<StoredReport> {
    let mut place = usual_place(at);
    let mut received_at = at.plus_seconds(20);
    let mut report = Report { satellites: 9, battery_percent: 90, ..Report::at(at) };
    report.accuracy_dm = [50, 80, 120, 200][step as usize % 4];
    report.signals = Signals::default().with(Signal::StrapOpen, false);
    for episode in episodes.iter().filter(|episode| episode.holds(at)) {
        match episode.what {
            What::At(there) => place = there,
            What::Journey(from, to) => place = between(from, to, at.millis_since(episode.from) as f64 / (episode.minutes * 60_000) as f64),
            What::Nothing => return None,
            What::NoPosition => report.satellites = 0,
            What::Accuracy(accuracy_dm) => report.accuracy_dm = accuracy_dm,
            What::StrapOpen => report.signals = report.signals.with(Signal::StrapOpen, true),
            What::Battery(percent) => report.battery_percent = percent,
            What::HeldBack => received_at = episode.from.plus_seconds(episode.minutes * 60 + 360),
        }
    }
    // A few metres of unrest, the same in every run.
    let unrest = |factor: i64| ((step * factor).rem_euclid(11) - 5) as i32 * 60;
    report.latitude_e7 = (place.0 * 1e7).round() as i32 + unrest(7);
    report.longitude_e7 = (place.1 * 1e7).round() as i32 + unrest(3);
    let tag_id = if at < exchanged_at() { 1 } else { 2 };
    Some(StoredReport { tag_id, received_at, late: false, report })
}

impl Episode {
    fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.from.plus_seconds(self.minutes * 60)
    }
}

/// Work from Saturday to Wednesday, 45 minutes each way; at home otherwise, and over Nowruz.
fn usual_place(at: Timestamp) -> Place {
    let (today, minute) = wall(at);
    if matches!(today.weekday(), Weekday::Thu | Weekday::Fri) || today <= date(1, 13) {
        return HOME;
    }
    match minute {
        450..495 => between(HOME, WORK, (minute - 450) as f64 / 45.0),
        495..1020 => WORK,
        1020..1065 => between(WORK, HOME, (minute - 1020) as f64 / 45.0),
        _ => HOME,
    }
}

fn between(from: Place, to: Place, part: f64) -> Place {
    (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
}
