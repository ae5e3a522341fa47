//! Bills beside what tags said, day by day: 1403/02 began on 2024-04-20 and has 31 days.

use crate::finance_house::Office;
use crate::house::{As, owned, reason, sql, wrong_fields};
use proto::billing as schema;

/// Reports of a tag at noon of days from one to another, received at once.
async fn heard(office: &Office, tag: u8, first: &str, last: &str) {
    let reports = format!(
        "INSERT INTO reports SELECT at, (extract(epoch FROM at) * 1000)::bigint, (SELECT tag_id FROM tags WHERE imei = 'tag-{tag}'), 1, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, false
         FROM generate_series('{first} 12:00+03:30'::timestamptz, '{last} 12:00+03:30', interval '1 day') at"
    );
    sql(&office.house.database, &reports).await;
}

async fn off(office: &Office, wearer: &str, at: &str) {
    let off = format!(
        "UPDATE fittings SET period = tstzrange(lower(period), '{at}') WHERE wearer_id = (SELECT wearer_id FROM wearers WHERE reference = '{wearer}');
        INSERT INTO removals (fitting_id, at, recorded_at, removed_by, reason, condition, deposit, tag_state)
            SELECT fitting_id, upper(period), upper(period), 'x', 'order_ended', 'good', 'release', 'returned' FROM fittings WHERE NOT upper_inf(period)
            ON CONFLICT DO NOTHING"
    );
    sql(&office.house.database, &off).await;
}

async fn compared(office: &Office, who: &As, silent_days_min: u32) -> schema::TagComparison {
    let month = Some(schema::SolarMonth { year: 1403, month: 2 });
    let asked = schema::CompareWithTagsRequest { month, silent_days_min, ..Default::default() };
    let mut answers = office.runs_of(who).await.compare_with_tags(asked).await.unwrap().into_inner();
    while let Some(answer) = answers.message().await.unwrap() {
        if let Some(schema::compare_with_tags_response::Part::Comparison(comparison)) = answer.part {
            return comparison;
        }
    }
    panic!("the whole comes last");
}

/// The days of the month: `1-5 7-31`.
fn told(ranges: &[schema::DayRange]) -> String {
    let of = |day: &Option<proto::enrolment::Date>| day.clone().unwrap().solar_hijri[8..].trim_start_matches('0').to_owned();
    ranges.iter().map(|range| format!("{}-{}", of(&range.first), of(&range.last))).collect::<Vec<_>>().join(" ")
}

fn silent(comparison: &schema::TagComparison) -> Vec<String> {
    comparison.silent.iter().map(|one| format!("{} {}/{}: {}", one.wearer, one.days_heard, one.days_billed, told(&one.silent))).collect()
}

fn unbilled(comparison: &schema::TagComparison) -> Vec<String> {
    comparison.unbilled.iter().map(|one| format!("{}: {}", one.wearer, told(&one.unbilled))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn billed_days_without_a_report_are_listed_day_by_day_and_most_of_them_first() {
    let office = Office::new(3).await;
    heard(&office, 1, "2024-04-20", "2024-05-20").await;
    heard(&office, 2, "2024-04-25", "2024-04-25").await;
    heard(&office, 3, "2024-04-20", "2024-05-14").await;
    heard(&office, 3, "2024-05-19", "2024-05-20").await;
    let found = compared(&office, &office.sara, 0).await;
    assert_eq!((told(&found.days).as_str(), found.persons, found.silent_count), ("1-31", 3, 2));
    assert_eq!(silent(&found), ["w-2 1/31: 1-5 7-31", "w-3 27/31: 26-29"]);
    assert_eq!((found.silent[0].imeis.clone(), unbilled(&found), found.stray.len()), (vec!["tag-2".to_owned()], vec![], 0));
    assert_eq!(silent(&compared(&office, &office.sara, 5).await), ["w-2 1/31: 1-5 7-31"]);

    // What comes ten days late was said on its day; without that wearer 3 was silent for three days only, which is listed still, and not for two.
    let late = "
        INSERT INTO reports_elsewhere SELECT tag_id, (extract(epoch FROM '2024-05-15 12:00+03:30'::timestamptz) * 1000)::bigint, '2024-05-25' FROM tags WHERE imei = 'tag-3'";
    sql(&office.house.database, late).await;
    assert_eq!(silent(&compared(&office, &office.sara, 0).await)[1], "w-3 28/31: 27-29");
    // A clock that is years behind is heard by when it is received.
    let wrong = "INSERT INTO reports SELECT '2024-05-16 09:00Z', 1000, tag_id, 1, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, true FROM tags WHERE imei = 'tag-3'";
    sql(&office.house.database, wrong).await;
    assert_eq!(silent(&compared(&office, &office.sara, 0).await), ["w-2 1/31: 1-5 7-31"]);
    assert_eq!(silent(&compared(&office, &office.sara, 2).await).len(), 2);
    // Another province has none of it, and nobody's days that are to come are compared.
    assert_eq!(compared(&office, &office.qom, 0).await.persons, 0);
    let of = |year, silent_days_min| schema::CompareWithTagsRequest {
        month: Some(schema::SolarMonth { year, month: 1 }),
        silent_days_min,
        ..Default::default()
    };
    let mut client = office.runs_of(&office.sara).await;
    let future = client.compare_with_tags(of(1450, 0)).await.unwrap().into_inner().message().await.unwrap().unwrap();
    let Some(schema::compare_with_tags_response::Part::Comparison(future)) = future.part else { panic!("{future:?}") };
    assert_eq!((future.days.len(), future.persons), (0, 0));
    let refused = client.compare_with_tags(of(1403, 32)).await.unwrap_err();
    assert_eq!(wrong_fields(&refused), [owned(("silent_days_min", "ABOVE_MAX"))]);
    let foreign = schema::CompareWithTagsRequest { unit: "tehran".to_owned(), ..of(1403, 0) };
    assert_eq!(reason(&office.runs_of(&office.qom).await.compare_with_tags(foreign).await.unwrap_err()).0, "UNKNOWN_UNIT");
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_leave_and_days_that_nobody_could_hear_are_no_difference() {
    let office = Office::new(1).await;
    office.leave(2, "2024-05-02 14:00+03:30", "2024-05-05 10:00+03:30").await;
    // Heard on the days of leave too, but for its last.
    heard(&office, 1, "2024-04-20", "2024-05-03").await;
    heard(&office, 1, "2024-05-05", "2024-05-14").await;
    let found = compared(&office, &office.sara, 1).await;
    assert_eq!((silent(&found), unbilled(&found)), (vec!["w-1 22/28: 26-31".to_owned()], vec![]));
    // The service stood still on one of the silent days, and of the first half of the month no reports are kept.
    let still = "
        INSERT INTO outages VALUES (tstzrange('2024-05-15 20:00Z', '2024-05-16 21:00Z'));
        UPDATE tracks_kept SET since = '2024-05-10'";
    sql(&office.house.database, still).await;
    let found = compared(&office, &office.sara, 1).await;
    assert_eq!((told(&found.days).as_str(), silent(&found)), ("22-26 28-31", vec!["w-1 4/9: 26-26 28-31".to_owned()]));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_that_are_heard_and_not_billed_are_listed_and_so_are_tags_that_nobody_wears() {
    let office = Office::new(5).await;
    for tag in 1..=5 {
        heard(&office, tag, "2024-04-20", "2024-05-20").await;
    }
    // Fitted without evidence; of another the facts make no bill; two tags came off, and one of them was put on somebody else.
    let bare = "
        DELETE FROM installations WHERE wearer_id = (SELECT wearer_id FROM wearers WHERE reference = 'w-2');
        DELETE FROM reports WHERE tag_id = (SELECT tag_id FROM tags WHERE imei = 'tag-2') AND received_at > '2024-04-29';
        UPDATE order_facts SET cancelled_at = now(), cancelled_by = 'x', cancel_reason = 'x'
            WHERE order_id IN (SELECT order_id FROM orders JOIN wearers USING (wearer_id) WHERE reference = 'w-3')";
    sql(&office.house.database, bare).await;
    off(&office, "w-4", "2024-05-10 12:00+03:30").await;
    off(&office, "w-5", "2024-05-10 12:00+03:30").await;
    let again = "
        INSERT INTO wearers (reference, unit_id) SELECT 'w-6', unit_id FROM wearers WHERE reference = 'w-5';
        INSERT INTO fittings (tag_id, wearer_id, period) SELECT tag_id, wearer_id, tstzrange('2024-05-15 09:00+03:30', NULL)
            FROM tags, wearers WHERE imei = 'tag-5' AND reference = 'w-6'";
    sql(&office.house.database, again).await;
    let found = compared(&office, &office.sara, 1).await;
    assert_eq!(silent(&found), Vec::<String>::new());
    assert_eq!((unbilled(&found), found.unbilled_count), (["w-3: 1-31", "w-2: 1-9", "w-6: 26-31"].map(str::to_owned).to_vec(), 3));
    let stray: Vec<String> = found.stray.iter().map(|one| format!("{} {} {}", one.imei, one.wearer, told(&one.heard))).collect();
    assert_eq!((stray, found.stray_count), (["tag-4 w-4 22-31", "tag-5 w-5 22-25"].map(str::to_owned).to_vec(), 2));
}
