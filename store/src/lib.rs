//! The only SQL: migrations, journal, queries, the managed PostgreSQL. Never knows a socket of a tag, nor judges anything.

mod alert_actions;
mod alert_events;
mod alerts;
mod audit;
mod books;
mod change;
mod connector;
mod custody;
mod enrolment;
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
mod statistics;
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
pub use books::{
    AsOf, BooksDifference, BooksError, BooksFault, BooksSums, Difference, DocumentEvent, DocumentFilter, DocumentHappening, DocumentPage,
    DocumentPayment, DocumentRow, DocumentShown, DocumentStatus, DocumentWhole, Issued, LedgerRow, ObjectionOutcome, OpenInvoice,
    PersonAccount, ReminderRow, ReminderState, UncollectibleMark,
};
pub use connector::DatabaseAuthority;
pub use custody::*;
pub use enrolment::*;
pub use error::{AlertError, EvidenceError, StoreError};
pub use facts::{Facts, TagFacts, WearerFacts, ZoneRow};
pub use journal::{Appended, JournalConnection};
pub use listen::Channel;
pub use maintain::Maintenance;
pub use migrate::{MigrationReport, StorageMode};
pub use people::*;
pub use standing::{Standing, StandingFilter, StandingSpan};
pub use statistics::{StatisticsCount, StatisticsTopic, StatisticsUnit};
pub use status::{Partition, StorageStatus};
pub use store::Store;
pub use tags::TagRow;
pub use wearers::{Track, Wearer};
pub use zone_import::ZoneImport;
