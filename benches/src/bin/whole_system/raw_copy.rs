//! The limit of batches: binary COPY of the same rows into a plain logged table without an index, as fast as PostgreSQL takes them.

use crate::server::connect;
use anyhow::Result;
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::{SinkExt, future::try_join_all};
use std::pin::pin;
use std::time::Instant;
use tokio_postgres::Client;

/// Rows in one transaction: where PostgreSQL is fastest.
const ROWS: i64 = 20_000;
/// Bytes handed over at a time.
const PIECE: usize = 128 * 1024;

/// Connections with rows ready to send.
pub struct RawCopy {
    clients: Vec<Client>,
    rows: Bytes,
}

impl RawCopy {
    /// Makes the plain table.
    pub async fn new(url: &str, connections: usize) -> Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..connections {
            clients.push(connect(url).await?);
        }
        clients[0].batch_execute("DROP TABLE IF EXISTS plain; CREATE TABLE plain (LIKE reports)").await?;
        Ok(Self { clients, rows: rows() })
    }

    /// Copies for so many seconds on every connection.
    pub async fn rows_per_s(&self, seconds: f64) -> Result<f64> {
        let started = Instant::now();
        let copies = try_join_all(self.clients.iter().map(async |client| {
            let mut rows = 0;
            while started.elapsed().as_secs_f64() < seconds {
                let sink = client.copy_in::<_, Bytes>("COPY plain FROM STDIN BINARY").await?;
                let mut sink = pin!(sink);
                for start in (0..self.rows.len()).step_by(PIECE) {
                    sink.feed(self.rows.slice(start..self.rows.len().min(start + PIECE))).await?;
                }
                rows += sink.finish().await?;
            }
            Ok::<u64, tokio_postgres::Error>(rows)
        }));
        let rows: u64 = copies.await?.iter().sum();
        let rate = rows as f64 / started.elapsed().as_secs_f64();
        self.clients[0].batch_execute("TRUNCATE plain; CHECKPOINT").await?;
        Ok(rate)
    }
}

/// One COPY in PostgreSQL's binary format, with values like those of the load.
fn rows() -> Bytes {
    let mut out = BytesMut::new();
    out.put_slice(b"PGCOPY\n\xff\r\n\0");
    out.put_slice(&[0; 8]);
    for row in 0..ROWS {
        let long = |out: &mut BytesMut, value: i64| {
            out.put_i32(8);
            out.put_i64(value);
        };
        out.put_i16(15);
        long(&mut out, 817_000_000_000_000 + row * 1_000);
        long(&mut out, 1_763_800_000_000 + row * 100);
        long(&mut out, row % 1_000);
        long(&mut out, 7);
        for value in [357_000_000 + row as i32, 514_000_000 - row as i32, 3, 100, 0] {
            out.put_i32(4);
            out.put_i32(value);
        }
        for value in [0_i16, 1_200, 9, 255, 0] {
            out.put_i32(2);
            out.put_i16(value);
        }
        out.put_i32(1);
        out.put_u8(0);
    }
    out.put_i16(-1);
    out.freeze()
}
