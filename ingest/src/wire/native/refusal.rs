//! Why the server does not go on with a session.

use super::login::Imei;
use proto::tag::{Refusal, refusal::Reason};
use std::borrow::Cow;

/// What is wrong with what a tag said.
#[derive(Debug)]
pub(super) struct Fault {
    reason: Reason,
    /// The word it is counted by.
    pub(super) counted: &'static str,
    /// For a person's log.
    text: Cow<'static, str>,
    /// Whose, where no session tells.
    pub(super) imei: Option<Imei>,
}

impl Fault {
    pub(super) fn new(reason: Reason, counted: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, counted, text: text.into(), imei: None }
    }

    pub(super) fn protocol(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Reason::Protocol, "protocol", text)
    }

    pub(super) fn busy(text: &'static str) -> Self {
        Self::new(Reason::Busy, "busy", text)
    }

    pub(super) fn too_long(longest: usize) -> Self {
        Self::new(Reason::Protocol, "bad_length", format!("a frame is longer than {longest} bytes"))
    }

    pub(super) fn unknown_tag(imei: Imei) -> Self {
        Self::new(Reason::UnknownTag, "unknown_tag", "this IMEI may not report here").of(imei)
    }

    pub(super) fn of(self, imei: Imei) -> Self {
        Self { imei: Some(imei), ..self }
    }

    /// What the tag is told.
    pub(super) fn to_refusal(&self) -> Refusal {
        Refusal { reason: self.reason.into(), text: self.text.clone().into_owned(), retry_after_s: retry_after_s(self.reason) }
    }
}

/// How long a tag waits at least, seconds: short where only the server is in the way, long where a person must act first.
fn retry_after_s(reason: Reason) -> u32 {
    match reason {
        Reason::Stopping | Reason::Busy => 5,
        Reason::NotStored => 10,
        Reason::Protocol | Reason::Unspecified => 60,
        Reason::UnknownTag | Reason::WrongProof => 300,
        Reason::Version => 3_600,
    }
}

/// The fault, unless all is well.
pub(super) fn check(well: bool, fault: impl FnOnce() -> Fault) -> Result<(), Fault> {
    if well { Ok(()) } else { Err(fault()) }
}
