//! Inspections of homes through a real connection: step by step, by whom, what comes first, certificates, objections.

use crate::enrolment_leave::{DAY, HOUR, count, decision, tehran, time};
use crate::house::{As, House, owned, reason, sql, wrong_fields};
use access::Role;
use proto::enrolment::inspections_client::InspectionsClient;
use proto::enrolment::{
    AnswerObjectionRequest, ConfirmAppointmentRequest, DecideInspectionRequest, GetInspectionRequest, Inspection, InspectionChecklist,
    InspectionShortcoming, InspectionState, ListInspectionsRequest, ObjectToInspectionRequest, ProposeAppointmentRequest,
    RecordVisitRequest, RequestInspectionRequest, WithdrawInspectionRequest,
};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Response, Status};

type Client = InspectionsClient<InterceptedService<Channel, As>>;
type Answer = Result<Response<Inspection>, Status>;

async fn client(house: &House, name: &str, role: Role) -> Client {
    let who = house.log_in(name, &[(role, "tehran")]).await.purpose("file");
    InspectionsClient::with_interceptor(house.channel().await, who)
}

/// The people of Tehran.
struct Staff {
    intake: Client,
    technical: Client,
    chief: Client,
}

impl Staff {
    async fn of(house: &House) -> Self {
        Self {
            intake: client(house, "sara", Role::Intake).await,
            technical: client(house, "davood", Role::Technical).await,
            chief: client(house, "judge", Role::Supervisor).await,
        }
    }

    /// As far as the visit.
    async fn visited(&mut self, wearer: &str, checklist: InspectionChecklist) -> Inspection {
        let one = self.intake.request_inspection(requested(wearer)).await.unwrap().into_inner();
        self.visit_again(&one, checklist).await
    }

    async fn visit_again(&mut self, one: &Inspection, checklist: InspectionChecklist) -> Inspection {
        let one = self.technical.propose_appointment(propose(one)).await.unwrap().into_inner();
        let one = self.intake.confirm_appointment(confirm(&one)).await.unwrap().into_inner();
        self.technical.record_visit(visit(&one, Some(checklist))).await.unwrap().into_inner()
    }
}

fn requested(wearer: &str) -> RequestInspectionRequest {
    RequestInspectionRequest { wearer: wearer.to_owned(), address: "خیابان انقلاب ۱۲".to_owned(), asked_by: decision() }
}

fn propose(one: &Inspection) -> ProposeAppointmentRequest {
    ProposeAppointmentRequest { inspection_id: one.inspection_id, expected_version: one.version, at: time(DAY), note: String::new() }
}

fn confirm(one: &Inspection) -> ConfirmAppointmentRequest {
    let how = "the mother, by telephone".to_owned();
    ConfirmAppointmentRequest { inspection_id: one.inspection_id, expected_version: one.version, at: time(-60), how }
}

fn visit(one: &Inspection, checklist: Option<InspectionChecklist>) -> RecordVisitRequest {
    let note = "third floor".to_owned();
    RecordVisitRequest { inspection_id: one.inspection_id, expected_version: one.version, at: time(-60), checklist, note }
}

fn decide(one: &Inspection, suitable: bool, reasons: &str) -> DecideInspectionRequest {
    DecideInspectionRequest { inspection_id: one.inspection_id, expected_version: one.version, suitable, reasons: reasons.to_owned() }
}

fn object(one: &Inspection) -> ObjectToInspectionRequest {
    let objection = "there is power now".to_owned();
    ObjectToInspectionRequest { inspection_id: one.inspection_id, expected_version: one.version, at: time(-60), objection }
}

fn answer(one: &Inspection, upheld: bool) -> AnswerObjectionRequest {
    let reasons = "seen on the photo".to_owned();
    AnswerObjectionRequest { inspection_id: one.inspection_id, expected_version: one.version, upheld, reasons }
}

fn withdraw(one: &Inspection) -> WithdrawInspectionRequest {
    WithdrawInspectionRequest { inspection_id: one.inspection_id, expected_version: one.version, reason: "moved".to_owned() }
}

fn good() -> InspectionChecklist {
    InspectionChecklist {
        mains_power: true,
        gnss_satellites: 7,
        gnss_accuracy_m: 12.5,
        gsm_dbm: -85,
        landlord_consents: true,
        household_consents: true,
        persons: 3,
        telephone: "021-555".to_owned(),
        note: String::new(),
    }
}

fn bad() -> InspectionChecklist {
    InspectionChecklist { mains_power: false, gsm_dbm: -110, ..good() }
}

fn why(answer: Answer) -> String {
    reason(&answer.unwrap_err()).0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_is_visited_and_found_suitable_with_a_certificate() {
    let house = tehran(3).await;
    let mut staff = Staff::of(&house).await;
    let visited = staff.visited("w-1", good()).await;
    assert_eq!((visited.state(), visited.visited_by.as_str(), visited.shortcomings.len()), (InspectionState::Visited, "davood", 0));
    // Who visited does not decide, in whatever role.
    let mut both = client(&house, "davood", Role::Intake).await;
    assert_eq!(why(both.decide_inspection(decide(&visited, true, "")).await), "SAME_PERSON");
    let decided = staff.intake.decide_inspection(decide(&visited, true, "")).await.unwrap().into_inner();
    let year = visited.asked_by.as_ref().unwrap().date.as_ref().unwrap().solar_hijri[..4].to_owned();
    assert_eq!(decided.state(), InspectionState::Suitable);
    let number = decided.certificate_number.clone();
    assert!(number.starts_with("tehran/14") && number.ends_with("/1") && number[7..11] >= year[..], "{number}");
    let kinds: Vec<&str> = decided.events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["requested", "appointed", "confirmed", "visited", "decided"]);
    assert_eq!(decided.events[3].checklist, Some(good()));
    assert_eq!((decided.events[4].certificate_number.as_str(), decided.events[4].recorded_by.as_str()), (number.as_str(), "sara"));
    // What the fitting asks.
    assert_eq!(count(&house, "SELECT count(*) FROM inspections WHERE state = 'decided' AND result = 'suitable'").await, 1);
    // The next certificates, two at once, have numbers of their own.
    let (one, other) = (staff.visited("w-2", good()).await, staff.visited("w-3", good()).await);
    let mut second = client(&house, "reza", Role::Intake).await;
    let (one, other) =
        tokio::join!(staff.intake.decide_inspection(decide(&one, true, "")), second.decide_inspection(decide(&other, true, "")));
    let mut numbers = [one, other].map(|answer| answer.unwrap().into_inner().certificate_number.chars().last().unwrap());
    numbers.sort_unstable();
    assert_eq!(numbers, ['2', '3']);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_with_shortcomings_is_suitable_only_for_a_reason() {
    let house = tehran(1).await;
    let mut staff = Staff::of(&house).await;
    let visited = staff.visited("w-1", bad()).await;
    let expected = [InspectionShortcoming::NoPower, InspectionShortcoming::WeakNetwork];
    assert_eq!(visited.shortcomings().collect::<Vec<_>>(), expected);
    assert_eq!(why(staff.intake.decide_inspection(decide(&visited, true, "")).await), "INSPECTION_SHORTCOMINGS");
    let unsaid = staff.intake.decide_inspection(decide(&visited, false, "")).await.unwrap_err();
    assert_eq!(wrong_fields(&unsaid), [owned(("reasons", "MISSING"))]);
    let decided = staff.intake.decide_inspection(decide(&visited, true, "a generator is ordered")).await.unwrap().into_inner();
    assert_eq!((decided.state(), decided.reasons.as_str()), (InspectionState::Suitable, "a generator is ordered"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_objection_comes_first_and_leads_to_another_visit_or_to_nothing() {
    let house = tehran(3).await;
    let mut staff = Staff::of(&house).await;
    let old = staff.intake.request_inspection(requested("w-3")).await.unwrap().into_inner();
    sql(&house.database, "UPDATE inspections SET waits_since = now() - interval '10 days'").await;
    let visited = staff.visited("w-1", bad()).await;
    let unsuitable = staff.chief.decide_inspection(decide(&visited, false, "no power")).await.unwrap().into_inner();
    assert_eq!(why(staff.intake.answer_objection(answer(&unsuitable, true)).await), "NOT_ALLOWED");
    let objected = staff.intake.object_to_inspection(object(&unsuitable)).await.unwrap().into_inner();
    assert_eq!((objected.state(), objected.priority, objected.objection.as_str()), (InspectionState::Objected, true, "there is power now"));
    // Before what has waited for ten days.
    let listed = staff.technical.list_inspections(ListInspectionsRequest::default()).await.unwrap().into_inner().inspections;
    let order: Vec<(i64, bool)> = listed.iter().map(|one| (one.inspection_id, one.overdue)).collect();
    assert_eq!(order, [(objected.inspection_id, false), (old.inspection_id, true)]);
    // Who decided does not answer.
    assert_eq!(why(staff.chief.answer_objection(answer(&objected, true)).await), "SAME_PERSON");
    let mut other = client(&house, "judge-2", Role::Supervisor).await;
    let again = other.answer_objection(answer(&objected, true)).await.unwrap().into_inner();
    assert_eq!(
        (again.state(), again.priority, again.checklist.is_none(), again.reasons.as_str()),
        (InspectionState::Requested, true, true, "")
    );
    let listed = staff.technical.list_inspections(ListInspectionsRequest::default()).await.unwrap().into_inner().inspections;
    assert_eq!(listed[0].inspection_id, again.inspection_id, "visited again with priority");
    let visited = staff.visit_again(&again, bad()).await;
    let unsuitable = staff.intake.decide_inspection(decide(&visited, false, "still none")).await.unwrap().into_inner();
    let objected = staff.intake.object_to_inspection(object(&unsuitable)).await.unwrap().into_inner();
    let upheld = staff.chief.answer_objection(answer(&objected, false)).await.unwrap().into_inner();
    assert_eq!(upheld.state(), InspectionState::Upheld);
    assert_eq!(why(staff.intake.object_to_inspection(object(&upheld)).await), "INSPECTION_NOT_SO");
    let results: Vec<&str> = upheld.events.iter().map(|event| event.result.as_str()).filter(|result| !result.is_empty()).collect();
    assert_eq!(results, ["unsuitable", "upheld", "unsuitable", "rejected"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_out_of_turn_or_of_another_version_changes_nothing() {
    let house = tehran(2).await;
    let mut staff = Staff::of(&house).await;
    let one = staff.intake.request_inspection(requested("w-1")).await.unwrap().into_inner();
    assert_eq!(why(staff.intake.request_inspection(requested("w-1")).await), "INSPECTION_UNDER_WAY");
    assert_eq!(why(staff.intake.confirm_appointment(confirm(&one)).await), "INSPECTION_NOT_SO");
    assert_eq!(why(staff.technical.record_visit(visit(&one, Some(good()))).await), "INSPECTION_NOT_SO");
    assert_eq!(why(staff.intake.decide_inspection(decide(&one, true, "")).await), "INSPECTION_NOT_SO");
    assert_eq!(why(staff.intake.object_to_inspection(object(&one)).await), "INSPECTION_NOT_SO");
    assert_eq!(why(staff.chief.answer_objection(answer(&one, true)).await), "INSPECTION_NOT_SO");
    // Only prison staff of the technical unit visits; nobody else records one.
    assert_eq!(why(staff.intake.record_visit(visit(&one, Some(good()))).await), "NOT_ALLOWED");
    let appointed = staff.technical.propose_appointment(propose(&one)).await.unwrap().into_inner();
    assert_eq!(why(staff.technical.propose_appointment(propose(&one)).await), "VERSION_CHANGED");
    let confirmed = staff.intake.confirm_appointment(confirm(&appointed)).await.unwrap().into_inner();
    let in_vain = staff.technical.record_visit(visit(&confirmed, None)).await.unwrap().into_inner();
    assert_eq!(
        (in_vain.state(), in_vain.appointment_at, in_vain.events.last().unwrap().kind.as_str()),
        (InspectionState::Requested, None, "visited_in_vain")
    );
    let gone = staff.intake.withdraw_inspection(withdraw(&in_vain)).await.unwrap().into_inner();
    assert_eq!(gone.state(), InspectionState::Withdrawn);
    assert_eq!(why(staff.intake.withdraw_inspection(withdraw(&gone)).await), "INSPECTION_NOT_SO");
    assert!(staff.intake.list_inspections(ListInspectionsRequest::default()).await.unwrap().into_inner().inspections.is_empty());
    let all = ListInspectionsRequest { all: true, wearer: "w-1".to_owned(), ..Default::default() };
    assert_eq!(staff.intake.list_inspections(all).await.unwrap().into_inner().inspections.len(), 1);
    staff.intake.request_inspection(requested("w-1")).await.unwrap();
    assert_eq!(count(&house, "SELECT count(*) FROM inspection_events WHERE kind = 'requested'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_fields_of_an_inspection_are_told_at_once() {
    let house = tehran(1).await;
    let mut staff = Staff::of(&house).await;
    let check = |answer: Answer, expected: &[(&str, &str)]| {
        assert_eq!(wrong_fields(&answer.unwrap_err()), expected.iter().copied().map(owned).collect::<Vec<_>>());
    };
    let nothing = RequestInspectionRequest::default();
    let fields = [
        ("wearer", "MISSING"),
        ("address", "MISSING"),
        ("asked_by.authority", "MISSING"),
        ("asked_by.number", "MISSING"),
        ("asked_by.date", "MISSING"),
    ];
    check(staff.intake.request_inspection(nothing).await, &fields);
    let one = staff.intake.request_inspection(requested("w-1")).await.unwrap().into_inner();
    check(
        staff.technical.propose_appointment(ProposeAppointmentRequest { at: time(-HOUR), ..propose(&one) }).await,
        &[("at", "NOT_AFTER")],
    );
    check(
        staff.technical.propose_appointment(ProposeAppointmentRequest { at: time(91 * DAY), ..propose(&one) }).await,
        &[("at", "TOO_FAR_AHEAD")],
    );
    check(staff.intake.confirm_appointment(ConfirmAppointmentRequest { at: time(HOUR), ..confirm(&one) }).await, &[("at", "IN_FUTURE")]);
    check(
        staff.technical.record_visit(RecordVisitRequest { at: time(-32 * DAY), ..visit(&one, Some(good())) }).await,
        &[("at", "TOO_LONG_AGO")],
    );
    let absurd = InspectionChecklist {
        gnss_satellites: 100,
        persons: 101,
        gnss_accuracy_m: f64::NAN,
        gsm_dbm: 1,
        telephone: "0".repeat(51),
        ..good()
    };
    let fields = [
        ("checklist.gnss_satellites", "ABOVE_MAX"),
        ("checklist.persons", "ABOVE_MAX"),
        ("checklist.gnss_accuracy_m", "OUT_OF_RANGE"),
        ("checklist.gsm_dbm", "OUT_OF_RANGE"),
        ("checklist.telephone", "TOO_LONG"),
    ];
    check(staff.technical.record_visit(visit(&one, Some(absurd))).await, &fields);
    let silent = RecordVisitRequest { note: String::new(), ..visit(&one, None) };
    check(staff.technical.record_visit(silent).await, &[("note", "MISSING")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_unit_sees_and_changes_no_inspection() {
    let house = tehran(1).await;
    let mut staff = Staff::of(&house).await;
    let one = staff.intake.request_inspection(requested("w-1")).await.unwrap().into_inner();
    let stranger = house.log_in("zari", &[(Role::Intake, "qom"), (Role::Technical, "qom")]).await.purpose("file");
    let mut stranger = InspectionsClient::with_interceptor(house.channel().await, stranger);
    assert_eq!(why(stranger.request_inspection(requested("w-1")).await), "UNKNOWN_WEARER");
    assert_eq!(why(stranger.propose_appointment(propose(&one)).await), "UNKNOWN_INSPECTION");
    let get = GetInspectionRequest { inspection_id: one.inspection_id };
    assert_eq!(why(stranger.get_inspection(get).await), "UNKNOWN_INSPECTION");
    assert!(
        stranger
            .list_inspections(ListInspectionsRequest { all: true, ..Default::default() })
            .await
            .unwrap()
            .into_inner()
            .inspections
            .is_empty()
    );
}
