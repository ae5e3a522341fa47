//! Accounts of persons as answers show them.

use super::money;
use super::shown::{day, facts_in_words, instant, month, page_language, ranges};
use crate::language::current;
use billing::calendar::{Day, Month};
use billing::page::{FactSaid, why_words};
use billing::{Aging, Code, FactId, MonthTruth, OrderId, Price, Standing, Why};
use proto::billing as schema;
use std::collections::BTreeMap;
use store::PersonAccount;

pub(super) fn account(wearer: String, account: PersonAccount) -> schema::Account {
    let numbers = account.numbers;
    let deposit = numbers.deposit;
    schema::Account {
        wearer,
        at: Some(instant(account.as_of)),
        through: account.through.map(instant),
        billed: Some(money(numbers.billed)),
        credited: Some(money(numbers.credited)),
        paid: Some(money(numbers.paid)),
        refunded: Some(money(numbers.refunded)),
        balance_due: Some(money(numbers.balance_due)),
        credit: Some(money(numbers.credit)),
        aging: Some(aging(&numbers.aging)),
        deposit: Some(schema::AccountDeposit {
            required: Some(money(deposit.required)),
            held: Some(money(deposit.held)),
            damage: Some(money(deposit.damage)),
            returned: Some(money(deposit.returned)),
        }),
        set_aside: Some(money(numbers.set_aside)),
        unbilled: Some(money(account.unbilled)),
        months: account.months.iter().map(truth).collect(),
        work: account.work.iter().map(super::todo).collect(),
        merged_files: account
            .merged
            .into_iter()
            .map(|file| schema::MergedFile { wearer: file.wearer, balance: Some(money(file.balance)) })
            .collect(),
    }
}

pub(super) fn aging(aging: &Aging) -> schema::Aging {
    schema::Aging {
        not_due: Some(money(aging.not_due)),
        days_1_to_30: Some(money(aging.to_30)),
        days_31_to_60: Some(money(aging.to_60)),
        days_61_to_90: Some(money(aging.to_90)),
        days_over_90: Some(money(aging.over_90)),
    }
}

fn truth(((order, of), truth): (&(OrderId, Month), &MonthTruth)) -> schema::MonthTruth {
    let days = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let amount = |code| Some(money(truth.amount(code)));
    schema::MonthTruth {
        order: order.to_string(),
        month: Some(month(*of)),
        calendar_days: truth.calendar_days,
        used_days: days(truth.used_days),
        leave_days: days(truth.leave_days),
        suspended_days: days(truth.suspended_days),
        billable_days: days(truth.billable_days),
        leave: ranges(&truth.leave),
        suspended: ranges(&truth.suspended),
        usage: amount(Code::Usage),
        waiver: amount(Code::Waiver),
        cap: amount(Code::Cap),
        install: amount(Code::Install),
        replace: amount(Code::Replace),
        net: Some(money(truth.net)),
    }
}

/// The days of a month.
pub(super) fn days(account: &PersonAccount, of: Month, facts: &BTreeMap<String, FactSaid>) -> Vec<schema::AccountDay> {
    let days = account.rated.days.range(of.first_day()..=of.last_day());
    days.map(|(day, standing)| account_day(*day, standing, facts)).collect()
}

/// The facts that decide the days of a month, by their names.
pub(super) fn facts_of(account: &PersonAccount, of: Month) -> Vec<String> {
    let days = account.rated.days.range(of.first_day()..=of.last_day());
    days.flat_map(|(_, standing)| decided(standing).1).map(ToString::to_string).collect()
}

/// Why a day stands so, and the facts that decided it.
fn decided(standing: &Standing) -> (Why, Vec<&FactId>) {
    match standing {
        Standing::Billable { price, .. } => (Why::Used, price.class.iter().chain(&price.waived_by).collect()),
        Standing::Leave { by, .. } => (Why::Leave, vec![by]),
        Standing::Suspended { by, .. } => (Why::Suspended, vec![by]),
        Standing::BilledElsewhere { by, .. } => (Why::BilledElsewhere, vec![by]),
        Standing::NotFitted { removed_by } => (Why::NotFitted, removed_by.iter().collect()),
    }
}

fn account_day(of: Day, standing: &Standing, said: &BTreeMap<String, FactSaid>) -> schema::AccountDay {
    let (why, facts) = decided(standing);
    let price: Option<&Price> = if let Standing::Billable { price, .. } = standing { Some(price) } else { None };
    schema::AccountDay {
        day: Some(day(of)),
        code: why.name().to_owned(),
        text: why_words(page_language(current()), why).to_owned(),
        rule: why.rule().to_owned(),
        order: standing.order().map(ToString::to_string).unwrap_or_default(),
        price: price.map(|price| money(price.full)),
        waiver: price.map(|price| money(price.waiver)),
        net: price.and_then(|price| price.full.plus(price.waiver).ok()).map(money),
        tariff: price.and_then(|price| price.tariff.as_deref()).unwrap_or_default().to_owned(),
        said: facts_in_words(facts.iter().map(ToString::to_string), said),
        facts: facts.into_iter().map(ToString::to_string).collect(),
    }
}
