//! Random timelines, in plain seconds, and the case files they make.

use super::calendar::{day_number, start_of, utc};
use proptest::prelude::*;
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    Install { order: &'static str, chargeable: bool },
    Remove,
    Leave,
    Suspend,
    Replace { chargeable: bool },
    Fee { of: usize, chargeable: bool },
    Class,
    Waiver { percent: i64, fees: bool },
    Payment { amount: i64, reference: Option<u8> },
    Refund { amount: i64 },
    DepositPayment { amount: i64 },
    DepositReturn { amount: Option<i64> },
    Damage { amount: i64 },
    Regime { house: bool, deposit: i64 },
    Run,
    Void { number: u8 },
}

/// One event: what, when (and until when), when it was recorded, when it was cancelled.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub what: Happening,
    pub from: i64,
    pub to: Option<i64>,
    pub recorded: i64,
    pub cancelled: Option<i64>,
}

#[derive(Clone, Debug)]
pub struct Scenario {
    pub events: Vec<Event>,
    pub as_of: i64,
    pub arrears: bool,
    pub use_any_part: bool,
    pub leave_day: &'static str,
    pub thirty_days: bool,
    pub cap_includes_replacement: bool,
    /// First day of a second tariff row, and when it was recorded.
    pub second_tariff: (i64, i64),
}

/// Events lie within so many days of the beginning.
const SPAN_DAYS: i64 = 130;

fn happening() -> impl Strategy<Value = Happening> {
    let amount = 1..4_000_000_i64;
    prop_oneof![
        6 => (prop_oneof![Just("A"), Just("B")], any::<bool>()).prop_map(|(order, chargeable)| Happening::Install { order, chargeable }),
        4 => Just(Happening::Remove),
        4 => Just(Happening::Leave),
        2 => Just(Happening::Suspend),
        2 => any::<bool>().prop_map(|chargeable| Happening::Replace { chargeable }),
        2 => (0..8_usize, any::<bool>()).prop_map(|(of, chargeable)| Happening::Fee { of, chargeable }),
        2 => Just(Happening::Class),
        2 => (0..=100_i64, any::<bool>()).prop_map(|(percent, fees)| Happening::Waiver { percent, fees }),
        4 => (amount.clone(), prop::option::of(0..3_u8)).prop_map(|(amount, reference)| Happening::Payment { amount, reference }),
        1 => amount.clone().prop_map(|amount| Happening::Refund { amount }),
        1 => amount.clone().prop_map(|amount| Happening::DepositPayment { amount }),
        1 => prop::option::of(amount.clone()).prop_map(|amount| Happening::DepositReturn { amount }),
        1 => amount.prop_map(|amount| Happening::Damage { amount }),
        1 => (any::<bool>(), 0..50_000_000_i64).prop_map(|(house, deposit)| Happening::Regime { house, deposit }),
        1 => Just(Happening::Run),
        2 => (1..6_u8).prop_map(|number| Happening::Void { number }),
    ]
}

/// Quarter hours, so that midnights are often met; now and then to the second.
fn second() -> impl Strategy<Value = i64> {
    (0..SPAN_DAYS * 96, prop_oneof![4 => Just(0), 1 => Just(-1_i64), 1 => 0..900_i64]).prop_map(|(quarter, more)| quarter * 900 + more)
}

fn event() -> impl Strategy<Value = Event> {
    let late = prop_oneof![3 => Just(0_i64), 1 => -20 * 86_400..60 * 86_400_i64];
    let cancelled = prop_oneof![5 => Just(None), 1 => second().prop_map(Some)];
    let length = prop_oneof![4 => (0..25 * 86_400_i64).prop_map(Some), 1 => Just(None)];
    (happening(), second(), length, late, cancelled).prop_map(|(what, from, length, late, cancelled)| Event {
        what,
        from,
        to: length.map(|length| from + length),
        recorded: from + late,
        cancelled,
    })
}

pub fn scenario() -> impl Strategy<Value = Scenario> {
    let switches =
        (any::<bool>(), any::<bool>(), prop_oneof![Just("end_of_day"), Just("any_part"), Just("full_day")], any::<bool>(), any::<bool>());
    let start = (1397..1405_i64, 1..=12_i64, 1..=29_i64);
    (prop::collection::vec(event(), 0..14), start, second(), switches, (0..SPAN_DAYS, second())).prop_map(
        |(events, (year, month, day), as_of, switches, (tariff_day, tariff_recorded))| {
            let first_day = day_number(year, month, day);
            let zero = start_of(first_day);
            let moved = |event: Event| Event {
                from: zero + event.from,
                to: event.to.map(|to| zero + to),
                recorded: zero + event.recorded,
                cancelled: event.cancelled.map(|at| zero + at),
                ..event
            };
            let (arrears, use_any_part, leave_day, thirty_days, cap_includes_replacement) = switches;
            Scenario {
                events: events.into_iter().map(moved).collect(),
                as_of: zero + as_of,
                arrears,
                use_any_part,
                leave_day,
                thirty_days,
                cap_includes_replacement,
                second_tariff: (first_day + tariff_day, zero + tariff_recorded),
            }
        },
    )
}

impl Event {
    fn json(&self, id: usize) -> Vec<Value> {
        let (at, to) = (utc(self.from), self.to.map(utc));
        let mut event = match &self.what {
            Happening::Install { order, chargeable } => {
                json!({"type": "install", "at": at, "order": order, "regime": "tag", "chargeable": chargeable, "deposit_required": 20_000_000})
            }
            Happening::Remove => json!({"type": "remove", "at": at}),
            Happening::Leave => json!({"type": "leave", "from": at, "to": to}),
            Happening::Suspend => json!({"type": "suspend", "from": at, "to": to}),
            Happening::Replace { chargeable } => json!({"type": "replace", "at": at, "chargeable": chargeable}),
            Happening::Fee { of, chargeable } => {
                json!({"type": "fee", "at": at, "ref": format!("event {of:02}"), "chargeable": chargeable})
            }
            Happening::Class => json!({"type": "class", "from": at, "to": to, "class": "reduced"}),
            Happening::Waiver { percent, fees } => {
                let covers = if *fees { json!(["daily", "install", "replace"]) } else { json!(["daily"]) };
                json!({"type": "waiver", "from": at, "to": to, "percent": percent, "covers": covers})
            }
            Happening::Payment { amount, reference } => {
                json!({"type": "payment", "at": at, "amount": amount, "ref": reference.map(|reference| reference.to_string())})
            }
            Happening::Refund { amount } => json!({"type": "refund", "at": at, "amount": amount}),
            Happening::DepositPayment { amount } => json!({"type": "deposit_payment", "at": at, "amount": amount}),
            Happening::DepositReturn { amount } => json!({"type": "deposit_return", "at": at, "amount": amount}),
            Happening::Damage { amount } => json!({"type": "damage", "at": at, "amount": amount}),
            Happening::Regime { house, deposit } => {
                json!({"type": "regime", "at": at, "regime": if *house { "house" } else { "tag" }, "deposit_required": deposit})
            }
            Happening::Run => json!({"type": "run", "at": at}),
            Happening::Void { number } => json!({"type": "void", "at": at, "invoice": format!("INV-{number}")}),
        };
        event["id"] = format!("event {id:02}").into();
        event["recorded_at"] = utc(self.recorded).into();
        let cancel = self.cancelled.map(|at| json!({"type": "cancel", "at": utc(at), "ref": event["id"], "id": format!("cancel {id:02}")}));
        std::iter::once(event).chain(cancel).collect()
    }
}

impl Scenario {
    /// Whether something of it takes effect within so many seconds after its end: then a run may be there too.
    pub fn is_run_between(&self, seconds: i64) -> bool {
        let within = |at: i64| (self.as_of..=self.as_of + seconds).contains(&at);
        let month_begins = super::calendar::month_of(super::calendar::day_of(self.as_of))
            != super::calendar::month_of(super::calendar::day_of(self.as_of + seconds));
        month_begins || self.events.iter().any(|event| within(event.from) || within(event.recorded) || event.cancelled.is_some_and(within))
    }

    /// The case file.
    pub fn json(&self) -> Value {
        let row = |version: &str, from: Value, recorded_at: Option<String>, daily: i64, fee: i64| {
            json!({"version": version, "effective_from": from, "recorded_at": recorded_at, "daily": daily,
                "class_daily": {"reduced": daily / 2}, "install": fee, "replace": fee + 1, "first_month_cap": fee * 4,
                "deposit_ceiling": {"tag": 25_000_000, "house": 37_000_000}})
        };
        let (day, recorded) = self.second_tariff;
        let (year, month) = super::calendar::month_of(day);
        let from = format!("{year}/{month:02}/{:02}", day - day_number(year, month, 1) + 1);
        json!({
            "as_of": utc(self.as_of),
            "policy": {
                "mode": if self.arrears { "arrears" } else { "advance" },
                "use_day": if self.use_any_part { "any_part" } else { "end_of_day" },
                "leave_day": self.leave_day,
                "cap_window": if self.thirty_days { "first_30_days" } else { "calendar_month" },
                "cap_includes_replacement": self.cap_includes_replacement,
            },
            "tariffs": [row("first", "1390/01/01".into(), None, 100_003, 800_000), row("second", from.into(), Some(utc(recorded)), 200_001, 900_000)],
            "events": self.events.iter().enumerate().flat_map(|(id, event)| event.json(id)).collect::<Vec<_>>(),
        })
    }
}
