//! How long a session may last.

use crate::Role;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a session of a role lasts without a call, and at the longest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionLimits {
    /// Without a call.
    pub idle: Duration,
    /// In all.
    pub longest: Duration,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

impl SessionLimits {
    /// What suits a role: a room's operators keep a seat for a shift and need not touch it; who changes or releases things is asked again sooner.
    pub const fn of(role: Role) -> Self {
        let (idle, longest) = match role {
            Role::Operator | Role::CentralOperator => (13 * HOUR, 13 * HOUR),
            Role::Intake | Role::Technical | Role::Finance | Role::Technician => (30 * MINUTE, 12 * HOUR),
            Role::Supervisor | Role::Auditor | Role::Administrator => (15 * MINUTE, 8 * HOUR),
        };
        Self { idle: Duration::from_secs(idle), longest: Duration::from_secs(longest) }
    }

    /// For a person with these roles: the narrowest of each. Without a role, what suits an administrator.
    pub fn of_roles(roles: impl IntoIterator<Item = Role>, chosen: &BTreeMap<Role, Self>) -> Self {
        let of = |role: Role| chosen.get(&role).copied().unwrap_or_else(|| Self::of(role));
        let narrower = |one: Self, other: Self| Self { idle: one.idle.min(other.idle), longest: one.longest.min(other.longest) };
        roles.into_iter().map(of).reduce(narrower).unwrap_or_else(|| of(Role::Administrator))
    }
}

#[cfg(test)]
mod tests {
    use super::{BTreeMap, Duration, Role, SessionLimits};

    #[test]
    fn of_several_roles_the_narrowest_limits_hold() {
        let chosen =
            BTreeMap::from([(Role::Finance, SessionLimits { idle: Duration::from_secs(7), longest: Duration::from_secs(90_000) })]);
        let both = SessionLimits::of_roles([Role::Operator, Role::Finance], &chosen);
        assert_eq!((both.idle.as_secs(), both.longest.as_secs()), (7, 13 * 3600));
        assert_eq!(SessionLimits::of_roles([], &chosen), SessionLimits::of(Role::Administrator));
    }
}
