//! What a person or a machine does in a unit.

use serde::{Deserialize, Serialize};

/// A role. It is always held in a unit, and reaches that unit and everything below it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Watches the alerts of a monitoring room.
    Operator,
    /// Watches the whole country, from the central unit.
    CentralOperator,
    /// Enrols wearers: orders, zones, leave.
    Intake,
    /// Fits, exchanges and removes tags.
    Technical,
    /// Tariffs, invoices, payments.
    Finance,
    /// The eye of the judge and of the organisation: holds, releases of data.
    Supervisor,
    /// Reads the audit.
    Auditor,
    /// Runs the system: people, units, roles. Sees no case.
    Administrator,
    /// The executor's technician: the inventory of tags and nothing else (directive, article 9).
    Technician,
}

impl Role {
    /// All there are, in the order of the schema.
    pub const ALL: [Self; 9] = [
        Self::Operator,
        Self::CentralOperator,
        Self::Intake,
        Self::Technical,
        Self::Finance,
        Self::Supervisor,
        Self::Auditor,
        Self::Administrator,
        Self::Technician,
    ];

    /// Its name in the database, in certificates and on the command line: `central_operator`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::CentralOperator => "central_operator",
            Self::Intake => "intake",
            Self::Technical => "technical",
            Self::Finance => "finance",
            Self::Supervisor => "supervisor",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::Technician => "technician",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Whether it may be held only in the central unit.
    pub const fn is_central(self) -> bool {
        matches!(self, Self::CentralOperator)
    }
}

#[cfg(test)]
mod tests {
    use super::Role;

    #[test]
    fn a_role_is_found_by_its_name() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
        }
        assert_eq!(Role::named("Operator"), None);
        assert_eq!(Role::named(""), None);
    }
}
