//! The configuration of sessions: how long those of each role last.

use access::{Role, SessionLimits};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long people stay logged in.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sessions {
    /// So long after password and second factor were given dangerous acts are allowed, seconds.
    pub fresh_s: u64,
    /// By role; who holds several has the narrowest limits of them.
    pub roles: BTreeMap<Role, RoleSessions>,
}

/// How long a session of one role lasts.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSessions {
    /// Without a call, seconds. An open stream is no call.
    pub idle_s: u64,
    /// In all, seconds.
    pub longest_s: u64,
}

impl Default for Sessions {
    fn default() -> Self {
        let of = |role: Role| {
            let limits = SessionLimits::of(role);
            (role, RoleSessions { idle_s: limits.idle.as_secs(), longest_s: limits.longest.as_secs() })
        };
        Self { fresh_s: 600, roles: Role::ALL.into_iter().map(of).collect() }
    }
}

impl Sessions {
    /// Refuses what makes no sense.
    pub fn check(&self) -> anyhow::Result<()> {
        for (role, limits) in &self.roles {
            anyhow::ensure!(
                limits.idle_s >= 60 && limits.longest_s >= limits.idle_s && limits.longest_s <= 7 * 86_400,
                "sessions.roles.{}: idle_s must be at least 60, longest_s at least idle_s and at most 7 days",
                role.name()
            );
        }
        anyhow::ensure!((60..=3600).contains(&self.fresh_s), "sessions.fresh_s must be 60 to 3600");
        Ok(())
    }

    /// As the service wants them.
    pub fn limits(&self) -> BTreeMap<Role, SessionLimits> {
        let seconds = Duration::from_secs;
        self.roles
            .iter()
            .map(|(role, limits)| (*role, SessionLimits { idle: seconds(limits.idle_s), longest: seconds(limits.longest_s) }))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Sessions;

    #[test]
    fn a_role_may_have_other_limits_and_senseless_ones_are_refused() {
        let read = |text: &str| {
            toml::from_str::<Sessions>(text).map_err(anyhow::Error::from).and_then(|sessions| sessions.check().map(|()| sessions))
        };
        assert_eq!(read("[roles.operator]\nidle_s = 600\nlongest_s = 3600\n").unwrap().roles.len(), 1);
        assert!(read("[roles.operator]\nidle_s = 1\nlongest_s = 3600\n").is_err());
        assert!(read("[roles.operator]\nidle_s = 600\nlongest_s = 60\n").is_err());
        assert!(read("[roles.king]\nidle_s = 600\nlongest_s = 3600\n").is_err());
        assert!(read("fresh_s = 1\n").is_err());
        Sessions::default().check().unwrap();
    }
}
