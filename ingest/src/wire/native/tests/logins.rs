use super::*;

#[test]
fn a_login_tells_the_clock_and_the_limits() {
    let mut connection = Connection::new();
    let nonce = connection.challenge(0, IMEI);
    assert_eq!(nonce.len(), 16);
    assert!(!connection.protocol.logged_in());
    let event = connection.say(0, proof_of(0, IMEI, &nonce));
    assert_eq!(event, Ok(Event::LoggedIn { session: 0, tag_id: TAG_ID }));
    assert!(connection.protocol.logged_in());
    match &connection.told()[..] {
        [(0, Told::Welcome(welcome))] => {
            assert_eq!((welcome.version, welcome.server_time_ms, welcome.reports_max), (1, NOW.millis(), REPORTS_MAX as u32));
        }
        other => panic!("no welcome: {other:?}"),
    }
}

#[test]
fn a_wrong_proof_is_refused_whatever_is_wrong_with_it() {
    let check = |wrong: fn(&[u8]) -> Vec<u8>| {
        let mut connection = Connection::new();
        let nonce = connection.challenge(0, IMEI);
        let lost = connection.say(0, Said::Proof(Proof { mac: wrong(&nonce) })).expect_err("refused");
        assert_eq!((lost.reason, lost.imei.as_deref()), ("wrong_proof", Some(IMEI)));
        assert_eq!(refusal(&connection.told()), (0, Reason::WrongProof));
        assert!(!connection.protocol.logged_in());
    };
    check(|_| vec![]);
    check(|_| vec![0; 32]);
    check(|nonce| proof(&[9; 32], nonce, 0, IMEI).to_vec()); // another key
    check(|nonce| proof(&KEY, nonce, 1, IMEI).to_vec()); // another session
    check(|nonce| proof(&KEY, nonce, 0, "100000000000001").to_vec()); // another tag
    check(|_| proof(&KEY, &[0; 16], 0, IMEI).to_vec()); // another nonce
    check(|nonce| proof(&KEY, nonce, 0, IMEI)[..31].to_vec()); // cut
}

#[test]
fn a_nonce_serves_once() {
    let mut gateway = Connection::new();
    let nonce = gateway.challenge(1, IMEI);
    gateway.say(1, Said::Proof(Proof { mac: vec![1] })).expect("the gateway goes on");
    assert_eq!(refusal(&gateway.told()), (1, Reason::WrongProof));
    gateway.say(1, proof_of(1, IMEI, &nonce)).expect("the gateway goes on");
    assert_eq!(refusal(&gateway.told()), (1, Reason::Protocol));

    let second = gateway.challenge(1, IMEI);
    assert_ne!(nonce, second);
    gateway.say(1, proof_of(1, IMEI, &nonce)).expect("the gateway goes on");
    assert_eq!(refusal(&gateway.told()), (1, Reason::WrongProof));
    assert!(!gateway.protocol.logged_in());
}

#[test]
fn a_second_hello_makes_the_first_nonce_worthless() {
    let mut connection = Connection::new();
    let first = connection.challenge(0, IMEI);
    connection.challenge(0, IMEI);
    assert_eq!(connection.say(0, proof_of(0, IMEI, &first)).expect_err("refused").reason, "wrong_proof");
}

#[test]
fn a_stranger_is_refused_alone() {
    for stranger in ["999999999999999", KEYLESS] {
        let mut connection = Connection::new();
        let lost = connection.say(0, hello(stranger)).expect_err("refused");
        assert_eq!((lost.reason, lost.imei.as_deref()), ("unknown_tag", Some(stranger)));
        assert_eq!(refusal(&connection.told()), (0, Reason::UnknownTag));

        let mut gateway = Connection::new();
        gateway.log_in(1, IMEI);
        let event = gateway.say(2, hello(stranger)).expect("the gateway goes on");
        assert!(matches!(event, Event::Quarantine { reason: "unknown_tag", imei: Some(imei), .. } if imei == stranger));
        assert_eq!(refusal(&gateway.told()), (2, Reason::UnknownTag));
        gateway.submit(1, 1);
    }
}

#[test]
fn a_hello_out_of_order_is_refused() {
    let check = |hello: Hello, reason, counted| {
        let mut connection = Connection::new();
        assert_eq!(connection.say(0, Said::Hello(hello)).expect_err("refused").reason, counted);
        assert_eq!(refusal(&connection.told()), (0, reason));
    };
    let hello = Hello { version: 1, imei: IMEI.into(), ..Hello::default() };
    check(Hello { version: 0, ..hello.clone() }, Reason::Version, "version");
    check(Hello { imei: "35630704244101".into(), ..hello.clone() }, Reason::Protocol, "protocol");
    check(Hello { imei: "35630704244101x".into(), ..hello.clone() }, Reason::Protocol, "protocol");
    check(Hello { imei: String::new(), ..hello }, Reason::Protocol, "protocol");
    let newer = Hello { version: 9, imei: IMEI.into(), ..Hello::default() };
    assert_eq!(Connection::new().say(0, Said::Hello(newer)), Ok(Event::Nothing), "a newer tag also speaks version 1");
}

#[test]
fn nothing_but_a_login_is_heard_before_the_login() {
    for said in [batch(1, vec![report()]), Said::CommandResult(CommandResult::default()), Said::Proof(Proof::default())] {
        let mut connection = Connection::new();
        assert_eq!(connection.say(0, said).expect_err("refused").reason, "protocol");
        assert_eq!(refusal(&connection.told()), (0, Reason::Protocol));
    }
    let mut connection = Connection::new();
    connection.challenge(0, IMEI);
    assert_eq!(connection.say(0, batch(1, vec![report()])).expect_err("refused").reason, "protocol");
}

#[test]
fn a_connection_is_of_one_tag_or_of_a_gateway() {
    let mut connection = Connection::logged_in();
    connection.say(1, hello(IMEI)).expect("only that session");
    assert_eq!(refusal(&connection.told()), (1, Reason::Protocol));
    let mut gateway = Connection::new();
    gateway.log_in(5, IMEI);
    assert_eq!(gateway.say(0, hello(IMEI)).expect_err("refused").reason, "protocol");
}

#[test]
fn a_gateway_has_as_many_sessions_as_the_limit_and_as_many_logins() {
    let imei = |number: u32| (100_000_000_000_000 + u64::from(number)).to_string();
    let mut gateway = Connection::new();
    for session in 1..=LOGINS_PENDING_MAX as u32 {
        gateway.challenge(session, &imei(session));
    }
    let beyond = LOGINS_PENDING_MAX as u32 + 1;
    gateway.say(beyond, hello(IMEI)).expect("only that session");
    assert_eq!(refusal(&gateway.told()), (beyond, Reason::Busy));
    assert_eq!(gateway.challenge(1, IMEI).len(), 16, "one under way may begin again");

    let mut gateway = Connection::new();
    for session in 1..=SESSIONS_MAX as u32 {
        gateway.log_in(session, &imei(session));
    }
    let beyond = SESSIONS_MAX as u32 + 1;
    gateway.say(beyond, hello(IMEI)).expect("only that session");
    assert_eq!(refusal(&gateway.told()), (beyond, Reason::Busy));
    gateway.log_in(1, IMEI);
}

#[test]
fn a_second_login_on_a_session_starts_its_numbers_anew() {
    let mut gateway = Connection::new();
    gateway.log_in(1, IMEI);
    let old = gateway.submit(1, 1);
    gateway.log_in(1, IMEI);
    let new = gateway.submit(1, 1);
    assert_eq!(gateway.stored(1, old), [], "of the earlier login");
    assert_eq!(gateway.stored(1, new), [ack(1, 1)]);
}
