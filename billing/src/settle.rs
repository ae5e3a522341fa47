//! What a person owes as a ledger tells it: its entries one after the other, each document and payment where it stood. The same allocation as the
//! books', without rating anything again; quick enough for everybody of a country.

use crate::calendar::{Day, Month};
use crate::document::{Document, Kind};
use crate::fact::FactId;
use crate::money::{Currency, Money, MoneyError};
use crate::receivables::{Invoice, Receivables};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What must be known of a numbered document to settle it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// An invoice, a damage invoice or a credit note; others claim nothing.
    pub kind: Kind,
    /// The months of its lines; of a credit note its own.
    pub months: BTreeSet<Month>,
    /// Of invoices: the last day to pay.
    pub due: Option<Day>,
    /// Its sum; below nothing for a credit note.
    pub total: Money,
}

impl From<&Document> for Claim {
    fn from(document: &Document) -> Self {
        let months = document.of.as_ref().map_or_else(|| document.months(), |(_, month)| BTreeSet::from([*month]));
        Self { kind: document.kind, months, due: document.due, total: document.total }
    }
}

/// What a person owes, and entries that mean nothing for it although they should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Invoices, and what paid them.
    pub receivables: Receivables,
    /// Texts of entries that belong to no document and no movement of money.
    pub strange: Vec<String>,
}

/// Settles a person's claims by the entries of the ledger, in their order: each its text and its posting on `assets:receivable`.
/// `named` tells which invoice a payment named, by the payment's fact.
///
/// # Errors
/// If an amount leaves 64 bits or currencies are mixed.
pub fn settle<'a>(
    currency: Currency,
    entries: impl IntoIterator<Item = (&'a str, Money)>,
    claims: &HashMap<Arc<str>, Claim>,
    named: impl Fn(&str) -> Option<Arc<str>>,
) -> Result<Settled, MoneyError> {
    let mut settled = Settled { receivables: Receivables::new(currency), strange: Vec::new() };
    for (text, amount) in entries {
        let is_plain = match claims.get_key_value(text) {
            Some((number, claim)) => settled.receivables.claim(number, claim)?,
            None => settled.receivables.movement(text, amount, &named)?,
        };
        if !is_plain {
            settled.strange.push(text.to_owned());
        }
    }
    Ok(settled)
}

impl Receivables {
    fn claim(&mut self, number: &Arc<str>, claim: &Claim) -> Result<bool, MoneyError> {
        match (claim.kind, claim.due, claim.months.first()) {
            (Kind::Invoice | Kind::DamageInvoice, Some(due), _) => {
                let (is_damage, total) = (claim.kind == Kind::DamageInvoice, claim.total);
                let months = claim.months.clone();
                self.issue(Invoice { number: number.clone(), is_damage, is_void: false, months, due, total, open: total })?;
            }
            (Kind::CreditNote, _, Some(month)) => self.credit_note(number, *month, claim.total.negated()?)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn movement(&mut self, text: &str, amount: Money, named: impl Fn(&str) -> Option<Arc<str>>) -> Result<bool, MoneyError> {
        let Some((what, fact)) = text.split_once(' ') else { return Ok(false) };
        let id = FactId::Name(fact.into());
        Ok(match what {
            "payment" => self.pay(id, amount.negated()?, named(fact).as_deref()).map(|()| true)?,
            "refund" => self.refund(amount)? == amount,
            "reversal" if amount.is_positive() => self.take_back(&id, amount)?,
            "void" => self.void(fact)?,
            "reversal" => self.refund_back(amount.negated()?).map(|()| true)?,
            _ => false,
        })
    }
}
