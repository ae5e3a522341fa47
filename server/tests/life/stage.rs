//! A server with the people of one province, each with a session of their own.

use crate::common::{Server, Session, channel, connect};
use access::Role;
use proto::enrolment as e;
use proto::monitor::alerts_client::AlertsClient;
use proto::monitor::{Alert, AlertKind, WatchRequest, WatchResponse, watch_response::Message};
use std::collections::HashMap;
use store::testing::TestDatabase;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};

pub struct Stage {
    pub server: Server,
    _database: TestDatabase,
    sql: tokio_postgres::Client,
    people: HashMap<&'static str, Session>,
}

const PEOPLE: [(&str, Role); 6] = [
    ("intake", Role::Intake),
    ("intake2", Role::Intake),
    ("technical", Role::Technical),
    ("executor", Role::Technician),
    ("chief", Role::Supervisor),
    ("operator", Role::Operator),
];

impl Stage {
    pub async fn new() -> Self {
        let database = TestDatabase::create().await;
        let _migrated = database.store().await;
        let sql = connect(database.url()).await;
        let unit =
            "INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) VALUES ('tehran', 1, 'province', 'تهران', 'Tehran', true)";
        sql.batch_execute(unit).await.unwrap();
        let mut people = HashMap::new();
        for (name, role) in PEOPLE {
            people.insert(name, Session::of(database.url(), name, role, "tehran").await);
        }
        let server = Server::start(Some(database.url()), "");
        Self { server, _database: database, sql, people }
    }

    pub fn who(&self, name: &str) -> Session {
        self.people[name].clone()
    }

    pub async fn channel(&self) -> Channel {
        channel(self.server.rooms).await.unwrap()
    }

    /// A connection that is made with the first call.
    pub fn ready_channel(&self) -> Channel {
        Endpoint::from_shared(format!("http://{}", self.server.rooms)).unwrap().connect_lazy()
    }

    /// Sends a file in, lets it be checked, and runs it.
    pub async fn import(&self, who: &str, kind: e::ImportKind, file_name: &str, text: &str) {
        let mut imports = e::imports_client::ImportsClient::with_interceptor(self.channel().await, self.who(who));
        let begin = e::BeginImportRequest { kind: kind.into(), file_name: file_name.into(), bytes: text.len() as i64 };
        let import_id = imports.begin_import(begin).await.unwrap().into_inner().import_id;
        imports.add_piece(e::AddPieceRequest { import_id, offset: 0, piece: text.as_bytes().to_vec() }).await.unwrap();
        let checked = outcome(imports.check_import(e::CheckImportRequest { import_id }).await.unwrap().into_inner()).await;
        assert_eq!((checked.0.len(), checked.1.stored), (0, false), "{checked:?}");
        let run = outcome(imports.run_import(e::RunImportRequest { import_id }).await.unwrap().into_inner()).await;
        assert!(run.1.stored, "{run:?}");
    }

    pub async fn watch(&self) -> Alerts {
        let mut client = AlertsClient::with_interceptor(self.channel().await, self.who("operator"));
        Alerts(client.watch(WatchRequest { after_sequence: None }).await.unwrap().into_inner())
    }

    /// Inclusion violations that are open.
    pub async fn open_inclusions(&self) -> i64 {
        self.sql.query_one("SELECT count(*) FROM alerts WHERE kind = 'inclusion' AND ended_at IS NULL", &[]).await.unwrap().get(0)
    }

    /// The Solar Hijri year of now.
    pub fn solar_hijri_year(&self) -> i32 {
        billing::calendar::Moment::try_from(chrono::Utc::now()).unwrap().day().month().year()
    }
}

/// Everything that is told of a file, and the end.
async fn outcome(mut told: Streaming<e::ImportProgress>) -> (Vec<e::ImportFinding>, e::ImportOutcome) {
    let mut findings = Vec::new();
    while let Some(progress) = told.message().await.unwrap() {
        match progress.message.unwrap() {
            e::import_progress::Message::Step(_) => {}
            e::import_progress::Message::Finding(finding) => findings.push(finding),
            e::import_progress::Message::Outcome(outcome) => return (findings, outcome),
        }
    }
    panic!("an import ends with its outcome: {findings:?}")
}

/// What a room hears.
pub struct Alerts(Streaming<WatchResponse>);

impl Alerts {
    /// The next news of an alert of this kind.
    pub async fn next(&mut self, kind: AlertKind) -> Alert {
        let until = tokio::time::Instant::now() + crate::common::PATIENCE;
        loop {
            let heard = tokio::time::timeout_at(until, self.0.message()).await.expect("the room hears of it");
            if let Some(Message::Event(event)) = heard.unwrap().unwrap().message
                && let Some(alert) = event.alert.filter(|alert| alert.kind() == kind)
            {
                return alert;
            }
        }
    }
}
