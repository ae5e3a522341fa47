//! What the journal costs beside its limit: rows a second of `append` into `reports` (partitioned by day, small indexes, journal head)
//! against a raw binary COPY of the same, already encoded rows into a plain logged table without an index; one transaction a batch
//! in both. Rounds take turns; medians.
//!
//! `cargo run --release -p benches --bin journal -- --rows 10000`

use anyhow::{Context, Result};
use bytes::{Bytes, BytesMut};
use clap::Parser;
use futures_util::{SinkExt, TryStreamExt, future::try_join_all};
use geofence::{Batch, Report, Signal, Signals, StoredReport, TagState, Timestamp};
use std::pin::pin;
use std::time::Instant;
use store::{JournalConnection, Store};
use tokio_postgres::{Client, NoTls};

/// Measures the journal against raw COPY.
#[derive(Parser)]
struct Args {
    /// The database, which must be for nothing else; a private durable one in a directory for temporary files if absent.
    #[arg(long)]
    database: Option<String>,
    /// Reports in a batch.
    #[arg(long, default_value_t = 10_000)]
    rows: i64,
    /// Batches a round and connection.
    #[arg(long, default_value_t = 20)]
    batches: i64,
    /// Rounds of each kind.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Tags that report.
    #[arg(long, default_value_t = 100_000)]
    tags: i64,
    /// Tag memories written with each batch, 300 bytes each.
    #[arg(long, default_value_t = 0)]
    states: i64,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let directory = std::env::temp_dir().join(format!("paband-bench-journal-{}", std::process::id()));
    let (url, server) = match &args.database {
        Some(url) => (url.clone(), None),
        None => {
            let server = store::postgres::ManagedPostgres::start(&directory).await?;
            (server.url(), Some(server))
        }
    };
    let measured = measure(&args, &url).await;
    if let Some(server) = server {
        server.stop().await?;
        std::fs::remove_dir_all(&directory)?;
    }
    measured
}

async fn measure(args: &Args, url: &str) -> Result<()> {
    Store::migrate(url, None).await?;
    let store = Store::connect(url, 2).await?;
    let setup = connect(url).await?;
    setup.batch_execute("DROP TABLE IF EXISTS plain; CREATE TABLE plain (LIKE reports)").await?;
    println!("{:?}, batches of {} rows, {} tag memories a batch", store.status().await?.mode, args.rows, args.states);
    for connections in [1, 2] {
        let mut bench = Bench::new(args, &store, url, connections).await?;
        let (mut raw, mut journal) = (Vec::new(), Vec::new());
        for round in 0..=args.rounds {
            setup.batch_execute("TRUNCATE plain, reports; CHECKPOINT").await?;
            let raw_rate = bench.raw(args).await?;
            let journal_rate = bench.journal(args).await?;
            // The first round warms up.
            if round > 0 {
                raw.push(raw_rate);
                journal.push(journal_rate);
            }
        }
        let ratios: Vec<f64> = journal.iter().zip(&raw).map(|(journal, raw)| journal / raw).collect();
        println!(
            "{connections} connection(s): raw COPY {:.0} rows/s, journal {:.0} rows/s, ratio {:.2} (median of the rounds' ratios {:.2})",
            median(raw.clone()),
            median(journal.clone()),
            median(journal) / median(raw),
            median(ratios)
        );
    }
    setup.batch_execute("DROP TABLE plain").await?;
    Ok(())
}

/// The connections and what goes over them.
struct Bench {
    copies: Vec<Client>,
    journals: Vec<JournalConnection>,
    batches: Vec<Batch>,
    encoded: Bytes,
    number: i64,
}

impl Bench {
    async fn new(args: &Args, store: &Store, url: &str, connections: u16) -> Result<Self> {
        let (mut copies, mut journals, mut batches) = (Vec::new(), Vec::new(), Vec::new());
        for shard in 0..connections {
            copies.push(connect(url).await?);
            journals.push(store.journal_connection(shard).await?);
            batches.push(batch(args, shard));
        }
        // The server itself encodes what the peer sends.
        let mut bench = Self { copies, journals, batches, encoded: Bytes::new(), number: store.highest_batch().await? };
        bench.copies[0].batch_execute("TRUNCATE reports").await?;
        bench.journals[0].append(&bench.batches[0], now()).await?;
        let stream = bench.copies[0].copy_out("COPY (SELECT * FROM reports) TO STDOUT (FORMAT binary)").await?;
        let encoded = pin!(stream);
        let encoded = encoded.try_fold(BytesMut::new(), |mut all, piece| async move {
            all.extend_from_slice(&piece);
            Ok(all)
        });
        bench.encoded = encoded.await?.freeze();
        Ok(bench)
    }

    async fn raw(&self, args: &Args) -> Result<f64> {
        let begun = Instant::now();
        let copies = self.copies.iter().map(|client| async move {
            for _ in 0..args.batches {
                let mut sink = Box::pin(client.copy_in("COPY plain FROM STDIN (FORMAT binary)").await?);
                for start in (0..self.encoded.len()).step_by(128 * 1024) {
                    sink.feed(self.encoded.slice(start..self.encoded.len().min(start + 128 * 1024))).await?;
                }
                sink.as_mut().finish().await?;
            }
            anyhow::Ok(())
        });
        try_join_all(copies).await?;
        Ok(rate(args, self.copies.len(), begun))
    }

    async fn journal(&mut self, args: &Args) -> Result<f64> {
        let first = self.number + 1;
        self.number += args.batches;
        let begun = Instant::now();
        let journals = self.journals.iter_mut().zip(&mut self.batches).map(|(journal, batch)| async move {
            for number in first..first + args.batches {
                batch.number = number;
                batch.states.iter_mut().for_each(|state| state.batch = number);
                journal.append(batch, now()).await?;
            }
            anyhow::Ok(())
        });
        try_join_all(journals).await?;
        Ok(rate(args, self.journals.len(), begun))
    }
}

fn batch(args: &Args, shard: u16) -> Batch {
    let received_at = now();
    // A multiplier without a common factor scatters the tags over the batch as arrival does.
    let reports = (0..args.rows).map(|n| {
        let tag_id = (n * 7919 + i64::from(shard)) % args.tags + 1;
        let signals = Signals::default().with(Signal::Fix, true).with(Signal::Motion, n % 3 == 0);
        let report = Report {
            latitude_e7: 357_000_000 + (n as i32 * 37) % 100_000,
            longitude_e7: 514_000_000 + (n as i32 * 53) % 100_000,
            accuracy_dm: 50 + (n % 100) as u16,
            speed_cms: (n % 300) as u16,
            course_deg: (n % 360) as u16,
            altitude_m: 1200,
            satellites: 9,
            battery_percent: 80,
            signals,
            ..Report::at(received_at.plus_millis(-2000 - n % 1000))
        };
        StoredReport { tag_id, received_at, late: false, report }
    });
    let state = |n: i64| TagState { tag_id: 2 * n + i64::from(shard), batch: 0, bytes: vec![7; 300] };
    Batch { shard, reports: reports.collect(), states: (0..args.states).map(state).collect(), ..Batch::default() }
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.context("the database does not answer")?;
    tokio::spawn(connection);
    Ok(client)
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Timestamp::from_millis(since.map_or(0, |since| since.as_millis() as i64))
}

fn rate(args: &Args, connections: usize, begun: Instant) -> f64 {
    (args.rows * args.batches) as f64 * connections as f64 / begun.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
