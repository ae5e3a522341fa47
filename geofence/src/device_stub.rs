use crate::{Fix, Signals, Timestamp, Violation};
use serde::{Deserialize, Serialize};
pub(crate) struct Heard<'a> {
    pub at: Timestamp,
    pub fix: Option<&'a Fix>,
    #[allow(dead_code)]
    pub clock_is_off: bool,
    #[allow(dead_code)]
    pub signals: Signals,
    #[allow(dead_code)]
    pub battery_percent: Option<u8>,
}
/// x
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DeviceRules {}
/// x
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Deaf {
    /// x
    pub from: Timestamp,
    /// x
    pub to: Timestamp,
}
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Device {}
impl Device {
    pub fn new(_: Timestamp) -> Self {
        Self {}
    }
    pub fn take(&mut self, _: &Heard, _: &DeviceRules, _: &[Deaf], _: &mut Vec<Violation>) {}
    pub fn advance(&mut self, _: Timestamp, _: &DeviceRules, _: &[Deaf], _: &mut Vec<Violation>) {}
    pub fn next_due(&self, _: &DeviceRules, _: &[Deaf]) -> Option<Timestamp> {
        None
    }
    pub fn open(&self, _: &mut Vec<Violation>) {}
}
