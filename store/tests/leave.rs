//! The paper of leave and of inspections in the database: what cannot be unwritten, and what the judgement reads.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use store::testing::TestDatabase;
use tokio_postgres::Client;

const PAPER: &str = "
    INSERT INTO wearers (reference) VALUES ('w1');
    INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at)
        VALUES (1, 'requested', now() + interval '1 day', now() + interval '2 days', 'overnight', false, 'x', 'sara', now());
    INSERT INTO leave_batches (unit_ids, valid_from, valid_to, kind, exclusion, purpose, authority, decision_number, decision_date, prepared_by, prepared_at)
        VALUES ('{1}', now(), now() + interval '1 day', 'hours', false, 'x', 'x', 'x', now(), 'sara', now());
    INSERT INTO leave_batch_wearers (batch_id, position, reference, wearer_id) VALUES (1, 1, 'w1', 1);
    INSERT INTO inspections (wearer_id, state, address, authority, decision_number, decision_date, requested_at)
        VALUES (1, 'requested', 'x', 'x', 'x', now(), now());
    INSERT INTO inspection_events (inspection_id, version, kind, recorded_at, recorded_by) VALUES (1, 1, 'requested', now(), 'sara');";

const APPROVE: &str = "UPDATE leave_acts SET state = 'approved', authority = 'x', decision_number = 'x', decision_date = now(), decided_by = 'reza', decided_at = now()";

async fn told(client: &Client, command: &str) -> String {
    match client.batch_execute(command).await {
        Ok(()) => "done".to_owned(),
        Err(error) => {
            let said = error.as_db_error().unwrap();
            said.constraint().map_or_else(|| said.message().to_owned(), str::to_owned)
        }
    }
}

#[tokio::test]
async fn what_was_asked_for_and_found_cannot_be_unwritten() {
    let database = TestDatabase::create().await;
    let _store = database.store().await;
    let client = database.client().await;
    client.batch_execute(PAPER).await.unwrap();
    client.batch_execute("SET ROLE paband_service").await.unwrap();
    for (command, expected) in [
        ("DELETE FROM leave_acts", "permission denied for table leave_acts"),
        ("UPDATE leave_acts SET valid_to = now() + interval '9 days'", "permission denied for table leave_acts"),
        ("UPDATE leave_acts SET requested_by = 'reza'", "permission denied for table leave_acts"),
        ("DELETE FROM leave_batches", "permission denied for table leave_batches"),
        ("UPDATE leave_batches SET prepared_by = 'reza'", "permission denied for table leave_batches"),
        ("UPDATE leave_batch_wearers SET wearer_id = NULL", "permission denied for table leave_batch_wearers"),
        ("DELETE FROM inspections", "permission denied for table inspections"),
        ("UPDATE inspection_events SET note = 'x'", "permission denied for table inspection_events"),
        ("TRUNCATE inspection_events", "permission denied for table inspection_events"),
        ("UPDATE leave_acts SET state = 'withdrawn', ended_by = 'reza', ended_at = now(), end_reason = 'x'", "done"),
    ] {
        assert_eq!(told(&client, command).await, expected, "{command}");
    }
}

#[tokio::test]
async fn the_judgement_reads_exactly_the_leaves_that_are_in_force() {
    let database = TestDatabase::create().await;
    let _store = database.store().await;
    let client = database.client().await;
    client.batch_execute(PAPER).await.unwrap();
    client.batch_execute("SET ROLE paband_service").await.unwrap();
    let read = async || {
        let rows = "SELECT count(*), coalesce(max(valid_to - valid_from)::text, '') FROM leaves";
        let row = client.query_one(rows, &[]).await.unwrap();
        (row.get::<_, i64>(0), row.get::<_, String>(1))
    };
    let version = async || client.query_one("SELECT version FROM facts_head", &[]).await.unwrap().get::<_, i64>(0);
    let before = version().await;
    assert_eq!(told(&client, "UPDATE leave_acts SET late_reason = 'x'").await, "done");
    assert_eq!((read().await, version().await), ((0, String::new()), before), "paper wakes no shard");
    assert_eq!(told(&client, &APPROVE.replace("reza", "sara")).await, "leave_acts_check2", "who asked does not decide");
    assert_eq!(told(&client, APPROVE).await, "done");
    assert_eq!(read().await, (1, "1 day".to_owned()));
    assert_eq!(version().await, before + 1);
    let shorten = "UPDATE leave_acts SET state = 'shortened', back_at = valid_from + interval '1 hour', ended_by = 'x', ended_at = now()";
    assert_eq!(told(&client, shorten).await, "done");
    assert_eq!(read().await, (1, "01:00:00".to_owned()));
    // From the hour at which the first ended on, another is possible; before, none is.
    let another = |from: &str| {
        format!(
            "INSERT INTO leave_acts (wearer_id, state, valid_from, valid_to, kind, exclusion, purpose, requested_by, requested_at, authority, decision_number,
                decision_date, decided_by, decided_at)
            SELECT wearer_id, 'approved', {from}, valid_to, kind, false, 'x', 'sara', now(), 'x', 'x', now(), 'reza', now() FROM leave_acts WHERE leave_id = 1"
        )
    };
    assert_eq!(told(&client, &another("valid_from")).await, "a_wearer_has_one_leave_at_a_time");
    assert_eq!(told(&client, &another("back_at")).await, "done");
    assert_eq!(read().await.0, 2);
    assert_eq!(told(&client, "UPDATE leave_acts SET state = 'withdrawn', back_at = NULL, ended_by = 'x', ended_at = now()").await, "done");
    assert_eq!(read().await.0, 0);
}
