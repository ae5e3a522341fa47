//! One tag on a real socket.

use crate::stage::Stage;
use bytes::BytesMut;
use geofence::{Report, Signal, Timestamp};
use simulator::wire::teltonika::{Codec, put_packet};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub struct Tag {
    pub imei: String,
    address: SocketAddr,
    socket: Option<TcpStream>,
    begins: Timestamp,
}

impl Tag {
    pub fn new(stage: &Stage, imei: &str) -> Self {
        Self { imei: imei.to_owned(), address: stage.server.teltonika, socket: None, begins: Timestamp::from_millis(0) }
    }

    /// Logs in as soon as the tag is known; its clock counts from now.
    pub async fn connect(&mut self) {
        self.log_in().await;
        self.begins = Timestamp::from(chrono::Utc::now());
    }

    async fn log_in(&mut self) {
        let started = std::time::Instant::now();
        while self.socket.is_none() {
            let mut socket = TcpStream::connect(self.address).await.unwrap();
            socket.write_all(&[&(self.imei.len() as u16).to_be_bytes(), self.imei.as_bytes()].concat()).await.unwrap();
            self.socket = socket.read_u8().await.is_ok_and(|answer| answer == 1).then_some(socket);
            assert!(started.elapsed() < crate::common::PATIENCE, "tag {} is let in", self.imei);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    pub fn disconnect(&mut self) {
        self.socket = None;
    }

    /// A fix so many seconds after the first, so many metres east of the home's middle, with a closed strap and a full battery; acknowledged.
    pub async fn report(&mut self, second: i64, metres_east: f64) {
        let report = Report::at(self.begins.plus_seconds(second));
        let longitude_e7 = 514_000_000 + (metres_east / 90_500.0 * 1e7) as i32;
        let signals = report.signals.with(Signal::Fix, true).with(Signal::StrapOpen, false);
        let report =
            Report { latitude_e7: 357_000_000, longitude_e7, satellites: 9, accuracy_dm: 50, battery_percent: 90, signals, ..report };
        let mut bytes = BytesMut::new();
        put_packet(Codec::EightExtended, &[report], &mut bytes);
        let started = std::time::Instant::now();
        loop {
            let socket = self.socket.as_mut().unwrap();
            socket.write_all(&bytes).await.unwrap();
            if socket.read_u32().await.is_ok_and(|stored| stored == 1) {
                return;
            }
            // What is not stored is sent again, on a new connection.
            assert!(started.elapsed() < crate::common::PATIENCE, "tag {} is stored", self.imei);
            self.socket = None;
            self.log_in().await;
        }
    }
}
