//! Files of wearers: opened and changed, one for each person.

use super::EnrolmentError;
use super::contacts::{Contact, contacts_json};
use super::person_numbers::{numbers_free, numbers_lock};
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use chrono::{DateTime, NaiveDate, Utc};
use enrolment::{ForeignId, NationalId, file_reference};
use tokio_postgres::Transaction;
use tokio_postgres::types::ToSql;

/// How often a reference of the system's own is tried again because a clerk had chosen the same.
const REFERENCE_TRIES_MAX: u32 = 100;

const WITHIN_REACH: &str = "
    SELECT w.wearer_id, coalesce(m.reference, ''), w.version FROM wearers w LEFT JOIN wearers m ON m.wearer_id = w.merged_into
    WHERE w.reference = $1
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = coalesce(m.unit_id, w.unit_id) AND r.above_id = ANY ($2))
    FOR NO KEY UPDATE OF w";

const CREATE: &str = "
    INSERT INTO wearers (reference, unit_id, given_name, family_name, name, father_name, national_id, foreign_id_kind, foreign_id, birth_date,
        language, risk_class, file_numbers, contacts, registered_at, registered_by)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14::text::jsonb, $15, $16)
    ON CONFLICT (reference) DO NOTHING RETURNING wearer_id";

const CHANGE: &str = "
    UPDATE wearers SET version = version + 1, unit_id = $2, given_name = $3, family_name = $4, name = $5, father_name = $6, national_id = $7,
        foreign_id_kind = $8, foreign_id = $9, birth_date = $10, language = $11, risk_class = $12, file_numbers = $13,
        contacts = $14::text::jsonb
    WHERE wearer_id = $1";

const KEEP_VERSION: &str = "
    INSERT INTO wearer_versions (wearer_id, version, recorded_at, recorded_by, what, file)
    SELECT wearer_id, version, $2, $3, $4, to_jsonb(w) - 'search' - 'sort_name' FROM wearers w WHERE wearer_id = $1";

/// How closely a wearer is watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RiskClass {
    /// Nothing speaks for danger.
    Low,
    /// As usual.
    #[default]
    Medium,
    /// A danger to others.
    High,
}

impl RiskClass {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// What a file says of its person. Every text is trimmed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WearerFields {
    /// At most 100 characters each.
    pub given_name: String,
    /// See `given_name`.
    pub family_name: String,
    /// See `given_name`; empty = unknown.
    pub father_name: String,
    /// Of a citizen.
    pub national_id: Option<NationalId>,
    /// Of who has no national id.
    pub foreign_id: Option<ForeignId>,
    /// `None` = unknown.
    pub birth_date: Option<NaiveDate>,
    /// The language to write and speak in, `fa`, `ps`, `ar`: two or three small letters.
    pub language: String,
    /// How closely the wearer is watched.
    pub risk_class: RiskClass,
    /// Numbers of files elsewhere: at the prison, the court, the executor.
    pub file_numbers: Vec<String>,
    /// Where the wearer and the family are reached.
    pub contacts: Vec<Contact>,
}

impl WearerFields {
    /// Given and family name.
    pub fn name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name).trim().to_owned()
    }
}

/// A file to open.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewWearer {
    /// The file reference; empty = the system gives one, `1405/000123`.
    pub reference: String,
    /// The code of the unit that the wearer belongs to.
    pub unit: String,
    /// Who it is.
    pub fields: WearerFields,
}

/// A file to change: it says everything of its person anew.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WearerChange {
    /// Which file.
    pub reference: String,
    /// The version that the caller saw.
    pub expected_version: i64,
    /// The code of the unit that the wearer belongs to from now on.
    pub unit: String,
    /// Who it is.
    pub fields: WearerFields,
}

impl Store {
    /// Opens a file.
    ///
    /// # Errors
    /// When the person has one already, the reference is taken, or the unit is not within reach.
    pub async fn wearer_open(&self, caller: &Caller, new: &NewWearer, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(wearer_id) => Ok(wearer_id),
            Change::Open(open) => {
                let wearer_id = wearer_create(&open.transaction, caller, new, now).await?;
                open.commit(wearer_id).await?;
                Ok(wearer_id)
            }
        }
    }

    /// Says everything of a wearer anew.
    ///
    /// # Errors
    /// When somebody else was quicker, another file has one of the numbers, or the wearer or the unit is not within reach.
    pub async fn wearer_change(&self, caller: &Caller, change: &WearerChange, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(wearer_id) => Ok(wearer_id),
            Change::Open(open) => {
                let wearer_id = wearer_write(&open.transaction, caller, change, now).await?;
                open.commit(wearer_id).await?;
                Ok(wearer_id)
            }
        }
    }
}

/// Opens a file in the caller's transaction; the number of the wearer.
pub(crate) async fn wearer_create(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewWearer,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    numbers_lock(transaction, &new.fields).await?;
    wearer_create_beside(transaction, caller, new, now).await
}

/// The same without holding off whoever enrols the same person at the same moment: then the one of the two who comes second is refused by the database's own
/// index. For files of thousands, which would hold more locks than the server has.
pub(super) async fn wearer_create_beside(
    transaction: &Transaction<'_>,
    caller: &Caller,
    new: &NewWearer,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    caller.about_wearer(&new.reference);
    let unit_id = unit_within_reach(transaction, caller, &new.unit).await?;
    numbers_free(transaction, caller, &new.fields, None).await?;
    for _ in 0..REFERENCE_TRIES_MAX {
        let reference = match new.reference.as_str() {
            "" => next_reference(transaction, now).await?,
            chosen => chosen.to_owned(),
        };
        if let Some(wearer_id) = insert(transaction, caller, &reference, unit_id, &new.fields, now).await? {
            caller.about_wearer(&reference);
            wearer_version_keep(transaction, caller, wearer_id, "registered", now).await?;
            return Ok(wearer_id);
        }
        if !new.reference.is_empty() {
            break;
        }
    }
    Err(EnrolmentError::ReferenceTaken)
}

async fn wearer_write(
    transaction: &Transaction<'_>,
    caller: &Caller,
    change: &WearerChange,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let (wearer_id, version) = wearer_locked(transaction, caller, &change.reference).await?;
    if version != change.expected_version {
        return Err(EnrolmentError::VersionChanged(version));
    }
    let unit_id = unit_within_reach(transaction, caller, &change.unit).await?;
    numbers_lock(transaction, &change.fields).await?;
    numbers_free(transaction, caller, &change.fields, Some(wearer_id)).await?;
    let made = Made::of(&change.fields);
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&wearer_id, &unit_id];
    values.extend(made.values(&change.fields));
    transaction.execute(CHANGE, &values).await.map_err(EnrolmentError::of_constraint)?;
    wearer_version_keep(transaction, caller, wearer_id, "changed", now).await?;
    Ok(wearer_id)
}

/// The wearer of that reference, if within the caller's reach, locked until the transaction ends. Take it before anything of a tag.
///
/// # Errors
/// When there is none such, or the file was merged into another, which goes on.
pub(crate) async fn wearer_within_reach(transaction: &Transaction<'_>, caller: &Caller, reference: &str) -> Result<i64, EnrolmentError> {
    Ok(wearer_locked(transaction, caller, reference).await?.0)
}

/// The same with the file's version.
pub(super) async fn wearer_locked(transaction: &Transaction<'_>, caller: &Caller, reference: &str) -> Result<(i64, i64), EnrolmentError> {
    caller.about_wearer(reference);
    let row = transaction.query_opt(WITHIN_REACH, &[&reference, &caller.roots]).await?.ok_or(EnrolmentError::UnknownWearer)?;
    let merged_into: &str = row.get(1);
    if merged_into.is_empty() { Ok((row.get(0), row.get(2))) } else { Err(EnrolmentError::WearerMerged(merged_into.to_owned())) }
}

/// Writes down how the file is now, and who made it so.
pub(super) async fn wearer_version_keep(
    transaction: &Transaction<'_>,
    caller: &Caller,
    wearer_id: i64,
    what: &'static str,
    now: DateTime<Utc>,
) -> Result<(), EnrolmentError> {
    transaction.execute(KEEP_VERSION, &[&wearer_id, &now, &caller.name(), &what]).await?;
    Ok(())
}

/// The number of a unit within the caller's reach.
pub(super) async fn unit_within_reach(transaction: &Transaction<'_>, caller: &Caller, code: &str) -> Result<i64, EnrolmentError> {
    crate::people::unit_within_reach(transaction, caller, code).await?.ok_or(EnrolmentError::UnknownUnit)
}

async fn next_reference(transaction: &Transaction<'_>, now: DateTime<Utc>) -> Result<String, EnrolmentError> {
    let row = transaction.query_one("SELECT nextval('file_references')", &[]).await?;
    Ok(file_reference(now, row.get(0)))
}

/// `None` = another file has the reference.
async fn insert(
    transaction: &Transaction<'_>,
    caller: &Caller,
    reference: &str,
    unit_id: i64,
    fields: &WearerFields,
    now: DateTime<Utc>,
) -> Result<Option<i64>, EnrolmentError> {
    let (made, by) = (Made::of(fields), caller.name());
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&reference, &unit_id];
    values.extend(made.values(fields));
    values.extend([&now as &(dyn ToSql + Sync), &by]);
    let inserted = transaction.query_opt(CREATE, &values).await.map_err(EnrolmentError::of_constraint)?;
    Ok(inserted.map(|row| row.get(0)))
}

/// Those columns that are made of the fields.
struct Made<'a> {
    name: String,
    national_id: Option<&'a str>,
    foreign_id_kind: Option<&'static str>,
    foreign_id: Option<&'a str>,
    risk_class: &'static str,
    contacts: String,
}

impl<'a> Made<'a> {
    fn of(fields: &'a WearerFields) -> Self {
        Self {
            name: fields.name(),
            national_id: fields.national_id.as_ref().map(NationalId::as_str),
            foreign_id_kind: fields.foreign_id.as_ref().map(|id| id.kind().name()),
            foreign_id: fields.foreign_id.as_ref().map(ForeignId::number),
            risk_class: fields.risk_class.name(),
            contacts: contacts_json(&fields.contacts),
        }
    }

    /// Parameters 3 to 14 of the statements above.
    fn values(&'a self, fields: &'a WearerFields) -> [&'a (dyn ToSql + Sync); 12] {
        [
            &fields.given_name,
            &fields.family_name,
            &self.name,
            &fields.father_name,
            &self.national_id,
            &self.foreign_id_kind,
            &self.foreign_id,
            &fields.birth_date,
            &fields.language,
            &self.risk_class,
            &fields.file_numbers,
            &self.contacts,
        ]
    }
}
