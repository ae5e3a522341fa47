//! Pictures: of wearers, of equipment that came back, of homes.

use super::EnrolmentError;
use super::wearers::wearer_within_reach;
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use chrono::{DateTime, Utc};
use tokio_postgres::Transaction;

const INSERT: &str = "
    INSERT INTO photos (wearer_id, subject, subject_id, media_type, bytes, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, $5, $6, $7)
    RETURNING photo_id";

/// Whether what a picture shows is this wearer's.
const SUBJECT: &str = "
    SELECT FROM fittings WHERE $2 = 'removal' AND fitting_id = $3 AND wearer_id = $1
    UNION ALL SELECT FROM inspections WHERE $2 = 'inspection' AND inspection_id = $3 AND wearer_id = $1
    UNION ALL SELECT FROM installations WHERE $2 = 'undertaking' AND installation_id = $3 AND wearer_id = $1";

/// 0 = the newest of the wearer. A file shows the pictures of those that were merged into it too.
const ONE: &str = "
    SELECT p.photo_id, p.media_type, p.bytes, p.recorded_at, p.recorded_by FROM photos p
    WHERE p.wearer_id IN (SELECT wearer_id FROM wearers WHERE $1 IN (wearer_id, merged_into))
        AND ((p.photo_id = $2) OR ($2 = 0 AND p.subject = 'wearer')) ORDER BY p.photo_id DESC LIMIT 1";

/// What a picture shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PhotoSubject {
    /// The wearer.
    Wearer,
    /// Equipment as it came back: the number of the fitting.
    Removal(i64),
    /// A home: the number of the inspection.
    Inspection(i64),
    /// A signed paper: the number of the installation.
    Undertaking(i64),
}

impl PhotoSubject {
    const fn columns(self) -> (&'static str, Option<i64>) {
        match self {
            Self::Wearer => ("wearer", None),
            Self::Removal(number) => ("removal", Some(number)),
            Self::Inspection(number) => ("inspection", Some(number)),
            Self::Undertaking(number) => ("undertaking", Some(number)),
        }
    }
}

/// A picture to keep.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewPhoto {
    /// What it shows.
    pub subject: PhotoSubject,
    /// `image/jpeg` or `image/png`.
    pub media_type: &'static str,
    /// At most 1 MiB.
    pub bytes: Vec<u8>,
}

impl NewPhoto {
    /// Longest picture, bytes. A longer one is refused.
    pub const BYTES_MAX: usize = 1_048_576;

    /// A picture by its first bytes; `None` = neither JPEG nor PNG.
    pub fn of(subject: PhotoSubject, bytes: Vec<u8>) -> Option<Self> {
        let media_type = match &bytes[..] {
            [0xff, 0xd8, 0xff, ..] => "image/jpeg",
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => "image/png",
            _ => return None,
        };
        Some(Self { subject, media_type, bytes })
    }
}

/// A picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Photo {
    /// Which.
    pub photo_id: i64,
    /// `image/jpeg` or `image/png`.
    pub media_type: String,
    /// The picture itself.
    pub bytes: Vec<u8>,
    /// When it was kept.
    pub recorded_at: DateTime<Utc>,
    /// By whom.
    pub recorded_by: String,
}

impl Store {
    /// Keeps a picture in the file of a wearer; its number.
    ///
    /// # Errors
    /// When the wearer is not within reach, or what it shows is not this wearer's.
    pub async fn photo_add(&self, caller: &Caller, wearer: &str, new: &NewPhoto, now: DateTime<Utc>) -> Result<i64, EnrolmentError> {
        let mut client = self.client().await?;
        match change::begin(&mut client, caller).await? {
            Change::Done(photo_id) => Ok(photo_id),
            Change::Open(open) => {
                let wearer_id = wearer_within_reach(&open.transaction, caller, wearer).await?;
                let photo_id = photo_insert(&open.transaction, caller, wearer_id, new, now).await?;
                open.commit(photo_id).await?;
                Ok(photo_id)
            }
        }
    }

    /// A picture in the file of a wearer within the caller's reach; of number 0 the newest of the wearer.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn photo(&self, caller: &Caller, wearer: &str, photo_id: i64) -> Result<Photo, EnrolmentError> {
        let wearer_id = self.wearer_file(caller, wearer).await?.file.wearer_id;
        let row = self.client().await?.query_opt(ONE, &[&wearer_id, &photo_id]).await?.ok_or(EnrolmentError::UnknownPhoto(photo_id))?;
        Ok(Photo { photo_id: row.get(0), media_type: row.get(1), bytes: row.get(2), recorded_at: row.get(3), recorded_by: row.get(4) })
    }
}

async fn photo_insert(
    transaction: &Transaction<'_>,
    caller: &Caller,
    wearer_id: i64,
    new: &NewPhoto,
    now: DateTime<Utc>,
) -> Result<i64, EnrolmentError> {
    let (subject, subject_id) = new.subject.columns();
    if let Some(number) = subject_id {
        let found = transaction.query_opt(SUBJECT, &[&wearer_id, &subject, &number]).await?;
        found.ok_or(EnrolmentError::UnknownPhotoSubject)?;
    }
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&wearer_id, &subject, &subject_id, &new.media_type, &new.bytes, &now, &caller.name()];
    Ok(transaction.query_one(INSERT, &values).await?.get(0))
}
