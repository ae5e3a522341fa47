//! A server on loopback that misbehaves as told. It decodes apart from the crate under test, just enough to know what arrived.

use bytes::{Buf, BytesMut};
use prost::Message;
use proto::tag::{self, server_frame, tag_frame};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What becomes of one frame of reports.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    /// Stored and answered.
    Stored,
    /// Stored, but the connection breaks before the answer.
    StoredThenCut,
    /// Not stored; the connection breaks.
    Cut,
    /// Not stored; the protocol's refusal (0 records, NOT_STORED).
    Refused,
    /// Stored and answered late.
    Late,
    /// Not stored, never answered; the connection stays.
    Ignored,
}

/// What arrived: (IMEI, taken_at in ms) with how often.
pub type Stored = Arc<Mutex<HashMap<(String, i64), u32>>>;

/// The fates of frames in order over all connections; after the last all is well.
#[derive(Clone)]
pub struct Fake {
    fates: Arc<Mutex<VecDeque<Fate>>>,
    pub stored: Stored,
    pub commands: Arc<Mutex<Vec<tag::CommandResult>>>,
}

impl Fake {
    /// Listens and returns its address.
    pub async fn start(native: bool, fates: &[Fate]) -> (Self, String) {
        let fake = Self { fates: Arc::new(Mutex::new(fates.to_vec().into())), stored: Stored::default(), commands: Arc::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { if native { server.native(stream).await } else { server.teltonika(stream).await } });
            }
        });
        (fake, address)
    }

    /// Distinct reports that arrived.
    pub fn distinct(&self) -> usize {
        self.stored.lock().unwrap().len()
    }

    fn fate(&self) -> Fate {
        self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Stored)
    }

    /// Takes the reports in, or not, as their fate says.
    async fn take(&self, imei: &str, times: &[i64]) -> Verdict {
        let fate = self.fate();
        if matches!(fate, Fate::Stored | Fate::StoredThenCut | Fate::Late) {
            let mut stored = self.stored.lock().unwrap();
            times.iter().for_each(|time| *stored.entry((imei.to_owned(), *time)).or_default() += 1);
        }
        match fate {
            Fate::Stored => Verdict::Yes,
            Fate::Late => {
                tokio::time::sleep(Duration::from_millis(80)).await;
                Verdict::Yes
            }
            Fate::Refused => Verdict::No,
            Fate::Cut | Fate::StoredThenCut => Verdict::Cut,
            Fate::Ignored => Verdict::Nothing,
        }
    }

    async fn teltonika(self, mut stream: TcpStream) {
        let (mut input, mut imei) = (BytesMut::new(), String::new());
        while let Ok(1..) = stream.read_buf(&mut input).await {
            while let Some(answer) = self.teltonika_step(&mut input, &mut imei).await {
                match answer {
                    Ok(bytes) => stream.write_all(&bytes).await.unwrap_or_default(),
                    Err(()) => return,
                }
            }
        }
    }

    /// One login, ping or packet; the answer, or `Err` to cut the connection.
    async fn teltonika_step(&self, input: &mut BytesMut, imei: &mut String) -> Option<Result<Vec<u8>, ()>> {
        match *input.as_ref() {
            [0xFF, ..] => {
                input.advance(1);
                Some(Ok(Vec::new()))
            }
            [0, 15, ..] if input.len() >= 17 => {
                *imei = String::from_utf8(input.split_to(17)[2..].to_vec()).unwrap();
                Some(Ok(vec![1]))
            }
            [0, 0, 0, 0, a, b, c, d, ..] => {
                let length = u32::from_be_bytes([a, b, c, d]) as usize;
                if input.len() < length + 12 {
                    return None;
                }
                let times = teltonika_times(&input.split_to(length + 12)[8..8 + length]);
                Some(match self.take(imei, &times).await {
                    Verdict::Yes => Ok((times.len() as u32).to_be_bytes().to_vec()),
                    Verdict::No => Ok(vec![0; 4]),
                    Verdict::Nothing => Ok(Vec::new()),
                    Verdict::Cut => Err(()),
                })
            }
            _ => None,
        }
    }

    async fn native(self, mut stream: TcpStream) {
        let (mut input, mut imeis) = (BytesMut::new(), HashMap::<u32, String>::new());
        while let Ok(1..) = stream.read_buf(&mut input).await {
            let mut output = BytesMut::new();
            while let Some(frame) = native_frame(&mut input) {
                let (session, body) = (frame.session, frame.body.unwrap());
                if self.native_step(session, body, &mut imeis, &mut output).await.is_err() {
                    return;
                }
            }
            stream.write_all(&output).await.unwrap_or_default();
        }
    }

    async fn native_step(
        &self,
        session: u32,
        body: tag_frame::Body,
        imeis: &mut HashMap<u32, String>,
        output: &mut BytesMut,
    ) -> Result<(), ()> {
        let mut answer = |body| tag::ServerFrame { session, body: Some(body) }.encode_length_delimited(output).unwrap();
        match body {
            tag_frame::Body::Hello(hello) => {
                imeis.insert(session, hello.imei);
                answer(server_frame::Body::Challenge(tag::Challenge { nonce: vec![7; 16] }));
            }
            tag_frame::Body::Proof(_) => {
                answer(server_frame::Body::Welcome(tag::Welcome { version: 1, server_time_ms: 0, reports_max: 10 }));
                let order = Some(tag::command::Order::SetInterval(tag::SetInterval { seconds: 7 }));
                answer(server_frame::Body::Command(tag::Command { id: 41, order }));
            }
            tag_frame::Body::Reports(reports) => {
                let times: Vec<i64> = reports.reports.iter().map(|report| report.taken_at_ms).collect();
                let reason = tag::refusal::Reason::NotStored as i32;
                match self.take(&imeis[&session], &times).await {
                    Verdict::Yes => answer(server_frame::Body::Ack(tag::Ack { number: reports.number })),
                    Verdict::No => answer(server_frame::Body::Refusal(tag::Refusal { reason, ..Default::default() })),
                    // Later numbers must not be acknowledged over a missing one.
                    Verdict::Nothing => std::future::pending().await,
                    Verdict::Cut => return Err(()),
                }
            }
            tag_frame::Body::CommandResult(result) => self.commands.lock().unwrap().push(result),
            tag_frame::Body::Ping(_) => answer(server_frame::Body::Pong(tag::Pong {})),
        }
        Ok(())
    }
}

enum Verdict {
    Yes,
    No,
    Nothing,
    Cut,
}

fn native_frame(input: &mut BytesMut) -> Option<tag::TagFrame> {
    let mut whole = input.as_ref();
    let length = prost::decode_length_delimiter(&mut whole).ok()?;
    let start = input.len() - whole.len();
    if whole.len() < length {
        return None;
    }
    input.advance(start);
    Some(tag::TagFrame::decode(input.split_to(length)).unwrap())
}

/// The times of the records in a body of codec 8 or 8E.
fn teltonika_times(mut body: &[u8]) -> Vec<i64> {
    let wide = body.get_u8() == 0x8E;
    let count = |body: &mut &[u8]| if wide { usize::from(body.get_u16()) } else { usize::from(body.get_u8()) };
    let id_bytes = if wide { 2 } else { 1 };
    let records = body.get_u8();
    let mut times = Vec::new();
    for _ in 0..records {
        times.push(body.get_i64());
        body.advance(16);
        body.advance(2 * id_bytes);
        for width in [1, 2, 4, 8] {
            let values = count(&mut body);
            body.advance(values * (id_bytes + width));
        }
        if wide {
            assert_eq!(count(&mut body), 0, "no values of variable length");
        }
    }
    assert_eq!(body, [records], "the second count ends the body");
    times
}
