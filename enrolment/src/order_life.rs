//! The life of an order as its facts tell it: which may follow which.

use chrono::{DateTime, Utc};

/// What a fact says of its order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OrderFactKind {
    /// It begins.
    New,
    /// From here on it is another, whole: basis, regime, degree, planned end.
    Variation,
    /// It rests: hospital, back in prison.
    Suspension,
    /// It goes on.
    Resumption,
    /// An authority took it back.
    Revocation,
    /// It is served.
    End,
}

impl OrderFactKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::New, Self::Variation, Self::Suspension, Self::Resumption, Self::Revocation, Self::End];

    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Variation => "variation",
            Self::Suspension => "suspension",
            Self::Resumption => "resumption",
            Self::Revocation => "revocation",
            Self::End => "end",
        }
    }
}

/// A fact that was not cancelled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LifeFact {
    /// Its number within the order, in the order of recording, from 1.
    pub number: i32,
    /// What it says.
    pub kind: OrderFactKind,
    /// From when it holds; it may have been recorded later.
    pub at: DateTime<Utc>,
}

/// How an order stands after the last of its facts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderStanding {
    /// Every fact was cancelled: there never was such an order.
    Void,
    /// It is in force.
    InForce,
    /// It is in force and rests.
    Suspended,
    /// It was revoked or ended.
    Over,
}

/// Why a fact does not fit into the life of its order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LifeError {
    /// The order had not begun then.
    #[error("the order begins only later, or its beginning was cancelled")]
    NotBegun,
    /// It has a beginning already.
    #[error("the order began already")]
    BegunAlready,
    /// It rested already.
    #[error("the order is suspended then already")]
    SuspendedAlready,
    /// It did not rest.
    #[error("the order is not suspended then")]
    NotSuspended,
    /// It was over.
    #[error("the order is over by then")]
    Over,
    /// The fact itself fits, but this one, which holds from later on, no longer does.
    #[error("fact {0} of a later time no longer fits")]
    Follows(i32),
}

/// Goes through the facts by the time from which they hold, those of one instant as they were recorded.
///
/// # Errors
/// The number of the first fact that does not fit, and why.
pub fn order_life(facts: &[LifeFact]) -> Result<OrderStanding, (i32, LifeError)> {
    let mut facts = facts.to_vec();
    facts.sort_by_key(|fact| (fact.at, fact.number));
    facts.iter().try_fold(OrderStanding::Void, |standing, fact| after(standing, fact.kind).map_err(|error| (fact.number, error)))
}

/// Whether `new` may be recorded beside these facts.
///
/// # Errors
/// Why not.
pub fn fact_fits(facts: &[LifeFact], new: LifeFact) -> Result<OrderStanding, LifeError> {
    let facts: Vec<LifeFact> = facts.iter().copied().chain([new]).collect();
    order_life(&facts).map_err(|(number, error)| if number == new.number { error } else { LifeError::Follows(number) })
}

/// Whether the fact of this number may be cancelled.
///
/// # Errors
/// Which other fact would hang in the air: it is to be cancelled first.
pub fn fact_goes(facts: &[LifeFact], number: i32) -> Result<OrderStanding, LifeError> {
    let facts: Vec<LifeFact> = facts.iter().copied().filter(|fact| fact.number != number).collect();
    order_life(&facts).map_err(|(number, _)| LifeError::Follows(number))
}

fn after(standing: OrderStanding, kind: OrderFactKind) -> Result<OrderStanding, LifeError> {
    use OrderFactKind::{End, New, Resumption, Revocation, Suspension, Variation};
    match (standing, kind) {
        (OrderStanding::Void, New) => Ok(OrderStanding::InForce),
        (OrderStanding::Void, _) => Err(LifeError::NotBegun),
        (OrderStanding::Over, _) => Err(LifeError::Over),
        (_, New) => Err(LifeError::BegunAlready),
        (standing, Variation) => Ok(standing),
        (OrderStanding::InForce, Suspension) => Ok(OrderStanding::Suspended),
        (OrderStanding::Suspended, Suspension) => Err(LifeError::SuspendedAlready),
        (OrderStanding::Suspended, Resumption) => Ok(OrderStanding::InForce),
        (OrderStanding::InForce, Resumption) => Err(LifeError::NotSuspended),
        (_, Revocation | End) => Ok(OrderStanding::Over),
    }
}

#[cfg(test)]
mod tests {
    use super::OrderFactKind::{End, New, Resumption, Revocation, Suspension, Variation};
    use super::{LifeError, LifeFact, OrderFactKind, OrderStanding, fact_fits, fact_goes, order_life};
    use chrono::DateTime;
    use proptest::prelude::*;

    fn facts(given: &[(OrderFactKind, i64)]) -> Vec<LifeFact> {
        let fact = |(number, &(kind, day)): (usize, &(OrderFactKind, i64))| LifeFact {
            number: number as i32 + 1,
            kind,
            at: DateTime::from_timestamp(day * 86_400, 0).unwrap(),
        };
        given.iter().enumerate().map(fact).collect()
    }

    #[test]
    fn a_fact_is_recorded_only_where_it_fits() {
        let life = [(New, 10), (Suspension, 20), (Resumption, 30)];
        for (given, new, expected) in [
            (&life[..1], (Variation, 12), Ok(OrderStanding::InForce)),
            (&life[..1], (Variation, 9), Err(LifeError::NotBegun)),
            (&life[..1], (New, 12), Err(LifeError::BegunAlready)),
            (&life[..1], (Resumption, 12), Err(LifeError::NotSuspended)),
            (&life[..2], (Suspension, 25), Err(LifeError::SuspendedAlready)),
            (&life[..2], (Suspension, 15), Err(LifeError::Follows(2))),
            (&life[..2], (Variation, 25), Ok(OrderStanding::Suspended)),
            (&life[..2], (Revocation, 25), Ok(OrderStanding::Over)),
            (&life[..], (End, 25), Err(LifeError::Follows(3))),
            (&life[..], (Suspension, 30), Ok(OrderStanding::Suspended)),
            (&[(New, 10), (End, 20)], (Variation, 20), Err(LifeError::Over)),
            (&[(New, 10), (End, 20)], (Variation, 19), Ok(OrderStanding::Over)),
            (&[(New, 10), (End, 20)], (Revocation, 15), Err(LifeError::Follows(2))),
            (&[], (Suspension, 1), Err(LifeError::NotBegun)),
        ] {
            let mut all = facts(given);
            all.extend(facts(&[new]).into_iter().map(|fact| LifeFact { number: given.len() as i32 + 1, ..fact }));
            let new = all.pop().unwrap();
            assert_eq!(fact_fits(&all, new), expected, "{given:?} {new:?}");
        }
    }

    #[test]
    fn a_fact_on_which_another_rests_is_not_cancelled_before_that() {
        let all = facts(&[(New, 10), (Suspension, 20), (Resumption, 30), (End, 40)]);
        for (number, expected) in [
            (1, Err(LifeError::Follows(2))),
            (2, Err(LifeError::Follows(3))),
            (3, Ok(OrderStanding::Over)),
            (4, Ok(OrderStanding::InForce)),
        ] {
            assert_eq!(fact_goes(&all, number), expected, "{number}");
        }
        assert_eq!(fact_goes(&all[..1], 1), Ok(OrderStanding::Void));
    }

    /// The stupid twin: the life is a sentence in letters, and what may be said is rubbed out until nothing is left.
    fn twin(facts: &[LifeFact]) -> Option<OrderStanding> {
        let mut facts = facts.to_vec();
        facts.sort_by_key(|fact| (fact.at, fact.number));
        let letter = |fact: &LifeFact| match fact.kind {
            New => 'N',
            Variation => 'V',
            Suspension => 'S',
            Resumption => 'R',
            Revocation | End => 'X',
        };
        let sentence: String = facts.iter().map(letter).collect();
        let (body, standing) = match sentence.strip_prefix('N') {
            None => return sentence.is_empty().then_some(OrderStanding::Void),
            Some(rest) => match rest.strip_suffix('X') {
                Some(body) => (body, Some(OrderStanding::Over)),
                None => (rest, None),
            },
        };
        let mut rests = body.replace('V', "");
        while rests.contains("SR") {
            rests = rests.replacen("SR", "", 1);
        }
        // Resting within resting is nested by the rubbing out: only one at a time was ever open.
        let nested = body.replace('V', "").contains("SS");
        match rests.as_str() {
            _ if nested => None,
            "" => Some(standing.unwrap_or(OrderStanding::InForce)),
            "S" => Some(standing.unwrap_or(OrderStanding::Suspended)),
            _ => None,
        }
    }

    proptest! {
        #[test]
        fn a_life_is_judged_as_its_stupid_twin_judges_it(days in prop::collection::vec((0_usize..6, 0_i64..6), 0..8), begins in any::<bool>()) {
            let mut given: Vec<(OrderFactKind, i64)> = days.into_iter().map(|(kind, day)| (OrderFactKind::ALL[kind], day)).collect();
            if begins {
                given.retain(|(kind, _)| *kind != New);
                given.insert(0, (New, 0));
            }
            let all = facts(&given);
            prop_assert_eq!(order_life(&all).ok(), twin(&all));
        }

        /// However facts are recorded, one after the other and each only where it fits, the whole is always a life.
        #[test]
        fn what_is_recorded_and_cancelled_step_by_step_is_always_a_life(steps in prop::collection::vec((0_usize..6, 0_i64..30, any::<bool>()), 0..40)) {
            let mut known: Vec<LifeFact> = Vec::new();
            for (number, (kind, day, cancels)) in (1..).zip(steps) {
                if cancels && !known.is_empty() {
                    let victim = known[day as usize % known.len()].number;
                    if fact_goes(&known, victim).is_ok() {
                        known.retain(|fact| fact.number != victim);
                    }
                } else {
                    let new = LifeFact { number, kind: OrderFactKind::ALL[kind], at: DateTime::from_timestamp(day, 0).unwrap() };
                    if fact_fits(&known, new).is_ok() {
                        known.push(new);
                    }
                }
                prop_assert!(twin(&known).is_some());
            }
        }
    }
}
