//! Statistics: each number against a stupid count of the same facts, and who may ask for which.

use crate::house::{As, House, reason, sql, wrong_fields};
use access::Role;
use calamine::{Data, Reader, Xlsx};
use chrono::{DateTime, TimeDelta, Utc};
use proto::enrolment::get_statistics_request::Period;
use proto::enrolment::statistics_client::StatisticsClient;
use proto::enrolment::{
    ExportStatisticsRequest, GetStatisticsRequest, StatisticsFormat, StatisticsKind, StatisticsLanguage, StatisticsMonth,
};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Cursor;
use store::{StatisticsCount, StatisticsTopic};

const UNITS: &str = "
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES
        ('fars', 1, 'province', 'فارس', 'Fars', true), ('qom', 1, 'province', 'قم', 'Qom', true);
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
        SELECT 'shiraz', unit_id, 'prison', 'شیراز', 'Shiraz', true FROM units WHERE code = 'fars'";

/// Esfand of the leap year 1403, which has thirty days, and Farvardin of 1404.
const BOUNDS: [&str; 3] = ["2025-02-18T20:30:00Z", "2025-03-20T20:30:00Z", "2025-04-20T20:30:00Z"];

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    /// An instant of the ninety days around the bounds; every fourth is a bound itself.
    fn instant(&mut self) -> DateTime<Utc> {
        if self.below(4) == 0 {
            return time(BOUNDS[self.below(3) as usize]);
        }
        time("2025-02-01T00:00:00Z") + TimeDelta::minutes(self.below(90 * 24 * 60) as i64)
    }
}

/// From when to when; its legal basis and regime.
type OrderLife = (DateTime<Utc>, Option<DateTime<Utc>>, &'static str, &'static str);

/// What is recorded of one wearer.
struct Life {
    unit: i64,
    registered: DateTime<Utc>,
    /// Of tags, in their order.
    fittings: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    order: Option<OrderLife>,
    suspended: Option<(DateTime<Utc>, Option<DateTime<Utc>>)>,
    leave: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Kind, start, late, refuted.
    alerts: Vec<(&'static str, DateTime<Utc>, bool, bool)>,
}

impl Life {
    fn of(chance: &mut Chance) -> Self {
        let mut ordered = |count: usize| {
            let mut times: Vec<_> = (0..count).map(|_| chance.instant()).collect();
            times.sort();
            times.dedup();
            times
        };
        let (worn, ordered_at, rests, leaves) = (ordered(4), ordered(2), ordered(2), ordered(2));
        let order = (chance.below(4) > 0).then(|| {
            let basis = ["ipc_62", "cpc_553"][chance.below(2) as usize];
            let regime = ["tag", "house"][chance.below(2) as usize];
            (ordered_at[0], ordered_at.get(1).copied().filter(|_| chance.below(2) == 0), basis, regime)
        });
        let fittings = match (chance.below(4), &worn[..]) {
            (0, _) => Vec::new(),
            (1, [from, ..]) => vec![(*from, None)],
            // From one tag to the next.
            (2, [from, to, ..]) => vec![(*from, Some(*to)), (*to, None)],
            (_, [from, to, again, ..]) => vec![(*from, Some(*to)), (*again, worn.get(3).copied())],
            _ => Vec::new(),
        };
        let kinds = ["inclusion", "strap_open", "sos"];
        let mut alerts: Vec<(&str, DateTime<Utc>, bool, bool)> = (0..chance.below(5))
            .map(|_| (kinds[chance.below(3) as usize], chance.instant(), chance.below(2) == 0, chance.below(3) == 0))
            .collect();
        let leave = leaves.get(1).map(|to| (leaves[0], *to)).filter(|_| chance.below(2) == 0);
        if let Some((_, to)) = leave.filter(|_| chance.below(2) == 0) {
            alerts.push(("inclusion", to, false, chance.below(2) == 0));
        }
        alerts.sort_by_key(|alert| (alert.0, alert.1));
        alerts.dedup_by_key(|alert| (alert.0, alert.1));
        Self {
            unit: 2 + chance.below(3) as i64,
            registered: chance.instant(),
            fittings,
            order,
            suspended: order.and(rests.first().map(|from| (*from, rests.get(1).copied()))).filter(|_| chance.below(2) == 0),
            leave,
            alerts,
        }
    }

    fn wears(&self, at: DateTime<Utc>) -> bool {
        self.fittings.iter().any(|(from, to)| *from <= at && to.is_none_or(|to| at < to))
    }

    fn state(&self, at: DateTime<Utc>) -> Option<&'static str> {
        let was_fitted = self.fittings.iter().any(|(from, _)| *from <= at);
        let holds = self.order.is_some_and(|(from, to, ..)| from <= at && to.is_none_or(|to| at < to));
        let held = self.order.is_some_and(|(_, to, ..)| to.is_some_and(|to| to <= at));
        let rests = self.suspended.is_some_and(|(from, to)| from <= at && to.is_none_or(|to| at < to));
        let away = self.leave.is_some_and(|(from, to)| from <= at && at < to);
        if self.registered > at && !was_fitted && !holds && !held {
            return None;
        }
        Some(match (holds && rests, self.wears(at)) {
            (true, _) => "suspended",
            (_, true) if away => "on_leave",
            (_, true) => "monitored",
            _ if holds && was_fitted => "without_tag",
            _ if !holds && (was_fitted || held) => "ended",
            _ => "never_fitted",
        })
    }
}

fn written(lives: &[Life]) -> String {
    let end = |to: Option<DateTime<Utc>>| to.map_or("NULL".to_owned(), |to| format!("'{to}'"));
    let mut sql = String::new();
    let mut tag_id = 2;
    for (life, wearer_id) in lives.iter().zip(2..) {
        let Life { unit, registered, .. } = life;
        writeln!(sql, "INSERT INTO wearers (reference, unit_id, registered_at) VALUES ('w{wearer_id}', {unit}, '{registered}');").unwrap();
        for (from, to) in &life.fittings {
            tag_id += 1;
            writeln!(sql, "INSERT INTO tags (imei, unit_id) VALUES ('t{tag_id}', {unit});").unwrap();
            writeln!(
                sql,
                "INSERT INTO fittings (tag_id, wearer_id, period) VALUES ({tag_id}, {wearer_id}, tstzrange('{from}', {}));",
                end(*to)
            )
            .unwrap();
        }
        if let Some((from, to, basis, regime)) = life.order {
            writeln!(sql, "INSERT INTO orders (wearer_id) VALUES ({wearer_id});").unwrap();
            let facts = [
                Some(("new", from)),
                life.suspended.map(|(at, _)| ("suspension", at)),
                life.suspended.and_then(|(_, at)| Some(("resumption", at?))),
                to.map(|at| ("end", at)),
            ];
            for ((kind, at), version) in facts.into_iter().flatten().zip(1..) {
                let terms = if kind == "new" { format!("'{basis}', '{regime}'") } else { "NULL, NULL".to_owned() };
                let cause = if kind == "suspension" { "'hospital'" } else { "NULL" };
                writeln!(
                    sql,
                    "INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date,
                        legal_basis, regime, cause)
                    SELECT max(order_id), {version}, '{kind}', '{at}', '{at}', 'x', 'x', '1', '2025-01-01', {terms}, {cause} FROM orders;"
                )
                .unwrap();
            }
        }
        if let Some((from, to)) = life.leave {
            writeln!(sql, "INSERT INTO leaves (wearer_id, valid_from, valid_to) VALUES ({wearer_id}, '{from}', '{to}');").unwrap();
        }
        for (kind, at, late, refuted) in &life.alerts {
            let (ms, ended) = (at.timestamp_millis(), if *refuted { "'refuted'" } else { "NULL" });
            let ended_at = if *refuted { ms.to_string() } else { "NULL".to_owned() };
            writeln!(
                sql,
                "INSERT INTO alerts (wearer_id, tag_id, batch, started_at, found_at, recorded_at, found_late, kind, zone, end_reason, ended_at)
                VALUES ({wearer_id}, 1, 1, {ms}, {ms}, now(), {late}, '{kind}', 'z', {ended}, {ended_at});"
            )
            .unwrap();
        }
    }
    sql
}

/// The same by hand.
fn counted(lives: &[Life], topic: StatisticsTopic, now: DateTime<Utc>) -> Vec<StatisticsCount> {
    let bounds = BOUNDS.map(time);
    let mut numbers = BTreeMap::<(i64, usize, &str), i64>::new();
    for life in lives {
        for span in 0..2 {
            let within = |at: DateTime<Utc>| bounds[span] <= at && at < bounds[span + 1];
            let mut add = |column: &'static str, number: i64| *numbers.entry((life.unit, span, column)).or_default() += number;
            match topic {
                StatisticsTopic::Wearers => {
                    if let Some(state) = life.state((bounds[span + 1] - TimeDelta::microseconds(1)).min(now)) {
                        add(state, 1);
                    }
                }
                StatisticsTopic::Orders => {
                    if let Some((_, _, basis, regime)) = life.order.filter(|order| within(order.0)) {
                        ["begun", basis, regime].into_iter().for_each(|column| add(column, 1));
                    }
                    if life.order.and_then(|order| order.1).is_some_and(within) {
                        add("ended", 1);
                    }
                }
                StatisticsTopic::Fittings => {
                    for (at, (from, to)) in life.fittings.iter().enumerate() {
                        let goes_on = |end: Option<DateTime<Utc>>| life.fittings.iter().any(|(from, _)| Some(*from) == end);
                        if within(*from) {
                            let is_next = life.fittings.iter().any(|(_, end)| *end == Some(*from));
                            add(
                                if is_next {
                                    "replacement"
                                } else if at > 0 {
                                    "again"
                                } else {
                                    "first"
                                },
                                1,
                            );
                        }
                        if to.is_some_and(within) && !goes_on(*to) {
                            add("removal", 1);
                        }
                    }
                }
                StatisticsTopic::Violations => {
                    for (kind, _, late, refuted) in life.alerts.iter().filter(|alert| within(alert.1)) {
                        match refuted {
                            true => add("refuted", 1),
                            false => {
                                add(kind, 1);
                                if *late {
                                    add("found_late", 1);
                                }
                            }
                        }
                    }
                }
                StatisticsTopic::Leaves => {
                    let Some((from, to)) = life.leave else { continue };
                    if within(from) {
                        let day = |at: DateTime<Utc>| (at + TimeDelta::minutes(210)).date_naive();
                        add(if day(to - TimeDelta::microseconds(1)) > day(from) { "overnight" } else { "by_hours" }, 1);
                    }
                    let missed = |alert: &&(&str, DateTime<Utc>, bool, bool)| {
                        alert.0 == "inclusion" && !alert.3 && to <= alert.1 && alert.1 <= to + TimeDelta::minutes(10)
                    };
                    if within(to) && life.alerts.iter().any(|alert| missed(&alert)) {
                        add("not_home_at_end", 1);
                    }
                }
                StatisticsTopic::Tags => {}
            }
        }
    }
    let count = |((unit_id, span, column), number): (&(i64, usize, &str), &i64)| StatisticsCount {
        unit_id: *unit_id,
        span: *span,
        column: (*column).to_owned(),
        number: *number,
    };
    numbers.iter().map(count).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_is_what_a_stupid_count_finds() {
    let house = House::new().await;
    let mut chance = Chance(1403);
    let lives: Vec<Life> = (0..120).map(|_| Life::of(&mut chance)).collect();
    sql(&house.database, UNITS).await;
    sql(&house.database, &written(&lives)).await;
    let (bounds, now) = (BOUNDS.map(time), Utc::now());
    for topic in
        [StatisticsTopic::Wearers, StatisticsTopic::Orders, StatisticsTopic::Fittings, StatisticsTopic::Violations, StatisticsTopic::Leaves]
    {
        let mut found = house.store.statistics_count(topic, &[2, 3, 4], &bounds, now).await.unwrap();
        found.retain(|count| count.column != "hours");
        let expected = counted(&lives, topic, now);
        assert_eq!(found, expected, "{topic:?}");
        assert!(found.len() > 5, "{topic:?} has something to count");
        // A span that is not over is counted as of now.
        let early = time("2025-03-05T00:00:00Z");
        if topic == StatisticsTopic::Wearers {
            assert_eq!(house.store.statistics_count(topic, &[2, 3, 4], &bounds, early).await.unwrap(), counted(&lives, topic, early));
        }
        let of_one = house.store.statistics_count(topic, &[3], &bounds, now).await.unwrap();
        assert!(of_one.iter().all(|count| count.unit_id == 3), "{topic:?}");
    }
}

fn asked(kind: StatisticsKind, unit: &str) -> GetStatisticsRequest {
    GetStatisticsRequest { kind: kind.into(), unit: unit.to_owned(), period: Some(Period::Year(1403)) }
}

async fn client(
    house: &House,
    role: Role,
    unit: &str,
) -> StatisticsClient<tonic::service::interceptor::InterceptedService<tonic::transport::Channel, As>> {
    let who = house.log_in(&format!("{}.{unit}", role.name().replace('_', "-")), &[(role, unit)]).await;
    StatisticsClient::with_interceptor(house.channel().await, who)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_unit_is_counted_by_whom_it_is_seen() {
    let house = House::new().await;
    let mut chance = Chance(7);
    let lives: Vec<Life> = (0..30).map(|_| Life::of(&mut chance)).collect();
    sql(&house.database, UNITS).await;
    sql(&house.database, &written(&lives)).await;
    let mut fars = client(&house, Role::Supervisor, "fars").await;
    let answer = fars.get_statistics(asked(StatisticsKind::Wearers, "")).await.unwrap().into_inner();
    let rows: Vec<&str> = answer.tables[0].rows.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(rows, ["fars", "shiraz", "total"]);
    let days = answer.days.unwrap();
    assert_eq!((days.from.unwrap().solar_hijri, days.to.unwrap().gregorian), ("1403/01/01".to_owned(), "2025-03-21".to_owned()));
    let shiraz = fars.get_statistics(asked(StatisticsKind::Wearers, "shiraz")).await.unwrap().into_inner();
    assert_eq!(shiraz.tables[0].rows[0], answer.tables[0].rows[1]);
    for unit in ["qom", "central", "nowhere"] {
        let refused = fars.get_statistics(asked(StatisticsKind::Wearers, unit)).await.unwrap_err();
        assert_eq!(reason(&refused).0, "UNKNOWN_UNIT", "{unit}");
    }
    let nothing = fars.get_statistics(GetStatisticsRequest::default()).await.unwrap_err();
    let wrong = [("kind", "UNKNOWN_CHOICE"), ("period", "MISSING")].map(crate::house::owned);
    assert_eq!(wrong_fields(&nothing), wrong);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_yearly_report_has_every_month_and_can_be_taken_along() {
    let house = House::new().await;
    let mut chance = Chance(7);
    let lives: Vec<Life> = (0..30).map(|_| Life::of(&mut chance)).collect();
    sql(&house.database, UNITS).await;
    sql(&house.database, &written(&lives)).await;
    let mut central = client(&house, Role::Supervisor, "central").await;
    let year = central.get_statistics(asked(StatisticsKind::Yearbook, "")).await.unwrap().into_inner();
    let by_month = year.tables.iter().find(|table| table.code == "violations_by_month").unwrap();
    assert_eq!(by_month.rows.len(), 13, "twelve months and the sum");
    assert_eq!((by_month.rows[11].code.as_str(), by_month.rows[12].code.as_str()), ("1403/12", "total"));
    // The sum of the months is the sum of the units.
    let by_unit = year.tables.iter().find(|table| table.code == "violations").unwrap();
    assert_eq!(by_month.rows.last().unwrap().numbers, by_unit.rows.last().unwrap().numbers);
    assert!(by_unit.rows.last().unwrap().numbers[0] > 0);
    // A month alone is that month's row.
    let month = GetStatisticsRequest {
        period: Some(Period::Month(StatisticsMonth { year: 1403, month: 12 })),
        ..asked(StatisticsKind::Violations, "")
    };
    let esfand = central.get_statistics(month).await.unwrap().into_inner();
    assert_eq!(esfand.tables[0].rows.last().unwrap().numbers, by_month.rows[11].numbers);
    let xlsx = exported(&mut central, StatisticsFormat::Xlsx).await;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(&xlsx)).unwrap();
    let sheet = workbook.worksheet_range("نقض‌ها و رخدادها - ماه").unwrap();
    for (row, at) in by_month.rows.iter().zip(4..) {
        assert_eq!(sheet.get_value((at, 1)), Some(&Data::String(row.code.clone())));
        for (number, column) in row.numbers.iter().zip(2..) {
            assert_eq!(sheet.get_value((at, column)), Some(&Data::Float(*number as f64)), "{} {column}", row.code);
        }
    }
    let csv = String::from_utf8(exported(&mut central, StatisticsFormat::Csv).await).unwrap();
    assert!(csv.starts_with('\u{feff}') && csv.contains("از ۱۴۰۳/۰۱/۰۱ تا ۱۴۰۳/۱۲/۳۰") && csv.contains("1403/12"), "{csv}");
    assert!(!csv.contains("w2,"), "no wearer is named");
}

async fn exported(
    client: &mut StatisticsClient<tonic::service::interceptor::InterceptedService<tonic::transport::Channel, As>>,
    format: StatisticsFormat,
) -> Vec<u8> {
    let statistics = Some(asked(StatisticsKind::Yearbook, ""));
    let request = ExportStatisticsRequest { statistics, format: format.into(), language: StatisticsLanguage::Persian.into() };
    let mut stream = client.export_statistics(request).await.unwrap().into_inner();
    let mut file = Vec::new();
    while let Some(answer) = stream.message().await.unwrap() {
        if file.is_empty() {
            assert!(answer.file_name.starts_with("paband-1403-01-01-1403-12-30."), "{}", answer.file_name);
        }
        file.extend(answer.piece);
    }
    file
}
