//! Relief as answers show it.

use super::money;
use crate::accounts::instant;
use crate::fields::decision;
use billing::Covered;
use proto::billing as schema;
use store::{NewRelief, NoUseCause, Relief, ReliefTerms};

pub(super) fn relief(relief: Relief) -> schema::GrantedRelief {
    let Relief { relief_id, granted: NewRelief { wearer, terms, decision: by, found_by }, proposed_by, approved_by, at, ended, .. } =
        relief;
    let (ended_at, ended_by, end_reason) = ended.map(|(at, by, why)| (Some(instant(at)), by, why)).unwrap_or_default();
    let shown = schema::GrantedRelief {
        relief_id,
        wearer,
        decision: Some(decision(by)),
        found_by,
        proposed_by,
        approved_by,
        approved_at: Some(instant(at)),
        ended_at,
        ended_by,
        end_reason,
        ..schema::GrantedRelief::default()
    };
    match terms {
        ReliefTerms::Class { from, to, class } => {
            schema::GrantedRelief { kind: schema::ReliefKind::Class.into(), from: Some(instant(from)), to: to.map(instant), class, ..shown }
        }
        ReliefTerms::Waiver { from, to, percent, covers } => schema::GrantedRelief {
            kind: schema::ReliefKind::Waiver.into(),
            from: Some(instant(from)),
            to: to.map(instant),
            percent: percent.into(),
            covers: covers.into_iter().map(|covered| fee(covered).into()).collect(),
            ..shown
        },
        ReliefTerms::Suspension { from, to, cause } => schema::GrantedRelief {
            kind: schema::ReliefKind::Suspension.into(),
            from: Some(instant(from)),
            to: to.map(instant),
            cause: self::cause(cause).into(),
            ..shown
        },
        ReliefTerms::Fee { fitting_id, chargeable, reason } => {
            schema::GrantedRelief { kind: schema::ReliefKind::Fee.into(), fitting_id, chargeable, reason, ..shown }
        }
        ReliefTerms::Deposit(amount) => {
            schema::GrantedRelief { kind: schema::ReliefKind::Deposit.into(), amount: Some(money(amount)), ..shown }
        }
    }
}

const fn cause(cause: NoUseCause) -> schema::SuspensionCause {
    match cause {
        NoUseCause::Defect => schema::SuspensionCause::Defect,
        NoUseCause::Hospital => schema::SuspensionCause::Hospital,
        NoUseCause::Prison => schema::SuspensionCause::Prison,
        NoUseCause::OrderedOff => schema::SuspensionCause::OrderedOff,
        NoUseCause::WrongRecord => schema::SuspensionCause::WrongRecord,
    }
}

const fn fee(covered: Covered) -> schema::WaivedFee {
    match covered {
        Covered::Daily => schema::WaivedFee::Daily,
        Covered::Install => schema::WaivedFee::Install,
        Covered::Replace => schema::WaivedFee::Replace,
    }
}
