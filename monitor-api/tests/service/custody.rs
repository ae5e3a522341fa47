//! Holds and releases through a real connection: two persons, and nothing for strangers.

use crate::house::{As, House, IMEI, WEARER, options, reason, sql, wrong_fields};
use access::Role;
use geofence::{Batch, Report, Signal, Signals, StoredReport, Timestamp};
use monitor_api::Options;
use monitor_api::release::{Signer, verify};
use proto::access::proposals_client::ProposalsClient;
use proto::access::{ConfirmProposalRequest, ProposalState};
use proto::custody::deletions_client::DeletionsClient;
use proto::custody::holds_client::HoldsClient;
use proto::custody::releases_client::ReleasesClient;
use proto::custody::{
    DownloadReleaseRequest, LiftHoldRequest, ListDeletionsRequest, ListHoldsRequest, ListReleasesRequest, PlaceHoldRequest,
    ReleaseDataRequest,
};
use std::io::Cursor;
use tonic::{Code, Status};

const DAY_S: i64 = 86_400;

/// A house that can sign, whose wearer belongs to Fars and reported every ten minutes of the day before yesterday.
async fn house() -> (House, Signer) {
    let signer = Signer::from_pem(&Signer::generate_pem().unwrap()).unwrap();
    let house = House::with(Options { signer: Some(signer.clone()), ..options() }).await;
    let units = format!(
        "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
            VALUES ('fars', 1, 'province', 'فارس', 'Fars', true), ('qom', 1, 'province', 'قم', 'Qom', true);
        UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'fars') WHERE reference = '{WEARER}';
        INSERT INTO fittings (tag_id, wearer_id, period) SELECT tag_id, wearer_id, tstzrange(now() - interval '9 days', NULL)
            FROM tags, wearers WHERE imei = '{IMEI}' AND reference = '{WEARER}'"
    );
    sql(&house.database, &units).await;
    let report = |n: i64| {
        let at = start().plus_seconds(n * 600);
        let signals = Signals::default().with(Signal::Fix, true);
        let report =
            Report { latitude_e7: 357_000_000, longitude_e7: 514_000_000, accuracy_dm: 55, satellites: 9, signals, ..Report::at(at) };
        StoredReport { tag_id: 1, received_at: at, late: false, report }
    };
    let batch = Batch { number: 1, checkpoint: 1, reports: (0..144).map(report).collect(), ..Batch::default() };
    house.store.journal_connection(900).await.unwrap().append(&batch, Timestamp::from(chrono::Utc::now())).await.unwrap();
    (house, signer)
}

fn start() -> Timestamp {
    let day = chrono::Utc::now().timestamp() / DAY_S - 2;
    Timestamp::from_millis(day * DAY_S * 1000)
}

fn time(days: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: start().millis() / 1000 + days * DAY_S, nanos: 0 })
}

fn release() -> ReleaseDataRequest {
    ReleaseDataRequest {
        wearer: WEARER.to_owned(),
        from: time(-1),
        to: time(2),
        authority: "Branch 3".to_owned(),
        letter_number: "9/12".to_owned(),
        letter_date: "۱۴۰۵/۰۸/۳۰".to_owned(),
        positions: true,
        violations: true,
    }
}

fn hold() -> PlaceHoldRequest {
    PlaceHoldRequest {
        wearer: WEARER.to_owned(),
        from: time(0),
        to: None,
        authority: "Branch 3".to_owned(),
        letter_number: "9/13".to_owned(),
        reason: "appeal".to_owned(),
    }
}

async fn supervisor(house: &House, name: &str, unit: &str) -> As {
    house.log_in(name, &[(Role::Supervisor, unit)]).await.purpose("judicial").with("paband-case", "1405-7")
}

async fn confirm(house: &House, who: &As, proposal_id: i64) -> Result<i64, Status> {
    let mut proposals = ProposalsClient::with_interceptor(house.channel().await, who.clone());
    let decided = proposals.confirm_proposal(ConfirmProposalRequest { proposal_id }).await?.into_inner();
    assert_eq!(decided.state(), ProposalState::Confirmed);
    Ok(decided.result_id)
}

async fn download(house: &House, who: &As, release_id: i64) -> Result<Vec<u8>, Status> {
    let mut releases = ReleasesClient::with_interceptor(house.channel().await, who.clone());
    let mut stream = releases.download_release(DownloadReleaseRequest { release_id }).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(answer) = stream.message().await? {
        bytes.extend(answer.piece);
    }
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn data_leave_only_by_two_persons_and_what_left_is_remembered() {
    let (house, signer) = house().await;
    let (one, other, stranger) =
        (supervisor(&house, "sara", "fars").await, supervisor(&house, "reza", "fars").await, supervisor(&house, "zari", "qom").await);
    let mut releases = ReleasesClient::with_interceptor(house.channel().await, one.clone());
    let proposed = releases.release_data(release()).await.unwrap().into_inner();
    assert_eq!((proposed.state(), proposed.proposed_by.as_str()), (ProposalState::Waiting, "sara"));
    assert!(releases.list_releases(ListReleasesRequest::default()).await.unwrap().into_inner().releases.is_empty(), "nothing left yet");

    assert_eq!(reason(&confirm(&house, &one, proposed.proposal_id).await.unwrap_err()).0, "SAME_PERSON");
    assert_eq!(reason(&confirm(&house, &stranger, proposed.proposal_id).await.unwrap_err()).0, "UNKNOWN_PROPOSAL");
    let release_id = confirm(&house, &other, proposed.proposal_id).await.unwrap();
    assert_eq!(reason(&confirm(&house, &other, proposed.proposal_id).await.unwrap_err()).0, "PROPOSAL_OVER");

    let listed = releases.list_releases(ListReleasesRequest { wearer: WEARER.to_owned() }).await.unwrap().into_inner().releases;
    let [kept] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((kept.release_id, kept.positions, kept.has_file), (release_id, 144, true));
    assert_eq!((kept.proposed_by.as_str(), kept.confirmed_by.as_str()), ("sara", "reza"));
    assert_eq!(kept.request.as_ref().unwrap().letter_date, "1405/08/30");

    let archive = download(&house, &one, release_id).await.unwrap();
    assert_eq!(archive.len() as i64, kept.bytes);
    let verified = verify(Cursor::new(archive), Some(signer.public())).unwrap();
    assert_eq!((verified.facts["case_number"].as_str(), verified.facts["positions"].as_u64()), (Some("1405-7"), Some(144)));
    assert_eq!(verified.facts["confirmed_by"]["name"], "reza");

    sql(&house.database, "DELETE FROM release_files; UPDATE releases SET file_deleted_at = now()").await;
    assert_eq!(reason(&download(&house, &one, release_id).await.unwrap_err()).0, "RELEASE_GONE");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_unit_s_supervisor_sees_no_hold_and_no_release() {
    let (house, _signer) = house().await;
    let (one, other, stranger) =
        (supervisor(&house, "sara", "fars").await, supervisor(&house, "reza", "fars").await, supervisor(&house, "zari", "qom").await);
    let mut holds = HoldsClient::with_interceptor(house.channel().await, one.clone());
    let hold_id = holds.place_hold(hold()).await.unwrap().into_inner().hold_id;
    let mut releases = ReleasesClient::with_interceptor(house.channel().await, one.clone());
    let proposed = releases.release_data(release()).await.unwrap().into_inner();
    let release_id = confirm(&house, &other, proposed.proposal_id).await.unwrap();

    let mut holds = HoldsClient::with_interceptor(house.channel().await, stranger.clone());
    let mut releases = ReleasesClient::with_interceptor(house.channel().await, stranger.clone());
    assert!(holds.list_holds(ListHoldsRequest::default()).await.unwrap().into_inner().holds.is_empty());
    assert!(releases.list_releases(ListReleasesRequest::default()).await.unwrap().into_inner().releases.is_empty());
    let refused = |status: Status| (status.code(), reason(&status).0);
    let unknown = |what: &str| (Code::NotFound, format!("UNKNOWN_{what}"));
    assert_eq!(refused(holds.place_hold(hold()).await.unwrap_err()), unknown("WEARER"));
    assert_eq!(refused(releases.release_data(release()).await.unwrap_err()), unknown("WEARER"));
    let lift = LiftHoldRequest { hold_id, reason: "mine".to_owned() };
    assert_eq!(refused(holds.lift_hold(lift).await.unwrap_err()), unknown("HOLD"));
    assert_eq!(refused(download(&house, &stranger, release_id).await.unwrap_err()), unknown("RELEASE"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_lifted_by_two_persons() {
    let (house, _signer) = house().await;
    let (one, other) = (supervisor(&house, "sara", "fars").await, supervisor(&house, "reza", "central").await);
    let mut holds = HoldsClient::with_interceptor(house.channel().await, one.clone());
    let placed = holds.place_hold(hold()).await.unwrap().into_inner();
    assert_eq!((placed.wearer.as_str(), placed.placed_by.as_str(), placed.lifted_at), (WEARER, "sara", None));
    let lift = || LiftHoldRequest { hold_id: placed.hold_id, reason: "decided".to_owned() };
    let proposed = holds.lift_hold(lift()).await.unwrap().into_inner();
    let standing = ListHoldsRequest { wearer: WEARER.to_owned(), standing_only: true };
    assert_eq!(holds.list_holds(standing.clone()).await.unwrap().into_inner().holds.len(), 1, "it stands until somebody confirms");
    assert_eq!(confirm(&house, &other, proposed.proposal_id).await.unwrap(), placed.hold_id);
    assert!(holds.list_holds(standing).await.unwrap().into_inner().holds.is_empty());
    assert_eq!(reason(&holds.lift_hold(lift()).await.unwrap_err()).0, "HOLD_OVER");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_sense_is_refused_before_anybody_confirms_it() {
    let (house, _signer) = house().await;
    let one = supervisor(&house, "sara", "fars").await;
    let mut releases = ReleasesClient::with_interceptor(house.channel().await, one.clone());
    let wrong = releases.release_data(ReleaseDataRequest { letter_date: "1404/12/30".to_owned(), to: time(400), ..release() }).await;
    let named = |field: &str, reason: &str| (field.to_owned(), reason.to_owned());
    assert_eq!(wrong_fields(&wrong.unwrap_err()), [named("to", "SPAN_TOO_LONG"), named("letter_date", "NO_DATE")]);
    let nothing = releases.release_data(ReleaseDataRequest { from: time(-9), to: time(-5), ..release() }).await.unwrap_err();
    assert_eq!(reason(&nothing).0, "NOTHING_TO_RELEASE");
    let mut holds = HoldsClient::with_interceptor(house.channel().await, one);
    let wrong = holds.place_hold(PlaceHoldRequest { to: time(-1), authority: String::new(), ..hold() }).await.unwrap_err();
    assert_eq!(wrong_fields(&wrong), [named("to", "NOT_AFTER"), named("authority", "MISSING")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn auditors_and_administrators_read_what_was_deleted() {
    let (house, _signer) = house().await;
    sql(&house.database, "INSERT INTO deletions (kind, at, older_than, rows, held) VALUES ('tracks', now(), now(), 480, 39)").await;
    let auditor = house.log_in("omid", &[(Role::Auditor, "central")]).await;
    let mut deletions = DeletionsClient::with_interceptor(house.channel().await, auditor);
    let listed = deletions.list_deletions(ListDeletionsRequest::default()).await.unwrap().into_inner().deletions;
    assert_eq!((listed.len(), listed[0].kind.as_str(), listed[0].rows, listed[0].held), (1, "tracks", 480, 39));
    let operator = house.operator("op7").await;
    let mut deletions = DeletionsClient::with_interceptor(house.channel().await, operator);
    assert_eq!(deletions.list_deletions(ListDeletionsRequest::default()).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn a_change_asked_for_twice_under_one_key_is_done_once() {
    let (house, _) = house().await;
    let judge = house.log_in("judge", &[(Role::Supervisor, "fars")]).await;
    let keyed = |key: &str| judge.clone().with("paband-idempotency-key", key);
    let mut holds = HoldsClient::with_interceptor(house.channel().await, keyed("click-0001"));
    let (mut one, mut other) = (holds.clone(), holds.clone());
    let (one, other) = tokio::join!(one.place_hold(hold()), other.place_hold(hold()));
    let placed = one.unwrap().into_inner();
    assert_eq!(placed, other.unwrap().into_inner(), "both clicks are answered with the one hold");
    let another = PlaceHoldRequest { reason: "another".to_owned(), ..hold() };
    assert_eq!(reason(&holds.place_hold(another.clone()).await.unwrap_err()).0, "IDEMPOTENCY_KEY_USED");
    let mut holds = HoldsClient::with_interceptor(house.channel().await, keyed("short"));
    assert_eq!(reason(&holds.place_hold(another).await.unwrap_err()).0, "IDEMPOTENCY_KEY_NEEDED");
    let listed = holds.list_holds(ListHoldsRequest::default()).await.unwrap().into_inner().holds;
    assert_eq!(listed, [placed]);
}
