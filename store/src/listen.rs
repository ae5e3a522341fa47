//! Word that something changed, without asking all the time.

use crate::connector::Connector;
use crate::{Store, StoreError};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::watch;
use tokio_postgres::AsyncMessage;

/// What to hear of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Channel {
    /// Zones, leaves, tags and fittings changed.
    Facts,
    /// Alert events were written.
    Alerts,
    /// Sessions, roles or units changed.
    Access,
}

impl Channel {
    const fn name(self) -> &'static str {
        match self {
            Self::Facts => "paband_facts",
            Self::Alerts => "paband_alerts",
            Self::Access => "paband_access",
        }
    }
}

/// A tick at least this often, so that a lost notice is found within a second.
const TICK: Duration = Duration::from_secs(1);

impl Store {
    /// A receiver that changes on every notice, on every (re)connection and at least once a second, for as long as it is kept.
    /// It says "look again", not what changed. Must be called within a tokio runtime.
    pub fn listen(&self, channel: Channel) -> watch::Receiver<u64> {
        let (sender, receiver) = watch::channel(0);
        let connector = self.connector();
        tokio::spawn(async move {
            tokio::select! {
                () = sender.closed() => {}
                () = tick_for_ever(&sender, connector, channel) => {}
            }
        });
        receiver
    }
}

async fn tick_for_ever(sender: &watch::Sender<u64>, connector: Connector, channel: Channel) {
    loop {
        if let Err(error) = tick_while_connected(sender, &connector, channel).await {
            tracing::warn!(channel = channel.name(), %error, "listening was interrupted; trying again");
        }
        tick(sender);
        tokio::time::sleep(TICK).await;
    }
}

async fn tick_while_connected(sender: &watch::Sender<u64>, connector: &Connector, channel: Channel) -> Result<(), StoreError> {
    let (client, mut connection) = connector.connect().await?;
    let mut messages = futures_util::stream::poll_fn(move |context| connection.poll_message(context));
    let listen = format!("LISTEN {}", channel.name());
    let listening = client.batch_execute(&listen);
    tokio::pin!(listening);
    let mut subscribed = false;
    let mut clock = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            done = &mut listening, if !subscribed => {
                done?;
                subscribed = true;
                tick(sender);
            }
            message = messages.next() => match message {
                Some(Ok(AsyncMessage::Notification(_))) => tick(sender),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => return Err(StoreError::Unreachable("the connection ended".into())),
            },
            _ = clock.tick() => tick(sender),
        }
    }
}

fn tick(sender: &watch::Sender<u64>) {
    sender.send_modify(|ticks| *ticks = ticks.wrapping_add(1));
}
