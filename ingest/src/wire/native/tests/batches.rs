use super::*;

#[test]
fn an_ack_is_written_only_when_all_numbers_up_to_it_are_durable() {
    let mut connection = Connection::logged_in();
    let tickets: Vec<u64> = (1..=4).map(|number| connection.submit(0, number)).collect();
    assert_eq!(connection.told(), []);
    assert_eq!(connection.stored(0, tickets[2]), []);
    assert_eq!(connection.stored(0, tickets[1]), []);
    assert_eq!(connection.stored(0, tickets[0]), [ack(0, 3)]);
    assert_eq!(connection.stored(0, tickets[0]), [], "settled once");
    assert_eq!(connection.stored(0, tickets[3]), [ack(0, 4)]);
    connection.submit(0, 5);
}

#[test]
fn unsent_acks_of_a_session_become_one() {
    let mut connection = Connection::logged_in();
    let tickets: Vec<u64> = (1..=10).map(|number| connection.submit(0, number)).collect();
    for ticket in &tickets[..4] {
        connection.settle(0, *ticket, Outcome::Stored).expect("goes on");
    }
    assert_eq!(connection.told(), [ack(0, 4)]);
    for ticket in &tickets[4..6] {
        connection.settle(0, *ticket, Outcome::Stored).expect("goes on");
    }
    assert!(connection.protocol.command(0, 1, &Command::LocateNow, &mut connection.output));
    for ticket in &tickets[6..] {
        connection.settle(0, *ticket, Outcome::Stored).expect("goes on");
    }
    let told = connection.told();
    assert_eq!((&told[0], &told[2], told.len()), (&ack(0, 6), &ack(0, 10), 3));
}

#[test]
fn an_ack_half_sent_is_left_whole() {
    let mut connection = Connection::logged_in();
    let (first, second) = (connection.submit(0, 1), connection.submit(0, 2));
    connection.settle(0, first, Outcome::Stored).expect("goes on");
    let mut sent = connection.output.split_to(2);
    connection.settle(0, second, Outcome::Stored).expect("goes on");
    sent.unsplit(connection.output.split());
    connection.output = sent;
    assert_eq!(connection.told(), [ack(0, 1), ack(0, 2)]);
}

#[test]
fn a_repeat_is_acknowledged_again_or_waits() {
    let mut connection = Connection::logged_in();
    let first = connection.submit(0, 1);
    assert_eq!(connection.say(0, batch(1, vec![report()])), Ok(Event::Nothing));
    assert_eq!(connection.told(), [], "pending");
    assert_eq!(connection.stored(0, first), [ack(0, 1)]);
    assert_eq!(connection.say(0, batch(1, vec![report()])), Ok(Event::Nothing));
    assert_eq!(connection.told(), [ack(0, 1)]);
}

#[test]
fn a_gap_in_the_numbers_is_refused() {
    for number in [0, 3, u64::MAX] {
        let mut connection = Connection::logged_in();
        connection.submit(0, 1);
        let lost = connection.say(0, batch(number, vec![report()])).expect_err("a gap");
        assert_eq!((lost.reason, lost.imei.as_deref()), ("protocol", Some(IMEI)));
        assert!(!lost.raw.is_empty());
        assert_eq!(refusal(&connection.told()), (0, Reason::Protocol));
    }
}

#[test]
fn a_batch_not_stored_ends_the_connection_of_one_tag() {
    let mut connection = Connection::logged_in();
    let (first, second) = (connection.submit(0, 1), connection.submit(0, 2));
    assert_eq!(connection.stored(0, second), []);
    assert_eq!(connection.settle(0, first, Outcome::NotStored).expect_err("refused").reason, "not_stored");
    assert_eq!(refusal(&connection.told()), (0, Reason::NotStored));
}

#[test]
fn a_batch_not_stored_ends_one_session_of_a_gateway() {
    let mut gateway = Connection::new();
    gateway.log_in(1, IMEI);
    gateway.log_in(2, "100000000000002");
    let (failed, later, other) = (gateway.submit(1, 1), gateway.submit(1, 2), gateway.submit(2, 1));
    gateway.settle(1, failed, Outcome::NotStored).expect("the gateway goes on");
    assert_eq!(refusal(&gateway.told()), (1, Reason::NotStored));

    gateway.settle(1, later, Outcome::NotStored).expect("said once");
    assert_eq!(gateway.stored(1, later), []);
    assert_eq!(gateway.say(1, batch(3, vec![report()])), Ok(Event::Nothing), "it was on its way");
    assert!(!gateway.protocol.command(1, 1, &Command::LocateNow, &mut gateway.output));
    assert_eq!(gateway.told(), []);
    assert_eq!(gateway.stored(2, other), [ack(2, 1)]);

    gateway.log_in(1, IMEI);
    let again = gateway.submit(1, 1);
    assert_eq!(gateway.stored(1, again), [ack(1, 1)]);
}

#[test]
fn a_command_goes_down_and_its_result_comes_up() {
    let mut connection = Connection::new();
    assert!(!connection.protocol.command(0, 1, &Command::LocateNow, &mut connection.output), "nobody is logged in");
    connection.log_in(0, IMEI);
    let check = |command: Command, carried: bool| {
        let mut connection = Connection::logged_in();
        assert_eq!(connection.protocol.command(0, 9, &command, &mut connection.output), carried, "{command:?}");
        assert_eq!(connection.told().len(), usize::from(carried));
    };
    check(Command::LocateNow, true);
    check(Command::SetInterval(1), true);
    check(Command::SetInterval(3_600), true);
    check(Command::SetInterval(0), false);
    check(Command::SetInterval(3_601), false);
    check(Command::Notify("تماس بگیرید".into(), 3), true);
    check(Command::Notify("ا".repeat(160), 10), true);
    check(Command::Notify("a".repeat(161), 0), false);
    check(Command::Notify(String::new(), 11), false);
    let result = CommandResult { id: 9, done: true, text: String::new() };
    assert_eq!(connection.say(0, Said::CommandResult(result)), Ok(Event::CommandResult { tag_id: TAG_ID, id: 9, done: true }));
}

#[test]
fn a_ping_is_answered_and_a_farewell_said() {
    let mut gateway = Connection::new();
    gateway.log_in(3, IMEI);
    for session in [0, 3] {
        assert_eq!(gateway.say(session, Said::Ping(Ping {})), Ok(Event::Nothing));
        assert!(matches!(gateway.told()[..], [(of, Told::Pong(_))] if of == session));
    }
    gateway.protocol.farewell(&mut gateway.output);
    assert_eq!(refusal(&gateway.told()), (0, Reason::Stopping));
}
