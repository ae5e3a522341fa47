//! The truth by month, the standing of invoices, and how old debts are.

use crate::BillingError;
use crate::calendar::{Day, DayRange, Month, ranges};
use crate::fact::OrderId;
use crate::money::{Currency, Money, MoneyError};
use crate::rate::{Code, Rated};
use crate::receivables::Invoice;
use crate::standing::Standing;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One order's month, whatever was billed when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthTruth {
    /// Days of the calendar month.
    pub calendar_days: i64,
    /// Days a tag was fitted.
    pub used_days: usize,
    /// Of these, days of leave.
    pub leave: Vec<DayRange>,
    /// How many.
    pub leave_days: usize,
    /// Of these, days of a suspension.
    pub suspended: Vec<DayRange>,
    /// How many.
    pub suspended_days: usize,
    /// Used days that are not free.
    pub billable_days: usize,
    /// Amounts by code.
    pub amounts: BTreeMap<Code, Money>,
    /// Their sum.
    pub net: Money,
    currency: Currency,
}

impl MonthTruth {
    fn new(month: Month, currency: Currency) -> Self {
        Self {
            calendar_days: month.length(),
            used_days: 0,
            leave: Vec::new(),
            leave_days: 0,
            suspended: Vec::new(),
            suspended_days: 0,
            billable_days: 0,
            amounts: BTreeMap::new(),
            net: Money::zero(currency),
            currency,
        }
    }

    /// The amount of one code.
    pub fn amount(&self, code: Code) -> Money {
        self.amounts.get(&code).copied().unwrap_or(Money::zero(self.currency))
    }

    fn add(&mut self, code: Code, amount: Money) -> Result<(), MoneyError> {
        let sum = self.amounts.entry(code).or_insert(Money::zero(amount.currency()));
        *sum = sum.plus(amount)?;
        self.net = self.net.plus(amount)?;
        Ok(())
    }
}

/// The truth by order and month; months without a used day and without an amount are left out.
///
/// # Errors
/// If a sum leaves 64 bits.
pub fn months(rated: &Rated) -> Result<BTreeMap<(OrderId, Month), MonthTruth>, BillingError> {
    let mut months: BTreeMap<(OrderId, Month), MonthTruth> = BTreeMap::new();
    let mut free: BTreeMap<(OrderId, Month), [BTreeSet<Day>; 2]> = BTreeMap::new();
    let new = |month| MonthTruth::new(month, rated.currency);
    for (day, standing) in &rated.days {
        let Some(order) = standing.order() else { continue };
        let of = (order.clone(), day.month());
        let truth = months.entry(of.clone()).or_insert_with(|| new(day.month()));
        truth.used_days += 1;
        match standing {
            Standing::Leave { .. } => _ = free.entry(of).or_default()[0].insert(*day),
            Standing::Suspended { .. } | Standing::BilledElsewhere { .. } => _ = free.entry(of).or_default()[1].insert(*day),
            _ => truth.billable_days += 1,
        }
    }
    for (of, [leave, suspended]) in free {
        if let Some(truth) = months.get_mut(&of) {
            (truth.leave_days, truth.suspended_days) = (leave.len(), suspended.len());
            (truth.leave, truth.suspended) = (ranges(leave), ranges(suspended));
        }
    }
    for (key, item) in &rated.items {
        months.entry((key.order.clone(), key.month)).or_insert_with(|| new(key.month)).add(key.code, item.amount)?;
    }
    Ok(months)
}

/// How an invoice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// To pay, and time is left.
    Open,
    /// To pay since the due date passed.
    Overdue,
    /// Nothing left to pay.
    Paid,
    /// It was issued in error and asks for nothing.
    Void,
}

impl Invoice {
    /// How it stands on a day. Due dates are days of Tehran.
    pub fn status(&self, today: Day) -> Status {
        match (self.open.is_zero(), today > self.due) {
            _ if self.is_void => Status::Void,
            (true, _) => Status::Paid,
            (false, true) => Status::Overdue,
            (false, false) => Status::Open,
        }
    }

    /// What money and credit paid of it.
    ///
    /// # Errors
    /// If currencies are mixed.
    pub fn paid(&self) -> Result<Money, MoneyError> {
        if self.is_void { Ok(Money::zero(self.total.currency())) } else { self.total.minus(self.open) }
    }
}

/// What is open, by days past due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Aging {
    /// Not past due.
    pub not_due: Money,
    /// 1 to 30 days.
    #[serde(rename = "1-30")]
    pub to_30: Money,
    /// 31 to 60 days.
    #[serde(rename = "31-60")]
    pub to_60: Money,
    /// 61 to 90 days.
    #[serde(rename = "61-90")]
    pub to_90: Money,
    /// More.
    pub over_90: Money,
}

impl Aging {
    /// Of invoices, on a day.
    ///
    /// # Errors
    /// If a sum leaves 64 bits.
    pub fn of(invoices: &[Invoice], today: Day, currency: Currency) -> Result<Self, MoneyError> {
        let nothing = Money::zero(currency);
        let mut aging = Self { not_due: nothing, to_30: nothing, to_60: nothing, to_90: nothing, over_90: nothing };
        for invoice in invoices {
            let bucket = match today.days_since(invoice.due) {
                ..=0 => &mut aging.not_due,
                1..=30 => &mut aging.to_30,
                31..=60 => &mut aging.to_60,
                61..=90 => &mut aging.to_90,
                _ => &mut aging.over_90,
            };
            *bucket = bucket.plus(invoice.open)?;
        }
        Ok(aging)
    }
}
