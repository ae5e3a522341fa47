//! Shows runs, previews and what somebody must look at.

use super::looks::CHANGED_TOLD;
use super::shown::{facts_in_words, month};
use super::{money, todo};
use crate::accounts::instant;
use crate::enrolment::tehran_day;
use crate::fields::date;
use billing::page::FactSaid;
use billing::{Document, Money};
use chrono::{DateTime, Utc};
use proto::billing as schema;
use std::collections::BTreeMap;
use store::{BillingRun, BillingWork, Previewed, StoreError, WhatIf};

/// Documents, and blocked persons, that a preview lists.
const LISTED_MAX: usize = 1000;

/// A run.
pub(super) fn run(run: BillingRun) -> schema::Run {
    let state = match (run.ended_at, run.is_broken_off) {
        (Some(_), _) => schema::RunState::Done,
        (None, true) => schema::RunState::BrokenOff,
        (None, false) => schema::RunState::UnderWay,
    };
    let kind = if run.is_monthly { schema::RunKind::Monthly } else { schema::RunKind::Manual };
    schema::Run {
        run_id: run.run_id,
        kind: kind.into(),
        state: state.into(),
        unit: if run.wearer.is_empty() { run.unit } else { String::new() },
        wearer: run.wearer,
        through: Some(instant(run.through)),
        through_on: Some(date(tehran_day(run.through))),
        begun_at: Some(instant(run.begun_at)),
        begun_by: run.begun_by,
        ended_at: run.ended_at.map(instant),
        persons_due: run.due,
        persons: run.issued.persons,
        persons_blocked: run.issued.blocked,
        documents: run.issued.documents,
        ledger_entries: run.issued.entries,
        charged: Some(money(Money::rials(run.issued.charged))),
        credited: Some(money(Money::rials(run.issued.credited))),
    }
}

/// An entry of the work list.
pub(super) fn work(work: BillingWork, facts: &BTreeMap<String, FactSaid>) -> schema::Work {
    let BillingWork { wearer, unit, is_block, found_at, reason, .. } = work;
    schema::Work {
        wearer,
        unit,
        is_blocked: is_block,
        found_at: Some(instant(found_at)),
        reason: todo(&reason),
        facts: reason.facts().map(str::to_owned).collect(),
        said: facts_in_words(reason.facts().map(str::to_owned), facts),
        code: reason.code,
    }
}

/// A preview as it grows.
pub(super) struct Preview {
    at: DateTime<Utc>,
    persons: u64,
    blocked: u64,
    kinds: BTreeMap<&'static str, (u64, Money)>,
    lines: BTreeMap<String, (u64, Money)>,
    listed: Vec<schema::PreviewDocument>,
    blocked_listed: Vec<schema::PreviewBlocked>,
}

impl Preview {
    pub(super) fn at(at: DateTime<Utc>) -> Self {
        let (kinds, lines) = (BTreeMap::new(), BTreeMap::new());
        Self { at, persons: 0, blocked: 0, kinds, lines, listed: Vec::new(), blocked_listed: Vec::new() }
    }

    /// Persons seen so far.
    pub(super) const fn persons(&self) -> u64 {
        self.persons
    }

    /// Adds a portion.
    pub(super) fn take(&mut self, portion: Vec<Previewed>) -> Result<(), StoreError> {
        for Previewed { wearer, documents } in portion {
            self.persons += 1;
            match documents {
                Ok(documents) => documents.into_iter().try_for_each(|document| self.add(&wearer, &document))?,
                Err(reason) => {
                    self.blocked += 1;
                    if self.blocked_listed.len() < LISTED_MAX {
                        self.blocked_listed.push(schema::PreviewBlocked { wearer, reason: todo(&reason) });
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, wearer: &str, document: &Document) -> Result<(), StoreError> {
        count(&mut self.kinds, document.kind.name(), document.total)?;
        let mut lines = BTreeMap::new();
        for line in &document.lines {
            count(&mut self.lines, line.code.name(), line.amount)?;
            count(&mut lines, line.code.name(), line.amount)?;
        }
        if self.listed.len() < LISTED_MAX {
            let (kind, total) = (document.kind.name().to_owned(), Some(money(document.total)));
            self.listed.push(schema::PreviewDocument { wearer: wearer.to_owned(), kind, total, lines: line_sums(lines) });
        }
        Ok(())
    }

    /// The whole.
    pub(super) fn told(self) -> schema::RunPreview {
        let documents = self.kinds.into_iter().map(|(kind, (documents, total))| schema::DocumentSum {
            kind: kind.to_owned(),
            documents,
            total: Some(money(total)),
        });
        schema::RunPreview {
            at: Some(instant(self.at)),
            persons: self.persons,
            documents: documents.collect(),
            lines: line_sums(self.lines),
            listed: self.listed,
            blocked: self.blocked_listed,
            persons_blocked: self.blocked,
        }
    }
}

fn count<K: Ord>(sums: &mut BTreeMap<K, (u64, Money)>, key: K, amount: Money) -> Result<(), StoreError> {
    let sum = sums.entry(key).or_insert((0, Money::zero(amount.currency())));
    *sum = (sum.0 + 1, sum.1.plus(amount).map_err(|error| StoreError::Refused(error.to_string()))?);
    Ok(())
}

fn line_sums(sums: BTreeMap<String, (u64, Money)>) -> Vec<schema::LineSum> {
    sums.into_iter().map(|(code, (lines, total))| schema::LineSum { code, lines, total: Some(money(total)) }).collect()
}

/// What they would owe by something else.
pub(super) fn what_if_answer(mut sums: WhatIf) -> schema::WhatIfAnswer {
    sums.persons_changed.truncate(CHANGED_TOLD);
    let months = sums.months.into_iter().map(|(of, (owed, would_be))| schema::WhatIfMonth {
        month: Some(month(of)),
        owed: Some(money(owed)),
        would_be: Some(money(would_be)),
    });
    let changed_most = sums.persons_changed.into_iter().map(|(wearer, owed, would_be)| schema::WhatIfPerson {
        wearer,
        owed: Some(money(owed)),
        would_be: Some(money(would_be)),
    });
    schema::WhatIfAnswer {
        persons: sums.persons,
        persons_blocked: sums.blocked,
        persons_changed: sums.changed,
        months: months.collect(),
        changed_most: changed_most.collect(),
    }
}
