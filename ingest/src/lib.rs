//! The tag-facing door: listeners, wire protocols, shards, acks. Never knows how reports are stored.

mod commands;
mod connection;
mod counters;
mod door;
mod events;
mod inbox;
mod limits;
mod listener;
pub mod port;
mod shard;
mod shared;
pub mod wire;

pub use commands::CommandError;
pub use counters::{Counter, Counters};
pub use door::{Door, DoorOptions, Stopped};
pub use inbox::{Inbox, Settled};
pub use limits::{ConnectionLimits, ShardLimits};
pub use listener::{TlsSource, WireProtocol};
pub use shard::{Delivery, JudgingRequest, RetiredPast, Shard, ShardContext, ShardHandle, ShardMessage, TagFacts, WearerFacts};
