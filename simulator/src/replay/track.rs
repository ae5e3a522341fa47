//! Recorded tracks from TRACK.csv, and whose tag is whose.

use crate::identity::Identity;
use anyhow::{Context, Result, ensure};
use flate2::read::MultiGzDecoder;
use geofence::{Report, Signal, Timestamp};
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

/// A row of `wearer,taken_at,lat,lon,accuracy_m[,received_at]`; the server's clock decides when it is received.
#[derive(Deserialize)]
struct Row<'a> {
    wearer: &'a str,
    taken_at: &'a str,
    lat: Option<f64>,
    lon: Option<f64>,
    accuracy_m: Option<f64>,
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
    let mut rows = csv::Reader::from_reader(open(file)?);
    let headers = rows.headers().with_context(|| advice(file))?.clone();
    let mut record = csv::StringRecord::new();
    while rows.read_record(&mut record).with_context(|| advice(file))? {
        let at = || format!("{}, line {}", file.display(), record.position().map_or(0, csv::Position::line));
        let row: Row = record.deserialize(Some(&headers)).with_context(at)?;
        let report = report(&row).with_context(at)?;
        if let Some(place) = places.get(row.wearer) {
            tracks[*place].reports.push(report);
            continue;
        }
        places.insert(row.wearer.to_owned(), tracks.len());
        let identity = known.remove(row.wearer).unwrap_or_else(|| Identity::of_wearer(row.wearer));
        tracks.push(Track { wearer: row.wearer.to_owned(), identity, reports: vec![report] });
    }
    Ok(tracks)
}

fn advice(file: &Path) -> String {
    format!("{}: expected CSV with the header wearer,taken_at,lat,lon,accuracy_m", file.display())
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

fn report(row: &Row) -> Result<Report> {
    let taken_at: Timestamp = row.taken_at.parse().with_context(|| format!("taken_at {:?} is not RFC 3339", row.taken_at))?;
    let mut report = Report::at(taken_at);
    let (lat, lon) = (row.lat.unwrap_or(0.0), row.lon.unwrap_or(0.0));
    let fix = row.lat.is_some() && row.lon.is_some() && (lat, lon) != (0.0, 0.0);
    report.signals = report.signals.with(Signal::Fix, fix);
    if fix {
        // `as` saturates: coordinates far out of range stay out of range.
        (report.latitude_e7, report.longitude_e7) = ((lat * 1e7).round() as i32, (lon * 1e7).round() as i32);
        report.accuracy_dm = row.accuracy_m.map_or(0, |metres| ((metres * 10.0).ceil() as u16).max(1));
    }
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const ROWS: &str = "wearer,taken_at,lat,lon,accuracy_m\n\
        B,2008-10-23T05:53:05Z,39.984094,116.319236,\n\
        A,2008-10-23T05:53:06Z,,,\n\
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
            assert_eq!(tracks.iter().map(|track| (track.wearer.as_str(), track.reports.len())).collect::<Vec<_>>(), [("B", 2), ("A", 1)]);
            let [first, second] = tracks[0].reports[..] else { panic!("two reports") };
            assert_eq!((first.latitude_e7, first.longitude_e7, first.accuracy_dm), (399_840_940, 1_163_192_360, 0));
            assert_eq!(
                (second.latitude_e7, second.accuracy_dm, second.taken_at),
                (-391_000_000, 63, "2008-10-23T02:23:07Z".parse().unwrap())
            );
            assert_eq!(tracks[1].reports[0].signals.get(Signal::Fix), Some(false));
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
