//! Recorded tracks from TRACK.csv, and whose tag is whose.

use crate::identity::Identity;
use anyhow::{Context, Result, ensure};
use flate2::read::MultiGzDecoder;
use geofence::command::{TrackReader, TrackRow};
use geofence::{Report, Signal};
use serde::Deserialize;
use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// One wearer's reports in the order of the file.
#[derive(Debug)]
pub(super) struct Track {
    pub wearer: String,
    pub identity: Identity,
    pub reports: Vec<Report>,
}

/// A row of `imei,wearer[,key]`.
#[derive(Deserialize)]
struct TagRow {
    imei: String,
    wearer: String,
    #[serde(default)]
    key: Option<String>,
}

/// Reads every row; wearers in order of their first row.
pub(super) fn read(file: &Path, tags: Option<&Path>) -> Result<Vec<Track>> {
    let mut known = tags.map(read_tags).transpose()?.unwrap_or_default();
    let (mut tracks, mut places) = (Vec::<Track>::new(), HashMap::<String, usize>::new());
    let named = || file.display().to_string();
    let (mut rows, mut row) = (TrackReader::new(open(file)?).with_context(named)?, TrackRow::default());
    while rows.read(&mut row).with_context(named)? {
        if let Some(place) = places.get(&row.wearer) {
            tracks[*place].reports.push(report(&row));
            continue;
        }
        places.insert(row.wearer.clone(), tracks.len());
        let identity = known.remove(&row.wearer).unwrap_or_else(|| Identity::of_wearer(&row.wearer));
        tracks.push(Track { wearer: row.wearer.clone(), identity, reports: vec![report(&row)] });
    }
    Ok(tracks)
}

fn open(file: &Path) -> Result<Box<dyn Read>> {
    let plain = File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    let packed = file.extension().is_some_and(|extension| extension == "gz");
    Ok(if packed { Box::new(MultiGzDecoder::new(plain)) } else { Box::new(plain) })
}

fn read_tags(file: &Path) -> Result<HashMap<String, Identity>> {
    let mut tags = HashMap::new();
    for row in csv::Reader::from_reader(open(file)?).deserialize() {
        let row: TagRow = row.with_context(|| format!("{}: expected CSV with the header imei,wearer,key", file.display()))?;
        let identity = Identity::described(&row.imei, row.key.as_deref()).with_context(|| file.display().to_string())?;
        let wearer = row.wearer.clone();
        ensure!(tags.insert(row.wearer, identity).is_none(), "{}: wearer {wearer} has two tags", file.display());
    }
    Ok(tags)
}

/// A row without a valid position (policy 8.2) is sent as "heard, no position"; the server's clock decides when it is received.
fn report(row: &TrackRow) -> Report {
    let mut report = Report::at(row.taken_at);
    let position = row.fix().and(row.latitude.zip(row.longitude));
    report.signals = report.signals.with(Signal::Fix, position.is_some());
    if let Some((latitude, longitude)) = position {
        (report.latitude_e7, report.longitude_e7) = ((latitude * 1e7).round() as i32, (longitude * 1e7).round() as i32);
        // `as` saturates at the most that a report can say.
        report.accuracy_dm = row.accuracy_m.map_or(0, |metres| ((metres * 10.0).ceil() as u16).max(1));
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const ROWS: &str = "wearer,taken_at,lat,lon,accuracy_m\n\
        B,2008-10-23T05:53:05Z,39.984094,116.319236,\n\
        A,2008-10-23T05:53:06Z,,,\n\
        A,2008-10-23T05:53:08Z,95,10,\n\
        B,2008-10-23T05:53:07+03:30,-39.1,116.2,6.21\n";

    #[test]
    fn rows_become_reports_packed_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let (plain, packed) = (folder.path().join("t.csv"), folder.path().join("t.csv.gz"));
        std::fs::write(&plain, ROWS).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(File::create(&packed).unwrap(), flate2::Compression::fast());
        gzip.write_all(ROWS.as_bytes()).unwrap();
        gzip.finish().unwrap();
        for file in [plain, packed] {
            let tracks = read(&file, None).unwrap();
            assert_eq!(tracks.iter().map(|track| (track.wearer.as_str(), track.reports.len())).collect::<Vec<_>>(), [("B", 2), ("A", 2)]);
            let [first, second] = tracks[0].reports[..] else { panic!("two reports") };
            assert_eq!((first.latitude_e7, first.longitude_e7, first.accuracy_dm), (399_840_940, 1_163_192_360, 0));
            assert_eq!(
                (second.latitude_e7, second.accuracy_dm, second.taken_at),
                (-391_000_000, 63, "2008-10-23T02:23:07Z".parse().unwrap())
            );
            assert!(tracks[1].reports.iter().all(|report| report.signals.get(Signal::Fix) == Some(false)));
        }
    }

    #[test]
    fn a_tags_file_names_the_tags() {
        let folder = tempfile::tempdir().unwrap();
        let (track, tags) = (folder.path().join("t.csv"), folder.path().join("tags.csv"));
        std::fs::write(&track, ROWS).unwrap();
        std::fs::write(&tags, format!("imei,wearer,key\n490154203237518,B,{}\n", "0b".repeat(32))).unwrap();
        let tracks = read(&track, Some(&tags)).unwrap();
        assert_eq!(tracks[0].identity, Identity { imei: "490154203237518".into(), key: [0x0B; 32] });
        assert_eq!(tracks[1].identity, Identity::of_wearer("A"));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.csv");
        for (row, part) in [("A,yesterday,1,2,\n", "line 2"), ("A,2008-10-23T05:53:05Z,north,2,\n", "line 2")] {
            std::fs::write(&file, format!("wearer,taken_at,lat,lon,accuracy_m\n{row}")).unwrap();
            let error = format!("{:#}", read(&file, None).unwrap_err());
            assert!(error.contains(part), "{error}");
        }
        assert!(read(&folder.path().join("none.csv"), None).is_err());
    }
}
