//! `paband standing`: who kept, who broke, who was not watched, and when.

use crate::cli::StandingArgs;
use crate::room::told;
use crate::watch::calendar::tehran;
use anyhow::Result;
use geofence::Timestamp;
use proto::monitor::judgement_client::JudgementClient;
use proto::monitor::{ListStandingsRequest, Standing};
use std::io::Write;

/// Asks the server and prints a line a span.
pub async fn run(args: StandingArgs) -> Result<()> {
    let room = args.room.connect(None).await?;
    let time = |time: Timestamp| prost_types::Timestamp {
        seconds: time.millis().div_euclid(1000),
        nanos: (time.millis().rem_euclid(1000) * 1_000_000) as i32,
    };
    let unwatched = [Standing::Unknown, Standing::NotMonitored].map(i32::from).to_vec();
    let request = ListStandingsRequest {
        from: args.from.map(time),
        to: args.to.map(time),
        wearer: args.wearer.unwrap_or_default(),
        standings: if args.unwatched { unwatched } else { Vec::new() },
        limit: 10_000,
    };
    let answer = JudgementClient::new(room).max_decoding_message_size(64 << 20).list_standings(request).await;
    let answer = answer.map_err(|status| told(&status))?.into_inner();
    let mut out = std::io::stdout().lock();
    for span in &answer.spans {
        let when = match args.to {
            Some(_) => format!("{}  to  {}", tehran(span.from.as_ref()), tehran(span.to.as_ref())),
            None => tehran(span.from.as_ref()),
        };
        writeln!(out, "{when}  {:<13}  {}", name(span.standing()), span.wearer)?;
    }
    if answer.more {
        writeln!(out, "... and more: ask for one wearer or a shorter span")?;
    }
    Ok(())
}

fn name(standing: Standing) -> &'static str {
    match standing {
        Standing::Unspecified => "?",
        Standing::NotMonitored => "not monitored",
        Standing::Unknown => "UNKNOWN",
        Standing::Broken => "broken",
        Standing::OnLeave => "on leave",
        Standing::Kept => "kept",
    }
}
