//! Why leave is not given, in codes and words: the same in a refusal and in a list of who may not have it.

use crate::catalogue::text;
use crate::reason::Reason;
use crate::status::refusal;
use enrolment::leave::{BATCH_WEARERS_MAX, DAYS_BACK_MAX, LeaveHindrance, LeaveRefusal, LeaveWarning};
use proto::enrolment::LeaveReason;
use tonic::{Code, Status};

type Args = Vec<(&'static str, String)>;

/// As callers are told.
pub(super) fn refused(why: &LeaveRefusal) -> Status {
    let failed = Code::FailedPrecondition;
    let (code, reason, args): (Code, Reason, Args) = match why {
        LeaveRefusal::UnknownLeave => (Code::NotFound, Reason::UnknownLeave, vec![]),
        LeaveRefusal::UnknownBatch => (Code::NotFound, Reason::UnknownLeaveBatch, vec![]),
        LeaveRefusal::Over(state) => (failed, Reason::LeaveOver, vec![("state", (*state).to_owned())]),
        LeaveRefusal::Begun => (failed, Reason::LeaveBegun, vec![]),
        LeaveRefusal::NotUnderWay => (failed, Reason::LeaveNotUnderWay, vec![]),
        LeaveRefusal::SamePerson => (failed, Reason::SamePerson, vec![]),
        LeaveRefusal::LateReasonNeeded => (failed, Reason::LeaveLateReasonNeeded, vec![]),
        LeaveRefusal::ExclusionDiffers => (failed, Reason::LeaveExclusionDiffers, vec![]),
        LeaveRefusal::TooLongAgo => (failed, Reason::LeaveTooLongAgo, vec![("days", DAYS_BACK_MAX.to_string())]),
        LeaveRefusal::Hindered(hindrance) => {
            let (reason, args) = hindered(*hindrance);
            (failed, reason, args)
        }
        LeaveRefusal::WarningsUnread(warnings) => {
            let told: Vec<String> = warnings.iter().map(|warning| text(&warned(*warning).message_id(), &[])).collect();
            (failed, Reason::LeaveWarningsUnread, vec![("warnings", told.join(" "))])
        }
        LeaveRefusal::BatchHindered { count, some } => {
            (failed, Reason::LeaveBatchHindered, vec![("count", count.to_string()), ("wearers", some.clone())])
        }
        LeaveRefusal::Nobody => (failed, Reason::LeaveBatchNobody, vec![]),
        LeaveRefusal::TooMany => (failed, Reason::LeaveBatchTooMany, vec![("max", BATCH_WEARERS_MAX.to_string())]),
        LeaveRefusal::BatchOver(state) => (failed, Reason::LeaveBatchOver, vec![("state", (*state).to_owned())]),
    };
    refusal(code, reason, &args)
}

/// What stands against a leave, as a list shows it.
pub(super) fn hindrance(hindrance: LeaveHindrance) -> LeaveReason {
    let (reason, args) = hindered(hindrance);
    let other_leave_id = if let LeaveHindrance::OtherLeave(leave_id) = hindrance { leave_id } else { 0 };
    LeaveReason { code: reason.code().to_owned(), message: text(&reason.message_id(), &args), other_leave_id }
}

/// What must be read before it is approved, as a list shows it.
pub(super) fn warning(warning: LeaveWarning) -> LeaveReason {
    let reason = warned(warning);
    LeaveReason { code: reason.code().to_owned(), message: text(&reason.message_id(), &[]), other_leave_id: 0 }
}

/// The warning of this code.
pub(super) fn warning_of(code: &str) -> Option<LeaveWarning> {
    LeaveWarning::ALL.into_iter().find(|warning| warned(*warning).code() == code)
}

fn hindered(hindrance: LeaveHindrance) -> (Reason, Args) {
    match hindrance {
        LeaveHindrance::UnknownWearer => (Reason::LeaveUnknownWearer, vec![]),
        LeaveHindrance::FileMerged => (Reason::LeaveFileMerged, vec![]),
        LeaveHindrance::NotMonitored => (Reason::LeaveNotMonitored, vec![]),
        LeaveHindrance::NoOrder => (Reason::LeaveNoOrder, vec![]),
        LeaveHindrance::OrderSuspended => (Reason::LeaveOrderSuspended, vec![]),
        LeaveHindrance::OtherLeave(leave_id) => (Reason::LeaveOtherLeave, vec![("leave", leave_id.to_string())]),
        LeaveHindrance::TooLong(hours) => (Reason::LeaveTooLong, vec![("hours", hours.to_string())]),
        LeaveHindrance::NoneForBasis => (Reason::LeaveNoneForBasis, vec![]),
    }
}

const fn warned(warning: LeaveWarning) -> Reason {
    match warning {
        LeaveWarning::StrapOpen => Reason::LeaveStrapOpen,
        LeaveWarning::CaseTamper => Reason::LeaveCaseTamper,
        LeaveWarning::InclusionBroken => Reason::LeaveInclusionBroken,
        LeaveWarning::ExclusionBroken => Reason::LeaveExclusionBroken,
        LeaveWarning::OrderEnds => Reason::LeaveOrderEnds,
    }
}
