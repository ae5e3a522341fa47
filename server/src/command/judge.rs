//! `paband judge`.

use crate::cli::{JudgeArgs, JudgeOutput};
use anyhow::{Context, Result};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{BufWriter, Read, Write};

/// Judges files; needs no database.
pub fn run(args: &JudgeArgs) -> Result<()> {
    let zones = std::fs::read_to_string(&args.zones).with_context(|| format!("cannot read {}", args.zones.display()))?;
    let track = File::open(&args.track).with_context(|| format!("cannot read {}", args.track.display()))?;
    let packed = args.track.extension().is_some_and(|extension| extension == "gz");
    let track: Box<dyn Read> = if packed { Box::new(MultiGzDecoder::new(track)) } else { Box::new(track) };
    let rows = geofence::command::judge_files(&zones, track, args.until)?;
    let JudgeOutput::Json = args.output;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for row in rows {
        serde_json::to_writer(&mut out, &row)?;
        out.write_all(b"\n")?;
    }
    Ok(out.flush()?)
}
