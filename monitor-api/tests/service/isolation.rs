//! Tehran's things as others try to see and change them: of another province, of a prison below, of the central unit.

use crate::house::{As, House, sql};
use crate::probes::fittings::{FITTINGS_OF_TEHRAN, STATE_OF_FITTINGS};
use crate::probes::{FILES_OF_TEHRAN, OF_TEHRAN, Probe, Tehran, Told, finance, late, leave, money, papers, place_hold, probes, relief};
use crate::raw::{ask, reason_of, send};
use access::Role;
use geofence::ViolationKind::StrapOpen;
use monitor_api::Rights;
use proto::access as people;
use proto::monitor::watch_response::Message;
use std::collections::BTreeSet;
use tonic::Code;

const COUNTRY: &str = "
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES
        ('tehran', 1, 'province', 'تهران', 'The capital', true), ('qom', 1, 'province', 'قم', 'Qom', true);
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
        SELECT 'evin', unit_id, 'prison', 'اوین', 'Evin', true FROM units WHERE code = 'tehran';
    UPDATE wearers SET reference = 'tehran/12', national_id = '0012345612', unit_id = (SELECT unit_id FROM units WHERE code = 'tehran');
    UPDATE tags SET unit_id = (SELECT unit_id FROM units WHERE code = 'tehran');
    INSERT INTO fittings (tag_id, wearer_id, period) VALUES (1, 1, tstzrange('2023-01-01', NULL));
    INSERT INTO wearers (reference, unit_id) SELECT code || '/1', unit_id FROM units WHERE code IN ('qom', 'evin');";

/// Everything of Tehran's that a call could change; sessions by whether they stand.
const STATE: &str = "
    SELECT jsonb_build_object(
        'alerts', (SELECT jsonb_agg(a ORDER BY alert_id) FROM alerts a), 'people', (SELECT jsonb_agg(p ORDER BY person_id) FROM people p),
        'grants', (SELECT jsonb_agg(g ORDER BY g) FROM grants g), 'units', (SELECT jsonb_agg(u ORDER BY unit_id) FROM units u),
        'wearers', (SELECT jsonb_agg(w ORDER BY wearer_id) FROM wearers w), 'proposals', (SELECT jsonb_agg(p ORDER BY proposal_id) FROM proposals p),
        'orders', (SELECT jsonb_agg(o ORDER BY fact_id) FROM order_facts o), 'photos', (SELECT count(*) FROM photos),
        'zones', (SELECT jsonb_agg(v ORDER BY row_id) FROM zone_versions v), 'sets', (SELECT jsonb_agg(s ORDER BY set_id) FROM zone_sets s),
        'zone_wearers', (SELECT count(*) FROM zone_wearers) + (SELECT count(*) FROM zone_set_wearers),
        'holds', (SELECT jsonb_agg(h ORDER BY hold_id) FROM legal_holds h),
        'imports', (SELECT jsonb_agg(i) FROM imports i WHERE import_id = 1), 'machines', (SELECT count(*) FROM machines_revoked), 'sessions', (SELECT count(*) FROM sessions WHERE ended_at IS NULL))::text";

struct Country {
    house: House,
    tehran: Tehran,
}

impl Country {
    async fn new() -> Self {
        let house = House::new().await;
        sql(&house.database, COUNTRY).await;
        sql(&house.database, FITTINGS_OF_TEHRAN).await;
        sql(&house.database, leave::OF_TEHRAN).await;
        sql(&house.database, finance::OF_TEHRAN).await;
        sql(&house.database, FILES_OF_TEHRAN).await;
        sql(&house.database, crate::probes::zones::ZONES).await;
        sql(&house.database, money::OF_TEHRAN).await;
        sql(&house.database, papers::OF_TEHRAN).await;
        sql(&house.database, relief::OF_TEHRAN).await;
        sql(&house.database, late::OF_TEHRAN).await;
        house.writer("tehran-home", StrapOpen).await.open(1).await;
        let clerk = house.log_in("tehran-clerk", &[(Role::Intake, "tehran")]).await;
        let import = proto::enrolment::BeginImportRequest { kind: 1, file_name: "tehran/12.csv".to_owned(), bytes: 1 };
        let _: proto::enrolment::Import =
            ask(&house.channel().await, "/paband.enrolment.v1.Imports/BeginImport", &clerk, &import).await.unwrap();
        let chief = house.log_in("tehran-chief", &[(Role::Administrator, "tehran")]).await;
        sql(&house.database, "UPDATE people SET unit_id = (SELECT unit_id FROM units WHERE code = 'tehran')").await;
        let client = house.database.client().await;
        let row = client
            .query_one("SELECT p.person_id, session_id FROM people p JOIN sessions USING (person_id) WHERE name = 'tehran-clerk'", &[]);
        let (clerk_id, session_id) = row.await.map(|row| (row.get(0), row.get(1))).unwrap();
        let grant = people::GrantRoleRequest { person_id: clerk_id, role: people::Role::Finance.into(), unit: "tehran".to_owned() };
        let proposal: people::Proposal = ask(&house.channel().await, "/paband.access.v1.People/GrantRole", &chief, &grant).await.unwrap();
        let judge = house.log_in("tehran-judge", &[(Role::Supervisor, "tehran")]).await;
        let hold: proto::custody::Hold =
            ask(&house.channel().await, "/paband.custody.v1.Holds/PlaceHold", &judge, &place_hold()).await.unwrap();
        let tehran = Tehran { alert_id: 1, clerk_id, session_id, proposal_id: proposal.proposal_id, hold_id: hold.hold_id };
        Self { house, tehran }
    }

    /// A caller of every role in a unit, who belongs to it.
    async fn callers(&self, unit: &str) -> Vec<(Role, As)> {
        let mut callers = Vec::new();
        for role in Role::ALL {
            let name = format!("{unit}.{}", role.name().replace('_', "-"));
            callers.push((role, self.house.log_in(&name, &[(role, unit)]).await.purpose("alert")));
        }
        let home =
            format!("UPDATE people SET unit_id = (SELECT unit_id FROM units WHERE code = '{unit}') WHERE starts_with(name, '{unit}.')");
        sql(&self.house.database, &home).await;
        callers
    }

    async fn state(&self) -> String {
        let client = self.house.database.client().await;
        let leaves = format!("SELECT jsonb_build_object({})::text", leave::STATE);
        let money = format!("SELECT jsonb_build_object({})::text", money::STATE);
        let mut state = String::new();
        let bills = format!("SELECT jsonb_build_object({})::text", finance::STATE);
        let papers = format!("SELECT jsonb_build_object({})::text", papers::STATE);
        let reliefs = format!("SELECT jsonb_build_object({})::text", relief::STATE);
        let lates = format!("SELECT jsonb_build_object({})::text", late::STATE);
        for query in [STATE, STATE_OF_FITTINGS, &leaves, &bills, &papers, &money, &reliefs, &lates] {
            state.push_str(client.query_one(query, &[]).await.unwrap().get(0));
        }
        state
    }
}

/// Which of Tehran's things an answer holds.
fn leaked(answers: &[Vec<u8>]) -> Option<&'static str> {
    let text: String = answers.iter().map(|answer| String::from_utf8_lossy(answer)).collect();
    OF_TEHRAN.into_iter().find(|thing| text.contains(thing))
}

async fn check(country: &Country, unit: &str, role: Role, who: &As, probe: &Probe) {
    let what = format!("{} as {} of {unit}", probe.path, role.name());
    let may = Rights::declared().unwrap().of(probe.path).unwrap().roles.contains(&role);
    let answer = send(&country.house.channel().await, probe.path, who, probe.request.clone()).await;
    match probe.told {
        _ if !may => assert_eq!(reason_of(&answer).as_deref(), Some("NOT_ALLOWED"), "{what}"),
        Told::NotAllowed => assert_eq!(reason_of(&answer).as_deref(), Some("NOT_ALLOWED"), "{what}"),
        Told::Unknown(reason) => {
            assert_eq!(reason_of(&answer).as_deref(), Some(reason), "{what}: {answer:?}");
            assert_eq!(answer.unwrap_err().code(), Code::NotFound, "{what}");
        }
        Told::Whatever => assert_eq!(leaked(&answer.unwrap_or_default()), None, "{what}"),
        Told::Nothing => assert_eq!(leaked(&answer.expect(&what)), None, "{what}"),
    }
}

#[test]
fn every_method_that_needs_a_role_is_probed() {
    let probes = probes(&Tehran { alert_id: 1, clerk_id: 1, session_id: 1, proposal_id: 1, hold_id: 1 });
    let probed: BTreeSet<&str> = probes.iter().map(|probe| probe.path).collect();
    for (path, _) in Rights::declared().unwrap().all().filter(|(_, rights)| !rights.roles.is_empty()) {
        assert!(probed.contains(path), "{path} needs a probe in probes.rs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_another_province_or_of_a_prison_below_sees_or_changes_anything() {
    let country = Country::new().await;
    for unit in ["qom", "evin"] {
        let callers = country.callers(unit).await;
        let before = country.state().await;
        for (role, who) in &callers {
            for probe in probes(&country.tehran) {
                check(&country, unit, *role, who, &probe).await;
            }
        }
        assert_eq!(country.state().await, before, "{unit} changed something");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tehran_and_the_central_unit_see_what_others_do_not() {
    let country = Country::new().await;
    let rights = Rights::declared().unwrap();
    for unit in ["tehran", "central"] {
        for (role, who) in country.callers(unit).await {
            for probe in probes(&country.tehran) {
                if !probe.shows || !rights.of(probe.path).unwrap().roles.contains(&role) {
                    continue;
                }
                let answer = send(&country.house.channel().await, probe.path, &who, probe.request.clone()).await;
                let what = format!("{} as {} of {unit}: {answer:?}", probe.path, role.name());
                match (probe.told, &answer) {
                    // A proposal of administrators concerns no other role that decides.
                    (Told::Nothing, Ok(_)) if probe.path.ends_with("/ListProposals") && role != Role::Administrator => {}
                    (Told::Nothing, Ok(answers)) => assert!(leaked(answers).is_some(), "{what}"),
                    (Told::Unknown(reason), _) => assert_ne!(reason_of(&answer).as_deref(), Some(reason), "{what}"),
                    _ => panic!("{what}"),
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_silent_about_others_and_still_nothing_can_be_missing() {
    let country = Country::new().await;
    let house = &country.house;
    let watcher = house.log_in("qom-operator", &[(Role::Operator, "qom")]).await;
    let mut watch = house.try_watch_as(watcher, Some(0)).await.unwrap();
    let mut others = house.writer("tehran-school", StrapOpen).await;
    others.open(3).await;
    let beat = watch.heartbeat(|beat| beat.caught_up && beat.last_sequence == 4).await;
    house.writer("qom-home", StrapOpen).await.about(2).open(1).await;
    let event = watch.event().await.unwrap();
    assert_eq!((event.sequence, event.alert.unwrap().wearer.as_str()), (5, "qom/1"));
    assert!(event.previous_sequence >= beat.last_sequence && event.previous_sequence < 5, "{}", event.previous_sequence);
    others.open(2).await;
    watch.heartbeat(|beat| beat.caught_up && beat.last_sequence == 7).await;
    // From the history the same.
    let watcher = house.log_in("qom-operator", &[]).await;
    let mut again = house.try_watch_as(watcher, Some(0)).await.unwrap();
    let mut known = 0;
    loop {
        match again.message().await.unwrap() {
            Message::Heartbeat(beat) if beat.last_sequence == 7 => break,
            Message::Heartbeat(beat) => known = beat.last_sequence,
            Message::Event(event) => assert_eq!((event.sequence, event.previous_sequence), (5, known)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_only_what_the_own_unit_did() {
    let country = Country::new().await;
    let auditor = country.house.log_in("qom-auditor", &[(Role::Auditor, "qom")]).await;
    let operator = country.house.log_in("qom-operator", &[(Role::Operator, "qom")]).await;
    let channel = country.house.channel().await;
    send(&channel, "/paband.monitor.v1.Alerts/ListAlerts", &operator, Vec::new()).await.unwrap();
    let everything = people::SearchAuditRequest::default();
    let found: people::SearchAuditResponse = ask(&channel, "/paband.access.v1.Audit/SearchAudit", &auditor, &everything).await.unwrap();
    let who: Vec<&str> = found.entries.iter().map(|entry| entry.who.as_str()).collect();
    assert_eq!(who, ["person:qom-operator"]);
    // What others do with a wearer of one's own is one's own.
    sql(
        &country.house.database,
        "UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'qom') WHERE reference = 'tehran/12'",
    )
    .await;
    let central = country.house.operator("central-operator").await;
    let acknowledge = proto::monitor::AcknowledgeAlertRequest { alert_id: 1 };
    let _: proto::monitor::Alert = ask(&channel, "/paband.monitor.v1.Alerts/AcknowledgeAlert", &central, &acknowledge).await.unwrap();
    let found: people::SearchAuditResponse = ask(&channel, "/paband.access.v1.Audit/SearchAudit", &auditor, &everything).await.unwrap();
    assert!(found.entries.iter().any(|entry| entry.who == "person:central-operator" && entry.wearer == "tehran/12"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_seen_by_the_units_of_its_members_alone() {
    let country = Country::new().await;
    let incident = "
        INSERT INTO alerts (batch, started_at, found_at, recorded_at, found_late, kind, zone) VALUES (1, 5, 5, now(), false, 'area_interference', 'area');
        INSERT INTO incident_members (incident, wearer_id, joined_at) SELECT max(alert_id), 1, 5 FROM alerts";
    sql(&country.house.database, incident).await;
    let channel = country.house.channel().await;
    for (unit, seen) in [("qom", 0), ("evin", 0), ("tehran", 2), ("central", 2)] {
        let who = country.house.log_in(&format!("{unit}-op"), &[(Role::Operator, unit)]).await;
        let list = proto::monitor::ListAlertsRequest::default();
        let answer: proto::monitor::ListAlertsResponse = ask(&channel, "/paband.monitor.v1.Alerts/ListAlerts", &who, &list).await.unwrap();
        assert_eq!(answer.alerts.len(), seen, "{unit}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_decides_something_else_shows_no_proposal() {
    let country = Country::new().await;
    let both = country.house.log_in("both", &[(Role::Administrator, "qom"), (Role::Supervisor, "tehran")]).await;
    let list = people::ListProposalsRequest { waiting_only: false };
    let channel = country.house.channel().await;
    let answer: people::ListProposalsResponse = ask(&channel, "/paband.access.v1.Proposals/ListProposals", &both, &list).await.unwrap();
    assert_eq!(answer.proposals, []);
    let confirm = people::ConfirmProposalRequest { proposal_id: country.tehran.proposal_id };
    let answer: Result<people::Proposal, _> = ask(&channel, "/paband.access.v1.Proposals/ConfirmProposal", &both, &confirm).await;
    assert_eq!(reason_of(&answer).as_deref(), Some("UNKNOWN_PROPOSAL"));
}
