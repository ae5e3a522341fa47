//! The switches of the policy and the holidays of banks, through a real connection: the central unit's, and nothing that was issued is changed.

use crate::finance_house::Office;
use crate::house::{As, owned, wrong_fields};
use crate::money_room::{Called, refused};
use access::Role;
use proto::access::ConfirmProposalRequest;
use proto::access::proposals_client::ProposalsClient;
use proto::billing::policies_client::PoliciesClient;
use proto::billing::reminders_client::RemindersClient;
use proto::billing::*;
use proto::enrolment::Date;

async fn policies(office: &Office, who: &As) -> PoliciesClient<Called> {
    PoliciesClient::with_interceptor(office.house.channel().await, who.clone())
}

fn switches(switches: &str) -> ProposePolicyRequest {
    ProposePolicyRequest { switches: switches.to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_are_set_by_two_of_the_central_unit_until_something_was_issued_by_them() {
    let office = Office::new(1).await;
    let one = office.house.log_in("one", &[(Role::Finance, "central")]).await;
    let two = office.house.log_in("two", &[(Role::Finance, "central")]).await;
    let mut client = policies(&office, &one).await;
    assert_eq!(refused(policies(&office, &office.sara).await.propose_policy(switches("{\"due_days\": 20}")).await), "CENTRAL_ONLY");
    for wrong in ["{\"due_days\": 0}", "{\"due\": 1}", "20"] {
        let answer = client.propose_policy(switches(wrong)).await.unwrap_err();
        assert_eq!(wrong_fields(&answer), [owned(("switches", "NO_POLICY"))], "{wrong}");
    }
    let proposed = client.propose_policy(switches("{\"due_days\": 20}")).await.unwrap().into_inner();
    let late = client.propose_policy(switches("{\"due_days\": 30}")).await.unwrap().into_inner();
    let mut proposals = ProposalsClient::with_interceptor(office.house.channel().await, two.clone());
    proposals.confirm_proposal(ConfirmProposalRequest { proposal_id: proposed.proposal_id }).await.unwrap();
    let seen = client.get_policy(GetPolicyRequest {}).await.unwrap().into_inner();
    assert!(seen.switches.contains("\"due_days\":20") && !seen.fixed && seen.set_by.ends_with("two"), "{seen:?}");
    office.carry_on(&[2], "2024-04-20T12:00:00").await;
    let due = "SELECT due - (run_at AT TIME ZONE 'Asia/Tehran')::date FROM billing_documents WHERE kind = 'invoice'";
    let due: i32 = office.house.database.client().await.query_one(due, &[]).await.unwrap().get(0);
    assert_eq!(due, 19, "the day of issue is the first");
    assert_eq!(refused(client.propose_policy(switches("{\"due_days\": 30}")).await), "POLICY_IN_USE");
    assert_eq!(refused(proposals.confirm_proposal(ConfirmProposalRequest { proposal_id: late.proposal_id }).await), "POLICY_IN_USE");
    assert!(client.get_policy(GetPolicyRequest {}).await.unwrap().into_inner().fixed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_moves_over_holidays_and_fridays_and_the_due_date_stays() {
    let office = Office::new(1).await;
    office.carry_on(&[2], "2024-04-20T12:00:00").await;
    let day = |solar: &str| Some(Date { solar_hijri: solar.to_owned(), gregorian: String::new() });
    let central = office.house.log_in("central", &[(Role::Finance, "central")]).await;
    let mut client = RemindersClient::with_interceptor(office.house.channel().await, central.clone());
    // Due on 1403/02/10: the first reminder is for the 13th, a Thursday; the 14th is a Friday.
    let listed = async |at: &str| {
        let mut reminders = office.reminders().await;
        let asked = ListRemindersRequest { day: day(at), state: ReminderState::Due.into(), ..Default::default() };
        let found = reminders.list_reminders(asked).await.unwrap().into_inner().reminders;
        found.into_iter().map(|one| (one.due.unwrap().solar_hijri, one.remind_on.unwrap().solar_hijri)).collect::<Vec<_>>()
    };
    let both = |due: &str, day: &str| vec![(due.to_owned(), day.to_owned())];
    assert_eq!(listed("1403/02/13").await, both("1403/02/10", "1403/02/13"), "banks are open on Thursdays");
    let holiday = |solar: &str, name: &str| Holiday { day: day(solar), name: name.to_owned(), recorded_by: String::new() };
    let set = |closed: Vec<Holiday>, open: Vec<Date>| SetHolidaysRequest { closed, open };
    assert_eq!(refused(office.reminders().await.set_holidays(set(vec![holiday("1403/02/13", "x")], vec![])).await), "CENTRAL_ONLY");
    let wrong = client.set_holidays(set(vec![holiday("1403/02/13", ""), holiday("1403/02/13", "x")], vec![])).await.unwrap_err();
    assert_eq!(wrong_fields(&wrong), [("closed[0].name", "MISSING"), ("closed[1].day", "NAMED_TWICE")].map(owned));
    assert_eq!(wrong_fields(&client.set_holidays(set(vec![], vec![])).await.unwrap_err()), [owned(("closed", "MISSING"))]);
    client.set_holidays(set(vec![holiday("1403/02/13", "martyrdom"), holiday("1403/03/14", "x")], vec![])).await.unwrap();
    assert_eq!((listed("1403/02/13").await, listed("1403/02/14").await), (vec![], vec![]));
    assert_eq!(listed("1403/02/15").await, both("1403/02/10", "1403/02/15"));
    client.set_holidays(set(vec![holiday("1403/03/14", "y")], vec![day("1403/02/13").unwrap()])).await.unwrap();
    assert_eq!(listed("1403/02/13").await.len(), 1);
    let seen = client.list_holidays(ListHolidaysRequest { from: day("1403/03/01"), to: None }).await.unwrap().into_inner().holidays;
    assert_eq!(seen.iter().map(|one| (one.name.as_str(), one.recorded_by.as_str())).collect::<Vec<_>>(), [("y", "central")]);
}
