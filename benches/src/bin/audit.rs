//! What the audit costs: looks at a wearer's file with and without their entry, and the walk along a long chain.

use access::{AuditEntry, Caller};
use anyhow::{Context, Result, ensure};
use clap::Parser;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use store::Store;
use store::postgres::ManagedPostgres;

/// Looks at files, with and without the audit, on a durable PostgreSQL of its own.
#[derive(Parser)]
struct Args {
    /// Callers at once.
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// Seconds a round.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Rounds of each kind, taken in turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Entries of the chain to walk along at the end.
    #[arg(long, default_value_t = 1_000_000)]
    entries: u64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let directory = std::env::temp_dir().join(format!("paband-audit-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let server = ManagedPostgres::start(&directory).await?;
    let measured = measure(&args, &server).await;
    server.stop().await?;
    std::fs::remove_dir_all(&directory)?;
    measured
}

async fn measure(args: &Args, server: &ManagedPostgres) -> Result<()> {
    Store::migrate(&server.url(), None).await?;
    let store = Store::connect(&server.service_url(), 8).await?;
    let wearers = (0..1000).map(|n| store::TagRow {
        imei: format!("{n:015}"),
        wearer: Some(format!("W-{n}")),
        key: None,
        fitted_at: geofence::Timestamp::from(chrono::Utc::now()),
    });
    store.tags_register(&Caller::command("bench", "enrol"), "central", &wearers.collect::<Vec<_>>()).await?;
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        without.push(rate(args, &store, false).await?);
        with.push(rate(args, &store, true).await?);
    }
    let (without, with) = (median(without), median(with));
    println!(
        "looks at a wearer's file, {} callers at once: {without:.0}/s without an entry in the audit, {with:.0}/s with one made durable before the answer: ratio {:.2}",
        args.callers,
        with / without
    );
    walk(args, &store).await
}

async fn rate(args: &Args, store: &Store, audited: bool) -> Result<f64> {
    let (done, ends) = (Arc::new(AtomicU64::new(0)), Instant::now() + Duration::from_secs(args.seconds));
    let started = Instant::now();
    let callers: Vec<_> = (0..args.callers)
        .map(|number| {
            let (store, done) = (store.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut wearer = number;
                while Instant::now() < ends {
                    wearer = (wearer + 7) % 1000;
                    look(&store, wearer, audited).await?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for caller in callers {
        caller.await??;
    }
    Ok(done.load(Ordering::Relaxed) as f64 / started.elapsed().as_secs_f64())
}

async fn look(store: &Store, wearer: usize, audited: bool) -> Result<()> {
    let caller = Caller::command("bench", "/paband.enrolment.v1.Wearers/GetWearer");
    let reference = format!("W-{wearer}");
    caller.about_wearer(&reference);
    store.wearer(&caller, &reference).await?.context("the wearer is there")?;
    if audited {
        store.audit_note(caller.entry("done")).await?;
    }
    Ok(())
}

/// Fills the chain up by many at once, and walks along it.
async fn walk(args: &Args, store: &Store) -> Result<()> {
    let have = store.audit_head().await?.0.number.unsigned_abs();
    let begun = Instant::now();
    let entry = AuditEntry { who: "person:bench".into(), act: "fill".into(), result: "done".into(), ..AuditEntry::default() };
    let missing = args.entries.saturating_sub(have);
    let fillers: Vec<_> = (0..256)
        .map(|_| {
            let (store, entry) = (store.clone(), entry.clone());
            tokio::spawn(async move {
                for _ in 0..missing.div_ceil(256) {
                    store.audit_note(entry.clone()).await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();
    for filler in fillers {
        filler.await??;
    }
    println!(
        "{missing} entries by 256 callers: {:.0}/s, each durable before its caller went on",
        missing as f64 / begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    let head = store.audit_verify(Vec::new(), |_| {}).await?;
    let head = head.context("the chain is whole")?;
    ensure!(head.number.unsigned_abs() >= args.entries, "the chain has only {} entries", head.number);
    println!("{} entries verified in {:.1} s", head.number, begun.elapsed().as_secs_f64());
    Ok(())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
