//! Leave for many by one act: who may have it and why others may not, both modes, withdrawal, races, and how long four hundred take.

use crate::enrolment_leave::{DAY, HOUR, clerk, count, decision, leaves, tehran, three_days, time};
use crate::house::{As, House, owned, reason, sql, wrong_fields};
use access::Role;
use geofence::ViolationKind::StrapOpen;
use proto::enrolment::leave_batches_client::LeaveBatchesClient;
use proto::enrolment::prepare_leave_batch_request::Who;
use proto::enrolment::{
    ApproveLeaveBatchRequest, EndLeaveEarlyRequest, GetLeaveBatchRequest, LeaveBatch, LeaveBatchMode, LeaveBatchState, LeaveKind,
    ListLeaveBatchesRequest, PrepareLeaveBatchRequest, UnitChoice, WarningsRead, WearerList, WithdrawLeaveBatchRequest,
};
use std::time::Instant;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

type Client = LeaveBatchesClient<InterceptedService<Channel, As>>;

async fn batches(house: &House, name: &str) -> Client {
    LeaveBatchesClient::with_interceptor(house.channel().await, clerk(house, name).await)
}

fn of(who: Who) -> PrepareLeaveBatchRequest {
    PrepareLeaveBatchRequest {
        who: Some(who),
        from: time(HOUR),
        to: time(HOUR + 3 * DAY),
        kind: LeaveKind::Overnight.into(),
        exclusion: false,
        purpose: "Nowruz".to_owned(),
        late_reason: String::new(),
        decision: decision(),
    }
}

fn list(wearers: &[&str]) -> Who {
    Who::List(WearerList { wearers: wearers.iter().map(|&wearer| wearer.to_owned()).collect() })
}

fn unit(legal_basis: &str, regime: &str) -> Who {
    Who::Unit(UnitChoice { unit: "tehran".to_owned(), legal_basis: legal_basis.to_owned(), regime: regime.to_owned() })
}

fn approve(batch: &LeaveBatch, mode: LeaveBatchMode) -> ApproveLeaveBatchRequest {
    ApproveLeaveBatchRequest { batch_id: batch.batch_id, expected_version: batch.version, mode: mode.into(), ..Default::default() }
}

/// Each with the codes of what stands against it and of what must be read.
fn told(batch: &LeaveBatch) -> Vec<String> {
    let shown = |one: &proto::enrolment::LeaveBatchWearer| {
        let codes: Vec<&str> = one.hindrances.iter().chain(&one.warnings).map(|reason| reason.code.as_str()).collect();
        format!("{} {} {}", one.wearer, if one.eligible { "yes" } else { "no" }, codes.join(" ")).trim_end().to_owned()
    };
    batch.wearers.iter().map(shown).collect()
}

const LEAVES: &str = "SELECT count(*) FROM leaves";

/// Five of Tehran: one well, one without a tag, one whose order was revoked, one with a leave, one with an open strap.
async fn five() -> House {
    let house = tehran(5).await;
    let facts = "UPDATE fittings SET period = tstzrange(lower(period), now()) FROM wearers w WHERE w.wearer_id = fittings.wearer_id AND reference = 'w-2';
        INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date)
            SELECT order_id, 2, 'revocation', now(), now(), 'test', 'x', 'x', now() FROM orders JOIN wearers USING (wearer_id) WHERE reference = 'w-3'";
    sql(&house.database, facts).await;
    let requested = leaves(&house, &clerk(&house, "sara").await).await.request_leave(three_days("w-4", HOUR)).await.unwrap().into_inner();
    leaves(&house, &clerk(&house, "reza").await).await.approve_leave(crate::enrolment_leave::approve(&requested)).await.unwrap();
    let wearer = count(&house, "SELECT wearer_id FROM wearers WHERE reference = 'w-5'").await;
    house.writer("", StrapOpen).await.about(wearer).open(1).await;
    house
}

const EVERYBODY: [&str; 6] = ["w-1", "w-2", "w-3", "w-4", "w-5", "w-99"];

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_says_who_may_have_leave_and_why_others_may_not() {
    let house = five().await;
    let mut client = batches(&house, "sara").await;
    let prepared = client.prepare_leave_batch(of(list(&[&EVERYBODY[..], &["w-1"]].concat()))).await.unwrap().into_inner();
    let expected = [
        "w-1 yes",
        "w-2 no LEAVE_NOT_MONITORED",
        "w-3 no LEAVE_NO_ORDER",
        "w-4 no LEAVE_OTHER_LEAVE",
        "w-5 yes LEAVE_STRAP_OPEN",
        "w-99 no LEAVE_UNKNOWN_WEARER",
    ];
    assert_eq!(told(&prepared), expected);
    assert_eq!((prepared.wearers_count, prepared.eligible_count, prepared.state()), (6, 2, LeaveBatchState::Prepared));
    assert_eq!(prepared.wearers[3].hindrances[0].other_leave_id, 1);
    assert_eq!(count(&house, LEAVES).await, 1, "nothing is in force yet");
    // The list is looked at anew: what changed meanwhile is seen.
    sql(&house.database, "UPDATE fittings SET period = tstzrange(lower(period), NULL)").await;
    let page = GetLeaveBatchRequest { batch_id: prepared.batch_id, hindered_only: true, after: 0, page_size: 2 };
    let page = client.get_leave_batch(page).await.unwrap().into_inner();
    assert_eq!((told(&page), page.next_after, page.eligible_count), (expected[2..4].iter().map(|&one| one.to_owned()).collect(), 4, 3));
    let rest = GetLeaveBatchRequest { batch_id: prepared.batch_id, hindered_only: true, after: 4, page_size: 2 };
    let rest = client.get_leave_batch(rest).await.unwrap().into_inner();
    assert_eq!((told(&rest), rest.next_after), (vec![expected[5].to_owned()], 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_or_nothing_gives_nobody_leave_and_per_person_gives_it_to_who_may_have_it() {
    let house = five().await;
    let (mut first, mut second) = (batches(&house, "sara").await, batches(&house, "reza").await);
    let prepared = first.prepare_leave_batch(of(list(&EVERYBODY))).await.unwrap().into_inner();
    let refused = async |client: &mut Client, asked| client.approve_leave_batch(asked).await.unwrap_err();
    let (all, each) = (approve(&prepared, LeaveBatchMode::AllOrNothing), approve(&prepared, LeaveBatchMode::PerPerson));
    assert_eq!(reason(&refused(&mut first, each.clone()).await).0, "SAME_PERSON");
    assert_eq!(
        reason(&refused(&mut second, ApproveLeaveBatchRequest { exclusion: true, ..each.clone() }).await).0,
        "LEAVE_EXCLUSION_DIFFERS"
    );
    assert_eq!(
        wrong_fields(&refused(&mut second, ApproveLeaveBatchRequest { mode: 0, ..each.clone() }).await),
        [owned(("mode", "UNKNOWN_CHOICE"))]
    );
    let hindered = refused(&mut second, all).await;
    assert_eq!(reason(&hindered).0, "LEAVE_BATCH_HINDERED");
    assert!(hindered.message().contains("w-2, w-3, w-4, w-5, w-99"), "{}", hindered.message());
    assert_eq!(count(&house, LEAVES).await, 1, "nobody got it");

    let approved = second.approve_leave_batch(each.clone()).await.unwrap().into_inner();
    let expected = [
        "w-1 yes",
        "w-2 no LEAVE_NOT_MONITORED",
        "w-3 no LEAVE_NO_ORDER",
        "w-4 no LEAVE_OTHER_LEAVE",
        "w-5 no LEAVE_STRAP_OPEN",
        "w-99 no LEAVE_UNKNOWN_WEARER",
    ];
    assert_eq!((told(&approved), approved.eligible_count), (expected.map(str::to_owned).to_vec(), 1));
    assert!(approved.wearers[4].warnings_unread && !approved.wearers[1].warnings_unread);
    assert_eq!((approved.wearers[0].leave_id, count(&house, LEAVES).await), (2, 2));
    let paper = "SELECT count(*) FROM leave_acts WHERE leave_id = 2 AND batch_id = 1 AND requested_by = 'sara' AND decided_by = 'reza' AND decision_number = '17'";
    assert_eq!(count(&house, paper).await, 1);
    let noted =
        "SELECT count(*) FROM audit WHERE wearer = 'w-1' AND subject = 'leave 2' AND act LIKE '%ApproveLeaveBatch' AND result = 'done'";
    assert_eq!(count(&house, noted).await, 1, "the audit finds it under whom it concerned");
    assert_eq!(reason(&refused(&mut second, each).await).0, "VERSION_CHANGED");
    assert_eq!(reason(&refused(&mut second, approve(&approved, LeaveBatchMode::PerPerson)).await).0, "LEAVE_BATCH_OVER");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_warnings_gets_leave_once_they_were_read_person_by_person() {
    let house = five().await;
    let (mut first, mut second) = (batches(&house, "sara").await, batches(&house, "reza").await);
    let prepared = first.prepare_leave_batch(of(list(&["w-1", "w-5"]))).await.unwrap().into_inner();
    let read = |wearer: &str| ApproveLeaveBatchRequest {
        warnings_read: vec![WarningsRead { wearer: wearer.to_owned(), warnings: vec!["LEAVE_STRAP_OPEN".to_owned()] }],
        ..approve(&prepared, LeaveBatchMode::AllOrNothing)
    };
    assert_eq!(reason(&second.approve_leave_batch(read("w-1")).await.unwrap_err()).0, "LEAVE_BATCH_HINDERED");
    let approved = second.approve_leave_batch(read("w-5")).await.unwrap().into_inner();
    assert_eq!((approved.eligible_count, count(&house, LEAVES).await), (2, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_chosen_by_unit_legal_basis_and_regime() {
    let house = five().await;
    sql(&house.database, "UPDATE order_facts SET regime = 'house', legal_basis = 'cpc_553' WHERE order_id = 1").await;
    let mut client = batches(&house, "sara").await;
    for (who, expected) in [
        (unit("", ""), vec!["w-1 yes", "w-2 no LEAVE_NOT_MONITORED", "w-4 no LEAVE_OTHER_LEAVE", "w-5 yes LEAVE_STRAP_OPEN"]),
        (unit("cpc_553", ""), vec!["w-1 yes"]),
        (unit("", "house"), vec!["w-1 yes"]),
        (unit("ipc_62", "tag"), vec!["w-2 no LEAVE_NOT_MONITORED", "w-4 no LEAVE_OTHER_LEAVE", "w-5 yes LEAVE_STRAP_OPEN"]),
    ] {
        let prepared = client.prepare_leave_batch(of(who.clone())).await.unwrap().into_inner();
        assert_eq!(told(&prepared), expected, "{who:?}");
    }
    let qom = Who::Unit(UnitChoice { unit: "qom".to_owned(), ..Default::default() });
    let wrong = Who::Unit(UnitChoice { unit: String::new(), legal_basis: "ipc".to_owned(), regime: "home".to_owned() });
    for (who, expected) in
        [(unit("bylaw_191", ""), "LEAVE_BATCH_NOBODY"), (qom, "UNKNOWN_UNIT"), (wrong, "INVALID_FIELDS"), (list(&[]), "LEAVE_BATCH_NOBODY")]
    {
        assert_eq!(reason(&client.prepare_leave_batch(of(who)).await.unwrap_err()).0, expected);
    }
    let nobody = PrepareLeaveBatchRequest { who: None, decision: None, ..of(list(&[])) };
    let fields = wrong_fields(&client.prepare_leave_batch(nobody).await.unwrap_err());
    assert_eq!(fields[0], owned(("list.wearers", "MISSING")));
    assert_eq!(fields.len(), 4, "{fields:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_taken_back_before_it_begins_and_person_by_person_afterwards() {
    let house = tehran(3).await;
    let (mut first, mut second) = (batches(&house, "sara").await, batches(&house, "reza").await);
    let withdraw = |batch: &LeaveBatch| WithdrawLeaveBatchRequest {
        batch_id: batch.batch_id,
        expected_version: batch.version,
        reason: "the roads are closed".to_owned(),
    };
    let prepared = first.prepare_leave_batch(of(unit("", ""))).await.unwrap().into_inner();
    let approved = second.approve_leave_batch(approve(&prepared, LeaveBatchMode::AllOrNothing)).await.unwrap().into_inner();
    assert_eq!(count(&house, LEAVES).await, 3);
    let gone = first.withdraw_leave_batch(withdraw(&approved)).await.unwrap().into_inner();
    assert_eq!((gone.state(), gone.withdrawn_by.as_str(), count(&house, LEAVES).await), (LeaveBatchState::Withdrawn, "sara", 0));
    assert_eq!(count(&house, "SELECT count(*) FROM leave_acts WHERE state = 'withdrawn'").await, 3);
    assert_eq!(reason(&first.withdraw_leave_batch(withdraw(&gone)).await.unwrap_err()).0, "LEAVE_BATCH_OVER");

    let begun = PrepareLeaveBatchRequest { from: time(-60), to: time(DAY), ..of(list(&["w-1", "w-2"])) };
    let prepared = first.prepare_leave_batch(begun).await.unwrap().into_inner();
    let approved = second.approve_leave_batch(approve(&prepared, LeaveBatchMode::AllOrNothing)).await.unwrap().into_inner();
    assert_eq!(reason(&first.withdraw_leave_batch(withdraw(&approved)).await.unwrap_err()).0, "LEAVE_BEGUN");
    let mut person = leaves(&house, &clerk(&house, "sara").await).await;
    let leave_id = approved.wearers[0].leave_id;
    person.end_leave_early(EndLeaveEarlyRequest { leave_id, expected_version: 1, reason: "back".to_owned() }).await.unwrap();
    assert_eq!(count(&house, "SELECT count(*) FROM leaves WHERE valid_to <= now()").await, 1);

    let late = PrepareLeaveBatchRequest { from: time(-HOUR), to: time(DAY), ..of(list(&["w-3"])) };
    assert_eq!(reason(&first.prepare_leave_batch(late.clone()).await.unwrap_err()).0, "LEAVE_LATE_REASON_NEEDED");
    let late = PrepareLeaveBatchRequest { late_reason: "no network".to_owned(), ..late };
    let prepared = first.prepare_leave_batch(late).await.unwrap().into_inner();
    second.approve_leave_batch(approve(&prepared, LeaveBatchMode::PerPerson)).await.unwrap();
    let cause = "SELECT count(*) FROM judging_requests WHERE cause = 'leave recorded by reza: leave batch 3, decision 17 of Prison council: no network'";
    assert_eq!(count(&house, cause).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_approve_one_batch_at_once_one_does() {
    let house = tehran(20).await;
    let prepared = batches(&house, "sara").await.prepare_leave_batch(of(unit("", ""))).await.unwrap().into_inner();
    let (mut one, mut other) = (batches(&house, "reza").await, batches(&house, "zahra").await);
    let asked = approve(&prepared, LeaveBatchMode::AllOrNothing);
    let (one, other) = tokio::join!(one.approve_leave_batch(asked.clone()), other.approve_leave_batch(asked));
    let refused: Vec<String> = [one, other].into_iter().filter_map(Result::err).map(|status| reason(&status).0).collect();
    assert_eq!((refused, count(&house, LEAVES).await), (vec!["VERSION_CHANGED".to_owned()], 20));
    // Two batches of the same people: the second finds everybody on leave.
    let same = batches(&house, "sara").await.prepare_leave_batch(of(unit("", ""))).await.unwrap().into_inner();
    let refused = batches(&house, "reza").await.approve_leave_batch(approve(&same, LeaveBatchMode::PerPerson)).await.unwrap_err();
    assert_eq!(reason(&refused).0, "LEAVE_BATCH_HINDERED");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_unit_neither_sees_a_batch_nor_gives_leave_to_others() {
    let house = tehran(2).await;
    let prepared = batches(&house, "sara").await.prepare_leave_batch(of(list(&["w-1", "w-2"]))).await.unwrap().into_inner();
    let stranger = house.log_in("zari", &[(Role::Intake, "qom")]).await;
    let mut stranger = LeaveBatchesClient::with_interceptor(house.channel().await, stranger);
    let unknown = |status: tonic::Status| assert_eq!(reason(&status).0, "UNKNOWN_LEAVE_BATCH");
    unknown(stranger.get_leave_batch(GetLeaveBatchRequest { batch_id: 1, ..Default::default() }).await.unwrap_err());
    unknown(stranger.approve_leave_batch(approve(&prepared, LeaveBatchMode::PerPerson)).await.unwrap_err());
    let withdraw = WithdrawLeaveBatchRequest { batch_id: 1, expected_version: 1, reason: "mine".to_owned() };
    unknown(stranger.withdraw_leave_batch(withdraw).await.unwrap_err());
    assert!(stranger.list_leave_batches(ListLeaveBatchesRequest {}).await.unwrap().into_inner().batches.is_empty());
    let own = stranger.prepare_leave_batch(of(list(&["w-1"]))).await.unwrap().into_inner();
    assert_eq!(told(&own), ["w-1 no LEAVE_UNKNOWN_WEARER"]);
    // Who moved away meanwhile gets no leave from here.
    sql(&house.database, "UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'qom') WHERE reference = 'w-2'").await;
    let approved =
        batches(&house, "reza").await.approve_leave_batch(approve(&prepared, LeaveBatchMode::PerPerson)).await.unwrap().into_inner();
    assert_eq!(told(&approved), ["w-1 yes", "w-2 no LEAVE_UNKNOWN_WEARER"]);
    assert_eq!(count(&house, LEAVES).await, 1);
}

/// The figure of the day before Nowruz; no limit is asserted, because other tests share the machine.
#[tokio::test(flavor = "multi_thread")]
async fn four_hundred_get_leave_by_one_act() {
    let house = tehran(400).await;
    let (mut first, mut second) = (batches(&house, "sara").await, batches(&house, "reza").await);
    let begun = Instant::now();
    let prepared = first.prepare_leave_batch(of(unit("", ""))).await.unwrap().into_inner();
    let prepared_after = begun.elapsed();
    assert_eq!(prepared.eligible_count, 400);
    let begun = Instant::now();
    let approved = second.approve_leave_batch(approve(&prepared, LeaveBatchMode::AllOrNothing)).await.unwrap().into_inner();
    let approved_after = begun.elapsed();
    assert_eq!((approved.eligible_count, count(&house, LEAVES).await), (400, 400));
    let begun = Instant::now();
    let withdraw = WithdrawLeaveBatchRequest { batch_id: 1, expected_version: approved.version, reason: "snow".to_owned() };
    first.withdraw_leave_batch(withdraw).await.unwrap();
    assert_eq!(count(&house, LEAVES).await, 0);
    eprintln!("leave for 400: prepared in {prepared_after:?}, in force in {approved_after:?}, taken back in {:?}", begun.elapsed());
}
