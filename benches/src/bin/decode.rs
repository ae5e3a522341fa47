//! How fast frames become reports on one core, beside what the same bytes cost at least: their checksum (Teltonika) or one copy (native).
//!
//! Measured as the door does it: 64 KiB at a time into the connection's buffer, `receive` until it wants more, every submission settled
//! and its answer written. The frames are the simulator's. Of all rounds the quickest counts: what else the machine does is no part of it.

use anyhow::Context;
use bytes::{Buf, BytesMut};
use clap::Parser;
use geofence::{Report, Signal, Timestamp};
use ingest::port::{KnownTag, TagDirectory};
use ingest::wire::teltonika::checksum;
use ingest::wire::{Event, Outcome, Protocol};
use prost::Message;
use proto::tag::{self, server_frame};
use simulator::wire::teltonika::Codec;
use simulator::wire::{native, teltonika};
use std::hint::black_box;
use std::time::{Duration, Instant};

const IMEI: &str = "356307042441013";
const KEY: [u8; 32] = [7; 32];
/// Bytes of one read of a socket.
const READ_BYTES: usize = 64 * 1024;
/// Frames of one connection before it is built anew.
const FRAMES: usize = 2_000;

/// Measures decoding on one core.
#[derive(Parser)]
struct Options {
    /// Seconds for each line.
    #[arg(long, default_value_t = 1.0)]
    seconds: f64,
}

struct OneTag;

impl TagDirectory for OneTag {
    fn find(&self, imei: &str) -> Option<KnownTag> {
        (imei == IMEI).then_some(KnownTag { tag_id: 1, key: Some(KEY) })
    }
}

/// What is measured: how a connection begins, what comes down it, what its bytes cost at least.
struct Subject {
    name: &'static str,
    connect: fn() -> anyhow::Result<Box<dyn Protocol>>,
    stream: Vec<u8>,
    reports: usize,
    least: fn(&[u8]),
}

fn main() -> anyhow::Result<()> {
    let budget = Duration::from_secs_f64(Options::parse().seconds);
    println!("{:<14}{:>8}{:>8}{:>12}{:>12}{:>14}{:>8}", "protocol", "reports", "bytes", "frames/s", "reports/s", "least ns", "ratio");
    println!("{:<14}{:>8}{:>8}{:>12}{:>12}{:>14}{:>8}", "", "a frame", "a frame", "", "", "a frame", "");
    for reports in [1, 25] {
        for subject in [
            Subject::teltonika("Teltonika 8", Codec::Eight, reports),
            Subject::teltonika("Teltonika 8E", Codec::EightExtended, reports),
            Subject::native(reports),
        ] {
            subject.measure(budget)?;
        }
    }
    Ok(())
}

impl Subject {
    fn teltonika(name: &'static str, codec: Codec, reports: usize) -> Self {
        let (mut stream, mut sent) = (BytesMut::new(), 0);
        for _ in 0..FRAMES {
            sent = teltonika::Session::new(codec).send(&walk(reports), &mut stream).reports;
        }
        Self { name, connect: connect_teltonika, stream: stream.to_vec(), reports: sent, least: checksums }
    }

    fn native(reports: usize) -> Self {
        let (mut stream, mut session) = (BytesMut::new(), native::Session::new(0));
        for _ in 0..FRAMES {
            session.send(&walk(reports), &mut stream);
        }
        Self { name: "native", connect: connect_native, stream: stream.to_vec(), reports, least: copies }
    }

    fn measure(&self, budget: Duration) -> anyhow::Result<()> {
        let (begun, mut frame) = (Instant::now(), f64::INFINITY);
        while begun.elapsed() < budget {
            let mut protocol = (self.connect)()?;
            let round = Instant::now();
            self.decode(protocol.as_mut())?;
            frame = frame.min(round.elapsed().as_secs_f64() / FRAMES as f64);
        }
        let least = self.least_per_frame(budget / 4);
        let (bytes, per_second) = (self.stream.len() / FRAMES, 1.0 / frame);
        let (reports, least_ns, ratio) = (self.reports, least * 1e9, least / frame);
        println!(
            "{:<14}{reports:>8}{bytes:>8}{per_second:>12.0}{:>12.0}{least_ns:>14.0}{ratio:>8.2}",
            self.name,
            per_second * reports as f64
        );
        Ok(())
    }

    /// The whole stream once.
    fn decode(&self, protocol: &mut dyn Protocol) -> anyhow::Result<()> {
        let (mut input, mut output) = (BytesMut::with_capacity(2 * READ_BYTES), BytesMut::with_capacity(READ_BYTES));
        let (mut frames, now) = (0, Timestamp::from_millis(0));
        for read in self.stream.chunks(READ_BYTES) {
            input.extend_from_slice(read);
            while let Some(event) = protocol.receive(&mut input, &mut output, &OneTag, now)? {
                let Event::Submitted(submission) = event else { anyhow::bail!("unexpected: {event:?}") };
                anyhow::ensure!(black_box(&submission.reports).len() == self.reports, "a report was lost");
                protocol.settle(submission.session, submission.ticket, Outcome::Stored, &mut output)?;
                frames += 1;
            }
            output.clear();
        }
        anyhow::ensure!(frames == FRAMES && input.is_empty(), "a frame was lost");
        Ok(())
    }

    fn least_per_frame(&self, budget: Duration) -> f64 {
        let (begun, mut frame) = (Instant::now(), f64::INFINITY);
        while begun.elapsed() < budget {
            let round = Instant::now();
            (self.least)(black_box(&self.stream));
            frame = frame.min(round.elapsed().as_secs_f64() / FRAMES as f64);
        }
        frame
    }
}

/// The checksum of every packet, and nothing else of it.
fn checksums(mut stream: &[u8]) {
    while let Some((head, rest)) = stream.split_first_chunk::<8>() {
        let [.., a, b, c, d] = *head;
        let (body, rest) = rest.split_at(u32::from_be_bytes([a, b, c, d]) as usize);
        black_box(checksum(body));
        stream = &rest[4..];
    }
}

/// One copy, a read at a time.
fn copies(stream: &[u8]) {
    let mut room = vec![0; READ_BYTES];
    for read in stream.chunks(READ_BYTES) {
        black_box(&mut room[..read.len()]).copy_from_slice(read);
    }
}

fn connect_teltonika() -> anyhow::Result<Box<dyn Protocol>> {
    let (mut protocol, mut input, mut output) = (ingest::wire::teltonika::Session::new(), BytesMut::new(), BytesMut::new());
    teltonika::Session::new(Codec::Eight).login(IMEI, &mut input);
    protocol.receive(&mut input, &mut output, &OneTag, Timestamp::from_millis(0))?;
    Ok(Box::new(protocol))
}

fn connect_native() -> anyhow::Result<Box<dyn Protocol>> {
    let (mut protocol, mut input, mut output) = (ingest::wire::native::Session::new([1; 32]), BytesMut::new(), BytesMut::new());
    let mut say = |body: tag::tag_frame::Body| -> anyhow::Result<Option<server_frame::Body>> {
        tag::TagFrame { session: 0, body: Some(body) }.encode_length_delimited(&mut input)?;
        protocol.receive(&mut input, &mut output, &OneTag, Timestamp::from_millis(0))?;
        let told = tag::ServerFrame::decode_length_delimited(&output[..])?;
        output.advance(output.len());
        Ok(told.body)
    };
    let hello = tag::Hello { version: 1, imei: IMEI.into(), ..tag::Hello::default() };
    let Some(server_frame::Body::Challenge(challenge)) = say(tag::tag_frame::Body::Hello(hello))? else { anyhow::bail!("no challenge") };
    let mac = ingest::wire::native::proof(&KEY, &challenge.nonce, 0, IMEI).to_vec();
    say(tag::tag_frame::Body::Proof(tag::Proof { mac }))?.context("no welcome")?;
    Ok(Box::new(protocol))
}

/// A minute's walk between reports, with what an ankle tag usually says of itself.
fn walk(reports: usize) -> Vec<Report> {
    let report = |place: usize| {
        let mut report = Report::at(Timestamp::from_millis(1_770_000_000_000 + 60_000 * place as i64));
        (report.latitude_e7, report.longitude_e7) = (356_890_000 + 5_000 * place as i32, 513_890_000 - 3_000 * place as i32);
        (report.accuracy_dm, report.speed_cms, report.course_deg) = (60, 125, 45);
        (report.altitude_m, report.satellites, report.battery_percent) = (1_190, 9, 80);
        report.signals = report.signals.with(Signal::Fix, true).with(Signal::Charging, false).with(Signal::Motion, true);
        report
    };
    (0..reports).map(report).collect()
}
