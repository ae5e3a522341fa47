//! The stupid twin: policy 2, 3 and 8 restated slowly over sorted lists, beside the judge on random tracks, zones and timetables.

#[cfg(test)]
mod clock;
#[cfg(test)]
mod draw;
#[cfg(test)]
mod live;
#[cfg(test)]
mod twin;

use draw::Case;
use geofence::command::judge_files;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_judge_finds_what_the_twin_finds(case in draw::case()) {
        let rows = judge_files(&case.zones_text(), case.track_text().as_bytes(), case.until, false).expect("the drawn files are well written");
        let rows: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).expect("a row is plain data")).collect();
        let expected = twin::judge(&case);
        prop_assert_eq!(rows, expected, "{}", Case::describe(&case));
    }
}
