//! The inspection of a home: what follows what, who does not decide, what is missing there, what comes first and what waits too long.

use chrono::{DateTime, TimeDelta, Utc};

/// An appointment is at most so many days ahead.
pub const APPOINTMENT_DAYS_MAX: i64 = 90;

/// A visit is recorded at most so many days afterwards.
pub const VISIT_DAYS_BACK_MAX: i64 = 31;

/// Weakest mobile network with which a tag still reports, dBm.
pub const GSM_DBM_MIN: i32 = -105;

/// Fewest satellites, and worst accuracy in metres, with which a position counts (the judgement's accuracy cap).
pub const GNSS_SATELLITES_MIN: u32 = 4;
/// See [`GNSS_SATELLITES_MIN`].
pub const GNSS_ACCURACY_M_MAX: f64 = 100.0;

/// How an inspection stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum InspectionState {
    /// Waits for an appointment.
    Requested,
    /// Waits for the wearer's yes.
    Appointed,
    /// Waits for the visit.
    Confirmed,
    /// Waits for a decision.
    Visited,
    /// Has a certificate.
    Suitable,
    /// May be objected to.
    Unsuitable,
    /// The objection waits for an answer.
    Objected,
    /// The objection was rejected: unsuitable for good.
    Upheld,
    /// Not needed any more.
    Withdrawn,
}

/// What somebody does with an inspection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InspectionAct {
    /// A time for the visit, or another one.
    Propose,
    /// The wearer or the family will be there.
    Confirm,
    /// The home was seen.
    Visit,
    /// Nobody was met.
    VisitInVain,
    /// The home is suitable.
    Accept,
    /// It is not.
    Reject,
    /// The wearer objects to that.
    Object,
    /// The objection is right: visited again.
    AnswerUpheld,
    /// It is not.
    AnswerRejected,
    /// Not needed any more.
    Withdraw,
}

/// Why an inspection was not changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InspectionRefusal {
    /// No such inspection within reach.
    #[error("there is no such inspection here")]
    Unknown,
    /// The wearer has one that is not decided.
    #[error("the wearer has an inspection under way")]
    UnderWay,
    /// Not possible as it stands.
    #[error("not possible: the inspection is {0}")]
    NotSo(&'static str),
    /// Who visited does not decide; who decided does not answer an objection.
    #[error("another person must do it")]
    SamePerson,
    /// Suitable in spite of shortcomings needs reasons.
    #[error("suitable in spite of shortcomings, without reasons")]
    Shortcomings,
}

impl InspectionState {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Requested,
        Self::Appointed,
        Self::Confirmed,
        Self::Visited,
        Self::Suitable,
        Self::Unsuitable,
        Self::Objected,
        Self::Upheld,
        Self::Withdrawn,
    ];

    /// Its word towards programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Appointed => "appointed",
            Self::Confirmed => "confirmed",
            Self::Visited => "visited",
            Self::Suitable => "suitable",
            Self::Unsuitable => "unsuitable",
            Self::Objected => "objected",
            Self::Upheld => "upheld",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// As the database has it: its state, its result, whether there is an objection, whether that was rejected.
    pub fn of(state: &str, result: Option<&str>, has_objection: bool, is_rejected: bool) -> Option<Self> {
        Some(match (state, result) {
            ("requested", None) => Self::Requested,
            ("appointed", None) => Self::Appointed,
            ("confirmed", None) => Self::Confirmed,
            ("visited", None) => Self::Visited,
            ("withdrawn", None) => Self::Withdrawn,
            ("decided", Some("suitable")) => Self::Suitable,
            ("decided", Some("unsuitable")) if is_rejected => Self::Upheld,
            ("decided", Some("unsuitable")) if has_objection => Self::Objected,
            ("decided", Some("unsuitable")) => Self::Unsuitable,
            _ => return None,
        })
    }

    /// How it stands after this act.
    ///
    /// # Errors
    /// When the act is not possible as it stands.
    pub fn after(self, act: InspectionAct) -> Result<Self, InspectionRefusal> {
        use InspectionAct as Act;
        Ok(match (self, act) {
            (Self::Requested | Self::Appointed | Self::Confirmed, Act::Propose) => Self::Appointed,
            (Self::Appointed, Act::Confirm) => Self::Confirmed,
            (Self::Confirmed, Act::Visit) => Self::Visited,
            (Self::Confirmed, Act::VisitInVain) => Self::Requested,
            (Self::Visited, Act::Accept) => Self::Suitable,
            (Self::Visited, Act::Reject) => Self::Unsuitable,
            (Self::Unsuitable, Act::Object) => Self::Objected,
            (Self::Objected, Act::AnswerUpheld) => Self::Requested,
            (Self::Objected, Act::AnswerRejected) => Self::Upheld,
            (Self::Requested | Self::Appointed | Self::Confirmed | Self::Visited, Act::Withdraw) => Self::Withdrawn,
            _ => return Err(InspectionRefusal::NotSo(self.name())),
        })
    }

    /// How long it may wait so; `None` = it waits for nobody, or (confirmed) for the appointment.
    pub const fn waits_at_most(self) -> Option<TimeDelta> {
        match self {
            Self::Requested => Some(TimeDelta::days(3)),
            Self::Appointed | Self::Visited | Self::Objected => Some(TimeDelta::days(2)),
            _ => None,
        }
    }

    /// It has waited too long: beyond what its state allows, or the appointment has passed.
    pub fn is_overdue(self, since: DateTime<Utc>, appointment_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
        let has_passed = matches!(self, Self::Appointed | Self::Confirmed) && appointment_at.is_some_and(|at| at < now);
        has_passed || self.waits_at_most().is_some_and(|most| now - since > most)
    }

    /// The place in the list of work, lowest first: objections, what is visited again after one, the rest.
    pub const fn rank(self, priority: bool) -> u8 {
        match self {
            Self::Objected => 0,
            _ if priority => 1,
            _ => 2,
        }
    }
}

/// What was found at a home.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Checklist {
    /// Mains power where the tag is charged.
    pub mains_power: bool,
    /// Satellites used inside.
    pub gnss_satellites: u32,
    /// Accuracy of a fix inside, metres.
    pub gnss_accuracy_m: f64,
    /// Strength of the mobile network inside, dBm.
    pub gsm_dbm: i32,
    /// The owner agrees.
    pub landlord_consents: bool,
    /// Those who live there agree.
    pub household_consents: bool,
    /// Who live there beside the wearer.
    pub persons: u32,
    /// Empty = none.
    pub telephone: String,
    /// What else is to be said.
    pub note: String,
}

/// What speaks against a home.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shortcoming {
    /// Nothing to charge the tag with.
    NoPower,
    /// The tag would not be heard.
    WeakNetwork,
    /// The tag would have no position.
    NoPosition,
    /// The owner does not agree.
    NoLandlordConsent,
    /// Those who live there do not agree.
    NoHouseholdConsent,
}

impl Checklist {
    /// What speaks against this home.
    pub fn shortcomings(&self) -> Vec<Shortcoming> {
        let has_position = self.gnss_satellites >= GNSS_SATELLITES_MIN && self.gnss_accuracy_m <= GNSS_ACCURACY_M_MAX;
        let all = [
            (!self.mains_power).then_some(Shortcoming::NoPower),
            (self.gsm_dbm < GSM_DBM_MIN).then_some(Shortcoming::WeakNetwork),
            (!has_position).then_some(Shortcoming::NoPosition),
            (!self.landlord_consents).then_some(Shortcoming::NoLandlordConsent),
            (!self.household_consents).then_some(Shortcoming::NoHouseholdConsent),
        ];
        all.into_iter().flatten().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_that_is_not_in_the_table_is_refused() {
        use InspectionAct::*;
        use InspectionState::*;
        let acts = [Propose, Confirm, Visit, VisitInVain, Accept, Reject, Object, AnswerUpheld, AnswerRejected, Withdraw];
        const NO: Option<InspectionState> = None;
        let table: [(InspectionState, [Option<InspectionState>; 10]); 9] = [
            (Requested, [Some(Appointed), NO, NO, NO, NO, NO, NO, NO, NO, Some(Withdrawn)]),
            (Appointed, [Some(Appointed), Some(Confirmed), NO, NO, NO, NO, NO, NO, NO, Some(Withdrawn)]),
            (Confirmed, [Some(Appointed), NO, Some(Visited), Some(Requested), NO, NO, NO, NO, NO, Some(Withdrawn)]),
            (Visited, [NO, NO, NO, NO, Some(Suitable), Some(Unsuitable), NO, NO, NO, Some(Withdrawn)]),
            (Suitable, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
            (Unsuitable, [NO, NO, NO, NO, NO, NO, Some(Objected), NO, NO, NO]),
            (Objected, [NO, NO, NO, NO, NO, NO, NO, Some(Requested), Some(Upheld), NO]),
            (Upheld, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
            (Withdrawn, [NO, NO, NO, NO, NO, NO, NO, NO, NO, NO]),
        ];
        assert_eq!(table.map(|(state, _)| state), InspectionState::ALL);
        for (state, row) in table {
            for (act, expected) in acts.into_iter().zip(row) {
                let expected = expected.ok_or(InspectionRefusal::NotSo(state.name()));
                assert_eq!(state.after(act), expected, "{act:?} on {state:?}");
            }
        }
    }

    #[test]
    fn what_waits_too_long_is_marked() {
        use InspectionState::*;
        let at = |hours: i64| DateTime::from_timestamp(1_790_000_000 + hours * 3600, 0).unwrap();
        for (state, appointment, now, is_overdue) in [
            (Requested, None, 72, false),
            (Requested, None, 73, true),
            (Appointed, Some(100), 48, false),
            (Appointed, Some(100), 49, true),
            (Appointed, Some(10), 11, true),
            (Confirmed, Some(500), 400, false),
            (Confirmed, Some(500), 501, true),
            (Visited, Some(1), 48, false),
            (Visited, Some(1), 49, true),
            (Objected, None, 49, true),
            (Unsuitable, None, 9999, false),
            (Suitable, Some(1), 9999, false),
            (Withdrawn, Some(1), 9999, false),
        ] {
            assert_eq!(state.is_overdue(at(0), appointment.map(at), at(now)), is_overdue, "{state:?} {appointment:?} {now}");
        }
        assert!(Objected.rank(false) < Requested.rank(true) && Requested.rank(true) < Requested.rank(false));
    }

    #[test]
    fn a_home_without_power_network_position_or_consent_has_shortcomings() {
        let good = Checklist {
            mains_power: true,
            gnss_satellites: 4,
            gnss_accuracy_m: 100.0,
            gsm_dbm: -105,
            landlord_consents: true,
            household_consents: true,
            ..Checklist::default()
        };
        for (checklist, expected) in [
            (good.clone(), vec![]),
            (Checklist { mains_power: false, ..good.clone() }, vec![Shortcoming::NoPower]),
            (Checklist { gsm_dbm: -106, ..good.clone() }, vec![Shortcoming::WeakNetwork]),
            (Checklist { gnss_satellites: 3, ..good.clone() }, vec![Shortcoming::NoPosition]),
            (Checklist { gnss_accuracy_m: 100.1, ..good.clone() }, vec![Shortcoming::NoPosition]),
            (Checklist { gnss_accuracy_m: f64::NAN, ..good.clone() }, vec![Shortcoming::NoPosition]),
            (
                Checklist { landlord_consents: false, household_consents: false, ..good },
                vec![Shortcoming::NoLandlordConsent, Shortcoming::NoHouseholdConsent],
            ),
        ] {
            assert_eq!(checklist.shortcomings(), expected, "{checklist:?}");
        }
    }
}
