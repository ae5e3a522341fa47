//! One tag's session: which batches have come, which of them are durable.

use super::login::{Imei, Login};
use super::refusal::Fault;
use std::cmp::Ordering;
use std::collections::VecDeque;

/// Where a session stands.
#[derive(Debug)]
pub(super) enum Standing {
    /// Challenged; the proof is awaited.
    Login(Box<Login>),
    /// Logged in.
    Open(Open),
    /// Was open and was refused: what was under way then is passed over until the next Hello.
    Refused,
}

impl Standing {
    /// Whose session it is, if it still matters.
    pub(super) fn imei(&self) -> Option<Imei> {
        match self {
            Self::Login(login) => Some(login.imei),
            Self::Open(open) => Some(open.imei),
            Self::Refused => None,
        }
    }
}

/// What a batch's number says.
#[derive(Debug, PartialEq)]
pub(super) enum Number {
    /// The next one.
    New,
    /// A repeat of one that will be acknowledged.
    Pending,
    /// A repeat of one that was acknowledged.
    Acknowledged,
}

/// A logged-in session.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) tag_id: i64,
    pub(super) imei: Imei,
    /// The highest number up to which everything is durable.
    acknowledged: u64,
    /// The batches after `acknowledged`, in order of number and of ticket.
    pending: VecDeque<Pending>,
}

#[derive(Debug)]
struct Pending {
    ticket: u64,
    stored: bool,
}

impl Open {
    pub(super) fn new(tag_id: i64, imei: Imei) -> Self {
        Self { tag_id, imei, acknowledged: 0, pending: VecDeque::new() }
    }

    /// Where a batch of this number stands.
    ///
    /// # Errors
    /// A number that leaves a gap, and 0: numbers count from 1.
    pub(super) fn place(&self, number: u64) -> Result<Number, Fault> {
        match number.checked_sub(self.acknowledged) {
            _ if number == 0 => Err(Fault::protocol("number is 0: batches count from 1")),
            None | Some(0) => Ok(Number::Acknowledged),
            Some(ahead) => match ahead.cmp(&(self.pending.len() as u64 + 1)) {
                Ordering::Less => Ok(Number::Pending),
                Ordering::Equal => Ok(Number::New),
                Ordering::Greater => Err(Fault::protocol("number leaves a gap")),
            },
        }
    }

    /// Takes the next batch in.
    pub(super) fn take(&mut self, ticket: u64) {
        self.pending.push_back(Pending { ticket, stored: false });
    }

    /// Whether the ticket is of this login and waits for its result.
    pub(super) fn is_pending(&self, ticket: u64) -> bool {
        self.pending.binary_search_by_key(&ticket, |pending| pending.ticket).is_ok()
    }

    /// A batch is durable: the number to acknowledge, if that has grown.
    pub(super) fn stored(&mut self, ticket: u64) -> Option<u64> {
        let place = self.pending.binary_search_by_key(&ticket, |pending| pending.ticket).ok()?;
        self.pending[place].stored = true;
        let before = self.acknowledged;
        while self.pending.front().is_some_and(|pending| pending.stored) {
            self.pending.pop_front();
            self.acknowledged += 1;
        }
        if self.pending.is_empty() {
            self.pending = VecDeque::new(); // a silent tag holds no memory
        }
        (self.acknowledged > before).then_some(self.acknowledged)
    }

    /// Everything up to and including this number is durable.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged
    }
}
