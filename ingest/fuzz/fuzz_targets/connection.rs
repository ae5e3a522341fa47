//! One connection under fire: whatever comes, it must neither panic nor hold more input than its longest frame.

use bytes::BytesMut;
use geofence::Timestamp;
use ingest::port::{KnownTag, TagDirectory};
use ingest::wire::{Event, Lost, Outcome, Protocol};

pub const IMEI: &str = "356307042441013";
pub const KEY: [u8; 32] = [7; 32];

struct OneTag;

impl TagDirectory for OneTag {
    fn find(&self, imei: &str) -> Option<KnownTag> {
        (imei == IMEI).then_some(KnownTag { tag_id: 1, key: Some(KEY) })
    }
}

pub struct Connection<P> {
    pub protocol: P,
    pub output: BytesMut,
    input: BytesMut,
    frame_bytes_max: usize,
}

impl<P: Protocol> Connection<P> {
    pub fn new(protocol: P, frame_bytes_max: usize) -> Self {
        Self { protocol, output: BytesMut::new(), input: BytesMut::new(), frame_bytes_max }
    }

    /// Hears the bytes and settles what was submitted, newest first, well or not by the parity of its count of reports.
    pub fn hear(&mut self, bytes: &[u8]) -> Result<(), Lost> {
        self.input.extend_from_slice(bytes);
        let mut submitted = Vec::new();
        while let Some(event) = self.protocol.receive(&mut self.input, &mut self.output, &OneTag, Timestamp::from_millis(0))? {
            if let Event::Submitted(submission) = event {
                submitted.push(submission);
            }
        }
        assert!(self.input.len() < self.frame_bytes_max);
        for submission in submitted.iter().rev() {
            let outcome = if submission.reports.len() % 2 == 1 { Outcome::Stored } else { Outcome::NotStored };
            self.protocol.settle(submission.session, submission.ticket, outcome, &mut self.output)?;
        }
        Ok(())
    }

    /// Hears the bytes in pieces that they themselves choose the size of.
    pub fn hear_in_pieces(&mut self, mut bytes: &[u8]) -> Result<(), Lost> {
        while let Some((size, rest)) = bytes.split_first() {
            let (piece, rest) = rest.split_at(rest.len().min(usize::from(*size)));
            self.hear(piece)?;
            bytes = rest;
        }
        Ok(())
    }
}
