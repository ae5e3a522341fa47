//! The service as rooms meet it: a real server, a real PostgreSQL, real connections.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod accounts;
mod alerts;
mod audited;
mod cable;
mod custody;
mod four_eyes;
mod guessing;
mod health;
mod house;
mod imports;
mod isolation;
mod outage;
mod probes;
mod purpose;
mod raw;
mod rights;
mod sessions;
mod statistics;
mod streams;
mod tags;
mod watch;
