//! What callers of another unit try on the things of Tehran: one line or more for every method that needs a role.

mod files;
pub mod finance;
pub mod fittings;
mod imports;
pub mod late;
pub mod leave;
pub mod money;
pub mod papers;
pub mod relief;
pub mod zones;

pub use files::FILES_OF_TEHRAN;

use crate::house::IMEI;
use prost::Message;
use proto::access::{self as people, Role, UnitKind};
use proto::custody;
use proto::monitor::send_command_request::Order;
use proto::monitor::{self, LocateNow};

/// Of what is Tehran's: no answer to anybody else may hold one of these.
pub const OF_TEHRAN: [&str; 7] = ["tehran/12", "tehran-home", IMEI, "0012345612", "tehran-clerk", "tehran-chief", "The capital"];

/// What another unit is told.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Told {
    /// An answer, with nothing of Tehran in it.
    Nothing,
    /// That it does not exist.
    Unknown(&'static str),
    /// An answer or a refusal, with nothing of Tehran in it.
    Whatever,
    /// That it is the central unit's alone.
    NotAllowed,
}

/// One try.
pub struct Probe {
    pub path: &'static str,
    pub request: Vec<u8>,
    pub told: Told,
    /// It shows something, and changes nothing.
    pub shows: bool,
}

/// The numbers of Tehran's things.
pub struct Tehran {
    pub alert_id: i64,
    pub clerk_id: i64,
    pub session_id: i64,
    pub proposal_id: i64,
    pub hold_id: i64,
}

fn shows(path: &'static str, request: &impl Message, told: Told) -> Probe {
    Probe { path, request: request.encode_to_vec(), told, shows: true }
}

fn changes(path: &'static str, request: &impl Message, unknown: &'static str) -> Probe {
    Probe { path, request: request.encode_to_vec(), told: Told::Unknown(unknown), shows: false }
}

/// Every try.
pub fn probes(tehran: &Tehran) -> Vec<Probe> {
    let mut probes = of_monitoring(tehran);
    probes.extend(of_people(tehran));
    probes.extend(of_custody(tehran));
    probes.extend(of_the_rest(tehran));
    probes.extend(imports::probes());
    probes.extend(fittings::of_fittings());
    probes.extend(finance::probes());
    probes.extend(papers::probes());
    probes.extend(leave::probes());
    probes.extend(files::of_files());
    probes.extend(zones::probes());
    probes.extend(money::probes());
    probes.extend(relief::probes());
    probes.extend(late::probes());
    probes
}

fn of_monitoring(tehran: &Tehran) -> Vec<Probe> {
    let (alert_id, wearer) = (tehran.alert_id, "tehran/12".to_owned());
    let alerts = monitor::ListAlertsRequest::default;
    let standings = monitor::ListStandingsRequest::default;
    let (from, to) =
        (prost_types::Timestamp { seconds: 1_699_000_000, nanos: 0 }, prost_types::Timestamp { seconds: 1_701_000_000, nanos: 0 });
    let order = Some(Order::LocateNow(LocateNow {}));
    let unknown_wearer = Told::Unknown("UNKNOWN_WEARER");
    vec![
        shows("/paband.monitor.v1.Alerts/ListAlerts", &alerts(), Told::Nothing),
        shows("/paband.monitor.v1.Alerts/ListAlerts", &monitor::ListAlertsRequest { wearer: wearer.clone(), ..alerts() }, Told::Nothing),
        // Its first message; the rest is in a test of its own.
        Probe {
            shows: false,
            ..shows("/paband.monitor.v1.Alerts/Watch", &monitor::WatchRequest { after_sequence: Some(0) }, Told::Nothing)
        },
        changes("/paband.monitor.v1.Alerts/AcknowledgeAlert", &monitor::AcknowledgeAlertRequest { alert_id }, "UNKNOWN_ALERT"),
        changes(
            "/paband.monitor.v1.Alerts/CloseAlert",
            &monitor::CloseAlertRequest { alert_id, note: "all well".to_owned() },
            "UNKNOWN_ALERT",
        ),
        shows("/paband.monitor.v1.Judgement/Explain", &monitor::ExplainRequest { alert_id }, Told::Unknown("UNKNOWN_ALERT")),
        shows("/paband.monitor.v1.Judgement/ListStandings", &standings(), Told::Nothing),
        shows(
            "/paband.monitor.v1.Judgement/ListStandings",
            &monitor::ListStandingsRequest { wearer: wearer.clone(), ..standings() },
            Told::Nothing,
        ),
        changes("/paband.monitor.v1.Tags/SendCommand", &monitor::SendCommandRequest { imei: IMEI.to_owned(), order }, "UNKNOWN_TAG"),
        shows("/paband.enrolment.v1.Wearers/ListWearers", &proto::enrolment::ListWearersRequest::default(), Told::Nothing),
        shows("/paband.enrolment.v1.Wearers/GetWearer", &proto::enrolment::GetWearerRequest { reference: wearer.clone() }, unknown_wearer),
        shows("/paband.monitor.v1.Tracking/GetPosition", &monitor::GetPositionRequest { wearer: wearer.clone() }, unknown_wearer),
        shows("/paband.monitor.v1.Tracking/GetTrack", &monitor::GetTrackRequest { wearer, from: Some(from), to: Some(to) }, unknown_wearer),
    ]
}

fn of_people(tehran: &Tehran) -> Vec<Probe> {
    let (person_id, session_id, unit) = (tehran.clerk_id, tehran.session_id, "tehran".to_owned());
    let new = people::CreatePersonRequest { name: "intruder".to_owned(), shown_name: "Intruder".to_owned(), unit: unit.clone() };
    let grant = people::GrantRoleRequest { person_id, role: Role::Administrator.into(), unit: unit.clone() };
    let revoke = people::RevokeRoleRequest { person_id, role: Role::Intake.into(), unit };
    let machine = people::RevokeMachineRequest { serial: "0abc".to_owned(), reason: "x".to_owned() };
    vec![
        shows("/paband.access.v1.People/ListPeople", &people::ListPeopleRequest::default(), Told::Nothing),
        shows(
            "/paband.access.v1.People/ListPersonSessions",
            &people::ListPersonSessionsRequest { person_id },
            Told::Unknown("UNKNOWN_PERSON"),
        ),
        changes("/paband.access.v1.People/CreatePerson", &new, "UNKNOWN_UNIT"),
        changes("/paband.access.v1.People/ResetPassword", &people::ResetPasswordRequest { person_id }, "UNKNOWN_PERSON"),
        changes("/paband.access.v1.People/SwitchPerson", &people::SwitchPersonRequest { person_id, on: false }, "UNKNOWN_PERSON"),
        changes("/paband.access.v1.People/UnlockPerson", &people::UnlockPersonRequest { person_id }, "UNKNOWN_PERSON"),
        changes("/paband.access.v1.People/GrantRole", &grant, "UNKNOWN_PERSON"),
        changes("/paband.access.v1.People/RevokeRole", &revoke, "UNKNOWN_PERSON"),
        changes(
            "/paband.access.v1.People/RevokePersonSessions",
            &people::RevokePersonSessionsRequest { person_id, session_id },
            "UNKNOWN_PERSON",
        ),
        Probe { told: Told::NotAllowed, ..changes("/paband.access.v1.People/RevokeMachine", &machine, "") },
    ]
}

fn of_the_rest(tehran: &Tehran) -> Vec<Probe> {
    let (proposal_id, code) = (tehran.proposal_id, "tehran".to_owned());
    let below = people::CreateUnitRequest {
        code: "intruders".to_owned(),
        parent: code.clone(),
        kind: UnitKind::Prison.into(),
        name_fa: "x".to_owned(),
        name_en: "x".to_owned(),
    };
    let search = people::SearchAuditRequest { who: "person:tehran-chief".to_owned(), ..Default::default() };
    vec![
        shows("/paband.access.v1.Units/ListUnits", &people::ListUnitsRequest {}, Told::Nothing),
        changes("/paband.access.v1.Units/CreateUnit", &below, "UNKNOWN_UNIT"),
        changes("/paband.access.v1.Units/SwitchUnit", &people::SwitchUnitRequest { code, on: false }, "UNKNOWN_UNIT"),
        shows("/paband.access.v1.Proposals/ListProposals", &people::ListProposalsRequest { waiting_only: false }, Told::Nothing),
        changes("/paband.access.v1.Proposals/ConfirmProposal", &people::ConfirmProposalRequest { proposal_id }, "UNKNOWN_PROPOSAL"),
        changes(
            "/paband.access.v1.Proposals/RefuseProposal",
            &people::RefuseProposalRequest { proposal_id, reason: "no".to_owned() },
            "UNKNOWN_PROPOSAL",
        ),
        shows("/paband.access.v1.Audit/SearchAudit", &search, Told::Nothing),
        Probe { shows: false, ..shows("/paband.access.v1.Audit/GetAuditHead", &people::GetAuditHeadRequest {}, Told::Nothing) },
        Probe { shows: false, ..shows("/paband.access.v1.Audit/ListPurposes", &people::ListPurposesRequest {}, Told::Nothing) },
    ]
}

fn of_custody(tehran: &Tehran) -> Vec<Probe> {
    let (hold_id, wearer) = (tehran.hold_id, "tehran/12".to_owned());
    let from = Some(prost_types::Timestamp { seconds: 1_699_000_000, nanos: 0 });
    let to = Some(prost_types::Timestamp { seconds: 1_701_000_000, nanos: 0 });
    let (authority, letter_number) = ("Branch 3".to_owned(), "12".to_owned());
    let place = place_hold();
    let release = custody::ReleaseDataRequest {
        wearer: wearer.clone(),
        from,
        to,
        authority,
        letter_number,
        letter_date: "2026-11-21".to_owned(),
        positions: true,
        violations: true,
    };
    vec![
        changes("/paband.custody.v1.Holds/PlaceHold", &place, "UNKNOWN_WEARER"),
        changes("/paband.custody.v1.Holds/LiftHold", &custody::LiftHoldRequest { hold_id, reason: "x".to_owned() }, "UNKNOWN_HOLD"),
        shows("/paband.custody.v1.Holds/ListHolds", &custody::ListHoldsRequest::default(), Told::Nothing),
        changes("/paband.custody.v1.Releases/ReleaseData", &release, "UNKNOWN_WEARER"),
        Probe {
            shows: false,
            ..shows("/paband.custody.v1.Releases/ListReleases", &custody::ListReleasesRequest { wearer }, Told::Nothing)
        },
        changes("/paband.custody.v1.Releases/DownloadRelease", &custody::DownloadReleaseRequest { release_id: 1 }, "UNKNOWN_RELEASE"),
        Probe {
            shows: false,
            ..shows("/paband.custody.v1.Deletions/ListDeletions", &custody::ListDeletionsRequest::default(), Told::Nothing)
        },
    ]
}

/// A hold on Tehran's wearer.
pub fn place_hold() -> custody::PlaceHoldRequest {
    custody::PlaceHoldRequest {
        wearer: "tehran/12".to_owned(),
        from: Some(prost_types::Timestamp { seconds: 1_699_000_000, nanos: 0 }),
        to: None,
        authority: "Branch 3".to_owned(),
        letter_number: "12".to_owned(),
        reason: "appeal".to_owned(),
    }
}
