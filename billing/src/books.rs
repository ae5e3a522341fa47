//! The books of one person: what was billed, the documents, the ledger and the money. Each change is one method, so that what replays a
//! timeline and what bills in production go the same way.

use crate::BillingError;
use crate::calendar::{Moment, Month};
use crate::deposit::{Demand, Deposit, deposit_terms};
use crate::difference::{Billed, Difference, Note, difference};
use crate::document::{Document, Kind, Line, LineCode, Why};
use crate::fact::{Fact, FactId, OrderId, What};
use crate::fitting::Fittings;
use crate::known::known_at;
use crate::ledger::{Account, Ledger, Posting};
use crate::money::{Currency, Money};
use crate::policy::Policy;
use crate::rate::rate;
use crate::receivables::{Invoice, Receivables};
use crate::tariff::Tariffs;
use crate::work::Work;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Everything known about a person's money.
#[derive(Clone, Debug)]
pub struct Books {
    /// What was billed so far.
    pub billed: Billed,
    /// In the order of issue.
    pub documents: Vec<Document>,
    /// Every entry.
    pub ledger: Ledger,
    /// Invoices and what paid them.
    pub receivables: Receivables,
    /// The deposit.
    pub deposit: Deposit,
    /// Fee money received.
    pub paid: Money,
    /// Fee money that went back.
    pub refunded: Money,
    /// What is set aside of the fee money kept (article 7).
    pub set_aside: Money,
    /// Payments whose bank reference was already seen.
    pub ignored_payments: Vec<FactId>,
    /// Money that cannot be placed.
    pub work: Vec<Work>,
    pub(crate) references: BTreeMap<Arc<str>, FactId>,
    /// What each fact that moved money really moved: a refund may have been cut to the credit.
    pub(crate) moved: BTreeMap<FactId, Money>,
    /// The last run that was rated, and what contradicts itself among the facts that were known then.
    pub(crate) found: Option<(Moment, Vec<Work>)>,
    issued: BTreeMap<Kind, u32>,
    /// Numbers that the next documents of a kind have already; after these each gets its place in the row of its kind.
    pub(crate) numbers: BTreeMap<Kind, VecDeque<Arc<str>>>,
    pub(crate) currency: Currency,
}

impl Books {
    /// Empty books.
    pub fn new(currency: Currency) -> Self {
        let nothing = Money::zero(currency);
        Self {
            billed: Billed::default(),
            documents: Vec::new(),
            ledger: Ledger::new(currency),
            receivables: Receivables::new(currency),
            deposit: Deposit::new(currency),
            paid: nothing,
            refunded: nothing,
            set_aside: nothing,
            ignored_payments: Vec::new(),
            work: Vec::new(),
            references: BTreeMap::new(),
            moved: BTreeMap::new(),
            found: None,
            issued: BTreeMap::new(),
            numbers: BTreeMap::new(),
            currency,
        }
    }

    /// One run (rules R7 and R8): rates the facts known by then, and issues what differs from what was billed. The same run again issues
    /// nothing.
    ///
    /// # Errors
    /// If an amount leaves 64 bits or currencies are mixed.
    pub fn run(&mut self, facts: &[Fact], tariffs: &Tariffs, policy: &Policy, at: Moment) -> Result<(), BillingError> {
        let rated = rate(facts, tariffs, policy, at)?;
        let Difference { notes, invoice, .. } = difference(&rated, &self.billed)?;
        for note in notes {
            self.issue_note(note, policy, at)?;
        }
        if !invoice.is_empty() {
            self.issue_invoice(invoice, policy, at)?;
        }
        self.billed.settle(rated.items, rated.currency);
        self.found = Some((at, rated.work));
        Ok(())
    }

    /// Asks for a deposit, or releases what is too much, after an installation or a change of regime.
    ///
    /// # Errors
    /// If an amount leaves 64 bits or currencies are mixed.
    pub fn review_deposit(&mut self, fact: &Fact, facts: &[Fact], tariffs: &Tariffs, at: Moment) -> Result<(), BillingError> {
        let Some(terms) = deposit_terms(facts, tariffs, at)? else { return Ok(()) };
        let fittings = Fittings::of(&known_at(facts, at), &mut Vec::new());
        let is_regime = matches!(fact.what, What::Regime { .. });
        if is_regime && fittings.at(fact.what.at()).is_none() {
            // It was left out: no tag was fitted then.
            return Ok(());
        }
        let goes_on = is_regime || fittings.is_fitted_before(fact.what.at());
        let (kind, code, amount) = match self.deposit.demand(&terms, goes_on, is_regime)? {
            Demand::Request(amount) => (Kind::DepositRequest, LineCode::DepositRequest, amount),
            Demand::Release(amount) => (Kind::DepositRelease, LineCode::DepositRelease, amount),
            Demand::Nothing => return Ok(()),
        };
        self.document(kind, at, None, vec![Line::plain(code, amount, Why::Deposit, &fact.id)])?;
        Ok(())
    }

    fn issue_note(&mut self, note: Note, policy: &Policy, at: Moment) -> Result<(), BillingError> {
        let kind = if note.total.is_zero() { Kind::RerateNote } else { Kind::CreditNote };
        let place = self.document(kind, at, Some((note.order, note.month)), note.lines)?;
        self.take_effect(place, policy)
    }

    fn issue_invoice(&mut self, lines: Vec<Line>, policy: &Policy, at: Moment) -> Result<(), BillingError> {
        let total = Money::sum(self.currency, lines.iter().map(|line| line.amount))?;
        let kind = if total.is_zero() { Kind::Statement } else { Kind::Invoice };
        let place = self.document(kind, at, None, lines)?;
        if kind == Kind::Invoice {
            self.documents[place].due = Some(at.day().plus(i64::from(policy.due_days) - 1));
        }
        self.take_effect(place, policy)
    }

    /// Issues a document of a run again as it was kept: what it says is not asked again.
    pub(crate) fn reissue(&mut self, kept: Document, facts: &[Fact], policy: &Policy) -> Result<(), BillingError> {
        for line in &kept.lines {
            self.billed.add(line, facts)?;
        }
        let place = self.document(kept.kind, kept.run_at, kept.of, kept.lines)?;
        self.documents[place].due = kept.due;
        self.take_effect(place, policy)
    }

    /// What a document of a run does to the ledger and to what is open.
    fn take_effect(&mut self, place: usize, policy: &Policy) -> Result<(), BillingError> {
        self.post_document(place)?;
        let Document { kind, run_at, total, ref of, ref number, .. } = self.documents[place];
        match (kind, of, number) {
            (Kind::Invoice, ..) => self.open_invoice(place)?,
            (Kind::CreditNote, Some((_, month)), Some(number)) => self.receivables.credit_note(number, *month, total.negated()?)?,
            _ => {}
        }
        self.set_aside(policy, run_at)
    }

    /// Damage beyond the deposit.
    pub(crate) fn issue_damage(&mut self, damage: &FactId, amount: Money, policy: &Policy, at: Moment) -> Result<(), BillingError> {
        let line = Line { event: Some(damage.clone()), ..Line::plain(LineCode::Damage, amount, Why::Damage, damage) };
        let place = self.document(Kind::DamageInvoice, at, None, vec![line])?;
        self.documents[place].due = Some(at.day().plus(i64::from(policy.due_days) - 1));
        self.post_document(place)?;
        self.open_invoice(place)
    }

    fn open_invoice(&mut self, place: usize) -> Result<(), BillingError> {
        let document = &self.documents[place];
        let due = document.due.expect("an invoice has a last day to pay");
        let number = document.number.clone().expect("invoices are numbered");
        let (months, total): (BTreeSet<Month>, Money) = (document.months(), document.total);
        let is_damage = document.kind == Kind::DamageInvoice;
        Ok(self.receivables.issue(Invoice { number, is_damage, is_void: false, months, due, total, open: total })?)
    }

    /// Gives entries from this place on another text, where there is one: documents got their numbers.
    pub fn rename_entries(&mut self, from: usize, named: impl Fn(&str) -> Option<String>) {
        self.ledger.rename(from, named);
    }

    /// Issues a document and returns its place.
    fn document(&mut self, kind: Kind, at: Moment, of: Option<(OrderId, Month)>, lines: Vec<Line>) -> Result<usize, BillingError> {
        let total = Money::sum(self.currency, lines.iter().map(|line| line.amount))?;
        let number = kind.prefix().map(|prefix| {
            let issued = self.issued.entry(kind).or_default();
            *issued += 1;
            let given = self.numbers.get_mut(&kind).and_then(VecDeque::pop_front);
            given.unwrap_or_else(|| format!("{prefix}-{issued}").into())
        });
        self.documents.push(Document { kind, run_at: at, number, of, total, lines, due: None });
        Ok(self.documents.len() - 1)
    }

    fn post_document(&mut self, place: usize) -> Result<(), BillingError> {
        let document = &self.documents[place];
        let postings = Self::postings(document)?;
        self.ledger.post(document.run_at, document.title().to_owned(), postings)
    }

    /// What a document puts on accounts.
    pub(crate) fn postings(document: &Document) -> Result<Vec<Posting>, BillingError> {
        let mut postings: Vec<Posting> = vec![(Account::Receivable, document.total)];
        for line in &document.lines {
            let account = match line.code {
                LineCode::Charge(code) | LineCode::Adjust(code) => Account::Income(code),
                LineCode::Damage => Account::IncomeDamage,
                LineCode::DepositRequest | LineCode::DepositRelease => continue,
            };
            postings.push((account, line.amount.negated()?));
        }
        Ok(postings)
    }

    /// Brings the set-aside to its percentage of the fee money kept (rule R11): re-computed on the running total, so it never drifts.
    pub(crate) fn set_aside(&mut self, policy: &Policy, at: Moment) -> Result<(), BillingError> {
        let kept = self.paid.minus(self.refunded)?.minus(self.receivables.credit()?)?.minus(self.receivables.spent_on_damage()?)?;
        let target = kept.beyond(Money::zero(self.currency))?.percent(policy.setaside_percent)?;
        let change = target.minus(self.set_aside)?;
        self.set_aside = target;
        self.ledger.transfer(at, "set-aside", change, Account::LiabilitySetAside, Account::ExpenseSetAside)
    }
}
