//! Discharges: when the battery runs low and when it is restored.

use super::open::OpenList;
use crate::{DeviceRules, EndReason, Timestamp, Violation, ViolationKind};
use serde::{Deserialize, Serialize};

/// The kinds that end with a discharge. `flat` opens only while `battery_critical` is open, so both end together.
const OF_DISCHARGE: [ViolationKind; 3] = [ViolationKind::BatteryLow, ViolationKind::BatteryCritical, ViolationKind::Flat];

/// The lowest percentage since `battery_low` and since `battery_critical` opened; of no meaning while they are not open.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(super) struct Battery([u8; 2]);

impl Battery {
    /// The tag says that it is being charged: the discharge is over.
    pub fn charge(at: Timestamp, open: &mut OpenList, found: &mut Vec<Violation>) {
        OF_DISCHARGE.into_iter().for_each(|kind| open.end(kind, at, EndReason::Restored, found));
    }

    /// Takes in a percentage while the tag is not known to be charged.
    pub fn hear(&mut self, at: Timestamp, percent: u8, rules: &DeviceRules, open: &mut OpenList, found: &mut Vec<Violation>) {
        let limits = [(ViolationKind::BatteryLow, rules.battery_low), (ViolationKind::BatteryCritical, rules.battery_critical)];
        for ((kind, limit), lowest) in limits.into_iter().zip(&mut self.0) {
            if open.has(kind) && percent >= lowest.saturating_add(rules.battery_recovered) {
                open.end(kind, at, EndReason::Restored, found);
            }
            if open.has(kind) {
                *lowest = percent.min(*lowest);
            } else if percent <= limit {
                *lowest = percent;
                open.open(kind, at, at, found);
            }
        }
        if !open.has(ViolationKind::BatteryCritical) {
            open.end(ViolationKind::Flat, at, EndReason::Restored, found);
        }
    }
}
