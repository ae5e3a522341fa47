//! The tag-facing door: listeners, wire protocols, shards, acks. Never knows how reports are stored.

pub mod port;
pub mod wire;
