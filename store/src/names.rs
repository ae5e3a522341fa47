//! The names of kinds and reasons as the database holds them, read back.

use crate::StoreError;
use geofence::{EndReason, ViolationKind};

pub(crate) fn kind_named(name: &str) -> Result<ViolationKind, StoreError> {
    ViolationKind::ALL
        .into_iter()
        .find(|kind| kind.name() == name)
        .ok_or_else(|| StoreError::Unreadable(format!("a violation of kind {name:?}")))
}

pub(crate) fn reason_named(name: &str) -> Result<EndReason, StoreError> {
    EndReason::ALL
        .into_iter()
        .find(|reason| reason.name() == name)
        .ok_or_else(|| StoreError::Unreadable(format!("the end reason {name:?}")))
}

#[cfg(test)]
mod tests {
    use super::{EndReason, ViolationKind, kind_named, reason_named};

    #[test]
    fn every_name_is_read_back_and_no_other() {
        for kind in ViolationKind::ALL {
            assert_eq!(kind_named(kind.name()).unwrap(), kind);
        }
        for reason in EndReason::ALL {
            assert_eq!(reason_named(reason.name()).unwrap(), reason);
        }
        assert!(kind_named("Sos").is_err());
        assert!(reason_named("").is_err());
    }
}
