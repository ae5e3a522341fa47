//! What the letter of a due reminder is written from.

use super::document_acts::{is_sent, reminder_due, still_owed};
use super::document_whole::{DocumentWhole, whole};
use super::documents::document_row;
use super::{AsOf, BooksError};
use crate::Store;
use access::Caller;
use billing::calendar::Day;
use chrono::{DateTime, Utc};

/// A document of which a letter is due.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReminderLetter {
    /// All of it.
    pub whole: DocumentWhole,
    /// The letter's number, 1 to 3.
    pub number: u8,
    /// The day of the letter.
    pub today: Day,
}

impl Store {
    /// These documents, in the order asked, each with the letter that is due of it now.
    ///
    /// # Errors
    /// When one is not within reach, or no letter of it is due.
    pub async fn reminder_letters(
        &self,
        caller: &Caller,
        documents: &[i64],
        now: DateTime<Utc>,
    ) -> Result<Vec<ReminderLetter>, BooksError> {
        let (mut client, today) = (self.client().await?, AsOf::instant(now)?.day);
        let transaction = client.transaction().await?;
        let mut letters = Vec::with_capacity(documents.len());
        for document_id in documents {
            let row = document_row(&*transaction, caller, *document_id).await?;
            still_owed(&transaction, &row, now).await?;
            let whole = whole(&transaction, row, now).await?;
            let due = reminder_due(&transaction, &whole.shown.row, &whole.events, now).await?;
            let number = due.filter(|number| !is_sent(&whole.events, *number)).ok_or(BooksError::ReminderNotDue)?;
            letters.push(ReminderLetter { whole, number, today });
        }
        Ok(letters)
    }
}
