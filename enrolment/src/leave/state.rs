//! What may become of a leave, and why it does not.

use super::{DAYS_BACK_MAX, LeaveHindrance, LeaveWarning};
use chrono::{DateTime, TimeDelta, Utc};

/// How a leave stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaveState {
    /// Asked for; nothing is in force.
    Requested,
    /// In force in its time.
    Approved,
    /// Never in force.
    Refused,
    /// Not in force any more, as if it had never been.
    Withdrawn,
    /// In force until it was ended early.
    Shortened,
}

/// What somebody does with a leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaveAct {
    /// An authority allows it.
    Approve,
    /// An authority refuses it.
    Refuse,
    /// It is taken back before it begins.
    Withdraw,
    /// It is taken back as never granted, whenever it began.
    Annul,
    /// It ends now.
    EndEarly,
}

/// Why a leave was not changed or a batch not decided.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LeaveRefusal {
    /// No such leave within reach.
    #[error("there is no such leave here")]
    UnknownLeave,
    /// No such batch within reach.
    #[error("there is no such batch of leaves here")]
    UnknownBatch,
    /// It stands in a state in which this cannot be done.
    #[error("the leave is {0} already")]
    Over(&'static str),
    /// It has begun: it cannot be taken back as if it had not.
    #[error("the leave has begun")]
    Begun,
    /// It is not under way: there is nothing to end early.
    #[error("the leave is not under way")]
    NotUnderWay,
    /// Who recorded it does not approve it.
    #[error("another person must approve it")]
    SamePerson,
    /// It began in the past, and nobody said why it is recorded so late.
    #[error("it began in the past, without a reason why it is recorded late")]
    LateReasonNeeded,
    /// The request and the approval differ on whether exclusion zones are off.
    #[error("request and approval differ on the exclusion zones")]
    ExclusionDiffers,
    /// It began too long ago to be approved.
    #[error("it began too long ago")]
    TooLongAgo,
    /// Something stands against it.
    #[error("hindered: {0:?}")]
    Hindered(LeaveHindrance),
    /// Warnings that whoever approves did not read.
    #[error("warnings were not read: {0:?}")]
    WarningsUnread(Vec<LeaveWarning>),
    /// Of a batch: so many may not have leave, these among them.
    #[error("{count} wearers may not have leave: {some}")]
    BatchHindered {
        /// How many.
        count: usize,
        /// Their references, the first of them.
        some: String,
    },
    /// Nobody matches the choice.
    #[error("nobody is chosen")]
    Nobody,
    /// More than [`BATCH_WEARERS_MAX`] match the choice.
    #[error("too many are chosen")]
    TooMany,
    /// The batch stands in a state in which this cannot be done.
    #[error("the batch is {0} already")]
    BatchOver(&'static str),
}

impl LeaveState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Requested, Self::Approved, Self::Refused, Self::Withdrawn, Self::Shortened];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Approved => "approved",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Shortened => "shortened",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// How it stands after an act at `now`; its time is [from, to).
    ///
    /// # Errors
    /// When the act is not possible as it stands or at that time.
    pub fn after(self, act: LeaveAct, (from, to): (DateTime<Utc>, DateTime<Utc>), now: DateTime<Utc>) -> Result<Self, LeaveRefusal> {
        match (self, act) {
            (Self::Requested, LeaveAct::Approve) if now - from > TimeDelta::days(DAYS_BACK_MAX) => Err(LeaveRefusal::TooLongAgo),
            (Self::Requested, LeaveAct::Approve) => Ok(Self::Approved),
            (Self::Requested, LeaveAct::Refuse) => Ok(Self::Refused),
            (Self::Requested, LeaveAct::Withdraw | LeaveAct::Annul) => Ok(Self::Withdrawn),
            (Self::Approved, LeaveAct::Withdraw) if now >= from => Err(LeaveRefusal::Begun),
            (Self::Shortened, LeaveAct::Withdraw) => Err(LeaveRefusal::Begun),
            (Self::Approved, LeaveAct::Withdraw | LeaveAct::Annul) | (Self::Shortened, LeaveAct::Annul) => Ok(Self::Withdrawn),
            (Self::Approved, LeaveAct::EndEarly) if from < now && now < to => Ok(Self::Shortened),
            (Self::Approved | Self::Requested | Self::Shortened, LeaveAct::EndEarly) => Err(LeaveRefusal::NotUnderWay),
            (state, _) => Err(LeaveRefusal::Over(state.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + hours * 3600, 0).unwrap()
    }

    #[test]
    fn every_act_on_every_state_is_decided() {
        use LeaveAct::*;
        use LeaveState::*;
        let span = (at(0), at(24));
        let acts = [Approve, Refuse, Withdraw, Annul, EndEarly];
        let over = |state: LeaveState| Err(LeaveRefusal::Over(state.name()));
        // Before it begins; while it is under way.
        let rows = [
            (Requested, [Ok(Approved), Ok(Refused), Ok(Withdrawn), Ok(Withdrawn), Err(LeaveRefusal::NotUnderWay)], at(-1)),
            (Requested, [Ok(Approved), Ok(Refused), Ok(Withdrawn), Ok(Withdrawn), Err(LeaveRefusal::NotUnderWay)], at(1)),
            (Approved, [over(Approved), over(Approved), Ok(Withdrawn), Ok(Withdrawn), Err(LeaveRefusal::NotUnderWay)], at(-1)),
            (Approved, [over(Approved), over(Approved), Err(LeaveRefusal::Begun), Ok(Withdrawn), Ok(Shortened)], at(1)),
            (Approved, [over(Approved), over(Approved), Err(LeaveRefusal::Begun), Ok(Withdrawn), Err(LeaveRefusal::NotUnderWay)], at(24)),
            (Refused, [over(Refused), over(Refused), over(Refused), over(Refused), over(Refused)], at(1)),
            (Withdrawn, [over(Withdrawn), over(Withdrawn), over(Withdrawn), over(Withdrawn), over(Withdrawn)], at(1)),
            (Shortened, [over(Shortened), over(Shortened), Err(LeaveRefusal::Begun), Ok(Withdrawn), Err(LeaveRefusal::NotUnderWay)], at(1)),
        ];
        for (state, expected, now) in rows {
            for (act, expected) in acts.into_iter().zip(expected) {
                assert_eq!(state.after(act, span, now), expected, "{act:?} on {state:?} at {now}");
            }
        }
        assert_eq!(Requested.after(Approve, span, at(31 * 24)), Ok(Approved));
        assert_eq!(Requested.after(Approve, span, at(31 * 24 + 1)), Err(LeaveRefusal::TooLongAgo));
    }
}
