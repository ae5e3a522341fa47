//! Taking a tag off: why, in which condition it comes back, what follows for the deposit, and whether one person may decide it.

/// Defines an enum whose variants have names in the database.
macro_rules! named {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// As the database says it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The one of that name.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

named! {
    /// Why a tag was taken off.
    RemovalReason {
        /// The order ended.
        OrderEnded = "order_ended",
        /// It was revoked.
        OrderRevoked = "order_revoked",
        /// The wearer is in hospital.
        Hospital = "hospital",
        /// The wearer is back in prison.
        Prison = "prison",
        /// The wearer died.
        Death = "death",
        /// Another tag took its place.
        Replacement = "replacement",
        /// As the explanation says.
        Other = "other",
    }
}

named! {
    /// How the equipment came back.
    Condition {
        /// As it went out.
        Good = "good",
        /// Used, and works.
        Worn = "worn",
        /// Broken.
        Damaged = "damaged",
        /// Not at all.
        Missing = "missing",
    }
}

named! {
    /// Why another tag takes a tag's place.
    ReplacementReason {
        /// It does not work.
        Faulty = "faulty",
        /// Its battery is worn out.
        Battery = "battery",
        /// It was damaged.
        Damaged = "damaged",
        /// It is not there any more.
        Lost = "lost",
        /// Its strap.
        Strap = "strap",
        /// As the note says.
        Other = "other",
    }
}

named! {
    /// Who pays for a replacement.
    Payer {
        /// The prisons organisation.
        Organisation = "organisation",
        /// The wearer.
        Wearer = "wearer",
        /// The company that supplies the tags.
        Executor = "executor",
    }
}

/// What follows for the deposit. Proposed here, carried out by finance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DepositConsequence {
    /// There was none, or another tag took the place.
    None,
    /// All of it goes back.
    Release,
    /// So many rial are kept, the rest goes back.
    KeepPart {
        /// Above 0.
        rial: i64,
    },
    /// Nothing goes back.
    KeepAll,
}

impl DepositConsequence {
    /// As the database says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Release => "release",
            Self::KeepPart { .. } => "keep_part",
            Self::KeepAll => "keep_all",
        }
    }

    /// What is kept, where it is a part.
    pub const fn rial(self) -> Option<i64> {
        match self {
            Self::KeepPart { rial } => Some(rial),
            _ => None,
        }
    }

    /// The one of that name.
    pub fn named(name: &str, rial: Option<i64>) -> Option<Self> {
        match (name, rial) {
            ("none", None) => Some(Self::None),
            ("release", None) => Some(Self::Release),
            ("keep_part", Some(rial)) if rial > 0 => Some(Self::KeepPart { rial }),
            ("keep_all", None) => Some(Self::KeepAll),
            _ => None,
        }
    }
}

/// Whether taking a tag off needs a second person: while an order is in force and not suspended, it stops what a judge ordered.
pub const fn removal_needs_second_person(order_in_force: bool, is_suspended: bool) -> bool {
    order_in_force && !is_suspended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_while_an_order_binds_a_second_person_is_needed() {
        for (in_force, suspended, needed) in [(true, false, true), (true, true, false), (false, false, false), (false, true, false)] {
            assert_eq!(removal_needs_second_person(in_force, suspended), needed, "{in_force} {suspended}");
        }
    }

    #[test]
    fn a_part_of_the_deposit_has_an_amount_and_nothing_else_has_one() {
        for consequence in
            [DepositConsequence::None, DepositConsequence::Release, DepositConsequence::KeepPart { rial: 1 }, DepositConsequence::KeepAll]
        {
            assert_eq!(DepositConsequence::named(consequence.name(), consequence.rial()), Some(consequence));
        }
        for (name, rial) in [("keep_part", None), ("keep_part", Some(0)), ("keep_part", Some(-1)), ("release", Some(5)), ("", None)] {
            assert_eq!(DepositConsequence::named(name, rial), None, "{name} {rial:?}");
        }
    }

    #[test]
    fn names_lead_back() {
        assert!(RemovalReason::ALL.iter().all(|one| RemovalReason::named(one.name()) == Some(*one)));
        assert!(Condition::ALL.iter().all(|one| Condition::named(one.name()) == Some(*one)));
        assert!(ReplacementReason::ALL.iter().all(|one| ReplacementReason::named(one.name()) == Some(*one)));
        assert!(Payer::ALL.iter().all(|one| Payer::named(one.name()) == Some(*one)));
        assert_eq!(Payer::named("nobody"), None);
    }
}
