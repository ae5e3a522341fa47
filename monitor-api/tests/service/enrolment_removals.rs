//! Tags taken off: by two persons while an order is in force, by one afterwards.

use crate::fitting_room::{Room, SPARE};
use crate::house::{As, WEARER, reason, sql, wrong_fields};
use crate::raw::ask;
use access::Role;
use proto::access::{ConfirmProposalRequest, Proposal, ProposalState};
use proto::enrolment::remove_tag_response::Outcome;
use proto::enrolment::*;
use tonic::Status;

const ORDER_ENDS: &str = "
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
    VALUES (1, 2, 'end', now(), now(), 'intake', 'Branch 3', '9/14', current_date)";

pub fn removal() -> RemoveTagRequest {
    RemoveTagRequest {
        wearer: WEARER.into(),
        reason: RemovalReason::OrderEnded.into(),
        condition: EquipmentCondition::Good.into(),
        deposit: DepositConsequence::Release.into(),
        tag_state: TagState::Returned.into(),
        ..RemoveTagRequest::default()
    }
}

async fn remove(room: &Room, who: &As, asked: RemoveTagRequest) -> Result<Outcome, Status> {
    room.client_of(who).await.remove_tag(asked).await.map(|answer| answer.into_inner().outcome.unwrap())
}

async fn confirm(room: &Room, who: &As, proposal_id: i64) -> Result<Proposal, Status> {
    let confirm = ConfirmProposalRequest { proposal_id };
    ask(&room.house.channel().await, "/paband.access.v1.Proposals/ConfirmProposal", who, &confirm).await
}

fn removed(outcome: Outcome) -> Removal {
    match outcome {
        Outcome::Removal(removal) => removal,
        Outcome::Proposal(proposal) => panic!("only proposed: {proposal:?}"),
    }
}

fn proposed(outcome: Outcome) -> Proposal {
    match outcome {
        Outcome::Proposal(proposal) => proposal,
        Outcome::Removal(removal) => panic!("removed: {removal:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_order_is_in_force_two_persons_take_a_tag_off() {
    let room = Room::new().await;
    assert_eq!(reason(&remove(&room, &room.clerk, removal()).await.unwrap_err()).0, "WEARER_HAS_NO_TAG");
    room.fitted().await;
    let unexplained = remove(&room, &room.clerk, removal()).await.unwrap_err();
    assert_eq!(wrong_fields(&unexplained), [("explanation".to_owned(), "MISSING".to_owned())]);
    let asked = || RemoveTagRequest {
        reason: RemovalReason::Other.into(),
        explanation: "surgery on the leg, letter 44".into(),
        condition: EquipmentCondition::Damaged.into(),
        condition_note: "case cracked".into(),
        deposit: DepositConsequence::KeepPart.into(),
        deposit_rial: 5_000_000,
        tag_state: TagState::Faulty.into(),
        ..removal()
    };
    let keyed = room.clerk.clone().with("paband-idempotency-key", "click-0001");
    let waiting = proposed(remove(&room, &keyed, asked()).await.unwrap());
    assert_eq!((waiting.state(), waiting.proposed_by.as_str()), (ProposalState::Waiting, "sara"));
    assert_eq!(proposed(remove(&room, &keyed, asked()).await.unwrap()).proposal_id, waiting.proposal_id, "asked twice, proposed once");
    assert_eq!(room.count("SELECT count(*) FROM fittings WHERE upper_inf(period)").await, 1, "it is on until somebody confirms");
    assert_eq!(reason(&confirm(&room, &room.clerk, waiting.proposal_id).await.unwrap_err()).0, "SAME_PERSON");
    let stranger = room.house.log_in("zari", &[(Role::Technical, "qom")]).await;
    assert_eq!(reason(&confirm(&room, &stranger, waiting.proposal_id).await.unwrap_err()).0, "UNKNOWN_PROPOSAL");
    let intake = room.house.log_in("omid", &[(Role::Intake, "fars")]).await;
    assert!(confirm(&room, &intake, waiting.proposal_id).await.is_err(), "only who may remove decides");
    let other = room.house.log_in("reza", &[(Role::Technical, "fars")]).await;
    let confirmed = confirm(&room, &other, waiting.proposal_id).await.unwrap();
    assert_eq!(room.count("SELECT count(*) FROM fittings WHERE upper_inf(period)").await, 0);

    let list = ListFittingsRequest { wearer: WEARER.into() };
    let fittings = room.client().await.list_fittings(list).await.unwrap().into_inner().fittings;
    let removal = fittings[0].removal.as_ref().unwrap();
    assert_eq!((removal.removal_id, removal.at), (confirmed.result_id, fittings[0].to));
    assert_eq!((removal.removed_by.as_str(), removal.confirmed_by.as_str()), ("sara", "reza"));
    assert_eq!((removal.explanation.as_str(), removal.condition_note.as_str()), ("surgery on the leg, letter 44", "case cracked"));
    assert_eq!((removal.deposit(), removal.deposit_rial), (DepositConsequence::KeepPart, 5_000_000));
    assert_eq!(room.count("SELECT count(*) FROM tag_inventory WHERE tag_id = 1 AND state = 'faulty'").await, 1);
    assert_eq!(reason(&confirm(&room, &other, waiting.proposal_id).await.unwrap_err()).0, "PROPOSAL_OVER");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_order_one_person_suffices_and_the_tag_can_go_on_somebody_else() {
    let room = Room::new().await;
    let fitting = room.fitted().await;
    sql(&room.house.database, ORDER_ENDS).await;
    let keyed = room.clerk.clone().with("paband-idempotency-key", "click-0001");
    let off = removed(remove(&room, &keyed, removal()).await.unwrap());
    assert_eq!((off.fitting_id, off.removed_by.as_str(), off.confirmed_by.as_str()), (fitting.fitting_id, "sara", ""));
    assert_eq!(removed(remove(&room, &keyed, removal()).await.unwrap()), off, "asked twice, removed once");
    assert_eq!(room.count("SELECT count(*) FROM judging_requests WHERE cause LIKE 'tag removed by sara%'").await, 1);
    let again = "INSERT INTO wearers (reference, unit_id) SELECT 'F/2', unit_id FROM units WHERE code = 'fars'";
    sql(&room.house.database, again).await;
    room.begin("F/2", crate::house::IMEI).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_order_binds_nobody_to_a_second_person() {
    let room = Room::new().await;
    room.fitted().await;
    let suspended =
        ORDER_ENDS.replace("decision_date)", "decision_date, cause)").replace("'end', now()", "'suspension', now() - interval '1 minute'");
    sql(&room.house.database, &suspended.replace("current_date)", "current_date, 'hospital')")).await;
    let asked = RemoveTagRequest { reason: RemovalReason::Hospital.into(), ..removal() };
    assert_eq!(removed(remove(&room, &room.clerk, asked).await.unwrap()).reason(), RemovalReason::Hospital);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_nothing_comes_off() {
    let room = Room::new().await;
    let fitting = room.fitted().await;
    sql(&room.house.database, ORDER_ENDS).await;
    let photos = "INSERT INTO wearers (reference) VALUES ('other/1');
        INSERT INTO photos (wearer_id, subject, media_type, bytes, recorded_at, recorded_by)
            SELECT wearer_id, subject, 'image/jpeg', 'x', now(), 'x'
            FROM (VALUES (1, '1404/12', 'removal'), (2, '1404/12', 'wearer'), (3, 'other/1', 'removal')) AS given (place, reference, subject)
            JOIN wearers USING (reference) ORDER BY place";
    sql(&room.house.database, photos).await;
    let early = remove(&room, &room.clerk, RemoveTagRequest { at: fitting.from, ..removal() }).await.unwrap_err();
    assert_eq!(wrong_fields(&early), [("at".to_owned(), "NOT_AFTER".to_owned())]);
    for photo_id in [2, 3, 99] {
        let refused = remove(&room, &room.clerk, RemoveTagRequest { photo_ids: vec![1, photo_id], ..removal() }).await.unwrap_err();
        assert_eq!(reason(&refused).0, "UNKNOWN_PHOTO", "{photo_id}");
    }
    let stranger = room.house.log_in("zari", &[(Role::Technical, "qom")]).await;
    assert_eq!(reason(&remove(&room, &stranger, removal()).await.unwrap_err()).0, "UNKNOWN_WEARER");
    let technician = room.house.log_in("tech", &[(Role::Technician, "fars")]).await;
    assert_eq!(reason(&remove(&room, &technician, removal()).await.unwrap_err()).0, "NOT_ALLOWED");
    assert_eq!(room.count("SELECT count(*) FROM fittings WHERE upper_inf(period)").await, 1);
    let off = removed(remove(&room, &room.clerk, RemoveTagRequest { photo_ids: vec![1, 1], ..removal() }).await.unwrap());
    assert_eq!(off.photo_ids, [1]);
    assert_eq!(room.begin(WEARER, SPARE).await.unwrap().imei, SPARE);
}
