//! The cap of an order's first month (article 10, note 3; rule R6).

use crate::BillingError;
use crate::calendar::{Day, Month};
use crate::elsewhere::{Earlier, first_installations};
use crate::fact::{Fact, OrderId};
use crate::money::{Currency, Money};
use crate::policy::{CapWindow, Policy};
use crate::rate::{Code, Rated};
use crate::standing::{Register, Standing};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Days of the window that is counted from the day of installation.
const WINDOW_DAYS: i64 = 30;

/// What a cap takes off in a month.
pub(crate) struct Capped {
    pub(crate) month: Month,
    pub(crate) order: OrderId,
    pub(crate) over: Money,
    /// The tariff row that has the cap.
    pub(crate) tariff: Arc<str>,
}

/// What each order's cap takes off, by month. Leave and waivers are already off (decision D11); fees and days are taken in the order of
/// time until the cap is reached (decision D13), so that each month bears what lies beyond in it. What an order costs in files before is spent first: together
/// they bear what lies beyond once.
pub(crate) fn caps(
    known: &[&Fact],
    register: &Register<'_>,
    policy: &Policy,
    (rated, earlier): (&Rated, &[Earlier]),
) -> Result<Vec<Capped>, BillingError> {
    let mut caps = Vec::new();
    for (order, here) in first_installations(known) {
        let first = earlier.iter().filter_map(|file| file.first.get(&order)).fold(here, |first, there| first.min(*there));
        let Some((cap, tariff)) = register.cap(first) else { continue };
        let last = match policy.cap_window {
            CapWindow::CalendarMonth => first.month().last_day(),
            CapWindow::First30Days => first.plus(WINDOW_DAYS - 1),
        };
        let window = first..=last;
        let mut spent = spent_elsewhere(earlier, &order, policy, &window, rated.currency)?;
        let mut over: BTreeMap<Month, Money> = BTreeMap::new();
        for (day, amount) in costs(rated, &order, policy, &window)? {
            let before = spent.beyond(cap)?;
            spent = spent.plus(amount)?;
            let beyond = over.entry(day.month()).or_insert(Money::zero(rated.currency));
            *beyond = beyond.plus(spent.beyond(cap)?.minus(before)?)?;
        }
        let beyond = over.into_iter().filter(|(_, over)| over.is_positive());
        caps.extend(beyond.map(|(month, over)| Capped { month, order: order.clone(), over, tariff: tariff.clone() }));
    }
    Ok(caps)
}

/// What an order costs in a window in the files before.
fn spent_elsewhere(
    earlier: &[Earlier],
    order: &OrderId,
    policy: &Policy,
    window: &RangeInclusive<Day>,
    currency: Currency,
) -> Result<Money, BillingError> {
    let mut spent = Money::zero(currency);
    for file in earlier {
        spent = spent.plus(Money::sum(currency, costs(&file.rated, order, policy, window)?.into_iter().map(|(_, amount)| amount))?)?;
    }
    Ok(spent)
}

/// What an order costs in a window, in the order of time. A day's fees come before its price: the price is known at the day's end.
fn costs(rated: &Rated, order: &OrderId, policy: &Policy, window: &RangeInclusive<Day>) -> Result<Vec<(Day, Money)>, BillingError> {
    let mut costs = Vec::new();
    for fee in rated.fees.iter().filter(|fee| fee.order == *order && window.contains(&fee.at.day())) {
        if fee.code == Code::Install || policy.cap_includes_replacement {
            costs.push((fee.at.day(), fee.price.net()?));
        }
    }
    for (day, standing) in rated.days.range(window.clone()) {
        match standing {
            Standing::Billable { order: of, price } if of == order => costs.push((*day, price.net()?)),
            _ => {}
        }
    }
    costs.sort_by_key(|(day, _)| *day);
    Ok(costs)
}
