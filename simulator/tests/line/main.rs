//! The fleet against a server on loopback that misbehaves.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod fake;
mod load;
mod lossless;
mod town;
