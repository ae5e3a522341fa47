//! The service as rooms meet it: a real server, a real PostgreSQL, real connections.

#![allow(missing_docs, clippy::unwrap_used, reason = "tests")]

mod alerts;
mod cable;
mod custody;
mod health;
mod house;
mod outage;
mod tags;
mod watch;
