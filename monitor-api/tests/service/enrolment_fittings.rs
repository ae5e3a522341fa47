//! Tags put on and exchanged through a real connection, with what the tags say in the journal.

use crate::fitting_room::{Room, SPARE, item, states, told};
use crate::house::{IMEI, PATIENCE, WEARER, reason, sql, wrong_fields};
use crate::raw::ask;
use access::Role;
use geofence::Report;
use proto::enrolment::ChecklistItemKind as Kind;
use proto::enrolment::ChecklistItemState as State;
use proto::enrolment::*;
use tokio::time::timeout;

fn millis(time: Option<prost_types::Timestamp>) -> i64 {
    time.map(|time| time.seconds * 1000 + i64::from(time.nanos / 1_000_000)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fitting_begins_with_what_the_tag_said_and_keeps_its_evidence() {
    let room = Room::new().await;
    let begun = room.begin(WEARER, IMEI).await.unwrap();
    let list = room.checklist(begun.installation_id).await;
    let expected = [
        (Kind::OrderInForce, State::Met),
        (Kind::ZonesValid, State::Met),
        (Kind::HomeInspected, State::NotNeeded),
        (Kind::TagHeard, State::Missing),
        (Kind::StrapClosed, State::Missing),
        (Kind::Battery, State::Missing),
        (Kind::FixInsideZone, State::Missing),
        (Kind::Deposit, State::Flagged),
        (Kind::Undertaking, State::Missing),
    ];
    assert_eq!(states(&list.items), expected);
    assert_eq!((list.is_ready, list.begins_at), (false, None));
    let heard = item(&list.items, Kind::TagHeard);
    assert!(heard.next_code == "wake_tag" && !heard.next.is_empty() && !heard.title.is_empty(), "{heard:?}");
    let refused = room.complete(begun.installation_id, 1).await.unwrap_err();
    assert_eq!(reason(&refused).0, "FITTING_INCOMPLETE");
    assert_eq!(told(&refused, "items").as_deref(), Some("tag_heard,strap_closed,battery,fix_inside_zone,undertaking"));
    assert_eq!(room.count("SELECT count(*) FROM fittings").await, 0, "nobody is monitored or billed");

    room.says(1, true).await;
    let closed = room.says(1, false).await;
    room.says(1, false).await;
    let signed = room.signed(begun.installation_id).await;
    let list = room.checklist(begun.installation_id).await;
    assert!(list.is_ready, "{list:?}");
    let fitting = room.complete(begun.installation_id, signed.version).await.unwrap();
    let from = millis(fitting.from);
    assert!((closed.millis()..closed.millis() + 1000).contains(&from), "{from} is not the closed strap's {closed}");
    assert_eq!(from, millis(item(&fitting.evidence, Kind::StrapClosed).evidence.as_ref().unwrap().taken_at));
    let period = format!("SELECT count(*) FROM fittings WHERE upper_inf(period) AND lower(period) = to_timestamp({from} / 1000.0)");
    assert_eq!(room.count(&period).await, 1);

    let outcomes = states(&fitting.evidence);
    assert!(
        outcomes.contains(&(Kind::Deposit, State::Flagged)) && outcomes.contains(&(Kind::HomeInspected, State::NotNeeded)),
        "{outcomes:?}"
    );
    assert_eq!(room.count("SELECT count(*) FROM fitting_evidence WHERE outcome = 'met'").await, 7);
    let order = item(&fitting.evidence, Kind::OrderInForce).evidence.as_ref().unwrap();
    assert_eq!((order.number, order.text.as_str()), (1, "9/12"));
    let fix = item(&fitting.evidence, Kind::FixInsideZone).evidence.as_ref().unwrap();
    assert_eq!((fix.text.as_str(), fix.verdict.as_str(), fix.accuracy_m), ("home", "inside", Some(5.0)));
    assert_eq!(item(&fitting.evidence, Kind::Battery).evidence.as_ref().unwrap().battery_percent, Some(93));
    assert_eq!(item(&fitting.evidence, Kind::Undertaking).evidence.as_ref().unwrap().by, "sara");
    let tag: GetTagResponse =
        ask(&room.house.channel().await, "/paband.enrolment.v1.Inventory/GetTag", &room.clerk, &GetTagRequest { imei: IMEI.into() })
            .await
            .unwrap();
    assert_eq!((tag.tag.unwrap().state(), tag.events[0].kind.as_str()), (TagState::Fitted, "fitted"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_passes_with_a_reason_and_what_others_said_meanwhile_is_looked_at_first() {
    let room = Room::new().await;
    let begun = room.begin(WEARER, IMEI).await.unwrap();
    let installation_id = begun.installation_id;
    room.says_as(1, false, |report| Report { battery_percent: 20, longitude_e7: 514_200_000, ..report }).await;
    room.signed(installation_id).await;
    let mut client = room.client().await;
    let pass = |item: Kind, reason: &str| OverrideItemRequest { installation_id, item: item.into(), reason: reason.into() };
    for never in [Kind::OrderInForce, Kind::TagHeard, Kind::StrapClosed, Kind::Deposit] {
        assert_eq!(reason(&client.override_item(pass(never, "hurry")).await.unwrap_err()).0, "ITEM_NOT_OVERRIDABLE", "{never:?}");
    }
    assert_eq!(
        wrong_fields(&client.override_item(pass(Kind::Battery, "")).await.unwrap_err()),
        [("reason".to_owned(), "MISSING".to_owned())]
    );
    client.override_item(pass(Kind::Battery, "charger sent along")).await.unwrap();
    let refused = room.complete(installation_id, 3).await.unwrap_err();
    assert_eq!(told(&refused, "items").as_deref(), Some("fix_inside_zone"));
    let passed = client.override_item(pass(Kind::FixInsideZone, "fitted at the centre")).await.unwrap().into_inner();
    let changed = room.complete(installation_id, passed.version - 1).await.unwrap_err();
    assert_eq!((reason(&changed).0.as_str(), told(&changed, "version")), ("VERSION_CHANGED", Some(passed.version.to_string())));
    let fitting = room.complete(installation_id, passed.version).await.unwrap();
    let battery = item(&fitting.evidence, Kind::Battery);
    let evidence = battery.evidence.as_ref().unwrap();
    assert_eq!((battery.state(), evidence.battery_percent), (State::Overridden, Some(20)));
    assert_eq!((evidence.by.as_str(), evidence.reason.as_str()), ("sara", "charger sent along"));
    assert_eq!(reason(&client.override_item(pass(Kind::Battery, "later")).await.unwrap_err()).0, "INSTALLATION_OVER");
    let deposit =
        StateItemRequest { installation_id, item: Kind::Deposit.into(), receipt_number: "R-7".into(), ..StateItemRequest::default() };
    assert_eq!(reason(&client.state_item(deposit).await.unwrap_err()).0, "INSTALLATION_OVER");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_order_or_an_inspected_home_nobody_is_fitted() {
    let room = Room::new().await;
    let begun = room.begin(WEARER, IMEI).await.unwrap();
    room.says(1, false).await;
    let version = room.signed(begun.installation_id).await.version;
    let check = async |facts: &str, items: &str| {
        sql(&room.house.database, facts).await;
        let refused = room.complete(begun.installation_id, version).await.unwrap_err();
        assert_eq!(told(&refused, "items").as_deref(), Some(items), "{facts}");
    };
    check("UPDATE order_facts SET regime = 'house'", "home_inspected").await;
    let inspected = |result: &str, certificate: &str| {
        format!(
            "INSERT INTO inspections (wearer_id, state, result, certificate_number, address, authority, decision_number, decision_date, requested_at,
                visited_at, checklist, decided_at) VALUES (1, 'decided', '{result}', {certificate}, 'x', 'x', 'x', now(), now(), now(), '{{}}', now())"
        )
    };
    check(&inspected("unsuitable", "NULL"), "home_inspected").await;
    let suitable = inspected("suitable", "'C-5'");
    let suspended =
        "INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, cause)
        VALUES (1, 2, 'suspension', now() - interval '1 hour', now(), 'intake', 'Branch 3', '9/13', current_date, 'hospital')";
    check(&format!("{suitable}; {suspended}"), "order_in_force").await;
    check("UPDATE order_facts SET cancelled_at = now(), cancelled_by = 'x', cancel_reason = 'x' WHERE version = 1", "order_in_force").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checklist_turns_green_while_somebody_watches_and_ends_with_the_fitting() {
    let room = Room::new().await;
    let begun = room.begin(WEARER, IMEI).await.unwrap();
    let mut client = room.client().await;
    let watch = GetChecklistRequest { installation_id: begun.installation_id };
    let mut stream = client.watch_checklist(watch).await.unwrap().into_inner();
    let mut next = async || timeout(PATIENCE, stream.message()).await.expect("the stream says something").unwrap();
    let first = next().await.unwrap();
    assert_eq!(item(&first.items, Kind::StrapClosed).state(), State::Missing);
    room.says(1, true).await;
    let open = next().await.unwrap();
    assert_eq!(item(&open.items, Kind::StrapClosed).next_code, "close_strap");
    assert_eq!(item(&open.items, Kind::TagHeard).state(), State::Met);
    room.says(1, false).await;
    let version = room.signed(begun.installation_id).await.version;
    let mut green = next().await.unwrap();
    if !green.is_ready {
        green = next().await.unwrap();
    }
    assert!(green.is_ready && green.begins_at.is_some());
    room.complete(begun.installation_id, version).await.unwrap();
    let last = next().await.unwrap();
    assert_eq!(last.installation.unwrap().state(), installation::State::Completed);
    assert_eq!(next().await, None, "the stream ends with the installation");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_watch_and_who_leaves_makes_room() {
    let room = Room::new().await;
    let watch = GetChecklistRequest { installation_id: room.begin(WEARER, IMEI).await.unwrap().installation_id };
    let mut client = room.client().await;
    let mut streams = Vec::new();
    let refused = loop {
        match client.watch_checklist(watch).await {
            Ok(stream) => streams.push(stream.into_inner()),
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&refused).0, "TOO_MANY_WATCHERS");
    assert!(streams.len() >= 64, "{} watched", streams.len());
    streams.pop();
    let waiting = async {
        loop {
            match client.watch_checklist(watch).await {
                Ok(stream) => return stream.into_inner(),
                Err(_) => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
    };
    timeout(PATIENCE, waiting).await.expect("there is room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watches_while_the_server_stops_is_told_so() {
    let mut room = Room::new().await;
    let watch = GetChecklistRequest { installation_id: room.begin(WEARER, IMEI).await.unwrap().installation_id };
    let mut stream = room.client().await.watch_checklist(watch).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    room.house.stop().await;
    let end = loop {
        match timeout(PATIENCE, stream.message()).await.expect("the stream ends") {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a stream that stops says why"),
            Err(status) => break status,
        }
    };
    assert_eq!(reason(&end).0, "STOPPING");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_or_a_wearer_that_is_taken_is_told_of_and_given_up_it_is_free_again() {
    let room = Room::new().await;
    let refused = async |wearer: &str, imei: &str| reason(&room.begin(wearer, imei).await.unwrap_err()).0;
    sql(&room.house.database, "INSERT INTO wearers (reference, unit_id) SELECT 'F/2', unit_id FROM units WHERE code = 'fars'").await;
    assert_eq!(refused("nobody", IMEI).await, "UNKNOWN_WEARER");
    let merged = "INSERT INTO wearers (reference, unit_id, merged_into, merged_at, merged_by)
        SELECT 'F/3', unit_id, 1, now(), 'omid' FROM units WHERE code = 'fars'";
    sql(&room.house.database, merged).await;
    assert_eq!(refused("F/3", IMEI).await, "WEARER_MERGED");
    assert_eq!(refused(WEARER, "nothing").await, "UNKNOWN_TAG");
    let begun = room.begin(WEARER, IMEI).await.unwrap();
    assert_eq!(refused(WEARER, SPARE).await, "WEARER_BEING_FITTED");
    assert_eq!(refused("F/2", IMEI).await, "TAG_BEING_FITTED");
    let mut client = room.client().await;
    let abandon = AbandonFittingRequest { installation_id: begun.installation_id, expected_version: 1, reason: "wrong file".into() };
    let given_up = client.abandon_fitting(abandon).await.unwrap().into_inner();
    assert_eq!((given_up.state(), given_up.abandon_reason.as_str()), (installation::State::Abandoned, "wrong file"));
    assert!(client.list_installations(ListInstallationsRequest {}).await.unwrap().into_inner().installations.is_empty());
    sql(&room.house.database, "UPDATE tag_inventory SET state = 'faulty' WHERE tag_id = 2").await;
    let unusable = room.begin(WEARER, SPARE).await.unwrap_err();
    assert_eq!((reason(&unusable).0.as_str(), told(&unusable, "state").as_deref()), ("TAG_NOT_USABLE", Some("faulty")));

    room.fitted().await;
    assert_eq!(refused(WEARER, SPARE).await, "WEARER_HAS_TAG");
    let worn = room.begin("F/2", IMEI).await.unwrap_err();
    assert_eq!((reason(&worn).0.as_str(), told(&worn, "wearer").as_deref()), ("TAG_IS_WORN", Some(WEARER)));
    // To whom the wearer does not exist, it is not told who wears the tag.
    sql(&room.house.database, "UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'qom') WHERE wearer_id = 1").await;
    let worn = room.begin("F/2", IMEI).await.unwrap_err();
    assert_eq!((reason(&worn).0.as_str(), told(&worn, "wearer")), ("TAG_IS_WORN", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_leaves_no_hole_and_says_why_who_pays_and_how_the_old_tag_came_back() {
    let room = Room::new().await;
    let first = room.fitted().await;
    let mut client = room.client().await;
    let begin = BeginReplacementRequest {
        wearer: WEARER.into(),
        imei: SPARE.into(),
        reason: ReplacementReason::Battery.into(),
        payer: Payer::Executor.into(),
        note: String::new(),
    };
    let begun = client.begin_replacement(begin.clone()).await.unwrap().into_inner();
    assert_eq!((begun.kind(), begun.replaced_imei.as_str(), begun.payer()), (installation::Kind::Replacement, IMEI, Payer::Executor));
    let installation_id = begun.installation_id;
    assert_eq!(reason(&room.complete(installation_id, 1).await.unwrap_err()).0, "INSTALLATION_OF_OTHER_KIND");
    let complete = CompleteReplacementRequest {
        installation_id,
        expected_version: 1,
        condition: EquipmentCondition::Worn.into(),
        condition_note: "holds an hour".into(),
        tag_state: TagState::Faulty.into(),
    };
    let refused = client.complete_replacement(complete.clone()).await.unwrap_err();
    assert_eq!(told(&refused, "items").as_deref(), Some("tag_heard,strap_closed,battery,fix_inside_zone"));
    assert_eq!(room.count("SELECT count(*) FROM fittings WHERE upper_inf(period) AND tag_id = 1").await, 1, "still the old one");
    let closed = room.says(2, false).await;
    let next = client.complete_replacement(complete).await.unwrap().into_inner();
    assert!(millis(next.from) >= closed.millis());
    let adjacent = "SELECT count(*) FROM fittings o JOIN fittings n ON upper(o.period) = lower(n.period) AND o.wearer_id = n.wearer_id
        WHERE o.tag_id = 1 AND n.tag_id = 2 AND upper_inf(n.period) AND o.period -|- n.period";
    assert_eq!(room.count(adjacent).await, 1, "no hole and no overlap");
    let listed = client.list_fittings(ListFittingsRequest { wearer: WEARER.into() }).await.unwrap().into_inner().fittings;
    let [newest, oldest] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((newest.imei.as_str(), oldest.fitting_id, oldest.to), (SPARE, first.fitting_id, newest.from));
    let removal = oldest.removal.as_ref().unwrap();
    assert_eq!(
        (removal.reason(), removal.condition(), removal.tag_state()),
        (RemovalReason::Replacement, EquipmentCondition::Worn, TagState::Faulty)
    );
    assert_eq!(room.count("SELECT count(*) FROM tag_inventory WHERE tag_id = 1 AND state = 'faulty'").await, 1);
    assert_eq!(room.count("SELECT count(*) FROM judging_requests WHERE cause LIKE 'tag exchanged by sara%'").await, 1);
    assert_eq!(
        reason(&client.begin_replacement(BeginReplacementRequest { imei: IMEI.into(), ..begin }).await.unwrap_err()).0,
        "TAG_NOT_USABLE"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn only_prison_staff_fit_and_a_key_used_twice_fits_once() {
    let room = Room::new().await;
    for role in [Role::Technician, Role::Intake, Role::Operator, Role::Administrator] {
        let who = room.house.log_in(role.name(), &[(role, "fars")]).await.purpose("alert");
        let begin = BeginFittingRequest { wearer: WEARER.into(), imei: IMEI.into() };
        assert_eq!(reason(&room.client_of(&who).await.begin_fitting(begin).await.unwrap_err()).0, "NOT_ALLOWED", "{}", role.name());
    }
    let keyed = room.clerk.clone().with("paband-idempotency-key", "click-0001");
    let begin = BeginFittingRequest { wearer: WEARER.into(), imei: IMEI.into() };
    let (mut one, mut other) = (room.client_of(&keyed).await, room.client_of(&keyed).await);
    let (one, other) = tokio::join!(one.begin_fitting(begin.clone()), other.begin_fitting(begin));
    assert_eq!(one.unwrap().into_inner(), other.unwrap().into_inner());
    assert_eq!(room.count("SELECT count(*) FROM installations").await, 1);
}
