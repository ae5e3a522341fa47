//! What a person owes, and what pays it (rule R9).

use crate::calendar::{Day, Month};
use crate::fact::FactId;
use crate::money::{Currency, Money, MoneyError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// An issued invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// Its number.
    pub number: Arc<str>,
    /// Whether it asks for damage, not for fees.
    pub is_damage: bool,
    /// Whether it is void: it asks for nothing any more.
    pub is_void: bool,
    /// The months it bills.
    pub months: BTreeSet<Month>,
    /// The last day to pay.
    pub due: Day,
    /// What it asks for.
    pub total: Money,
    /// What is not paid yet: nothing to `total`.
    pub open: Money,
}

/// Where money or credit came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A payment.
    Payment(FactId),
    /// The credit note of this number.
    CreditNote(Arc<str>),
    /// A refund that was taken back.
    RefundBack,
}

/// Money or credit, and what it went to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    origin: Origin,
    free: Money,
    /// Invoices by their place in the list.
    uses: Vec<(usize, Money)>,
}

/// Invoices and what paid them. Whatever is free is the person's credit; there is none while an invoice is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receivables {
    invoices: Vec<Invoice>,
    sources: Vec<Source>,
    currency: Currency,
}

impl Receivables {
    pub(crate) const fn new(currency: Currency) -> Self {
        Self { invoices: Vec::new(), sources: Vec::new(), currency }
    }

    /// In the order of issue.
    pub fn invoices(&self) -> &[Invoice] {
        &self.invoices
    }

    /// What is left over after all invoices are paid.
    ///
    /// # Errors
    /// If the sum leaves 64 bits.
    pub fn credit(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.sources.iter().map(|source| source.free))
    }

    /// What is open on all invoices.
    ///
    /// # Errors
    /// If the sum leaves 64 bits.
    pub fn balance_due(&self) -> Result<Money, MoneyError> {
        Money::sum(self.currency, self.invoices.iter().map(|invoice| invoice.open))
    }

    /// What paid damage invoices: it is no fee money.
    pub(crate) fn spent_on_damage(&self) -> Result<Money, MoneyError> {
        let uses = self.sources.iter().flat_map(|source| &source.uses);
        Money::sum(self.currency, uses.filter(|(invoice, _)| self.invoices[*invoice].is_damage).map(|(_, amount)| *amount))
    }

    /// What paid an invoice so far, in the order in which it came.
    pub fn payers(&self, number: &str) -> Vec<(&Origin, Money)> {
        let uses = self.sources.iter().flat_map(|source| source.uses.iter().map(move |(place, part)| (&source.origin, *place, *part)));
        uses.filter(|(_, place, _)| &*self.invoices[*place].number == number).map(|(origin, _, part)| (origin, part)).collect()
    }

    /// Makes an invoice void: what paid it pays others, or is credit. `false` (and nothing changed) if there is none that stands.
    pub(crate) fn void(&mut self, number: &str) -> Result<bool, MoneyError> {
        let Some(place) = self.invoices.iter().position(|invoice| &*invoice.number == number && !invoice.is_void) else { return Ok(false) };
        (self.invoices[place].is_void, self.invoices[place].open) = (true, Money::zero(self.currency));
        for source in &mut self.sources {
            for (_, part) in source.uses.extract_if(.., |(invoice, _)| *invoice == place) {
                source.free = source.free.plus(part)?;
            }
        }
        self.settle()?;
        Ok(true)
    }

    pub(crate) fn is_void(&self, number: &str) -> bool {
        self.invoices.iter().any(|invoice| &*invoice.number == number && invoice.is_void)
    }

    pub(crate) fn has(&self, number: &str) -> bool {
        self.invoices.iter().any(|invoice| &*invoice.number == number)
    }

    /// A new invoice, paid by the credit as far as it goes.
    pub(crate) fn issue(&mut self, invoice: Invoice) -> Result<(), MoneyError> {
        self.invoices.push(invoice);
        self.settle()
    }

    /// A payment: the named invoice first, then the oldest.
    pub(crate) fn pay(&mut self, payment: FactId, amount: Money, named: Option<&str>) -> Result<(), MoneyError> {
        self.receive(Origin::Payment(payment), amount, |invoice| named == Some(&*invoice.number))
    }

    /// A credit note: the invoices of its own month first, then the oldest.
    pub(crate) fn credit_note(&mut self, number: &Arc<str>, month: Month, amount: Money) -> Result<(), MoneyError> {
        self.receive(Origin::CreditNote(number.clone()), amount, |invoice| invoice.months.contains(&month))
    }

    /// Credit that a refund had taken comes back.
    pub(crate) fn refund_back(&mut self, amount: Money) -> Result<(), MoneyError> {
        self.receive(Origin::RefundBack, amount, |_| false)
    }

    /// Pays credit out. Returns what was paid: no more than there is.
    pub(crate) fn refund(&mut self, amount: Money) -> Result<Money, MoneyError> {
        let mut left = amount;
        for source in &mut self.sources {
            let part = source.free.at_most(left)?;
            source.free = source.free.minus(part)?;
            left = left.minus(part)?;
        }
        amount.minus(left)
    }

    /// A payment that never was: what it paid is open again, and other credit pays it. `false` (and nothing changed) if a part of it was
    /// paid out and no other credit makes up for that.
    pub(crate) fn take_back(&mut self, payment: &FactId, amount: Money) -> Result<bool, MoneyError> {
        let is_it = |source: &Source| matches!(&source.origin, Origin::Payment(id) if id == payment);
        let Some(place) = self.sources.iter().position(is_it) else { return Ok(false) };
        let used = Money::sum(self.currency, self.sources[place].uses.iter().map(|(_, part)| *part))?;
        let paid_out = amount.minus(used)?.minus(self.sources[place].free)?;
        let other = self.credit()?.minus(self.sources[place].free)?;
        if paid_out.beyond(other)?.is_positive() {
            return Ok(false);
        }
        let source = self.sources.remove(place);
        for (invoice, part) in source.uses {
            self.invoices[invoice].open = self.invoices[invoice].open.plus(part)?;
        }
        self.refund(paid_out)?;
        self.settle()?;
        Ok(true)
    }

    fn receive(&mut self, origin: Origin, amount: Money, first: impl Fn(&Invoice) -> bool) -> Result<(), MoneyError> {
        self.sources.push(Source { origin, free: amount, uses: Vec::new() });
        let source = self.sources.len() - 1;
        for place in (0..self.invoices.len()).filter(|place| first(&self.invoices[*place])).collect::<Vec<_>>() {
            self.apply(source, place)?;
        }
        self.settle()
    }

    /// All credit pays what is open, the oldest first.
    fn settle(&mut self) -> Result<(), MoneyError> {
        for source in 0..self.sources.len() {
            // Most money is spent long ago.
            if self.sources[source].free.is_zero() {
                continue;
            }
            for invoice in 0..self.invoices.len() {
                self.apply(source, invoice)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, source: usize, place: usize) -> Result<(), MoneyError> {
        let (source, invoice) = (&mut self.sources[source], &mut self.invoices[place]);
        let part = source.free.at_most(invoice.open)?;
        if part.is_positive() {
            source.free = source.free.minus(part)?;
            invoice.open = invoice.open.minus(part)?;
            source.uses.push((place, part));
        }
        Ok(())
    }
}
