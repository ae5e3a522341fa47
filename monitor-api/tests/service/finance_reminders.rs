//! Reminders through a real connection: letters that are printed, sent and switched off, and touch nothing else.

use crate::finance_house::{Office, ascii};
use crate::house::{owned, reason, wrong_fields};
use proto::billing as schema;
use proto::enrolment::Date;

#[tokio::test(flavor = "multi_thread")]
async fn letters_that_are_due_are_printed_and_after_the_third_the_centre_is_told() {
    let office = Office::new(2).await;
    office.carry_on(&[2, 3], "2024-04-20T12:00:00").await;
    office.carry_on(&[2, 3], "2024-05-21T12:00:00").await;
    office.payment(3, "2024-06-02", 1_000_000, None).await;
    office.carry_on(&[3], "2024-06-03T12:00:00").await;
    let mut client = office.reminders().await;
    let render = |document_ids: &[i64], language: schema::DocumentLanguage| schema::RenderRemindersRequest {
        document_ids: document_ids.to_vec(),
        language: language.into(),
    };
    // Of each wearer two invoices, one of them paid in part: a sheet for each wearer.
    let due = schema::ListRemindersRequest { state: schema::ReminderState::Due.into(), ..Default::default() };
    let mut documents: Vec<i64> =
        client.list_reminders(due).await.unwrap().into_inner().reminders.iter().map(|one| one.document_id).collect();
    documents.sort_unstable();
    assert_eq!(documents.len(), 4);
    for (language, name, hint) in
        [(schema::DocumentLanguage::Persian, "rtl", "توان پرداخت ندارید"), (schema::DocumentLanguage::English, "ltr", "cannot pay")]
    {
        let page = client.render_reminders(render(&documents, language)).await.unwrap().into_inner();
        assert_eq!((page.file_name.as_str(), page.media_type.as_str()), ("reminders.html", "text/html; charset=utf-8"));
        let html = ascii(&String::from_utf8(page.content).unwrap());
        assert_eq!((html.matches("<section>").count(), html.matches(hint).count()), (2, 2), "{html}");
        let parts =
            [name, "=name 1", "=name 2", "1403/02/10", "1403/03/10", "3000000", "6100000", "2000000", "5100000", "INV-tehran-1403-000001"];
        assert!(parts.iter().all(|part| html.contains(part)), "{html}");
    }
    let wrong = client.render_reminders(render(&[1, 1], schema::DocumentLanguage::Persian)).await.unwrap_err();
    assert_eq!(wrong_fields(&wrong), [owned(("document_ids[1]", "NAMED_TWICE"))]);
    let nothing = client.render_reminders(render(&[], schema::DocumentLanguage::Persian)).await.unwrap_err();
    assert_eq!(wrong_fields(&nothing), [owned(("document_ids", "MISSING"))]);

    let report = schema::ListRemindersRequest { state: schema::ReminderState::Report.into(), ..Default::default() };
    assert_eq!(client.list_reminders(report.clone()).await.unwrap().into_inner().reminders, [], "the third letter was not sent");
    let earlier = "
        INSERT INTO billing_document_events (document_id, kind, at, recorded_at, recorded_by, text, reminder)
            VALUES (1, 'reminder', '2024-05-02', '2024-05-02', 'sara', 'by hand', 1), (1, 'reminder', '2024-05-09', '2024-05-09', 'sara', '', 2)";
    crate::house::sql(&office.house.database, earlier).await;
    client.mark_reminder_sent(schema::MarkReminderSentRequest { document_id: 1, number: 3, how: "by post".to_owned() }).await.unwrap();
    let found = client.list_reminders(report.clone()).await.unwrap().into_inner().reminders;
    let told: Vec<_> = found[0].sent.iter().map(|one| (one.number, one.how.as_str(), one.recorded_by.as_str())).collect();
    assert_eq!((found.len(), told), (1, vec![(1, "by hand", "sara"), (2, "", "sara"), (3, "by post", "sara")]));
    assert_eq!(
        (found[0].document_id, found[0].open.clone().unwrap().amount, found[0].state()),
        (1, 3_000_000, schema::ReminderState::Report)
    );
    assert_eq!(reason(&client.render_reminders(render(&[1], schema::DocumentLanguage::Persian)).await.unwrap_err()).0, "REMINDER_NOT_DUE");
    let all = client.list_reminders(schema::ListRemindersRequest::default()).await.unwrap().into_inner().reminders;
    assert!(all.iter().all(|one| one.state() != schema::ReminderState::Report), "only if it is asked for");
    // Paid: nothing is left to report, and no letter to print.
    office.payment(2, "2024-06-04", 3_000_000, None).await;
    office.carry_on(&[2], "2024-06-04T12:00:00").await;
    assert_eq!(client.list_reminders(report).await.unwrap().into_inner().reminders, []);
    assert_eq!(reason(&client.render_reminders(render(&[1], schema::DocumentLanguage::Persian)).await.unwrap_err()).0, "NOTHING_OWED");
}

#[tokio::test(flavor = "multi_thread")]
async fn reminders_are_letters_and_touch_nothing_else() {
    let office = Office::new(2).await;
    office.carry_on(&[2, 3], "2024-04-20T12:00:00").await;
    let watched = "
        SELECT jsonb_build_object('alerts', (SELECT jsonb_agg(a) FROM alerts a), 'events', (SELECT jsonb_agg(e) FROM alert_events e),
            'wearers', (SELECT jsonb_agg(w ORDER BY wearer_id) FROM wearers w), 'fittings', (SELECT jsonb_agg(f ORDER BY fitting_id) FROM fittings f),
            'facts', (SELECT version FROM facts_head), 'judging', (SELECT count(*) FROM judging_requests), 'ledger', (SELECT count(*) FROM ledger_entries))::text";
    let state = async || office.house.database.client().await.query_one(watched, &[]).await.unwrap().get::<_, String>(0);
    let before = state().await;
    let mut client = office.reminders().await;
    let due = schema::ListRemindersRequest { state: schema::ReminderState::Due.into(), ..Default::default() };
    let found = client.list_reminders(due.clone()).await.unwrap().into_inner().reminders;
    assert_eq!(found.iter().map(|one| (one.document_id, one.number)).collect::<Vec<_>>(), [(2, 3), (1, 3)], "the newest of three");
    assert!(found.iter().all(|one| one.hardship_hint.chars().count() > 30 && one.days_past_due > 30));
    // The due date of 1403/02/10 is a Monday; three days later is a Thursday, ten a Thursday.
    for (day, expected) in [("1403/02/12", 0), ("1403/02/13", 1), ("1403/02/20", 2), ("1403/03/08", 2), ("1403/03/09", 3)] {
        let day = Some(Date { solar_hijri: day.to_owned(), gregorian: String::new() });
        let found = client.list_reminders(schema::ListRemindersRequest { day: day.clone(), ..due.clone() }).await.unwrap().into_inner();
        let number = found.reminders.first().map_or(0, |one| one.number);
        assert_eq!(number, expected, "{day:?}");
    }
    let sent = schema::MarkReminderSentRequest { document_id: 1, number: 3, how: "by post".to_owned() };
    let wrong = schema::MarkReminderSentRequest { number: 4, ..sent.clone() };
    assert_eq!(wrong_fields(&client.mark_reminder_sent(wrong).await.unwrap_err()), [owned(("number", "OUT_OF_RANGE"))]);
    client.mark_reminder_sent(sent.clone()).await.unwrap();
    assert_eq!(reason(&client.mark_reminder_sent(sent.clone()).await.unwrap_err()).0, "REMINDER_NOT_DUE");
    let earlier = schema::MarkReminderSentRequest { number: 1, ..sent };
    assert_eq!(reason(&client.mark_reminder_sent(earlier).await.unwrap_err()).0, "REMINDER_NOT_DUE", "a later one was sent");
    let off = schema::SwitchRemindersRequest { document_id: 2, on: false, reason: "he pays in parts".to_owned() };
    client.switch_reminders(off.clone()).await.unwrap();
    let all = client.list_reminders(schema::ListRemindersRequest::default()).await.unwrap().into_inner().reminders;
    let states: Vec<_> = all.iter().map(|one| (one.document_id, one.state(), one.reason.as_str())).collect();
    use schema::ReminderState as State;
    assert_eq!(states, [(2, State::Off, "he pays in parts"), (1, State::Sent, "")]);
    assert_eq!(client.list_reminders(due.clone()).await.unwrap().into_inner().reminders, []);
    client.switch_reminders(schema::SwitchRemindersRequest { on: true, ..off }).await.unwrap();
    assert_eq!(client.list_reminders(due).await.unwrap().into_inner().reminders.len(), 1);
    assert_eq!(state().await, before, "money never touches monitoring, and a letter never the ledger");
}
