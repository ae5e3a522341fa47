//! The only SQL: migrations, journal, queries, the managed PostgreSQL. Never knows a socket of a tag, nor judges anything.

mod alert_actions;
mod alert_events;
mod alerts;
mod audit;
mod connector;
mod error;
mod evidence;
mod facts;
mod incidents;
mod journal;
mod listen;
mod maintain;
mod migrate;
mod names;
mod past;
mod people;
pub mod postgres;
mod quarantine;
mod recovery;
mod reports;
mod standing;
mod status;
mod store;
mod tags;
#[cfg(feature = "testing")]
pub mod testing;
mod time;
mod wearers;
mod zone_file;
mod zone_import;

pub use alerts::{Alert, AlertEvent, AlertEventKind, AlertFilter, AlertPage};
pub use audit::{AuditFilter, AuditPage};
pub use connector::DatabaseAuthority;
pub use error::{AlertError, EvidenceError, StoreError};
pub use facts::{Facts, TagFacts, WearerFacts, ZoneRow};
pub use journal::{Appended, JournalConnection};
pub use listen::Channel;
pub use maintain::Maintenance;
pub use migrate::{MigrationReport, StorageMode};
pub use people::*;
pub use standing::{Standing, StandingFilter, StandingSpan};
pub use status::{Partition, StorageStatus};
pub use store::Store;
pub use tags::TagRow;
pub use wearers::{Track, Wearer, WearerFilter};
pub use zone_import::ZoneImport;
