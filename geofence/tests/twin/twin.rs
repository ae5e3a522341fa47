//! The policy as a reader of it would do it by hand: for each stretch of time in which the zone is on, look back from every fix.

use crate::clock;
use crate::draw::{Case, text};
use geofence::{Timestamp, Verdict, Zone};
use serde_json::{Value, json};

/// What one usable fix, or the boundary fix, says.
#[derive(Clone, Copy, Debug)]
struct Seen {
    at: i64,
    verdict: Verdict,
    beyond: f64,
}

struct Version {
    zone: Zone,
    text: Value,
    from: i64,
    to: i64,
}

/// A maximal stretch in which the zone is on.
struct Stretch {
    from: i64,
    to: i64,
    sense: String,
    has_boundary: bool,
}

struct Twin<'a> {
    case: &'a Case,
    versions: Vec<Version>,
    until: i64,
    first: i64,
    /// Valid fixes, one an instant: (at, latitude, longitude, accuracy).
    fixes: Vec<(i64, f64, f64, f64)>,
}

/// The rows of the output, as text.
pub fn judge(case: &Case) -> Vec<String> {
    let until = case.until.map(|until| until.millis() / 1000).unwrap_or(case.fixes.iter().map(|row| row.at).max().unwrap());
    let Some(first) = case.fixes.iter().map(|row| row.at).filter(|at| *at <= until).min() else { return vec![] };
    let twin = Twin { case, versions: case.versions.iter().map(version).collect(), until, first, fixes: valid_fixes(case, until) };
    let mut rows: Vec<(i64, String, String)> = twin.stretches().iter().flat_map(|stretch| twin.rows(stretch)).collect();
    rows.sort();
    rows.into_iter().map(|row| row.2).collect()
}

fn version(text: &Value) -> Version {
    let feature = serde_json::from_value(text.clone()).unwrap();
    let edge =
        |name: &str, open: i64| text["properties"][name].as_str().map_or(open, |text| text.parse::<Timestamp>().unwrap().millis() / 1000);
    Version {
        zone: Zone::from_feature(1, &feature).unwrap(),
        text: text.clone(),
        from: edge("valid_from", i64::MIN),
        to: edge("valid_to", i64::MAX),
    }
}

fn valid_fixes(case: &Case, until: i64) -> Vec<(i64, f64, f64, f64)> {
    let mut fixes: Vec<(i64, f64, f64, f64)> = case
        .fixes
        .iter()
        .filter(|row| row.at <= until && row.received.is_none_or(|received| row.at <= received + 600))
        .filter_map(|row| row.place.map(|place| (row.at, place.0, place.1, row.accuracy.unwrap_or(15.0).max(3.0))))
        .filter(|fix| (fix.1, fix.2) != (0.0, 0.0) && fix.1 <= 90.0)
        .collect();
    fixes.sort_by(|a, b| (a.0, a.3, a.1, a.2).partial_cmp(&(b.0, b.3, b.1, b.2)).unwrap());
    fixes.dedup_by_key(|fix| fix.0);
    fixes
}

impl Twin<'_> {
    fn version_at(&self, at: i64) -> Option<&Version> {
        self.versions.iter().find(|version| version.from <= at && at < version.to)
    }

    fn rule(&self, at: i64, name: &str) -> i64 {
        let version = self.version_at(at).unwrap();
        let exclusion = version.text["properties"]["sense"] == "exclusion";
        let default = match name {
            "open_fixes" => {
                if exclusion {
                    2
                } else {
                    3
                }
            }
            "open_after_s" => {
                if exclusion {
                    0
                } else {
                    60
                }
            }
            "close_fixes" => 2,
            "close_after_s" => 30,
            "stale_after_s" => 300,
            "accuracy_cap_m" => 100,
            _ => unreachable!(),
        };
        version.text["properties"][name].as_f64().map_or(default, |value| value as i64)
    }

    /// The sense in which the zone is on.
    fn on_at(&self, at: i64) -> Option<String> {
        let version = self.version_at(at)?;
        let sense = version.text["properties"]["sense"].as_str().unwrap();
        let on_leave = self.case.leaves.iter().any(|leave| leave.0 <= at && at < leave.1 && (leave.2 || sense == "inclusion"));
        (in_hours(&version.text["properties"], at) && !on_leave).then(|| sense.to_owned())
    }

    /// Every instant at which something may turn.
    fn turning_points(&self) -> Vec<i64> {
        let mut points = vec![self.first];
        for leave in &self.case.leaves {
            points.extend([leave.0, leave.1]);
        }
        for version in &self.versions {
            points.extend([version.from, version.to]);
            let mut day = self.first - 3 * 86_400;
            while day < self.until + 3 * 86_400 {
                points.extend(hours(&version.text["properties"], day).into_iter().flat_map(|hours| [hours.0, hours.1]));
                day += 86_400;
            }
        }
        points.retain(|point| self.first <= *point && *point <= self.until);
        points.sort();
        points.dedup();
        points
    }

    fn stretches(&self) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = vec![];
        let mut before: Option<String> = None;
        for at in self.turning_points() {
            let now = self.on_at(at);
            if now == before {
                continue;
            }
            if before.is_some() {
                stretches.last_mut().unwrap().to = at;
            }
            if let Some(sense) = &now {
                stretches.push(Stretch { from: at, to: i64::MAX, sense: sense.clone(), has_boundary: at != self.first });
            }
            before = now;
        }
        stretches
    }

    fn is_usable(&self, at: i64, fix: &(i64, f64, f64, f64)) -> bool {
        fix.3 <= self.rule(at, "accuracy_cap_m") as f64
    }

    fn seen(&self, at: i64, fix: &(i64, f64, f64, f64)) -> Seen {
        let edge = self.version_at(at).unwrap().zone.edge_m(fix.1, fix.2);
        Seen { at, verdict: Verdict::of(edge, fix.3), beyond: edge.abs() }
    }

    /// What is seen in a stretch, the boundary fix first, and whether there is one.
    fn sights(&self, stretch: &Stretch) -> (Vec<Seen>, bool) {
        let mut seen = vec![];
        let mut from = stretch.from;
        if stretch.has_boundary {
            let before = self.fixes.iter().rfind(|fix| fix.0 <= stretch.from && self.is_usable(stretch.from, fix));
            if let Some(fix) = before.filter(|fix| stretch.from - fix.0 <= self.rule(stretch.from, "stale_after_s")) {
                seen.push(self.seen(stretch.from, fix));
                from += 1;
            }
        }
        let has_boundary_fix = !seen.is_empty();
        let fixes = self.fixes.iter().filter(|fix| from <= fix.0 && fix.0 < stretch.to && self.is_usable(fix.0, fix));
        seen.extend(fixes.map(|fix| self.seen(fix.0, fix)));
        (seen, has_boundary_fix)
    }

    fn rows(&self, stretch: &Stretch) -> Vec<(i64, String, String)> {
        let (seen, has_boundary_fix) = self.sights(stretch);
        let mut rows = vec![];
        if stretch.has_boundary && !has_boundary_fix {
            rows.extend(self.presence_unknown(stretch, &seen));
        }
        let mut after = 0;
        while let Some((start, found_at, next)) = self.opening(stretch, &seen, after, has_boundary_fix) {
            let closing = self.closing(stretch, &seen, next);
            let last = closing.map_or(seen.len(), |closing| closing.1);
            let mut breaking = seen[..last].iter().filter(|seen| seen.at >= start && seen.verdict == breaking(stretch));
            let max = breaking.clone().map(|seen| seen.beyond).fold(0.0, f64::max);
            let end = closing.map(|closing| (closing.0, "kept")).or((stretch.to <= self.until).then_some((stretch.to, "zone_off")));
            rows.push(row(&stretch.sense, start, found_at, end, Some((max, breaking.next_back().unwrap().at))));
            let Some((_, closed_by)) = closing else { break };
            after = closed_by + 1;
        }
        rows
    }

    fn presence_unknown(&self, stretch: &Stretch, seen: &[Seen]) -> Option<(i64, String, String)> {
        let start = stretch.from + self.rule(stretch.from, "stale_after_s");
        if start >= stretch.to || start > self.until || seen.iter().any(|seen| seen.at <= start) {
            return None;
        }
        let fix = seen.first().map(|seen| (seen.at, "fix"));
        let end = fix.or((stretch.to <= self.until).then_some((stretch.to, "zone_off")));
        Some(row("presence_unknown", start, start, end, None))
    }

    /// Looks back from `newest` over what is seen from `oldest` on: fixes of `verdict` in a row, uncertain ones skipped, without a
    /// stale gap. Their number and the index of the first.
    fn run(&self, seen: &[Seen], oldest: usize, newest: usize, verdict: Verdict) -> Option<(i64, usize)> {
        let mut run = None;
        for index in (oldest..=newest).rev() {
            if seen[index].verdict == verdict {
                run = Some((run.map_or(0, |run: (i64, usize)| run.0) + 1, index));
            } else if seen[index].verdict != Verdict::Uncertain {
                break;
            }
            if index > oldest && seen[index].at - seen[index - 1].at > self.rule(seen[index].at, "stale_after_s") {
                break;
            }
        }
        run
    }

    /// Start, found_at, and the first index after the opening.
    fn opening(&self, stretch: &Stretch, seen: &[Seen], after: usize, has_boundary_fix: bool) -> Option<(i64, i64, usize)> {
        let at_fix = (after..seen.len()).filter(|index| seen[*index].verdict == breaking(stretch)).find_map(|index| {
            let (count, first) = self.run(seen, after, index, breaking(stretch))?;
            let (start, now) = (seen[first].at, seen[index].at);
            let opens = count >= self.rule(now, "open_fixes") && now - start >= self.rule(now, "open_after_s");
            // The boundary fix alone opens by time, whatever open_fixes is.
            let is_boundary = has_boundary_fix && index == 0;
            (opens && !is_boundary).then_some((start, now, index + 1))
        });
        let by_time = (after == 0 && has_boundary_fix).then(|| self.by_time(stretch, seen)).flatten();
        at_fix.into_iter().chain(by_time).min_by_key(|opening| (opening.1, opening.2))
    }

    fn by_time(&self, stretch: &Stretch, seen: &[Seen]) -> Option<(i64, i64, usize)> {
        let due = stretch.from + self.rule(stretch.from, "open_after_s");
        let taken_in = seen.iter().take_while(|seen| seen.at <= due).count();
        let first_of_run = self.run(seen, 0, taken_in - 1, breaking(stretch))?.1;
        let stands = first_of_run == 0 && due < stretch.to && due <= self.until;
        stands.then_some((stretch.from, due, taken_in))
    }

    /// When the closing run began, and the index of the fix that completes it.
    fn closing(&self, stretch: &Stretch, seen: &[Seen], after: usize) -> Option<(i64, usize)> {
        let keeping = if breaking(stretch) == Verdict::Outside { Verdict::Inside } else { Verdict::Outside };
        (after..seen.len()).filter(|index| seen[*index].verdict == keeping).find_map(|index| {
            let (count, first) = self.run(seen, after, index, keeping)?;
            let (start, now) = (seen[first].at, seen[index].at);
            (count >= self.rule(now, "close_fixes") && now - start >= self.rule(now, "close_after_s")).then_some((start, index))
        })
    }
}

fn breaking(stretch: &Stretch) -> Verdict {
    if stretch.sense == "inclusion" { Verdict::Outside } else { Verdict::Inside }
}

fn minute(text: &Value) -> i64 {
    let text = text.as_str().unwrap();
    text[..2].parse::<i64>().unwrap() * 60 + text[3..].parse::<i64>().unwrap()
}

fn span(date: chrono::NaiveDate, row: &Value) -> (i64, i64) {
    let (from, to) = (minute(&row["from"]), minute(&row["to"]));
    (clock::instant(date, from), clock::instant(date, if to > from { to } else { to + 1440 }))
}

/// All hours of rows and exceptions that begin around an instant.
fn hours(properties: &Value, at: i64) -> Vec<(i64, i64)> {
    let mut hours = vec![];
    for date in clock::dates_around(at) {
        for row in properties["timetable"].as_array().into_iter().flatten() {
            if row["days"].as_array().unwrap().iter().any(|day| day == clock::weekday(date)) {
                hours.push(span(date, row));
            }
        }
        for row in properties["exceptions"].as_array().into_iter().flatten() {
            if row["date"] == date.to_string() {
                hours.push(span(date, row));
            }
        }
    }
    hours
}

fn in_hours(properties: &Value, at: i64) -> bool {
    let holds = |span: (i64, i64)| span.0 <= at && at < span.1;
    for row in properties["exceptions"].as_array().into_iter().flatten().rev() {
        if holds(span(row["date"].as_str().unwrap().parse().unwrap(), row)) {
            return row["on"].as_bool().unwrap();
        }
    }
    match properties["timetable"].as_array() {
        None => true,
        Some(rows) => clock::dates_around(at).into_iter().any(|date| {
            rows.iter().any(|row| row["days"].as_array().unwrap().iter().any(|day| day == clock::weekday(date)) && holds(span(date, row)))
        }),
    }
}

fn row(kind: &str, start: i64, found_at: i64, end: Option<(i64, &str)>, beyond: Option<(f64, i64)>) -> (i64, String, String) {
    let written = json!({
        "wearer": "w", "zone": "z", "kind": kind, "start": text(start), "end": end.map(|end| text(end.0)), "end_reason": end.map(|end| end.1),
        "found_at": text(found_at), "max_beyond_m": beyond.map(|beyond| (beyond.0 * 10.0).round() / 10.0), "last_breaking_at": beyond.map(|beyond| text(beyond.1)),
    });
    let fields = ["wearer", "zone", "kind", "start", "end", "end_reason", "found_at", "max_beyond_m", "last_breaking_at"];
    let fields: Vec<String> = fields.iter().map(|field| format!("\"{field}\":{}", written[field])).collect();
    (start, kind.to_owned(), format!("{{{}}}", fields.join(",")))
}
