//! The cap of an order's first month (article 10, note 3; rule R6).

use crate::BillingError;
use crate::calendar::{Day, Month};
use crate::fact::{Fact, OrderId, What};
use crate::money::Money;
use crate::policy::{CapWindow, Policy};
use crate::rate::{Code, Rated};
use crate::standing::{Register, Standing};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// Days of the window that is counted from the day of installation.
const WINDOW_DAYS: i64 = 30;

/// What each order's cap takes off, by month. Leave and waivers are already off (decision D11); fees and days are taken in the order of
/// time until the cap is reached (decision D13), so that each month bears what lies beyond in it.
pub(crate) fn caps(
    known: &[&Fact],
    register: &Register<'_>,
    policy: &Policy,
    rated: &Rated,
) -> Result<Vec<(Month, OrderId, Money)>, BillingError> {
    let mut caps = Vec::new();
    for (order, first) in first_installations(known) {
        let Some(cap) = register.cap(first) else { continue };
        let last = match policy.cap_window {
            CapWindow::CalendarMonth => first.month().last_day(),
            CapWindow::First30Days => first.plus(WINDOW_DAYS - 1),
        };
        let mut spent = Money::zero(rated.currency);
        let mut over: BTreeMap<Month, Money> = BTreeMap::new();
        for (day, amount) in costs(rated, &order, policy, first..=last)? {
            let before = spent.beyond(cap)?;
            spent = spent.plus(amount)?;
            let beyond = over.entry(day.month()).or_insert(Money::zero(rated.currency));
            *beyond = beyond.plus(spent.beyond(cap)?.minus(before)?)?;
        }
        caps.extend(over.into_iter().filter(|(_, over)| over.is_positive()).map(|(month, over)| (month, order.clone(), over)));
    }
    Ok(caps)
}

/// The day of each order's first installation, chargeable or not.
fn first_installations(known: &[&Fact]) -> BTreeMap<OrderId, Day> {
    let mut first = BTreeMap::new();
    for fact in known {
        if let What::Install { at, order, .. } = &fact.what {
            first.entry(order.clone()).or_insert(at.day());
        }
    }
    first
}

/// What an order costs in a window, in the order of time. A day's fees come before its price: the price is known at the day's end.
fn costs(rated: &Rated, order: &OrderId, policy: &Policy, window: RangeInclusive<Day>) -> Result<Vec<(Day, Money)>, BillingError> {
    let mut costs = Vec::new();
    for fee in rated.fees.iter().filter(|fee| fee.order == *order && window.contains(&fee.at.day())) {
        if fee.code == Code::Install || policy.cap_includes_replacement {
            costs.push((fee.at.day(), fee.price.net()?));
        }
    }
    for (day, standing) in rated.days.range(window) {
        match standing {
            Standing::Billable { order: of, price } if of == order => costs.push((*day, price.net()?)),
            _ => {}
        }
    }
    costs.sort_by_key(|(day, _)| *day);
    Ok(costs)
}
