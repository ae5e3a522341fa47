//! The example packets of Teltonika's public document "Teltonika Data Sending Protocols", byte for byte.

use geofence::{Report, Signal, Timestamp};

/// Every packet with its reports.
pub fn all() -> Vec<(Vec<u8>, Vec<Report>)> {
    vec![
        (codec_8(), vec![no_fix(1_560_161_086_000)]),
        (codec_8_pair(), vec![no_fix(1_560_160_861_000), no_fix(1_560_160_879_000)]),
        (codec_8_extended(), vec![no_fix(1_560_166_592_000)]),
        (codec_16(), vec![no_fix(1_562_760_414_000), no_fix(1_562_760_415_000)]),
    ]
}

/// The documented examples were taken indoors: no satellite, no position; their values (GSM, voltages, operator) say nothing we judge.
fn no_fix(taken_at_ms: i64) -> Report {
    let report = Report::at(Timestamp::from_millis(taken_at_ms));
    Report { signals: report.signals.with(Signal::Fix, false), ..report }
}

/// Codec 8, one record.
pub fn codec_8() -> Vec<u8> {
    [&hex("00000000 00000036")[..], &codec_8_body(), &hex("0000C7CF")].concat()
}

pub fn codec_8_body() -> Vec<u8> {
    hex("08               codec
         01               one record
         0000016B40D8EA30 taken at 2019-06-10T10:04:46Z
         01               priority high
         00000000         longitude
         00000000         latitude
         0000             altitude
         0000             angle
         00               satellites
         0000             speed
         01               event: id 1
         05               five values
         02  15 03  01 01 two of one byte: GSM signal 3, input 1 on
         01  42 5E0F      one of two bytes: supply 24,079 mV
         01  F1 0000601A  one of four bytes: operator 24602
         01  4E 0000000000000000  one of eight bytes: iButton none
         01               one record")
}

/// Codec 8, two records.
fn codec_8_pair() -> Vec<u8> {
    hex("00000000 00000043 08 02
         0000016B40D57B48 01 00000000 00000000 0000 0000 00 0000  01 01  01 01 00  00 00 00
         0000016B40D5C198 01 00000000 00000000 0000 0000 00 0000  01 01  01 01 01  00 00 00
         02 0000252C")
}

/// Codec 8 Extended, one record: event, counts and ids of two bytes, and a group of any length.
fn codec_8_extended() -> Vec<u8> {
    hex("00000000 0000004A 8E 01
         0000016B412CEE00 taken at 2019-06-10T11:36:32Z
         01               priority
         00000000 00000000 0000 0000 00 0000
         0001             event: id 1
         0005             five values
         0001  0001 01    one of one byte
         0001  0011 001D  one of two bytes
         0001  0010 015E2C88  one of four bytes: odometer
         0002  000B 000000003544C87A  000E 000000001DD7E06A  two of eight bytes: ICCID
         0000             none of any length
         01 00002994")
}

/// Codec 16, two records: as codec 8, with ids of two bytes and a generation type.
fn codec_16() -> Vec<u8> {
    hex("00000000 0000005F 10 02
         0000016BDBC7833000000000000000000000000000000000 000B 05 04  02 0001 00 0003 00  02 000B 0027 0042 563A  00 00
         0000016BDBC7871800000000000000000000000000000000 000B 05 04  02 0001 00 0003 00  02 000B 0026 0042 563A  00 00
         02 00005FB3")
}

/// Bytes of the hexadecimal words of each line; what follows the first other word is a comment.
fn hex(text: &str) -> Vec<u8> {
    let is_hex =
        |word: &&str| word.len().is_multiple_of(2) && word.bytes().all(|digit| digit.is_ascii_digit() || (b'A'..=b'F').contains(&digit));
    let digits: String = text.lines().flat_map(|line| line.split_whitespace().take_while(is_hex)).collect();
    (0..digits.len()).step_by(2).map(|place| u8::from_str_radix(&digits[place..place + 2], 16).expect("hexadecimal")).collect()
}
