//! `paband judge`.

use crate::cli::{JudgeArgs, JudgeOutput};
use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use geofence::Evidence;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::Path;

/// Judges files; needs no database.
pub fn run(args: &JudgeArgs) -> Result<()> {
    if let Some(file) = &args.evidence {
        return evidence(file);
    }
    let (Some(zones), Some(track)) = (&args.zones, &args.track) else { bail!("give --zones and --track, or --evidence") };
    let zones = std::fs::read_to_string(zones).with_context(|| format!("cannot read {}", zones.display()))?;
    let rows = geofence::command::judge_files(&zones, open(track)?, args.until, args.all_rules)?;
    let JudgeOutput::Json = args.output;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for row in rows {
        serde_json::to_writer(&mut out, &row)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}

fn open(track: &Path) -> Result<Box<dyn Read>> {
    let file = File::open(track).with_context(|| format!("cannot read {}", track.display()))?;
    let packed = track.extension().is_some_and(|extension| extension == "gz");
    Ok(if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) })
}

/// Judges an evidence again and compares.
fn evidence(file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let evidence = Evidence::parse(&text)?;
    let verdict = evidence.judge()?;
    say!("{}", verdict.as_ref().map_or("null".to_owned(), ToString::to_string));
    if verdict.as_ref() != Some(&evidence.violation) {
        bail!("the reports do not give the verdict that the evidence states: {}", evidence.violation);
    }
    Ok(())
}
