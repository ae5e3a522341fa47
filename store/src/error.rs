//! What can go wrong, told apart by what the caller does next.

use geofence::{Timestamp, ViolationKind};

/// Why the database did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be reached, or the connection broke. Trying again later may work; of a write, only reading back
    /// tells whether it happened.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The address leads nowhere, or by a way on which others could read. What it is is never said: it may hold a password.
    #[error("the database's address cannot be used: {0}")]
    Address(String),
    /// Two changes waited for each other, and the database broke this one off: nothing of it happened. Trying again works.
    #[error("the database broke off one of two changes that waited for each other: {0}")]
    Collided(String),
    /// The database refused a statement.
    #[error("the database refused: {0}")]
    Refused(String),
    /// Another server still writes to this database.
    #[error("another paband writes to this database: stop it first, or give this one a database of its own")]
    InUse,
    /// The database was not migrated, or by a newer paband.
    #[error("the database's tables do not fit this program: {0}")]
    Schema(String),
    /// The database holds something this program never writes.
    #[error("the database holds something unreadable: {0}")]
    Unreadable(String),
    /// The file of zones has mistakes; nothing of it was taken. One line for each.
    #[error("nothing was imported:\n{}", .0.join("\n"))]
    Zones(Vec<String>),
    /// The list of tags has mistakes; nothing of it was taken. One line for each.
    #[error("no tag was registered:\n{}", .0.join("\n"))]
    Tags(Vec<String>),
}

impl StoreError {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_recoverable(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Collided(_))
    }

    /// The same for another caller who waited for the same thing.
    pub(crate) fn same(&self) -> Self {
        match self {
            Self::Unreachable(text) => Self::Unreachable(text.clone()),
            Self::Collided(text) => Self::Collided(text.clone()),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// The text of an error with its causes: `db error: ERROR: relation "x" does not exist (SQLSTATE 42P01)`.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = words(cause);
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}

/// Of what the database said, its DETAIL is left out: that shows values, `Key (reference)=(W-1) already exists`.
fn words(error: &(dyn std::error::Error + 'static)) -> String {
    match error.downcast_ref::<tokio_postgres::error::DbError>() {
        Some(said) => format!("{}: {} (SQLSTATE {})", said.severity(), said.message(), said.code().code()),
        None => error.to_string(),
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let text = with_causes(&error);
        match error.code() {
            // Class 57P: the server is shutting down, crashed or starting; 53: out of connections, memory or disk.
            Some(code) if code.code().starts_with("57P") || code.code().starts_with("53") => Self::Unreachable(text),
            Some(code) if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE => Self::Collided(text),
            Some(code) if *code == SqlState::UNDEFINED_TABLE || *code == SqlState::UNDEFINED_COLUMN => {
                Self::Schema(format!("{text}; run `paband db migrate`"))
            }
            Some(_) => Self::Refused(text),
            None => Self::Unreachable(text),
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Self::Unreachable(with_causes(&other)),
        }
    }
}

/// Why an alert was not acknowledged or closed.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// There is no such alert.
    #[error("there is no alert {0}")]
    NotFound(i64),
    /// Somebody else has taken it on.
    #[error("{by} acknowledged it at {at}")]
    AlreadyAcknowledged {
        /// Who.
        by: String,
        /// When.
        at: Timestamp,
    },
    /// It has ended already, and not by this person with this note.
    #[error("it ended at {0}")]
    AlreadyEnded(Timestamp),
    /// Alerts of this kind end by what tags report, not by a person.
    #[error("an alert of kind {} ends by what the tag reports, not by a person", .0.name())]
    NotClosedByPerson(ViolationKind),
    /// The database did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<tokio_postgres::Error> for AlertError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Why an alert cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// No alert has this number.
    #[error("there is no alert {0}")]
    NotFound(i64),
    /// It concerns an area or a tag that nobody registered: no zone and no report of a wearer proves it.
    #[error("alert {0} concerns no wearer: there are no reports of a wearer to show")]
    NotOfAWearer(i64),
    /// What is stored does not show it.
    #[error("{0}")]
    Unproved(String),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}
