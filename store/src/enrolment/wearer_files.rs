//! Files of wearers as they are read: one, some by their numbers, and every version that one ever had.

use super::contacts::contacts_read;
use super::{EnrolmentError, RiskClass, WearerFields};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, NaiveDate, Utc};
use enrolment::{ForeignId, ForeignIdKind, NationalId};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

/// Of `w`, a row of wearers.
macro_rules! file_columns {
    () => {
        "SELECT w.wearer_id, w.reference, w.version, u.code, w.given_name, w.family_name, coalesce(w.name, ''), w.father_name,
            coalesce(w.national_id, ''), w.foreign_id_kind, w.foreign_id, w.birth_date, w.language, w.risk_class, w.file_numbers, w.contacts::text,
            w.registered_at, w.registered_by, coalesce(goes_on.reference, ''), w.merged_at, coalesce(w.merged_by, ''), coalesce(w.merge_reason, '')"
    };
}

/// How it stands now: what it wears, which order is in force, what was merged into it, its newest picture.
macro_rules! now_columns {
    () => {
        ", coalesce(t.imei, ''), EXISTS (SELECT FROM order_spans s WHERE s.wearer_id = w.wearer_id AND s.period @> now()),
            array(SELECT b.reference FROM wearers b WHERE b.merged_into = w.wearer_id ORDER BY b.reference),
            (SELECT max(photo_id) FROM photos p WHERE p.wearer_id = w.wearer_id AND p.subject = 'wearer')
        FROM wearers w JOIN units u USING (unit_id) LEFT JOIN wearers goes_on ON goes_on.wearer_id = w.merged_into
            LEFT JOIN fittings f ON f.wearer_id = w.wearer_id AND upper_inf(f.period) LEFT JOIN tags t USING (tag_id) "
    };
}

const BY_NUMBER: &str = concat!(file_columns!(), now_columns!(), "WHERE w.wearer_id = ANY ($1)");

/// Under the reference of a file that was merged, the file that goes on.
const BY_REFERENCE: &str = concat!(
    file_columns!(),
    now_columns!(),
    "WHERE w.wearer_id = (SELECT coalesce(merged_into, wearer_id) FROM wearers WHERE reference = $1)
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))"
);

const VERSIONS: &str = concat!(
    file_columns!(),
    ", v.version, v.recorded_at, v.recorded_by, v.what
    FROM wearer_versions v CROSS JOIN LATERAL jsonb_populate_record(NULL::wearers, v.file) AS w
        JOIN units u ON u.unit_id = w.unit_id LEFT JOIN wearers goes_on ON goes_on.wearer_id = w.merged_into
    WHERE v.wearer_id = $1 OR v.wearer_id IN (SELECT wearer_id FROM wearers WHERE merged_into = $1)
    ORDER BY v.recorded_at, v.wearer_id, v.version"
);

/// Another file with the same names, folded, and the same day of birth where both know it. Only of those within reach.
const POSSIBLE_DUPLICATES: &str = "
    SELECT other.reference FROM wearers w JOIN wearers other
        ON wearer_name_key(other.name, other.father_name) = wearer_name_key(w.name, w.father_name) AND other.wearer_id <> w.wearer_id
    WHERE w.wearer_id = $1 AND wearer_name_key(w.name, w.father_name) <> '/' AND other.merged_into IS NULL
        AND (other.birth_date = w.birth_date OR other.birth_date IS NULL OR w.birth_date IS NULL)
        AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = other.unit_id AND r.above_id = ANY ($2))
    ORDER BY other.birth_date = w.birth_date DESC NULLS LAST, other.reference LIMIT 10";

/// Where somebody is on the way from enrolment to removal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WearerState {
    /// Enrolled; no order is in force now.
    Registered,
    /// An order is in force, and no tag is worn.
    UnderOrder,
    /// A tag is worn.
    Monitored,
}

/// A file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WearerFile {
    /// Which.
    pub wearer_id: i64,
    /// The file reference.
    pub reference: String,
    /// One more with each change.
    pub version: i64,
    /// The code of the unit.
    pub unit: String,
    /// Who it is.
    pub fields: WearerFields,
    /// The name as it is shown; empty while unknown.
    pub name: String,
    /// The national id as it is kept, also one that does not check, of before there were files.
    pub national_id: String,
    /// When the file was opened, and by whom.
    pub registered_at: DateTime<Utc>,
    /// See `registered_at`.
    pub registered_by: String,
    /// The reference of the file that goes on, and when, by whom and why this one was merged into it; empty for a file that goes on itself.
    pub merged: Option<Merged>,
}

/// Into which file one was merged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merged {
    /// The file that goes on.
    pub into: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who proposed and who confirmed it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// A file and how it stands now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WearerNow {
    /// The file.
    pub file: WearerFile,
    /// The tag worn now; empty = none.
    pub imei: String,
    /// Where its wearer is on the way.
    pub state: WearerState,
    /// The references of the files that were merged into it.
    pub merged_from: Vec<String>,
    /// The newest picture of the wearer.
    pub photo_id: Option<i64>,
}

/// A version of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WearerVersion {
    /// How it was.
    pub file: WearerFile,
    /// When it was made so.
    pub recorded_at: DateTime<Utc>,
    /// By whom.
    pub recorded_by: String,
    /// `registered`, `changed`, `merged` (into another), `took_over` (another was merged into it).
    pub what: String,
}

impl Store {
    /// The file of that reference, if within the caller's reach; of a merged one the file that goes on.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn wearer_file(&self, caller: &Caller, reference: &str) -> Result<WearerNow, EnrolmentError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(BY_REFERENCE).await?;
        let row = client.query_opt(&statement, &[&reference, &caller.roots]).await?;
        Ok(now_from(&row.ok_or(EnrolmentError::UnknownWearer)?)?)
    }

    /// The file of a wearer of whom it is known that the caller may see it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wearer_of_number(&self, wearer_id: i64) -> Result<WearerNow, EnrolmentError> {
        self.wearers_of_numbers(&[wearer_id]).await?.pop().ok_or(EnrolmentError::UnknownWearer)
    }

    /// The same of several, in their order.
    pub(super) async fn wearers_of_numbers(&self, numbers: &[i64]) -> Result<Vec<WearerNow>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(BY_NUMBER).await?;
        let rows = client.query(&statement, &[&numbers as &(dyn ToSql + Sync)]).await?;
        let mut files = rows.iter().map(now_from).collect::<Result<Vec<_>, _>>()?;
        files.sort_by_key(|now| numbers.iter().position(|number| *number == now.file.wearer_id));
        Ok(files)
    }

    /// Every version of a file within the caller's reach and of those that were merged into it, the oldest first.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn wearer_versions(&self, caller: &Caller, reference: &str) -> Result<Vec<WearerVersion>, EnrolmentError> {
        let wearer_id = self.wearer_file(caller, reference).await?.file.wearer_id;
        let rows = self.client().await?.query(VERSIONS, &[&wearer_id]).await?;
        Ok(rows.iter().map(version_from).collect::<Result<_, _>>()?)
    }

    /// References of files within reach that may be the same person's: the same names and, where both know it, the same day of birth.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn possible_duplicates(&self, caller: &Caller, wearer_id: i64) -> Result<Vec<String>, StoreError> {
        let rows = self.client().await?.query(POSSIBLE_DUPLICATES, &[&wearer_id, &caller.roots]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}

fn now_from(row: &Row) -> Result<WearerNow, StoreError> {
    let (imei, has_order): (String, bool) = (row.get(22), row.get(23));
    let state = match (imei.is_empty(), has_order) {
        (false, _) => WearerState::Monitored,
        (true, true) => WearerState::UnderOrder,
        (true, false) => WearerState::Registered,
    };
    Ok(WearerNow { file: file_from(row)?, imei, state, merged_from: row.get(24), photo_id: row.get(25) })
}

fn version_from(row: &Row) -> Result<WearerVersion, StoreError> {
    let file = WearerFile { version: row.get(22), ..file_from(row)? };
    Ok(WearerVersion { file, recorded_at: row.get(23), recorded_by: row.get(24), what: row.get(25) })
}

fn file_from(row: &Row) -> Result<WearerFile, StoreError> {
    let national_id: String = row.get(8);
    let fields = WearerFields {
        given_name: row.get(4),
        family_name: row.get(5),
        father_name: row.get(7),
        national_id: NationalId::parse(&national_id).ok(),
        foreign_id: foreign_id(row.get(9), row.get(10))?,
        birth_date: row.get::<_, Option<NaiveDate>>(11),
        language: row.get(12),
        risk_class: risk_class(row.get(13))?,
        file_numbers: row.get(14),
        contacts: contacts_read(row.get(15))?,
    };
    let merged = row.get::<_, Option<DateTime<Utc>>>(19);
    let merged = merged.map(|at| Merged { into: row.get(18), at, by: row.get(20), reason: row.get(21) });
    Ok(WearerFile {
        wearer_id: row.get(0),
        reference: row.get(1),
        version: row.get(2),
        unit: row.get(3),
        fields,
        name: row.get(6),
        national_id,
        registered_at: row.get(16),
        registered_by: row.get(17),
        merged,
    })
}

fn foreign_id(kind: Option<&str>, number: Option<&str>) -> Result<Option<ForeignId>, StoreError> {
    let (Some(kind), Some(number)) = (kind, number) else { return Ok(None) };
    let kind = ForeignIdKind::ALL.into_iter().find(|one| one.name() == kind);
    let id = kind.and_then(|kind| ForeignId::parse(kind, number).ok());
    id.map(Some).ok_or_else(|| StoreError::Unreadable("the foreign number of a wearer".to_owned()))
}

fn risk_class(name: &str) -> Result<RiskClass, StoreError> {
    let class = RiskClass::ALL.into_iter().find(|class| class.name() == name);
    class.ok_or_else(|| StoreError::Unreadable(format!("the risk class {name:?}")))
}
