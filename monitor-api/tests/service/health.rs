use crate::house::{House, PATIENCE};
use std::collections::BTreeSet;
use tokio::time::timeout;
use tokio_stream::once;
use tonic::{Code, Streaming};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

async fn until(news: &mut Streaming<HealthCheckResponse>, wished: ServingStatus) {
    let waiting = async { while news.message().await.unwrap().unwrap().status() != wished {} };
    timeout(PATIENCE, waiting).await.expect("health becomes what is wished");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_follows_the_database_and_ends_with_the_server() {
    let mut house = House::new().await;
    let mut health = HealthClient::new(house.channel().await);
    let mut overall = health.watch(of("")).await.unwrap().into_inner();
    let mut alerts = health.watch(of("paband.monitor.v1.Alerts")).await.unwrap().into_inner();
    until(&mut overall, ServingStatus::Serving).await;
    house.cable.cut();
    until(&mut overall, ServingStatus::NotServing).await;
    until(&mut alerts, ServingStatus::NotServing).await;
    let tags = health.check(of("paband.monitor.v1.Tags")).await.unwrap().into_inner();
    assert_eq!(tags.status(), ServingStatus::Serving, "commands need no database");
    assert_eq!(health.check(of("nobody")).await.unwrap_err().code(), Code::NotFound);
    house.cable.mend();
    until(&mut overall, ServingStatus::Serving).await;
    until(&mut alerts, ServingStatus::Serving).await;
    house.stop().await;
    while let Ok(Some(_)) = alerts.message().await {}
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_lists_the_services_in_both_versions() {
    let house = House::new().await;
    let channel = house.channel().await;
    let somebody = house.log_in("somebody", &[]).await;
    macro_rules! services {
        ($version:ident) => {{
            use tonic_reflection::pb::$version::server_reflection_client::ServerReflectionClient;
            use tonic_reflection::pb::$version::server_reflection_request::MessageRequest;
            use tonic_reflection::pb::$version::server_reflection_response::MessageResponse;
            let request = tonic_reflection::pb::$version::ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices(String::new())),
            };
            let mut client = ServerReflectionClient::with_interceptor(channel.clone(), somebody.clone());
            let mut answers = client.server_reflection_info(once(request)).await.unwrap().into_inner();
            match answers.message().await.unwrap().unwrap().message_response {
                Some(MessageResponse::ListServicesResponse(list)) => list.service.into_iter().map(|s| s.name).collect::<BTreeSet<_>>(),
                other => panic!("no list: {other:?}"),
            }
        }};
    }
    for found in [services!(v1), services!(v1alpha)] {
        for service in ["paband.monitor.v1.Alerts", "paband.monitor.v1.Tags", "grpc.health.v1.Health"] {
            assert!(found.contains(service), "{found:?}");
        }
    }
}
