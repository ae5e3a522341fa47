//! `paband explain`: what proves an alert, for a person to read or for `paband judge --evidence` to check.

use crate::cli::ExplainArgs;
use crate::room::told;
use crate::watch::calendar::tehran;
use crate::watch::line::{ended_because, english};
use anyhow::Result;
use geofence::{Evidence, EvidenceLine, Timestamp};
use proto::monitor::judgement_client::JudgementClient;
use proto::monitor::{Alert, ExplainRequest};
use std::io::Write;

/// Asks the server and prints.
pub async fn run(args: ExplainArgs) -> Result<()> {
    let room = args.room.connect(Some(&args.purpose)).await?;
    let mut client = JudgementClient::new(room).max_decoding_message_size(64 << 20);
    let explained = client.explain(ExplainRequest { alert_id: args.alert_id }).await;
    let explained = explained.map_err(|status| told(&status))?.into_inner();
    let mut out = std::io::stdout().lock();
    if args.json {
        return Ok(writeln!(out, "{}", explained.evidence)?);
    }
    let evidence = Evidence::parse(&explained.evidence)?;
    Ok(tell(&mut out, &explained.alert.unwrap_or_default(), &evidence)?)
}

fn tell(out: &mut impl Write, alert: &Alert, evidence: &Evidence) -> std::io::Result<()> {
    writeln!(out, "alert {}: wearer {}, {}", alert.alert_id, alert.wearer, english(alert.kind()))?;
    if !alert.zone.is_empty() {
        writeln!(out, "zone:      {}", alert.zone)?;
    }
    writeln!(out, "began:     {}", tehran(alert.started_at.as_ref()))?;
    let late = if alert.found_late { ", found late" } else { "" };
    writeln!(out, "found at:  {} (known here {}{late})", tehran(alert.found_at.as_ref()), tehran(alert.recorded_at.as_ref()))?;
    if alert.ended_at.is_some() {
        writeln!(out, "ended:     {} ({})", tehran(alert.ended_at.as_ref()), ended_because(alert.end_reason()))?;
    }
    if let Some(metres) = alert.max_beyond_m {
        writeln!(out, "furthest:  {metres:.1} m beyond the edge")?;
    }
    if !alert.corrected_because.is_empty() {
        writeln!(out, "judged again: {}", alert.corrected_because)?;
    }
    writeln!(out, "rule:      {}", evidence.policy)?;
    if let Some(parameters) = &evidence.parameters {
        writeln!(out, "parameters: {parameters}")?;
    }
    writeln!(
        out,
        "\n{:<19} {:<19} {:<7} {:>10} {:>10} {:>9}  verdict and signals",
        "taken (Tehran)", "arrived", "part", "accuracy m", "edge m", "battery"
    )?;
    evidence.reports.iter().try_for_each(|line| tell_line(out, line))?;
    writeln!(
        out,
        "\nTimes in Tehran, Solar Hijri. Edge: distance to the zone's edge, positive inside. To judge it again: paband explain {} --json > FILE && paband judge --evidence FILE",
        alert.alert_id
    )
}

fn tell_line(out: &mut impl Write, line: &EvidenceLine) -> std::io::Result<()> {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.1}"));
    let signals = line.signals.iter().map(|(name, value)| format!("{name}={}", if *value { "yes" } else { "no" }));
    let words: Vec<String> = line.verdict.iter().cloned().chain(signals).collect();
    let battery = line.battery_percent.map_or("-".to_owned(), |percent| format!("{percent} %"));
    let (accuracy, edge) = (number(line.accuracy_m), number(line.edge_m));
    writeln!(
        out,
        "{:<19} {:<19} {:<7} {accuracy:>10} {edge:>10} {battery:>9}  {}",
        in_tehran(&line.taken_at),
        in_tehran(&line.received_at),
        line.part,
        words.join(" ")
    )
}

fn in_tehran(rfc3339: &str) -> String {
    let Ok(time) = rfc3339.parse::<Timestamp>() else { return "?".to_owned() };
    tehran(Some(&prost_types::Timestamp { seconds: time.millis().div_euclid(1000), nanos: 0 }))
}
