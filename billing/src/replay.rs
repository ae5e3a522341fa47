//! A whole timeline, action by action: every run of rule R7 and every movement of money, up to an instant.

use crate::BillingError;
use crate::books::Books;
use crate::calendar::Moment;
use crate::document::{Document, Kind};
use crate::fact::{Fact, FactId, What};
use crate::known::{Knowledge, is_known};
use crate::policy::Policy;
use crate::rate::{horizon, rate};
use crate::tariff::Tariffs;
use crate::work::Work;
use std::collections::{BTreeSet, VecDeque};

/// The facts of one person, and by what they are billed.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// In any order.
    pub facts: Vec<Fact>,
    /// The tariff table.
    pub tariffs: Tariffs,
    /// The switches.
    pub policy: Policy,
    /// Runs and payments after this are not looked at.
    pub as_of: Moment,
}

/// What happens at an instant, in the order in which it happens: what is void before what is issued, documents before money, money in before money out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Void,
    Run,
    ReviewDeposit,
    Payment,
    Refund,
    DepositPayment,
    Damage,
    DepositReturn,
    Cancel,
}

/// Replays a timeline into books.
///
/// # Errors
/// If the time zone data are wrong, or an amount leaves 64 bits.
pub fn replay(timeline: &Timeline) -> Result<Books, BillingError> {
    carry_on(timeline, Vec::new(), None)
}

/// Carries on books of which these documents were issued up to and including the instant `through`: they stay as they are, whatever would be said of
/// then today; what comes after is reckoned. Every fact must have been recorded with its true time: none that was added since may take effect before
/// `through`.
///
/// # Errors
/// As [`replay`]; or if the documents and the facts have come apart.
pub fn carry_on(timeline: &Timeline, issued: Vec<Document>, through: Option<Moment>) -> Result<Books, BillingError> {
    let Timeline { facts, tariffs, policy, as_of } = timeline;
    let mut books = Books::new(tariffs.currency());
    for document in &issued {
        books.numbers.entry(document.kind).or_default().extend(document.number.clone());
    }
    let mut kept = Kept(issued.into());
    for (at, step, fact) in steps(facts, *as_of) {
        let is_past = through.is_some_and(|through| at <= through);
        let before = books.documents.len();
        match (step, fact) {
            (Step::Run, _) if is_past => kept.of_run(at).try_for_each(|document| books.reissue(document, facts, policy))?,
            (Step::Run, _) => books.run(facts, tariffs, policy, at)?,
            (Step::Cancel, _) => books.follow_cancellations(facts, policy, at)?,
            (_, Some(fact)) if !is_known(facts, fact, at) => {}
            (Step::Void, Some(fact)) => books.void(fact, facts, at)?,
            (Step::ReviewDeposit, Some(fact)) => books.review_deposit(fact, facts, tariffs, at)?,
            (_, Some(fact)) => books.move_money(fact, policy, at)?,
            (_, None) => {}
        }
        if is_past && step != Step::Run {
            kept.pass(&books.documents[before..])?;
        }
    }
    kept.end()?;
    Ok(books)
}

/// Documents that were issued, in the order of their issue.
struct Kept(VecDeque<Document>);

impl Kept {
    /// Those of a run.
    fn of_run(&mut self, at: Moment) -> impl Iterator<Item = Document> {
        let of_runs = [Kind::Invoice, Kind::CreditNote, Kind::RerateNote, Kind::Statement];
        let is_of_it = move |document: &Document| document.run_at == at && of_runs.contains(&document.kind);
        std::iter::from_fn(move || if self.0.front().is_some_and(is_of_it) { self.0.pop_front() } else { None })
    }

    /// What was issued again by other events is what was issued then.
    fn pass(&mut self, again: &[Document]) -> Result<(), BillingError> {
        for document in again {
            match self.0.pop_front() {
                // Reasons are said better from version to version.
                Some(kept) if kept.is_as(document) => {}
                Some(kept) => return Err(BillingError::KeptInVain(kept.title().to_owned())),
                None => return Err(BillingError::KeptInVain(document.title().to_owned())),
            }
        }
        Ok(())
    }

    fn end(mut self) -> Result<(), BillingError> {
        match self.0.pop_front() {
            Some(kept) => Err(BillingError::KeptInVain(kept.title().to_owned())),
            None => Ok(()),
        }
    }
}

impl Timeline {
    /// Whether rating at its instant finds what it found at `at`: nothing became known since, and the same month is billed.
    fn is_as_at(&self, at: Moment) -> bool {
        let Self { facts, tariffs, policy, as_of } = self;
        let is_since = |instant: Moment| instant > at && instant <= *as_of;
        let knows_more = facts.iter().any(|fact| is_since(fact.recorded_at) || is_since(fact.effective_at()));
        !knows_more
            && !tariffs.rows().iter().any(|row| row.recorded_at.is_some_and(is_since))
            && horizon(policy.mode, at) == horizon(policy.mode, *as_of)
    }
}

impl Books {
    /// What a person must look at as of the instant of the timeline by which they were carried on: facts that contradict each other, and money that cannot be
    /// placed.
    ///
    /// # Errors
    /// As [`rate`].
    pub fn work_list(&self, timeline: &Timeline) -> Result<Vec<Work>, BillingError> {
        let mut list = match &self.found {
            Some((at, work)) if timeline.is_as_at(*at) => work.clone(),
            _ => rate(&timeline.facts, &timeline.tariffs, &timeline.policy, timeline.as_of)?.work,
        };
        list.extend(self.work.iter().cloned());
        Ok(list)
    }

    /// After a cancellation: money of facts that no longer hold goes back, money of facts that hold again comes in.
    fn follow_cancellations(&mut self, facts: &[Fact], policy: &Policy, at: Moment) -> Result<(), BillingError> {
        let mut due: Vec<&Fact> = facts.iter().filter(|fact| moves_money(fact) && fact.effective_at() <= at).collect();
        due.sort_by_key(|fact| (fact.effective_at(), &fact.id));
        let knowledge = Knowledge::at(facts, at);
        let (holds, gone): (Vec<&Fact>, Vec<&Fact>) = due.into_iter().partition(|fact| knowledge.has(fact));
        // A payment that was ignored beside a cancelled one of the same reference counts now.
        gone.into_iter().try_for_each(|fact| self.take_back(fact, policy, at))?;
        let seen = &self.references;
        let ignored = |id: &FactId| match facts.iter().find(|fact| fact.id == *id).map(|fact| &fact.what) {
            Some(What::Payment { reference: Some(reference), .. }) => seen.contains_key(reference),
            _ => false,
        };
        self.ignored_payments = self.ignored_payments.iter().filter(|id| ignored(id)).cloned().collect();
        holds.into_iter().try_for_each(|fact| match fact.what {
            What::Void { .. } => self.void(fact, facts, at),
            _ => self.move_money(fact, policy, at),
        })
    }
}

type Action<'a> = (Moment, Step, Option<&'a Fact>);

fn steps(facts: &[Fact], as_of: Moment) -> Vec<Action<'_>> {
    let runs = run_times(facts, as_of).into_iter().map(|at| (at, Step::Run, None));
    let moves = facts.iter().filter_map(|fact| step_of(fact).map(|step| (fact.effective_at(), step, Some(fact))));
    let mut steps: Vec<Action<'_>> = runs.chain(moves).filter(|(at, ..)| *at <= as_of).collect();
    steps.sort_by(|a, b| (a.0, a.1, a.2.map(|fact| &fact.id)).cmp(&(b.0, b.1, b.2.map(|fact| &fact.id))));
    steps
}

fn step_of(fact: &Fact) -> Option<Step> {
    match fact.what {
        What::Install { .. } | What::Regime { .. } => Some(Step::ReviewDeposit),
        What::Payment { .. } => Some(Step::Payment),
        What::Refund { .. } => Some(Step::Refund),
        What::DepositPayment { .. } => Some(Step::DepositPayment),
        What::Damage { .. } => Some(Step::Damage),
        What::DepositReturn { .. } => Some(Step::DepositReturn),
        What::Cancel { .. } => Some(Step::Cancel),
        What::Void { .. } => Some(Step::Void),
        _ => None,
    }
}

const fn moves_money(fact: &Fact) -> bool {
    matches!(
        fact.what,
        What::Payment { .. }
            | What::Refund { .. }
            | What::DepositPayment { .. }
            | What::DepositReturn { .. }
            | What::Damage { .. }
            | What::Void { .. }
    )
}

/// When runs happen (rule R7): at the recording of each installation, after each removal, on the 1st of each month since somebody was said to be fitted (also
/// if that was cancelled for a time), and when asked for. Two at the same instant are one.
pub fn run_times(facts: &[Fact], as_of: Moment) -> BTreeSet<Moment> {
    let mut times = BTreeSet::new();
    for fact in facts {
        let at = match fact.what {
            What::Install { .. } => fact.recorded_at,
            What::Remove { .. } | What::Run { .. } => fact.effective_at(),
            _ => continue,
        };
        if is_known(facts, fact, at) {
            times.insert(at);
        }
    }
    let installed = facts.iter().filter(|fact| matches!(fact.what, What::Install { .. })).map(|fact| fact.recorded_at);
    if let Some(first) = installed.chain(times.first().copied()).min() {
        let months = std::iter::successors(Some(first.day().month().next()), |month| Some(month.next()));
        let starts = months.map(|month| Moment::start_of(month.first_day())).take_while(|start| *start <= as_of);
        times.extend(starts.collect::<Vec<_>>());
    }
    times.retain(|at| *at <= as_of);
    times
}
