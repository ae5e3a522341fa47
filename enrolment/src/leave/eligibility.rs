//! Who may have leave, why others may not, and what whoever approves it must have read.

use chrono::{DateTime, TimeDelta, Utc};

/// How a leave is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaveKind {
    /// With nights, in days.
    Overnight,
    /// Some hours.
    Hours,
}

impl LeaveKind {
    /// Its name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overnight => "overnight",
            Self::Hours => "hours",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Overnight, Self::Hours].into_iter().find(|kind| kind.name() == name)
    }
}

/// From when to when, and how it is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeaveTerms {
    /// First instant.
    pub from: DateTime<Utc>,
    /// First instant after it.
    pub to: DateTime<Utc>,
    /// How it is measured.
    pub kind: LeaveKind,
}

/// What the legal basis of an order allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeaveLimits {
    /// Leave at all.
    pub is_allowed: bool,
    /// Days of leave with nights.
    pub days_max: i32,
    /// Hours of leave by hours.
    pub hours_max: i32,
}

/// What counts when a wearer shall get leave.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LeaveFacts {
    /// The wearer is known to who asks.
    pub is_known: bool,
    /// The file was merged into another one of the same person.
    pub is_merged: bool,
    /// A tag is fitted at some time of the leave.
    pub is_fitted: bool,
    /// What the order in force at the beginning allows; `None` = no order is in force.
    pub order: Option<LeaveLimits>,
    /// That order is suspended then.
    pub is_suspended: bool,
    /// That order is planned to end before the leave does.
    pub order_ends: bool,
    /// Another leave in force in the same time; 0 = one without a number.
    pub other_leave: Option<i64>,
    /// Kinds of open alerts.
    pub open_alerts: Vec<LeaveWarning>,
}

/// Why a wearer may not have leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaveHindrance {
    /// There is no such wearer here.
    UnknownWearer,
    /// The file was merged: the other one goes on.
    FileMerged,
    /// No tag is fitted in the time of the leave: there is nothing to be let go from.
    NotMonitored,
    /// No order is in force when it begins.
    NoOrder,
    /// The order is suspended when it begins.
    OrderSuspended,
    /// Another leave holds in the same time; 0 = one that was imported.
    OtherLeave(i64),
    /// Longer than so many hours, which the order's legal basis allows.
    TooLong(i64),
    /// The order's legal basis allows no leave.
    NoneForBasis,
}

/// What does not hinder leave, but must have been read by whoever approves it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeaveWarning {
    /// An open alert: the strap is open.
    StrapOpen,
    /// An open alert: the case was tampered with.
    CaseTamper,
    /// An open violation: away from where to be.
    InclusionBroken,
    /// An open violation: where not to be.
    ExclusionBroken,
    /// The order was planned to end before the leave does.
    OrderEnds,
}

impl LeaveHindrance {
    /// Written for the database: `other_leave 12`.
    pub fn written(self) -> String {
        match self {
            Self::UnknownWearer => "unknown_wearer".to_owned(),
            Self::FileMerged => "file_merged".to_owned(),
            Self::NotMonitored => "not_monitored".to_owned(),
            Self::NoOrder => "no_order".to_owned(),
            Self::OrderSuspended => "order_suspended".to_owned(),
            Self::OtherLeave(leave_id) => format!("other_leave {leave_id}"),
            Self::TooLong(hours) => format!("too_long {hours}"),
            Self::NoneForBasis => "none_for_basis".to_owned(),
        }
    }

    /// What was written so.
    pub fn read(text: &str) -> Option<Self> {
        let (word, number) = text.split_once(' ').unwrap_or((text, ""));
        let number = || number.parse().ok();
        Some(match word {
            "unknown_wearer" => Self::UnknownWearer,
            "file_merged" => Self::FileMerged,
            "not_monitored" => Self::NotMonitored,
            "no_order" => Self::NoOrder,
            "order_suspended" => Self::OrderSuspended,
            "other_leave" => Self::OtherLeave(number()?),
            "too_long" => Self::TooLong(number()?),
            "none_for_basis" => Self::NoneForBasis,
            _ => return None,
        })
    }

    /// No time cures it: it is not even worth a request.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::TooLong(_) | Self::NoneForBasis)
    }
}

impl LeaveWarning {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::StrapOpen, Self::CaseTamper, Self::InclusionBroken, Self::ExclusionBroken, Self::OrderEnds];

    /// Written for the database; of an alert its kind.
    pub const fn written(self) -> &'static str {
        match self {
            Self::StrapOpen => "strap_open",
            Self::CaseTamper => "case_tamper",
            Self::InclusionBroken => "inclusion",
            Self::ExclusionBroken => "exclusion",
            Self::OrderEnds => "order_ends",
        }
    }

    /// What was written so.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|warning| warning.written() == text)
    }
}

/// Whether a wearer may have leave.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Eligibility {
    /// Why not; empty = nothing stands against it.
    pub hindrances: Vec<LeaveHindrance>,
    /// What must have been read.
    pub warnings: Vec<LeaveWarning>,
}

impl Eligibility {
    /// Whether a wearer of whom this is known may have leave on these terms: all reasons at once.
    pub fn of(facts: &LeaveFacts, terms: &LeaveTerms) -> Self {
        if !facts.is_known {
            return Self { hindrances: vec![LeaveHindrance::UnknownWearer], warnings: Vec::new() };
        }
        let hindrances = [
            facts.is_merged.then_some(LeaveHindrance::FileMerged),
            (!facts.is_fitted).then_some(LeaveHindrance::NotMonitored),
            facts.order.is_none().then_some(LeaveHindrance::NoOrder),
            facts.is_suspended.then_some(LeaveHindrance::OrderSuspended),
            facts.other_leave.map(LeaveHindrance::OtherLeave),
            facts.order.and_then(|limits| limits.hindrance(terms)),
        ];
        let mut warnings = facts.open_alerts.clone();
        warnings.extend(facts.order_ends.then_some(LeaveWarning::OrderEnds));
        Self { hindrances: hindrances.into_iter().flatten().collect(), warnings }
    }

    /// Nothing stands against it.
    pub const fn is_eligible(&self) -> bool {
        self.hindrances.is_empty()
    }

    /// Whoever read these has read everything.
    pub fn is_read(&self, read: &[LeaveWarning]) -> bool {
        self.warnings.iter().all(|warning| read.contains(warning))
    }
}

impl LeaveLimits {
    fn hindrance(&self, terms: &LeaveTerms) -> Option<LeaveHindrance> {
        let hours = match terms.kind {
            LeaveKind::Overnight => i64::from(self.days_max) * 24,
            LeaveKind::Hours => i64::from(self.hours_max),
        };
        let is_long = terms.to - terms.from > TimeDelta::hours(hours);
        if self.is_allowed { is_long.then_some(LeaveHindrance::TooLong(hours)) } else { Some(LeaveHindrance::NoneForBasis) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: LeaveLimits = LeaveLimits { is_allowed: true, days_max: 30, hours_max: 24 };

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + hours * 3600, 0).unwrap()
    }

    fn terms(hours: i64, kind: LeaveKind) -> LeaveTerms {
        LeaveTerms { from: at(0), to: at(hours), kind }
    }

    fn well() -> LeaveFacts {
        LeaveFacts { is_known: true, is_fitted: true, order: Some(LIMITS), ..LeaveFacts::default() }
    }

    #[test]
    fn every_reason_against_leave_is_told() {
        use LeaveHindrance::*;
        let short = LeaveLimits { days_max: 3, hours_max: 5, ..LIMITS };
        let rows: [(LeaveFacts, LeaveTerms, &[LeaveHindrance]); 13] = [
            (well(), terms(72, LeaveKind::Overnight), &[]),
            (well(), terms(720, LeaveKind::Overnight), &[]),
            (well(), terms(721, LeaveKind::Overnight), &[TooLong(720)]),
            (well(), terms(24, LeaveKind::Hours), &[]),
            (well(), terms(25, LeaveKind::Hours), &[TooLong(24)]),
            (LeaveFacts { order: Some(short), ..well() }, terms(73, LeaveKind::Overnight), &[TooLong(72)]),
            (LeaveFacts { order: Some(short), ..well() }, terms(5, LeaveKind::Hours), &[]),
            (
                LeaveFacts { order: Some(LeaveLimits { is_allowed: false, ..LIMITS }), ..well() },
                terms(1, LeaveKind::Hours),
                &[NoneForBasis],
            ),
            (LeaveFacts { is_known: false, is_merged: true, ..well() }, terms(1, LeaveKind::Hours), &[UnknownWearer]),
            (LeaveFacts { is_merged: true, ..well() }, terms(1, LeaveKind::Hours), &[FileMerged]),
            (LeaveFacts { is_fitted: false, order: None, ..well() }, terms(1, LeaveKind::Hours), &[NotMonitored, NoOrder]),
            (LeaveFacts { is_suspended: true, ..well() }, terms(1, LeaveKind::Hours), &[OrderSuspended]),
            (LeaveFacts { other_leave: Some(7), ..well() }, terms(25, LeaveKind::Hours), &[OtherLeave(7), TooLong(24)]),
        ];
        for (facts, terms, expected) in rows {
            let eligibility = Eligibility::of(&facts, &terms);
            assert_eq!(eligibility.hindrances, expected, "{facts:?}");
            assert_eq!(eligibility.is_eligible(), expected.is_empty());
            for hindrance in eligibility.hindrances {
                assert_eq!(LeaveHindrance::read(&hindrance.written()), Some(hindrance));
            }
        }
    }

    #[test]
    fn a_warning_hinders_only_who_did_not_read_it() {
        let facts = LeaveFacts { open_alerts: vec![LeaveWarning::StrapOpen], order_ends: true, ..well() };
        let eligibility = Eligibility::of(&facts, &terms(1, LeaveKind::Hours));
        assert!(eligibility.is_eligible());
        assert_eq!(eligibility.warnings, [LeaveWarning::StrapOpen, LeaveWarning::OrderEnds]);
        assert!(!eligibility.is_read(&[]));
        assert!(!eligibility.is_read(&[LeaveWarning::StrapOpen]), "one of two");
        assert!(eligibility.is_read(&LeaveWarning::ALL));
        for warning in LeaveWarning::ALL {
            assert_eq!(LeaveWarning::read(warning.written()), Some(warning));
        }
    }
}
