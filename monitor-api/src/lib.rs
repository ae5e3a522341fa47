//! The only gRPC: callers and their rights, alerts for monitoring rooms, files and tracks, commands for tags. Never knows SQL, and never how a
//! tag is reached.

mod accounts;
mod alerts;
mod audit;
mod calendar;
mod catalogue;
mod convert;
mod custody;
mod enrolment;
mod events;
mod fields;
mod finance;
mod gate;
mod hub;
mod imports;
mod judgement;
mod language;
mod list;
mod options;
mod page_token;
mod proposals;
mod reason;
pub mod release;
mod serve;
mod sheets;
mod statistics;
mod status;
mod tags;
mod tracking;
mod transport;
mod watcher;

pub use finance::{LedgerAsked, LedgerFileError, LedgerFormat, write_ledger};
pub use gate::{MethodRights, Rights, RightsError};
pub use language::Language;
pub use options::Options;
pub use reason::{Reason, Wrong};
pub use serve::{ServeError, serve};
pub use tags::{CommandError, CommandSink, Order};
pub use transport::{EncryptionError, IdentityError, Listener, MachineName, Peer, TlsSource, for_machines, for_people};
