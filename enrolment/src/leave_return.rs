//! Who came back from leave, read from what the judgement found at the first instant at which a zone was on again. Judges nothing itself.

use chrono::{DateTime, TimeDelta, Utc};

/// What the judgement takes after the time that its rules allow, until what it found can be read: it waits some seconds for late reports.
const WRITTEN_AFTER: TimeDelta = TimeDelta::seconds(30);

/// An alert about where the wearer was, of those that were not refuted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnAlert {
    /// Its number.
    pub alert_id: i64,
    /// A violation of an inclusion zone; else that nobody knows the place (`presence_unknown`).
    pub is_outside: bool,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended; `None` while open.
    pub ended_at: Option<DateTime<Utc>>,
    /// It ended because the wearer was seen: at home, or for one of the second kind anywhere.
    pub ended_seen: bool,
}

/// What is known of the end of a leave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReturnFacts {
    /// When the leave was over.
    pub over_at: DateTime<Utc>,
    /// First instant from then on at which an inclusion zone was on or will be; `None` = none within the days looked at.
    pub due_at: Option<DateTime<Utc>>,
    /// How long after `due_at` the zone's rules may still find the wearer absent: the larger of its open_after and stale_after.
    pub rules_take: TimeDelta,
    /// A tag was fitted when the leave was over.
    pub is_fitted: bool,
    /// Another leave holds at that instant.
    pub is_on_leave: bool,
    /// Alerts that began at `due_at` or later, by their beginning.
    pub alerts: Vec<ReturnAlert>,
    /// Since when, from `due_at` on, the wearer's standing was first "kept".
    pub kept_since: Option<DateTime<Utc>>,
}

/// What became of the end of a leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReturnOutcome {
    /// Another leave holds.
    OnLeave,
    /// No zone is on yet.
    NotDue,
    /// The rules may still find the wearer absent.
    Waiting,
    /// Heard, and no rule broken, since then.
    Home(DateTime<Utc>),
    /// Absent by this alert, home since then.
    HomeLate(i64, DateTime<Utc>),
    /// Seen outside by this alert, since then.
    Out(i64, DateTime<Utc>),
    /// Nobody knows the place since then; the alert that says so, if there is one.
    NotSeen(Option<i64>, DateTime<Utc>),
    /// No tag was fitted.
    NotMonitored,
    /// No zone says where to be.
    NoZone,
}

impl ReturnOutcome {
    /// Read from these facts at `now`.
    pub fn of(facts: &ReturnFacts, now: DateTime<Utc>) -> Self {
        if !facts.is_fitted {
            return Self::NotMonitored;
        }
        if facts.is_on_leave {
            return Self::OnLeave;
        }
        let Some(due_at) = facts.due_at else { return Self::NoZone };
        if now < due_at {
            return Self::NotDue;
        }
        let alert_by = |since: DateTime<Utc>| {
            facts.alerts.iter().find(|alert| since <= alert.started_at && alert.started_at <= since + facts.rules_take)
        };
        match alert_by(due_at) {
            Some(alert) if alert.is_outside => outside(alert),
            Some(unknown) => match unknown.ended_at.filter(|_| unknown.ended_seen) {
                None => Self::NotSeen(Some(unknown.alert_id), due_at),
                // Seen at last: at home, unless that same fix began a violation.
                Some(seen) => match facts.alerts.iter().find(|alert| alert.is_outside && alert.started_at >= seen) {
                    Some(alert) if alert.started_at <= seen + facts.rules_take => outside(alert),
                    _ if now < seen + facts.rules_take + WRITTEN_AFTER => Self::Waiting,
                    _ => Self::HomeLate(unknown.alert_id, seen),
                },
            },
            None if now < due_at + facts.rules_take + WRITTEN_AFTER => Self::Waiting,
            None => facts.kept_since.map_or(Self::NotSeen(None, due_at), Self::Home),
        }
    }

    /// Somebody must look for the wearer.
    pub const fn is_missing(self) -> bool {
        matches!(self, Self::Out(..) | Self::NotSeen(..))
    }
}

fn outside(alert: &ReturnAlert) -> ReturnOutcome {
    match alert.ended_at.filter(|_| alert.ended_seen) {
        Some(home) => ReturnOutcome::HomeLate(alert.alert_id, home),
        None => ReturnOutcome::Out(alert.alert_id, alert.started_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    /// The leave is over at 0, and the zone is on at once.
    fn over() -> ReturnFacts {
        ReturnFacts {
            over_at: at(0),
            due_at: Some(at(0)),
            rules_take: TimeDelta::seconds(300),
            is_fitted: true,
            is_on_leave: false,
            alerts: Vec::new(),
            kept_since: None,
        }
    }

    fn outside(from: i64, to: Option<i64>, ended_seen: bool) -> ReturnAlert {
        ReturnAlert { alert_id: 7, is_outside: true, started_at: at(from), ended_at: to.map(at), ended_seen }
    }

    fn unknown(to: Option<i64>, ended_seen: bool) -> ReturnAlert {
        ReturnAlert { alert_id: 8, is_outside: false, started_at: at(300), ended_at: to.map(at), ended_seen }
    }

    #[test]
    fn the_outcome_is_what_the_judgement_found() {
        use ReturnOutcome::*;
        let with = |alerts: &[ReturnAlert]| ReturnFacts { alerts: alerts.to_vec(), kept_since: Some(at(0)), ..over() };
        let rows = [
            (ReturnFacts { is_fitted: false, ..with(&[]) }, 9999, NotMonitored),
            (ReturnFacts { is_on_leave: true, ..with(&[]) }, 9999, OnLeave),
            (ReturnFacts { due_at: None, ..with(&[]) }, 9999, NoZone),
            (ReturnFacts { due_at: Some(at(3600)), ..with(&[]) }, 3599, NotDue),
            (with(&[]), 329, Waiting),
            (with(&[]), 330, Home(at(0))),
            // Heard of only later, or never: without an alert nobody is at home because nothing was heard.
            (ReturnFacts { kept_since: Some(at(700)), ..over() }, 9999, Home(at(700))),
            (over(), 9999, NotSeen(None, at(0))),
            // Outside at the boundary: an alert counts at once.
            (with(&[outside(0, None, false)]), 60, Out(7, at(0))),
            (with(&[outside(0, Some(900), true)]), 9999, HomeLate(7, at(900))),
            (with(&[outside(0, Some(900), false)]), 9999, Out(7, at(0))),
            // Away again an hour later is another matter.
            (with(&[outside(3600, None, false)]), 9999, Home(at(0))),
            (with(&[unknown(None, false)]), 9999, NotSeen(Some(8), at(0))),
            (with(&[unknown(Some(900), false)]), 9999, NotSeen(Some(8), at(0))),
            (with(&[unknown(Some(900), true)]), 1229, Waiting),
            (with(&[unknown(Some(900), true)]), 1230, HomeLate(8, at(900))),
            // Seen at last, and outside.
            (with(&[unknown(Some(900), true), outside(900, None, false)]), 1000, Out(7, at(900))),
            (with(&[unknown(Some(900), true), outside(1500, None, false)]), 9999, HomeLate(8, at(900))),
        ];
        for (facts, now, expected) in rows {
            assert_eq!(ReturnOutcome::of(&facts, at(now)), expected, "{facts:?} at {now}");
        }
    }

    #[test]
    fn only_who_is_out_or_not_seen_is_missing() {
        use ReturnOutcome::*;
        for (outcome, is_missing) in [
            (Out(1, at(0)), true),
            (NotSeen(None, at(0)), true),
            (NotSeen(Some(1), at(0)), true),
            (Home(at(0)), false),
            (HomeLate(1, at(0)), false),
            (Waiting, false),
            (NotDue, false),
            (OnLeave, false),
            (NotMonitored, false),
            (NoZone, false),
        ] {
            assert_eq!(outcome.is_missing(), is_missing, "{outcome:?}");
        }
    }
}
