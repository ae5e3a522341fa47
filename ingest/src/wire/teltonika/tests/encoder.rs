//! The device's side, for tests: records in, frames out.

use crc::{CRC_16_ARC, Crc};
use geofence::{Report, Signal, Timestamp};
use proptest::prelude::*;

#[derive(Clone, Copy, PartialEq)]
pub enum Codec {
    Eight,
    EightLong,
    EightExtended,
    Sixteen,
}

#[derive(Clone, Debug)]
pub struct Record {
    pub taken_at_ms: u64,
    pub longitude_e7: i32,
    pub latitude_e7: i32,
    pub altitude_m: i16,
    pub course_deg: u16,
    pub satellites: u8,
    pub speed_kmh: u16,
    pub one: Vec<(u16, u8)>,
    pub two: Vec<(u16, u16)>,
    pub four: Vec<(u16, u32)>,
    pub eight: Vec<(u16, u64)>,
    /// Values of 16 bytes where the codec has them; of any length in 8 Extended.
    pub more: Vec<(u16, [u8; 16])>,
}

impl Default for Record {
    fn default() -> Self {
        Self {
            taken_at_ms: 1_700_000_000_000,
            longitude_e7: 513_890_000,
            latitude_e7: 356_890_000,
            altitude_m: 1_190,
            course_deg: 90,
            satellites: 9,
            speed_kmh: 36,
            one: vec![],
            two: vec![],
            four: vec![],
            eight: vec![],
            more: vec![],
        }
    }
}

impl Record {
    /// What the codec can carry of it.
    pub fn fit(&self, codec: Codec) -> Self {
        let most = if matches!(codec, Codec::Eight | Codec::EightLong) { 255 } else { u16::MAX };
        let mut fit = self.clone();
        fit.one.retain(|(id, _)| *id <= most);
        fit.two.retain(|(id, _)| *id <= most);
        fit.four.retain(|(id, _)| *id <= most);
        fit.eight.retain(|(id, _)| *id <= most);
        fit.more.retain(|(id, _)| *id <= most);
        fit
    }

    /// What it must become, said without a look at the decoder.
    pub fn report(&self) -> Report {
        let mut report = Report::at(Timestamp::from_millis(i64::try_from(self.taken_at_ms).unwrap_or(i64::MAX)));
        (report.latitude_e7, report.longitude_e7, report.altitude_m) = (self.latitude_e7, self.longitude_e7, self.altitude_m);
        (report.course_deg, report.satellites) = (self.course_deg, self.satellites);
        report.speed_cms = (f64::from(self.speed_kmh) / 0.036).min(65_535.0) as u16;
        let on_earth = self.latitude_e7.abs() <= 900_000_000 && self.longitude_e7.abs() <= 1_800_000_000;
        report.signals = report.signals.with(Signal::Fix, self.satellites > 0 && on_earth);
        for (id, value) in self.one.iter().map(|(id, value)| (*id, u16::from(*value))).chain(self.two.iter().copied()) {
            match id {
                113 => report.battery_percent = if value <= 100 { value as u8 } else { Report::BATTERY_UNSAID },
                182 => report.accuracy_dm = value.saturating_mul(5),
                520 => report.signals = report.signals.with(Signal::StrapOpen, value > 0),
                _ => {}
            }
        }
        report
    }

    fn write(&self, codec: Codec, out: &mut Vec<u8>) {
        out.extend(self.taken_at_ms.to_be_bytes());
        out.push(1); // priority
        out.extend(self.longitude_e7.to_be_bytes());
        out.extend(self.latitude_e7.to_be_bytes());
        out.extend(self.altitude_m.to_be_bytes());
        out.extend(self.course_deg.to_be_bytes());
        out.push(self.satellites);
        out.extend(self.speed_kmh.to_be_bytes());
        codec.id(0, out); // event
        if codec == Codec::Sixteen {
            out.push(5); // generation type
        }
        codec.count(
            self.one.len() + self.two.len() + self.four.len() + self.eight.len() + self.more.len() * usize::from(codec.has_more()),
            out,
        );
        group(codec, &self.one, |value, out| out.push(*value), out);
        group(codec, &self.two, |value, out| out.extend(value.to_be_bytes()), out);
        group(codec, &self.four, |value, out| out.extend(value.to_be_bytes()), out);
        group(codec, &self.eight, |value, out| out.extend(value.to_be_bytes()), out);
        match codec {
            Codec::EightLong => group(codec, &self.more, |value, out| out.extend(value), out),
            Codec::EightExtended => group(codec, &self.more, |value, out| out.extend([&[0, 16], &value[..]].concat()), out),
            Codec::Eight | Codec::Sixteen => {}
        }
    }
}

impl Codec {
    fn has_more(self) -> bool {
        matches!(self, Self::EightLong | Self::EightExtended)
    }

    fn id(self, id: u16, out: &mut Vec<u8>) {
        match self {
            Self::Eight | Self::EightLong => out.push(id as u8),
            Self::EightExtended | Self::Sixteen => out.extend(id.to_be_bytes()),
        }
    }

    fn count(self, count: usize, out: &mut Vec<u8>) {
        match self {
            Self::EightExtended => out.extend((count as u16).to_be_bytes()),
            Self::Eight | Self::EightLong | Self::Sixteen => out.push(count as u8),
        }
    }
}

fn group<T>(codec: Codec, values: &[(u16, T)], write: impl Fn(&T, &mut Vec<u8>), out: &mut Vec<u8>) {
    codec.count(values.len(), out);
    for (id, value) in values {
        codec.id(*id, out);
        write(value, out);
    }
}

pub fn login(imei: &str) -> Vec<u8> {
    [&[0, imei.len() as u8], imei.as_bytes()].concat()
}

pub fn packet(codec: Codec, records: &[Record]) -> Vec<u8> {
    let number = match codec {
        Codec::Eight | Codec::EightLong => 0x08,
        Codec::EightExtended => 0x8E,
        Codec::Sixteen => 0x10,
    };
    let mut body = vec![number, records.len() as u8];
    for record in records {
        record.write(codec, &mut body);
    }
    body.push(records.len() as u8);
    sealed(&body)
}

/// A packet of any body, with its right length and checksum.
pub fn sealed(body: &[u8]) -> Vec<u8> {
    let crc = u32::from(Crc::<u16>::new(&CRC_16_ARC).checksum(body));
    [&[0; 4], &(body.len() as u32).to_be_bytes()[..], body, &crc.to_be_bytes()].concat()
}

pub fn any_record() -> impl Strategy<Value = Record> {
    let place = (any::<u64>(), any::<i32>(), 1..=i32::MAX, any::<i16>(), 0..360u16, any::<u8>(), any::<u16>());
    let few = 0..4usize;
    let values = (
        prop::collection::vec((prop::sample::select(vec![113u16, 1, 21, 520]), any::<u8>()), few.clone()),
        prop::collection::vec((prop::sample::select(vec![182u16, 66, 700]), any::<u16>()), few.clone()),
        prop::collection::vec((prop::sample::select(vec![16u16, 241, 900]), any::<u32>()), few.clone()),
        prop::collection::vec((prop::sample::select(vec![78u16, 1000]), any::<u64>()), few),
        prop::collection::vec((prop::sample::select(vec![132u16, 385]), any::<[u8; 16]>()), 1..3),
    );
    (place, values).prop_map(
        |((taken_at_ms, longitude, latitude, altitude_m, course_deg, satellites, speed_kmh), (one, two, four, eight, more))| {
            let (longitude_e7, latitude_e7) = (longitude.max(-i32::MAX), latitude);
            Record { taken_at_ms, longitude_e7, latitude_e7, altitude_m, course_deg, satellites, speed_kmh, one, two, four, eight, more }
        },
    )
}
