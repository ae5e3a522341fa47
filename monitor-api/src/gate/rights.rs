//! Who may call what: read from the schemas, where each method declares it.

use access::Role;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use proto::access as schema;
use std::collections::BTreeMap;

/// Why the table of rights cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RightsError {
    /// The descriptors do not decode.
    #[error("the schemas cannot be read: {0}")]
    Schema(String),
    /// The schemas do not define the option.
    #[error("the schemas do not define the option {}", proto::ACCESS_OPTION)]
    NoOption,
    /// A method that everybody would be refused.
    #[error("{0} does not declare who may call it")]
    Undeclared(String),
    /// A method declares what makes no sense.
    #[error("{method}: {mistake}")]
    Senseless {
        /// Which method.
        method: String,
        /// What is wrong.
        mistake: &'static str,
    },
}

/// The rights of one method.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MethodRights {
    /// Who may call it, within the units of their grants.
    pub roles: Vec<Role>,
    /// Anybody, without having logged in.
    pub anyone: bool,
    /// Every person who has logged in, on what is the caller's own.
    pub own: bool,
    /// It shows a person's position, track, file or alerts: a look.
    pub is_look: bool,
    /// It changes something.
    pub is_change: bool,
    /// It needs a purpose.
    pub purpose: bool,
    /// It needs password and second factor of the last minutes.
    pub fresh: bool,
    /// It needs a second person.
    pub second_person: bool,
    /// It needs a key, and is done once under it.
    pub once: bool,
}

/// The table: every method of every service of paband, by its path `/package.Service/Method`.
#[derive(Clone, Debug)]
pub struct Rights {
    methods: BTreeMap<String, MethodRights>,
}

impl Rights {
    /// What the schemas declare.
    ///
    /// # Errors
    /// When a method declares nothing, or nothing that makes sense: the service then does not start.
    pub fn declared() -> Result<Self, RightsError> {
        let pool = DescriptorPool::decode(proto::DESCRIPTORS).map_err(|error| RightsError::Schema(error.to_string()))?;
        let mut methods = BTreeMap::new();
        for service in pool.services() {
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                let rights = read(&pool, &method, &path)?;
                methods.insert(path, rights);
            }
        }
        Ok(Self { methods })
    }

    /// The rights of a method; `None` = nobody may call it.
    pub fn of(&self, path: &str) -> Option<&MethodRights> {
        self.methods.get(path)
    }

    /// All methods in the order of their paths.
    pub fn all(&self) -> impl Iterator<Item = (&str, &MethodRights)> {
        self.methods.iter().map(|(path, rights)| (path.as_str(), rights))
    }
}

fn read(pool: &DescriptorPool, method: &MethodDescriptor, path: &str) -> Result<MethodRights, RightsError> {
    let option = pool.get_extension_by_name(proto::ACCESS_OPTION).ok_or(RightsError::NoOption)?;
    let options = method.options();
    if !options.has_extension(&option) {
        return Err(RightsError::Undeclared(path.to_owned()));
    }
    let value = options.get_extension(&option);
    let declared = value.as_message().map(prost_reflect::DynamicMessage::transcode_to::<schema::Access>);
    let declared = declared.and_then(Result::ok).ok_or(RightsError::NoOption)?;
    let rights = MethodRights {
        roles: declared.roles().filter_map(role).collect(),
        anyone: declared.anyone,
        own: declared.own,
        is_look: declared.act() == schema::Act::Look,
        is_change: declared.act() == schema::Act::Change,
        purpose: declared.purpose,
        fresh: declared.fresh,
        second_person: declared.second_person,
        once: declared.once,
    };
    match mistake(&declared, &rights) {
        Some(mistake) => Err(RightsError::Senseless { method: path.to_owned(), mistake }),
        None => Ok(rights),
    }
}

fn mistake(declared: &schema::Access, rights: &MethodRights) -> Option<&'static str> {
    let ways = [!rights.roles.is_empty(), rights.anyone, rights.own].iter().filter(|way| **way).count();
    if declared.roles.len() != rights.roles.len() {
        return Some("it names a role that does not exist");
    }
    if ways != 1 {
        return Some("it must be for roles, or for anyone, or for one's own, and for exactly one of them");
    }
    if declared.act() == schema::Act::Unspecified {
        return Some("it must say whether it reads, looks or changes");
    }
    if rights.once && (!rights.is_change || rights.roles.is_empty()) {
        return Some("only a change by a role is done once under a key");
    }
    if rights.anyone && (rights.fresh || rights.second_person || rights.purpose) {
        return Some("what anyone may call can ask for nothing more");
    }
    None
}

/// The role of the schema's number.
pub(crate) fn role(role: schema::Role) -> Option<Role> {
    Some(match role {
        schema::Role::Unspecified => return None,
        schema::Role::Operator => Role::Operator,
        schema::Role::CentralOperator => Role::CentralOperator,
        schema::Role::Intake => Role::Intake,
        schema::Role::Technical => Role::Technical,
        schema::Role::Finance => Role::Finance,
        schema::Role::Supervisor => Role::Supervisor,
        schema::Role::Auditor => Role::Auditor,
        schema::Role::Administrator => Role::Administrator,
        schema::Role::Technician => Role::Technician,
    })
}

#[cfg(test)]
mod tests {
    use super::{Rights, Role, role};
    use proto::access as schema;

    #[test]
    fn every_method_declares_who_may_call_it() {
        let rights = Rights::declared().unwrap();
        assert!(rights.all().count() >= 30, "the table has {} methods", rights.all().count());
        assert!(rights.of("/paband.monitor.v1.Alerts/Watch").unwrap().roles.contains(&Role::Operator));
        assert!(rights.of("/paband.monitor.v1.Alerts/Delete").is_none());
    }

    #[test]
    fn the_administrator_sees_no_case_and_the_technician_nothing_of_a_person() {
        let rights = Rights::declared().unwrap();
        for (path, method) in rights.all().filter(|(_, method)| method.is_look) {
            assert!(!method.roles.contains(&Role::Administrator) && !method.roles.contains(&Role::Technician), "{path}");
        }
    }

    #[test]
    fn every_role_of_the_schema_is_one_here() {
        let roles: Vec<Role> = (1..=9).map(|number| role(schema::Role::try_from(number).unwrap()).unwrap()).collect();
        assert_eq!(roles, Role::ALL);
        assert!(schema::Role::try_from(10).is_err(), "a new role must be known here");
    }
}
