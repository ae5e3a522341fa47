//! Where a wearer and the family are reached.

use crate::StoreError;
use serde_json::{Value, json};

/// What kind of address it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContactKind {
    /// A telephone: found by any part of its number.
    Phone,
    /// A postal address.
    Address,
    /// An address for electronic mail.
    Email,
}

impl ContactKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Phone, Self::Address, Self::Email];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Email => "email",
        }
    }
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// What it is.
    pub kind: ContactKind,
    /// A telephone's digits; `+` only in front.
    pub value: String,
    /// Whose it is: the wearer's own, the mother's, the employer's.
    pub whose: String,
}

pub(super) fn contacts_json(contacts: &[Contact]) -> String {
    let one = |contact: &Contact| json!({"kind": contact.kind.name(), "value": contact.value, "whose": contact.whose});
    Value::Array(contacts.iter().map(one).collect()).to_string()
}

pub(super) fn contacts_read(text: &str) -> Result<Vec<Contact>, StoreError> {
    let unreadable = || StoreError::Unreadable("the contacts of a wearer".to_owned());
    let all: Vec<Value> = serde_json::from_str(text).map_err(|_| unreadable())?;
    let one = |contact: &Value| {
        let text = |name: &str| contact.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = ContactKind::ALL.into_iter().find(|kind| contact.get("kind").and_then(Value::as_str) == Some(kind.name()))?;
        Some(Contact { kind, value: text("value")?, whose: text("whose")? })
    };
    all.iter().map(|contact| one(contact).ok_or_else(unreadable)).collect()
}
