//! A room in which tags are put on: wearers of Fars under an order, with a home, tags in stock, and what the tags say.

use crate::house::{As, House, IMEI, WEARER, sql};
use access::Role;
use geofence::{Batch, Report, Signal, StoredReport, Timestamp};
use proto::enrolment::fittings_client::FittingsClient;
use proto::enrolment::{
    BeginFittingRequest, Checklist, ChecklistItem, ChecklistItemKind as Kind, ChecklistItemState as State, CompleteFittingRequest, Fitting,
    GetChecklistRequest, Installation, StateItemRequest,
};
use store::JournalConnection;
use store::testing::staff;
use tokio::sync::Mutex;
use tonic::Status;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;

pub type Client = FittingsClient<InterceptedService<Channel, As>>;

/// The second tag of every house.
pub const SPARE: &str = "356307042441014";

/// Under an order of the regime `tag` since yesterday.
const FARS: &str = "
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
        VALUES ('fars', 1, 'province', 'فارس', 'Fars', true), ('qom', 1, 'province', 'قم', 'Qom', true);
    UPDATE wearers SET unit_id = (SELECT unit_id FROM units WHERE code = 'fars');
    UPDATE tags SET unit_id = (SELECT unit_id FROM units WHERE code = 'fars');
    INSERT INTO orders (wearer_id) VALUES (1);
    INSERT INTO order_facts (order_id, version, kind, at, recorded_at, recorded_by, authority, decision_number, decision_date, legal_basis, regime)
        VALUES (1, 1, 'new', now() - interval '1 day', now(), 'intake', 'Branch 3', '9/12', current_date, 'ipc_62', 'tag')";

pub struct Room {
    pub house: House,
    /// Of the technical unit of Fars.
    pub clerk: As,
    journal: Mutex<(i64, JournalConnection)>,
}

impl Room {
    pub async fn new() -> Self {
        let house = House::new().await;
        sql(&house.database, FARS).await;
        let home = format!(
            r#"{{"type":"FeatureCollection","features":[{{"type":"Feature","geometry":{{"type":"Point","coordinates":[51.4,35.7]}},
            "properties":{{"wearer":"{WEARER}","zone":"home","sense":"inclusion","radius_m":200}}}}]}}"#
        );
        let yesterday = Timestamp::from(chrono::Utc::now()).plus_seconds(-86_400);
        house.store.zones_import(&staff(), &home, yesterday, "").await.unwrap();
        let clerk = house.log_in("sara", &[(Role::Technical, "fars")]).await.purpose("alert");
        let journal = Mutex::new((0, house.store.journal_connection(900).await.unwrap()));
        Self { house, clerk, journal }
    }

    pub async fn client(&self) -> Client {
        self.client_of(&self.clerk).await
    }

    pub async fn client_of(&self, who: &As) -> Client {
        FittingsClient::with_interceptor(self.house.channel().await, who.clone())
    }

    /// The tag of this number says now that its strap is so, at home; returns when.
    pub async fn says(&self, tag_id: i64, strap_open: bool) -> Timestamp {
        let at = Timestamp::from(chrono::Utc::now());
        self.says_as(tag_id, strap_open, |report| report).await;
        at
    }

    /// The same with something else about the report.
    pub async fn says_as(&self, tag_id: i64, strap_open: bool, otherwise: impl FnOnce(Report) -> Report) {
        let now = Timestamp::from(chrono::Utc::now());
        let report = Report {
            latitude_e7: 357_000_000,
            longitude_e7: 514_000_000,
            accuracy_dm: 50,
            satellites: 9,
            battery_percent: 93,
            ..Report::at(now)
        };
        let report = otherwise(Report { signals: report.signals.with(Signal::StrapOpen, strap_open), ..report });
        let mut journal = self.journal.lock().await;
        journal.0 += 1;
        let reports = vec![StoredReport { tag_id, received_at: now, late: false, report }];
        let batch = Batch { number: journal.0, checkpoint: journal.0, reports, ..Batch::default() };
        journal.1.append(&batch, now).await.unwrap();
    }

    pub async fn begin(&self, wearer: &str, imei: &str) -> Result<Installation, Status> {
        let begin = BeginFittingRequest { wearer: wearer.to_owned(), imei: imei.to_owned() };
        self.client().await.begin_fitting(begin).await.map(tonic::Response::into_inner)
    }

    pub async fn checklist(&self, installation_id: i64) -> Checklist {
        self.client().await.get_checklist(GetChecklistRequest { installation_id }).await.unwrap().into_inner()
    }

    pub async fn signed(&self, installation_id: i64) -> Installation {
        let signed = StateItemRequest { installation_id, item: Kind::Undertaking.into(), ..StateItemRequest::default() };
        self.client().await.state_item(signed).await.unwrap().into_inner()
    }

    pub async fn complete(&self, installation_id: i64, expected_version: i64) -> Result<Fitting, Status> {
        let complete = CompleteFittingRequest { installation_id, expected_version };
        self.client().await.complete_fitting(complete).await.map(tonic::Response::into_inner)
    }

    /// The wearer of every house has the tag of every house on.
    pub async fn fitted(&self) -> Fitting {
        let begun = self.begin(WEARER, IMEI).await.unwrap();
        self.says(1, false).await;
        let signed = self.signed(begun.installation_id).await;
        self.complete(begun.installation_id, signed.version).await.unwrap()
    }

    pub async fn count(&self, query: &str) -> i64 {
        self.house.database.client().await.query_one(query, &[]).await.unwrap().get(0)
    }
}

pub fn item(items: &[ChecklistItem], kind: Kind) -> &ChecklistItem {
    items.iter().find(|item| item.item() == kind).unwrap()
}

pub fn states(items: &[ChecklistItem]) -> Vec<(Kind, State)> {
    items.iter().map(|item| (item.item(), item.state())).collect()
}

/// What else a refusal says of itself.
pub fn told(status: &Status, name: &str) -> Option<String> {
    tonic_types::StatusExt::get_details_error_info(status).and_then(|info| info.metadata.get(name).cloned())
}
