//! What one proposes and another confirms; and who is no second person.

use crate::accounts::Account;
use crate::house::{As, House, sql};
use crate::raw::{ask, reason_of};
use access::Role as Held;
use proto::access::*;
use tonic::Status;

struct Office {
    house: House,
    one: As,
    two: As,
    sara: i64,
    first_password: String,
}

impl Office {
    /// Two administrators, and Sara, whom the first has made.
    async fn new() -> Self {
        let house = House::new().await;
        let (one, two): (Account, Account) = house.administrators().await;
        let (one, two) = (house.enter(&one).await, house.enter(&two).await);
        let create = CreatePersonRequest { name: "sara".into(), shown_name: "سارا".into(), unit: "central".into() };
        let created: CreatePersonResponse =
            ask(&house.channel().await, "/paband.access.v1.People/CreatePerson", &one, &create).await.unwrap();
        Self { sara: created.person.unwrap().person_id, first_password: created.first_password, house, one, two }
    }

    async fn propose(&self, who: &As, role: Role) -> Result<Proposal, Status> {
        let grant = GrantRoleRequest { person_id: self.sara, role: role.into(), unit: "central".into() };
        ask(&self.house.channel().await, "/paband.access.v1.People/GrantRole", who, &grant).await
    }

    async fn confirm(&self, who: &As, proposal_id: i64) -> Result<Proposal, Status> {
        let confirm = ConfirmProposalRequest { proposal_id };
        ask(&self.house.channel().await, "/paband.access.v1.Proposals/ConfirmProposal", who, &confirm).await
    }

    async fn refuse(&self, who: &As, proposal_id: i64) -> Result<Proposal, Status> {
        let refuse = RefuseProposalRequest { proposal_id, reason: "not now".into() };
        ask(&self.house.channel().await, "/paband.access.v1.Proposals/RefuseProposal", who, &refuse).await
    }
}

fn refused(answer: &Result<Proposal, Status>, reason: &str) {
    assert_eq!(reason_of(answer).as_deref(), Some(reason), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_is_given_when_a_second_administrator_confirms_it() {
    let office = Office::new().await;
    let proposal = office.propose(&office.one, Role::Operator).await.unwrap();
    assert_eq!((proposal.state(), proposal.method.as_str()), (ProposalState::Waiting, "/paband.access.v1.People/GrantRole"));
    assert!(proposal.request_json.contains("ROLE_OPERATOR"), "{}", proposal.request_json);
    refused(&office.confirm(&office.one, proposal.proposal_id).await, "SAME_PERSON");
    let supervisor = office.house.log_in("judge", &[(Held::Supervisor, "central")]).await;
    refused(&office.confirm(&supervisor, proposal.proposal_id).await, "NOT_ALLOWED");
    refused(&office.refuse(&supervisor, proposal.proposal_id).await, "NOT_ALLOWED");
    let before = office.house.try_log_in("sara", &office.first_password, "").await.unwrap();
    assert_eq!(before.who.unwrap().grants, []);
    let confirmed = office.confirm(&office.two, proposal.proposal_id).await.unwrap();
    assert_eq!(
        (confirmed.state(), confirmed.proposed_by.as_str(), confirmed.decided_by.as_str()),
        (ProposalState::Confirmed, "admin-one", "admin-two")
    );
    refused(&office.confirm(&office.two, proposal.proposal_id).await, "PROPOSAL_OVER");
    let sara = office.house.settle("sara", &office.first_password).await;
    let session = office.house.enter(&sara).await;
    let mut watch = office.house.try_watch_as(session, Some(0)).await.unwrap();
    watch.heartbeat(|beat| beat.caught_up).await;
    refused(&office.propose(&office.one, Role::Operator).await, "ROLE_HELD_ALREADY");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proposal_is_refused_withdrawn_or_too_old() {
    let office = Office::new().await;
    let refused_one = office.propose(&office.one, Role::Operator).await.unwrap().proposal_id;
    assert_eq!(office.refuse(&office.two, refused_one).await.unwrap().state(), ProposalState::Refused);
    let withdrawn = office.propose(&office.one, Role::Operator).await.unwrap().proposal_id;
    assert_eq!(office.refuse(&office.one, withdrawn).await.unwrap().reason, "not now");
    let old = office.propose(&office.one, Role::Operator).await.unwrap().proposal_id;
    sql(&office.house.database, &format!("UPDATE proposals SET expires_at = now() WHERE proposal_id = {old}")).await;
    for over in [refused_one, withdrawn, old] {
        refused(&office.confirm(&office.two, over).await, "PROPOSAL_OVER");
    }
    let list = ListProposalsRequest { waiting_only: true };
    let waiting: ListProposalsResponse =
        ask(&office.house.channel().await, "/paband.access.v1.Proposals/ListProposals", &office.two, &list).await.unwrap();
    assert_eq!(waiting.proposals, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_confirm_at_once_give_the_role_once() {
    let office = Office::new().await;
    let proposal_id = office.propose(&office.one, Role::Operator).await.unwrap().proposal_id;
    let third = office.house.log_in("admin-three", &[(Held::Administrator, "central")]).await;
    let (two, three) = tokio::join!(office.confirm(&office.two, proposal_id), office.confirm(&third, proposal_id));
    let reasons = [reason_of(&two), reason_of(&three)];
    assert!(reasons.contains(&None) && reasons.contains(&Some("PROPOSAL_OVER".into())), "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_password_the_proposer_handed_out_is_no_second_person() {
    let office = Office::new().await;
    let people = office.house.database.client().await;
    let two: i64 = people.query_one("SELECT person_id FROM people WHERE name = 'admin-two'", &[]).await.unwrap().get(0);
    let reset = ResetPasswordRequest { person_id: two };
    let path = "/paband.access.v1.People/ResetPassword";
    let reset: ResetPasswordResponse = ask(&office.house.channel().await, path, &office.one, &reset).await.unwrap();
    sql(&office.house.database, "DELETE FROM person_passwords").await; // Settling chooses the same one again.
    let taken = office.house.settle("admin-two", &reset.first_password).await;
    let taken = office.house.enter(&taken).await;
    let proposal = office.propose(&office.one, Role::Administrator).await.unwrap().proposal_id;
    refused(&office.confirm(&taken, proposal).await, "SAME_PERSON");
    let proposal = office.propose(&taken, Role::Auditor).await.unwrap().proposal_id;
    refused(&office.confirm(&office.one, proposal).await, "SAME_PERSON");
    let third = office.house.log_in("admin-three", &[(Held::Administrator, "central")]).await;
    office.confirm(&third, proposal).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_resets_a_password_of_someone_with_roles_beyond_the_own_reach_or_switches_the_country_off() {
    let office = Office::new().await;
    let tehran =
        "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('tehran', 1, 'province', 'تهران', 'Tehran', true)";
    sql(&office.house.database, tehran).await;
    let local = office.house.log_in("local-admin", &[(Held::Administrator, "tehran")]).await;
    office.house.log_in("sara", &[(Held::Auditor, "central")]).await;
    sql(&office.house.database, "UPDATE people SET unit_id = (SELECT unit_id FROM units WHERE code = 'tehran') WHERE name = 'sara'").await;
    let channel = office.house.channel().await;
    let reset = ResetPasswordRequest { person_id: office.sara };
    let path = "/paband.access.v1.People/ResetPassword";
    let answer: Result<ResetPasswordResponse, _> = ask(&channel, path, &local, &reset).await;
    assert_eq!(reason_of(&answer).as_deref(), Some("NOT_ALLOWED"));
    ask::<ResetPasswordResponse>(&channel, path, &office.one, &reset).await.unwrap();
    let off = SwitchUnitRequest { code: "central".into(), on: false };
    let answer: Result<Unit, _> = ask(&channel, "/paband.access.v1.Units/SwitchUnit", &office.one, &off).await;
    assert_eq!(reason_of(&answer).as_deref(), Some("CENTRAL_UNIT_STAYS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_switched_off_proposes_nothing_any_more_and_a_new_role_begins_with_a_new_session() {
    let office = Office::new().await;
    let sara = office.house.settle("sara", &office.first_password).await;
    let before = office.house.enter(&sara).await;
    let given = office.propose(&office.one, Role::Operator).await.unwrap().proposal_id;
    let left_behind = office.propose(&office.one, Role::Supervisor).await.unwrap().proposal_id;
    office.confirm(&office.two, given).await.unwrap();
    // The seat from before may be allowed to last longer than the new role's sessions.
    let ended: Result<WhoAmIResponse, Status> =
        ask(&office.house.channel().await, "/paband.access.v1.Sessions/WhoAmI", &before, &WhoAmIRequest {}).await;
    assert_eq!(reason_of(&ended).as_deref(), Some("SESSION_ENDED"));
    sql(&office.house.database, "UPDATE people SET is_on = false WHERE name = 'admin-one'").await;
    refused(&office.confirm(&office.two, left_behind).await, "PROPOSAL_OVER");
}
