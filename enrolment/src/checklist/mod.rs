//! What must be so before a tag counts as fitted. Pure: what is known goes in, each item comes out with its state, its evidence and what to do next.

mod rules;
mod strap;
#[cfg(test)]
mod tests;

pub use rules::checklist;

use geofence::{Sense, StoredReport, Timestamp, Verdict, Zone};
use std::sync::Arc;

/// What a fitting is held to. Data: a country may hold it to more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Charge of the battery, percent, at least.
    pub battery_percent_min: u8,
    /// Age of the fix, milliseconds, at most.
    pub fix_age_ms_max: i64,
    /// Since the tag was last heard, milliseconds, at most.
    pub heard_ms_max: i64,
    /// A tag's clock may be behind the server's by so much, milliseconds: what it took so long before the fitting began still counts,
    /// as of its beginning.
    pub clock_behind_ms_max: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { battery_percent_min: 50, fix_age_ms_max: 5 * 60_000, heard_ms_max: 2 * 60_000, clock_behind_ms_max: 60_000 }
    }
}

/// What is put on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InstallationKind {
    /// A tag, on somebody who wears none.
    Fitting,
    /// A tag in the place of another one: the wearer is monitored already, so that only the tag itself is looked at.
    Replacement,
}

impl InstallationKind {
    /// As the database says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fitting => "fitting",
            Self::Replacement => "replacement",
        }
    }
}

/// One line of the checklist.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Item {
    /// An order is in force, and not suspended.
    OrderInForce,
    /// At least one inclusion zone is in force, and all that are can be judged by.
    ZonesValid,
    /// The home was found suitable, where the regime asks for it.
    HomeInspected,
    /// The tag was heard a moment ago.
    TagHeard,
    /// The strap is closed, and was not opened since.
    StrapClosed,
    /// The battery is charged well enough.
    Battery,
    /// A recent fix lies inside an inclusion zone and in no forbidden one.
    FixInsideZone,
    /// The deposit was recorded. Never in the way.
    Deposit,
    /// The wearer's undertaking was signed.
    Undertaking,
}

impl Item {
    /// All of them, in the order shown.
    pub const ALL: [Self; 9] = [
        Self::OrderInForce,
        Self::ZonesValid,
        Self::HomeInspected,
        Self::TagHeard,
        Self::StrapClosed,
        Self::Battery,
        Self::FixInsideZone,
        Self::Deposit,
        Self::Undertaking,
    ];

    /// As the database and programs say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrderInForce => "order_in_force",
            Self::ZonesValid => "zones_valid",
            Self::HomeInspected => "home_inspected",
            Self::TagHeard => "tag_heard",
            Self::StrapClosed => "strap_closed",
            Self::Battery => "battery",
            Self::FixInsideZone => "fix_inside_zone",
            Self::Deposit => "deposit",
            Self::Undertaking => "undertaking",
        }
    }

    /// The item of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|item| item.name() == name)
    }

    /// Whether it belongs to the checklist of this kind.
    pub const fn is_of(self, kind: InstallationKind) -> bool {
        match kind {
            InstallationKind::Fitting => true,
            InstallationKind::Replacement => matches!(self, Self::TagHeard | Self::StrapClosed | Self::Battery | Self::FixInsideZone),
        }
    }

    /// Whether a person may let it pass with a reason. Nobody is monitored without an order, and monitoring begins from what the tag itself
    /// said of its strap; the deposit needs no override.
    pub const fn may_be_overridden(self) -> bool {
        !matches!(self, Self::OrderInForce | Self::TagHeard | Self::StrapClosed | Self::Deposit)
    }

    /// Whether a person may say that it is not asked for here.
    pub const fn may_be_not_needed(self) -> bool {
        matches!(self, Self::Deposit)
    }

    /// Whether a person says that it is so, because no machine can.
    pub const fn is_stated(self) -> bool {
        matches!(self, Self::Deposit | Self::Undertaking)
    }
}

/// How an item stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ItemState {
    /// It is so.
    Met,
    /// It is not so, and in the way.
    Missing,
    /// It is not so, and somebody let it pass with a reason.
    Overridden,
    /// It is not asked for here.
    NotNeeded,
    /// It is not so, and not in the way: somebody should see to it.
    Flagged,
}

impl ItemState {
    /// As the database says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missing => "missing",
            Self::Overridden => "overridden",
            Self::NotNeeded => "not_needed",
            Self::Flagged => "flagged",
        }
    }

    /// The state of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Met, Self::Missing, Self::Overridden, Self::NotNeeded, Self::Flagged].into_iter().find(|state| state.name() == name)
    }
}

/// What to do about an item that is missing, flagged or overridden.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Todo {
    /// Record the order, or find the right file.
    RecordOrder,
    /// The order is suspended: record that it goes on.
    ResumeOrder,
    /// Draw an inclusion zone.
    DrawZone,
    /// Draw a zone again that cannot be judged by.
    RepairZone,
    /// Have the home inspected.
    InspectHome,
    /// Switch the tag on and wait where it has a network.
    WakeTag,
    /// Close the strap.
    CloseStrap,
    /// The tag has not said how its strap is: wait for its next report.
    AwaitStrap,
    /// Charge it.
    ChargeBattery,
    /// The tag has not said how its battery is: wait for its next report.
    AwaitBattery,
    /// Wait for a fix under the open sky.
    AwaitFix,
    /// Bring the wearer into the zone, or let it pass if the tag is fitted elsewhere.
    GoToZone,
    /// The wearer is where it is forbidden.
    LeaveForbiddenZone,
    /// Record the deposit.
    RecordDeposit,
    /// Have the undertaking signed.
    SignUndertaking,
}

impl Todo {
    /// As programs say it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RecordOrder => "record_order",
            Self::ResumeOrder => "resume_order",
            Self::DrawZone => "draw_zone",
            Self::RepairZone => "repair_zone",
            Self::InspectHome => "inspect_home",
            Self::WakeTag => "wake_tag",
            Self::CloseStrap => "close_strap",
            Self::AwaitStrap => "await_strap",
            Self::ChargeBattery => "charge_battery",
            Self::AwaitBattery => "await_battery",
            Self::AwaitFix => "await_fix",
            Self::GoToZone => "go_to_zone",
            Self::LeaveForbiddenZone => "leave_forbidden_zone",
            Self::RecordDeposit => "record_deposit",
            Self::SignUndertaking => "sign_undertaking",
        }
    }
}

/// What shows how an item stands. Never a position: evidence is kept longer than tracks.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Evidence {
    /// When the tag took the report, by its own clock.
    pub taken_at: Option<Timestamp>,
    /// When the server received it.
    pub received_at: Option<Timestamp>,
    /// Battery, percent.
    pub battery_percent: Option<u8>,
    /// How the fix lies to the zone named in `text`.
    pub verdict: Option<Verdict>,
    /// Radius that holds the true position with about 95 %, metres.
    pub accuracy_m: Option<f64>,
    /// The number of the order or the inspection.
    pub number: Option<i64>,
    /// The decision's number, the names of the zones, the certificate's or the receipt's number.
    pub text: String,
    /// Who said so, or let it pass; empty where the system saw it.
    pub by: String,
    /// When.
    pub at: Option<Timestamp>,
    /// Why it was let pass, or what was noted.
    pub reason: String,
}

/// One item as it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct ItemFound {
    /// Which.
    pub item: Item,
    /// How.
    pub state: ItemState,
    /// By what it is known.
    pub evidence: Evidence,
    /// What to do about it; `None` = nothing.
    pub todo: Option<Todo>,
}

/// The whole list.
#[derive(Clone, PartialEq, Debug)]
pub struct Checklist {
    /// Every item of the kind, in the order of [`Item::ALL`].
    pub items: Vec<ItemFound>,
    /// When the fitting would begin: the first report of a closed strap that no open one follows.
    pub begins_at: Option<Timestamp>,
}

impl Checklist {
    /// The items that are in the way.
    pub fn missing(&self) -> Vec<Item> {
        self.items.iter().filter(|found| found.state == ItemState::Missing).map(|found| found.item).collect()
    }

    /// When the fitting begins, if nothing is in the way.
    pub fn ready(&self) -> Option<Timestamp> {
        self.begins_at.filter(|_| self.missing().is_empty())
    }
}

/// The order in force now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderSeen {
    /// Which.
    pub order_id: i64,
    /// The number of the decision that made it.
    pub decision_number: String,
    /// House arrest: the home must have been inspected.
    pub is_house_arrest: bool,
    /// It is suspended now.
    pub is_suspended: bool,
}

/// A zone in force now.
#[derive(Clone, Debug)]
pub struct ZoneSeen {
    /// The name that staff gave it.
    pub name: String,
    /// `None` = it cannot be compiled.
    pub zone: Option<Arc<Zone>>,
}

impl ZoneSeen {
    fn of_sense(&self, sense: Sense) -> Option<&Zone> {
        self.zone.as_deref().filter(|zone| zone.sense() == sense)
    }
}

/// The newest inspection that found the home suitable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InspectionSeen {
    /// Which.
    pub inspection_id: i64,
    /// Its certificate's number.
    pub certificate_number: String,
}

/// What a person said of an item.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StatementKind {
    /// It is so.
    Stated,
    /// It is not asked for here.
    NotNeeded,
    /// It may pass for a reason.
    Overridden,
}

impl StatementKind {
    /// As the database says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::NotNeeded => "not_needed",
            Self::Overridden => "overridden",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Stated, Self::NotNeeded, Self::Overridden].into_iter().find(|kind| kind.name() == name)
    }
}

/// A statement of a person about an item; the newest of an item counts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// About which item.
    pub item: Item,
    /// What was said.
    pub kind: StatementKind,
    /// A receipt's number, or empty.
    pub text: String,
    /// Why, or a note.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Everything that the list is made from.
#[derive(Clone, Debug)]
pub struct Seen {
    /// What is put on.
    pub kind: InstallationKind,
    /// When somebody began.
    pub begun_at: Timestamp,
    /// The server's clock.
    pub now: Timestamp,
    /// The order in force now.
    pub order: Option<OrderSeen>,
    /// The zones in force now.
    pub zones: Vec<ZoneSeen>,
    /// The home's inspection.
    pub inspection: Option<InspectionSeen>,
    /// What the tag said since somebody began, in any order.
    pub reports: Vec<StoredReport>,
    /// What people said, oldest first.
    pub statements: Vec<Statement>,
}
