//! The service that sends commands to tags.

use crate::alerts::store_failed;
use crate::gate::caller;
use crate::reason::{Reason, Wrong};
use crate::status::{check, length_violation, refusal, wrong};
use access::Caller;
use proto::monitor::send_command_request::Order as AskedOrder;
use proto::monitor::tags_server::Tags;
use proto::monitor::{SendCommandRequest, SendCommandResponse};
use store::Store;
use tonic::{Code, Request, Response, Status};
use tonic_types::FieldViolation;

/// Longest IMEI or serial number, characters.
const IMEI_CHARACTERS_MAX: usize = 32;

/// Longest text shown to a wearer, characters.
const TEXT_CHARACTERS_MAX: usize = 160;

/// What a tag is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Take a fix now and report it.
    LocateNow,
    /// Report every so many seconds, 1 to 3600.
    SetInterval(u32),
    /// Show or sound something to the wearer.
    Notify {
        /// At most 160 characters; empty for vibration alone.
        text: String,
        /// Pulses, 0 to 10.
        vibrate: u32,
    },
}

/// Why a command did not go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// The tag has no open connection now.
    #[error("the tag is not connected now; its next connection is not known")]
    NotConnected,
    /// No tag has this IMEI.
    #[error("no tag has this IMEI")]
    UnknownTag,
    /// The tag's protocol cannot carry this order.
    #[error("this tag's protocol cannot carry this order")]
    NotSupported,
    /// Too many commands wait for this tag.
    #[error("too many commands wait for this tag; send again shortly")]
    Busy,
}

/// Where commands go: the binary joins this to the door.
pub trait CommandSink: Send + Sync + 'static {
    /// Puts the order on its way down the tag's connection and tells its number.
    fn send(&self, imei: &str, order: Order) -> impl Future<Output = Result<u64, CommandError>> + Send;
}

/// Commands to tags.
pub struct TagService<S> {
    sink: S,
    store: Store,
}

impl<S: CommandSink> TagService<S> {
    /// A service that sends through `sink` to tags within the caller's reach.
    pub fn new(sink: S, store: Store) -> Self {
        Self { sink, store }
    }

    /// Writes the command down before it is sent: it cannot be called back.
    async fn write_down(&self, caller: &Caller, imei: &str) -> Result<(), Status> {
        caller.about(format!("tag {imei}"));
        let wearer = self.store.tag_within_reach(caller, imei).await.map_err(|error| store_failed("SendCommand", &error))?;
        let wearer = wearer.ok_or_else(|| refused(imei.to_owned(), CommandError::UnknownTag))?;
        caller.about_wearer(&wearer);
        self.store.audit_note(caller.entry("done")).await.map_err(|error| store_failed("SendCommand", &error))
    }
}

#[tonic::async_trait]
impl<S: CommandSink> Tags for TagService<S> {
    async fn send_command(&self, request: Request<SendCommandRequest>) -> Result<Response<SendCommandResponse>, Status> {
        let caller = caller(&request)?;
        let SendCommandRequest { imei, order } = request.into_inner();
        let mut violations = Vec::from_iter(length_violation("imei", &imei, 1, IMEI_CHARACTERS_MAX));
        let order = checked(order, &mut violations);
        check(violations)?;
        let order = order.expect("an order that is missing or wrong was refused");
        self.write_down(&caller, &imei).await?;
        let command_id = self.sink.send(&imei, order).await.map_err(|error| refused(imei, error))?;
        Ok(Response::new(SendCommandResponse { command_id }))
    }
}

fn checked(order: Option<AskedOrder>, violations: &mut Vec<FieldViolation>) -> Option<Order> {
    match order {
        None => {
            violations.push(wrong("order", Wrong::NoOrder, &[]));
            None
        }
        Some(AskedOrder::LocateNow(_)) => Some(Order::LocateNow),
        Some(AskedOrder::SetInterval(interval)) => {
            violations.extend(range_violation("set_interval.seconds", interval.seconds, 1, 3600));
            Some(Order::SetInterval(interval.seconds))
        }
        Some(AskedOrder::Notify(notify)) => {
            violations.extend(length_violation("notify.text", &notify.text, 0, TEXT_CHARACTERS_MAX));
            violations.extend(range_violation("notify.vibrate", notify.vibrate, 0, 10));
            if notify.text.is_empty() && notify.vibrate == 0 {
                violations.push(wrong("notify", Wrong::NothingToNotify, &[]));
            }
            Some(Order::Notify { text: notify.text, vibrate: notify.vibrate })
        }
    }
}

fn range_violation(field: &str, value: u32, min: u32, max: u32) -> Option<FieldViolation> {
    let args = || [("min", min.to_string()), ("max", max.to_string()), ("value", value.to_string())];
    (!(min..=max).contains(&value)).then(|| wrong(field, Wrong::OutOfRange, &args()))
}

fn refused(imei: String, error: CommandError) -> Status {
    let (code, reason) = match error {
        CommandError::NotConnected => (Code::FailedPrecondition, Reason::TagNotConnected),
        CommandError::UnknownTag => (Code::NotFound, Reason::UnknownTag),
        CommandError::NotSupported => (Code::FailedPrecondition, Reason::CommandNotSupported),
        CommandError::Busy => (Code::ResourceExhausted, Reason::TagBusy),
    };
    refusal(code, reason, &[("imei", imei)])
}
