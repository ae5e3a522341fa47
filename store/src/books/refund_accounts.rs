//! Where money goes back to (decision D29): the person's own account. Another's only on a ground, with its proof.

use super::record::wearer_locked;
use super::{BooksError, MoneyRefusal};
use crate::Store;
use crate::change::{self, Change};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::fold;
use tokio_postgres::{Row, Transaction};

const NAMES: &str = "SELECT coalesce(name, ''), given_name, family_name FROM wearers WHERE wearer_id = $1";
const RECORD: &str = "
    INSERT INTO refund_accounts (wearer_id, sheba, holder, ground, proof, recorded_by, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING account_id";
const OF_WEARER: &str = "
    SELECT a.account_id, w.reference, a.sheba, a.holder, a.ground, a.proof, a.recorded_by, a.recorded_at
    FROM refund_accounts a JOIN wearers w USING (wearer_id)
    WHERE a.wearer_id = $1 OR a.wearer_id = (SELECT merged_into FROM wearers WHERE wearer_id = $1) ORDER BY a.account_id DESC LIMIT 1";
const WEARER: &str = "
    SELECT wearer_id FROM wearers w WHERE reference = $1 AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";

/// Why the account is not the person's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HolderGround {
    /// A guardian (of a minor, of who cannot act).
    Guardian,
    /// A legal representative with a power of attorney.
    Representative,
    /// An heir of who has died.
    Heir,
}

impl HolderGround {
    const ALL: [Self; 3] = [Self::Guardian, Self::Representative, Self::Heir];

    /// As the table names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Guardian => "guardian",
            Self::Representative => "representative",
            Self::Heir => "heir",
        }
    }
}

/// An account to be recorded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRefundAccount {
    /// Whose: the file reference.
    pub wearer: String,
    /// A valid SHEBA.
    pub sheba: String,
    /// Who holds it.
    pub holder: String,
    /// Why that may be another, and the number of the paper that says so.
    pub ground: Option<(HolderGround, String)>,
}

/// The account to which a person's money goes back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefundAccount {
    /// What was recorded.
    pub account: NewRefundAccount,
    /// Who recorded it.
    pub recorded_by: String,
    /// When.
    pub recorded_at: DateTime<Utc>,
    pub(super) account_id: i64,
}

impl Store {
    /// Records where a wearer's money goes back to from now on.
    ///
    /// # Errors
    /// When the wearer is not within reach, or the holder has another name and no ground is given.
    pub async fn refund_account_set(&self, caller: &Caller, new: &NewRefundAccount) -> Result<RefundAccount, BooksError> {
        caller.about_wearer(&new.wearer);
        let mut client = self.client().await?;
        if let Change::Open(open) = change::begin(&mut client, caller).await? {
            let (wearer_id, now) = wearer_locked(&open.transaction, caller, &new.wearer).await?;
            let row = open.transaction.query_one(NAMES, &[&wearer_id]).await?;
            // What has the person's name needs no ground.
            let ground = new.ground.as_ref().filter(|_| !has_name(&new.holder, (row.get(0), row.get(1), row.get(2))));
            if ground.is_none() && !has_name(&new.holder, (row.get(0), row.get(1), row.get(2))) {
                return Err(MoneyRefusal::HolderDiffers.into());
            }
            let (ground, proof) = ground.map_or((None, ""), |(ground, proof)| (Some(ground.name()), proof.as_str()));
            let values = [&new.sheba, &new.holder];
            let row =
                open.transaction.query_one(RECORD, &[&wearer_id, values[0], values[1], &ground, &proof, &caller.name(), &now]).await?;
            open.commit(row.get(0)).await?;
        }
        drop(client);
        self.refund_account(caller, &new.wearer).await?.ok_or_else(|| MoneyRefusal::NoRefundAccount.into())
    }

    /// Where a wearer's money goes back to; nothing if it was not recorded.
    ///
    /// # Errors
    /// When the wearer is not within reach.
    pub async fn refund_account(&self, caller: &Caller, wearer: &str) -> Result<Option<RefundAccount>, BooksError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let row = transaction.query_opt(WEARER, &[&wearer, &caller.roots]).await?.ok_or(BooksError::UnknownWearer)?;
        of_wearer(&transaction, row.get(0)).await
    }
}

/// The newest of a wearer; of a file that was merged also that of the file that goes on.
pub(super) async fn of_wearer(transaction: &Transaction<'_>, wearer_id: i64) -> Result<Option<RefundAccount>, BooksError> {
    Ok(transaction.query_opt(OF_WEARER, &[&wearer_id]).await?.as_ref().map(account_from))
}

fn account_from(row: &Row) -> RefundAccount {
    let ground = row.get::<_, Option<&str>>(4).and_then(|name| HolderGround::ALL.into_iter().find(|ground| ground.name() == name));
    RefundAccount {
        account_id: row.get(0),
        account: NewRefundAccount {
            wearer: row.get(1),
            sheba: row.get(2),
            holder: row.get(3),
            ground: ground.map(|ground| (ground, row.get(5))),
        },
        recorded_by: row.get(6),
        recorded_at: row.get(7),
    }
}

/// Whether a holder has the name of a person: letters alone count, however they are typed, and whichever part of the name comes first.
fn has_name(holder: &str, (name, given, family): (&str, &str, &str)) -> bool {
    let letters = |text: &str| fold(text).replace(' ', "");
    let words = |text: &str| {
        let folded = fold(text);
        let mut words: Vec<String> = folded.split(' ').map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let names = [name.to_owned(), format!("{given} {family}"), format!("{family} {given}")];
    !letters(holder).is_empty() && names.iter().any(|name| letters(name) == letters(holder) || words(name) == words(holder))
}

#[cfg(test)]
mod tests {
    use super::has_name;

    #[test]
    fn a_name_is_the_same_however_it_is_typed() {
        let ali = ("", "علی‌رضا", "کریمی");
        for (holder, expected) in [
            ("علی رضا کریمی", true),
            ("عليرضا كريمي", true),
            ("کریمی علیرضا", true),
            ("علی‌رضا  کریمی ", true),
            ("رضا کریمی", false),
            ("علیرضا کریمیان", false),
            ("", false),
        ] {
            assert_eq!(has_name(holder, ali), expected, "{holder}");
        }
        assert!(has_name("KARIMI ALI", ("Ali Karimi", "", "")));
        assert!(!has_name("", ("", "", "")), "a file without a name has nobody's account");
    }
}
