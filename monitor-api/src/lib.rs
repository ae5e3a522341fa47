//! The only gRPC: alerts for monitoring rooms, commands for tags. Never knows SQL, and never how a tag is reached.

mod alerts;
mod calendar;
mod catalogue;
mod convert;
mod events;
mod hub;
mod judgement;
mod language;
mod list;
mod options;
mod page_token;
mod reason;
mod serve;
mod status;
mod tags;
mod transport;
mod watcher;

pub use language::Language;
pub use options::Options;
pub use reason::{Reason, Wrong};
pub use serve::{ServeError, serve};
pub use tags::{CommandError, CommandSink, Order};
pub use transport::{EncryptionError, IdentityError, Listener, MachineName, Peer, TlsSource, for_machines, for_people};
