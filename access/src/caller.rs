//! Who calls, with what right, and why: what every call carries from the gate to the query.

use crate::{AuditEntry, Role};
use std::sync::{Arc, Mutex, PoisonError};

/// Who it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// A person who has logged in.
    Person {
        /// Which person.
        person_id: i64,
        /// Which session.
        session_id: i64,
        /// The name to log in with.
        name: String,
    },
    /// A machine with a certificate.
    Machine {
        /// The certificate's name for it.
        name: String,
    },
    /// A command on the server itself, by a user of its operating system.
    Command {
        /// The user's name.
        user: String,
    },
    /// Somebody who has not logged in.
    Nobody,
}

/// A role in a unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// Which role.
    pub role: Role,
    /// Which unit.
    pub unit_id: i64,
    /// The unit's code.
    pub unit: String,
    /// The unit and every unit above it are switched on.
    pub in_force: bool,
}

/// Why a person's position, track or file is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Purpose {
    /// From the catalogue.
    pub code: String,
    /// The case's number; empty where none is needed.
    pub case_number: String,
    /// The catalogue says that it needs the place also inside a zone where the wearer is meant to be.
    pub needs_place: bool,
}

/// The key under which a change is asked for: asked again under the same key, it is not done again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Once {
    /// Of the caller's choice.
    pub key: String,
    /// SHA-256 of the request.
    pub digest: [u8; 32],
}

/// What a call concerns, for the audit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct About {
    wearer: String,
    subject: String,
}

/// One call's caller. It reaches the units of those grants whose role may make this call.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who.
    pub who: Who,
    /// The role in which the call is made; `None` where no role is needed.
    pub role: Option<Role>,
    /// The code of the unit of that role, for the audit.
    pub unit: String,
    /// The units of the grants: these and everything below them may be seen.
    pub roots: Vec<i64>,
    /// The method, or the command.
    pub act: String,
    /// Where the call comes from; empty for a command.
    pub address: String,
    /// Why, if it was said.
    pub purpose: Option<Purpose>,
    /// The key of a change that is done once.
    pub once: Option<Once>,
    about: Arc<Mutex<About>>,
}

impl Caller {
    /// Somebody whom nothing is known of yet.
    pub fn nobody(act: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            who: Who::Nobody,
            role: None,
            unit: String::new(),
            roots: Vec::new(),
            act: act.into(),
            address: address.into(),
            purpose: None,
            once: None,
            about: Arc::default(),
        }
    }

    /// A command on the server itself: it sees everything, as whoever runs it could read the database as well.
    pub fn command(user: impl Into<String>, act: impl Into<String>) -> Self {
        Self { who: Who::Command { user: user.into() }, roots: vec![CENTRAL_UNIT], ..Self::nobody(act, "") }
    }

    /// The same call, now that it is known who makes it.
    #[must_use]
    pub fn known_as(self, who: Who) -> Self {
        Self { who, ..self }
    }

    /// In the grants whose role is one of `roles` and that are in force; `None` if there are none.
    #[must_use]
    pub fn with_grants(mut self, grants: &[Grant], roles: &[Role]) -> Option<Self> {
        let mut fitting = grants.iter().filter(|grant| grant.in_force && roles.contains(&grant.role));
        let first = fitting.next()?;
        self.role = Some(first.role);
        self.unit.clone_from(&first.unit);
        self.roots = std::iter::once(first).chain(fitting).map(|grant| grant.unit_id).collect();
        Some(self)
    }

    /// Notes whom the call concerns, by file reference: for the audit, whether it succeeds or not.
    pub fn about_wearer(&self, reference: &str) {
        self.about.lock().unwrap_or_else(PoisonError::into_inner).wearer = clipped(reference);
    }

    /// Notes what else the call concerns: `alert 42`.
    pub fn about(&self, subject: impl Into<String>) {
        self.about.lock().unwrap_or_else(PoisonError::into_inner).subject = clipped(&subject.into());
    }

    /// The audit's entry of this call with this result: `done`, or the code of a refusal.
    pub fn entry(&self, result: &str) -> AuditEntry {
        let about = self.about.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let purpose = self.purpose.as_ref();
        AuditEntry {
            who: self.who.to_string(),
            role: self.role.map_or(String::new(), |role| role.name().to_owned()),
            unit: self.unit.clone(),
            act: self.act.clone(),
            wearer: about.wearer,
            subject: about.subject,
            purpose: purpose.map_or(String::new(), |purpose| purpose.code.clone()),
            case_number: purpose.map_or(String::new(), |purpose| purpose.case_number.clone()),
            address: self.address.clone(),
            result: result.to_owned(),
        }
    }

    /// The person, if it is one.
    pub fn person_id(&self) -> Option<i64> {
        match self.who {
            Who::Person { person_id, .. } => Some(person_id),
            _ => None,
        }
    }

    /// The session, if a person calls.
    pub fn session_id(&self) -> Option<i64> {
        match self.who {
            Who::Person { session_id, .. } => Some(session_id),
            _ => None,
        }
    }

    /// The name that others see: of the person, machine or user.
    pub fn name(&self) -> &str {
        match &self.who {
            Who::Person { name, .. } | Who::Machine { name } => name,
            Who::Command { user } => user,
            Who::Nobody => "",
        }
    }

    /// Whether every unit is within reach.
    pub fn reaches_all(&self) -> bool {
        self.roots.contains(&CENTRAL_UNIT)
    }
}

/// The number of the central unit: the first of every database.
pub const CENTRAL_UNIT: i64 = 1;

/// Longest text that the audit takes of what a caller sent, characters. More is cut off.
const ABOUT_CHARACTERS_MAX: usize = 200;

fn clipped(text: &str) -> String {
    // The database's texts cannot hold the character of number 0.
    text.chars().filter(|character| *character != '\0').take(ABOUT_CHARACTERS_MAX).collect()
}

impl std::fmt::Display for Who {
    /// As in the audit: `person:sara`, `machine:wall-3`, `command:root`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person { name, .. } => write!(f, "person:{name}"),
            Self::Machine { name } => write!(f, "machine:{name}"),
            Self::Command { user } => write!(f, "command:{user}"),
            Self::Nobody => f.write_str("nobody"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Caller, Grant, Role};

    fn grant(role: Role, unit_id: i64, in_force: bool) -> Grant {
        Grant { role, unit_id, unit: format!("unit-{unit_id}"), in_force }
    }

    #[test]
    fn a_call_reaches_the_units_of_the_roles_that_may_make_it() {
        let grants = [
            grant(Role::Operator, 5, true),
            grant(Role::Finance, 6, true),
            grant(Role::Operator, 7, true),
            grant(Role::Operator, 8, false),
        ];
        let caller = Caller::nobody("x", "").with_grants(&grants, &[Role::Operator, Role::Supervisor]).unwrap();
        assert_eq!((caller.role, caller.unit.as_str(), caller.roots), (Some(Role::Operator), "unit-5", vec![5, 7]));
        assert!(Caller::nobody("x", "").with_grants(&grants, &[Role::Auditor]).is_none());
        assert!(Caller::nobody("x", "").with_grants(&grants[3..], &[Role::Operator]).is_none(), "its unit is switched off");
    }

    #[test]
    fn what_a_caller_sends_cannot_swell_the_audit() {
        let caller = Caller::nobody("x", "");
        caller.about_wearer(&format!("a\0{}", "ب".repeat(500)));
        assert_eq!(caller.entry("done").wearer.chars().count(), 200);
        assert!(!caller.entry("done").wearer.contains('\0'));
    }
}
