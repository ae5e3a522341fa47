//! Wearers from enrolment to removal: files, orders, zones, tags, fittings, inspections, leave.

mod error;
mod zone_change;
mod zone_draw;
mod zone_preview;
mod zone_sets;
mod zones;

pub use error::EnrolmentError;
pub(crate) use zone_change::{Eyes, zone_change, zone_change_concerns};
pub use zone_change::{ZONES_AHEAD, ZONES_BACK, ZoneChange};
pub use zone_preview::ZonePreview;
pub use zone_sets::{MEMBERS_MAX, NewZoneSet, ZoneSet, ZoneSetChange, ZoneSetMembers};
pub(crate) use zone_sets::{zone_set_change, zone_set_change_concerns, zone_set_members, zone_set_members_concerns};
pub use zones::{ZoneOrigin, ZonePlan, ZoneVersion, collection, feature_written};

use chrono::NaiveDate;

/// A judicial decision or another letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// Who decided.
    pub authority: String,
    /// Its number.
    pub number: String,
    /// Its day.
    pub date: NaiveDate,
}
