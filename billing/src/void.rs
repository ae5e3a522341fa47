//! Invoices that never should have been: void, never edited (decision D25). The document keeps its number; what it billed is to be billed again.

use crate::BillingError;
use crate::books::Books;
use crate::calendar::Moment;
use crate::difference::Billed;
use crate::document::{Document, Kind};
use crate::fact::{Fact, FactId, What};
use crate::ledger::Posting;
use crate::money::{Money, MoneyError};
use crate::work::{Reason, Work};
use std::collections::BTreeSet;

impl Books {
    /// Makes an invoice of fees void, once: a reversal entry takes back its own, and what it billed is not billed, so the next run issues what is truly owed.
    /// One that money or credit is on, or whose month a later document is about, stands, and goes to the work list.
    ///
    /// # Errors
    /// If an amount leaves 64 bits, or documents and facts have come apart.
    pub(crate) fn void(&mut self, fact: &Fact, facts: &[Fact], at: Moment) -> Result<(), BillingError> {
        let What::Void { invoice, .. } = &fact.what else { return Ok(()) };
        if self.moved.contains_key(&fact.id) {
            return Ok(());
        }
        let voided = match self.stands_because(invoice) {
            Some(why) => {
                self.work.push(Work::about(&fact.id, why));
                Money::zero(self.currency)
            }
            None => self.reverse(invoice, facts, at)?,
        };
        self.moved.insert(fact.id.clone(), voided);
        Ok(())
    }

    /// Why an invoice cannot be void.
    fn stands_because(&self, invoice: &std::sync::Arc<str>) -> Option<Reason> {
        let is_it = |document: &&Document| document.kind == Kind::Invoice && document.number.as_ref() == Some(invoice);
        let Some(place) = self.documents.iter().position(|document| is_it(&document)).filter(|_| !self.receivables.is_void(invoice)) else {
            return Some(Reason::VoidNoInvoice(invoice.clone()));
        };
        if self.receivables.invoices().iter().any(|one| one.number == *invoice && one.open != one.total) {
            return Some(Reason::VoidPaid(invoice.clone()));
        }
        // A later correction was reckoned against what this one billed: without it, it would correct nothing.
        let months = |document: &Document| document.lines.iter().filter_map(|line| line.of.clone()).collect::<BTreeSet<_>>();
        let billed = months(&self.documents[place]);
        let stands = |document: &&Document| !self.is_void(document);
        let later = self.documents[place + 1..].iter().filter(stands).find(|document| !months(document).is_disjoint(&billed))?;
        Some(Reason::VoidCorrected { invoice: invoice.clone(), later: later.title().into() })
    }

    fn reverse(&mut self, invoice: &str, facts: &[Fact], at: Moment) -> Result<Money, BillingError> {
        let total = self.reverse_entry(invoice, at)?;
        self.billed = Billed::of(self.documents.iter().filter(|document| !self.is_void(document)), facts)?;
        Ok(total)
    }

    /// The invoice of a damage that never was asks for nothing any more; what paid it pays others, or is credit.
    pub(crate) fn void_damage(&mut self, damage: &FactId, at: Moment) -> Result<(), BillingError> {
        let is_its = |document: &&Document| {
            document.kind == Kind::DamageInvoice && document.lines.iter().any(|line| line.event.as_ref() == Some(damage))
        };
        let number = self
            .documents
            .iter()
            .rfind(|document| is_its(document) && !self.is_void(document))
            .and_then(|document| document.number.clone());
        number.map_or(Ok(()), |number| self.reverse_entry(&number, at).map(|_| ()))
    }

    fn reverse_entry(&mut self, invoice: &str, at: Moment) -> Result<Money, BillingError> {
        let Some(document) = self.documents.iter().find(|document| document.number.as_deref() == Some(invoice)) else {
            return Ok(Money::zero(self.currency));
        };
        let total = document.total;
        let back = |(account, amount): Posting| Ok((account, amount.negated()?));
        let postings = Self::postings(document)?.into_iter().map(back).collect::<Result<_, MoneyError>>()?;
        self.ledger.post(at, format!("void {invoice}"), postings)?;
        self.receivables.void(invoice)?;
        Ok(total)
    }

    fn is_void(&self, document: &Document) -> bool {
        document.number.as_deref().is_some_and(|number| self.receivables.is_void(number))
    }
}
