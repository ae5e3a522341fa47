//! Carries a room's command to a tag's connection.

use crate::directory::Directory;
use ingest::port::TagDirectory;
use ingest::wire::Command;
use ingest::{CommandError as DoorError, Door};
use monitor_api::{CommandError, CommandSink, Order};
use std::sync::{Arc, Weak};

/// The door, as rooms see it. Held weakly: rooms must not keep it from stopping.
pub struct DoorCommands {
    door: Weak<Door>,
    directory: Arc<Directory>,
}

impl DoorCommands {
    pub fn new(door: &Arc<Door>, directory: &Arc<Directory>) -> Self {
        Self { door: Arc::downgrade(door), directory: Arc::clone(directory) }
    }
}

impl CommandSink for DoorCommands {
    async fn send(&self, imei: &str, order: Order) -> Result<u64, CommandError> {
        let tag = self.directory.find(imei).ok_or(CommandError::UnknownTag)?;
        let door = self.door.upgrade().ok_or(CommandError::NotConnected)?;
        let command = match order {
            Order::LocateNow => Command::LocateNow,
            Order::SetInterval(seconds) => Command::SetInterval(seconds),
            Order::Notify { text, vibrate } => Command::Notify(text, vibrate),
        };
        door.command(tag.tag_id, command).map_err(|error| match error {
            DoorError::NotConnected => CommandError::NotConnected,
            DoorError::Busy => CommandError::Busy,
        })
    }
}
