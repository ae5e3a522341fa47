//! Names of lines: the same line has the same name in every file that has it.

use super::Line;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The name of each line: SHA-256 of account, day, amount, identifier, reference and text. Equal lines of one file are numbered `-2`, `-3`, so that a file
/// that is read in twice, or overlaps another, names each of its lines as before.
pub fn import_ids(account: &str, lines: &[Line]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let name = |line: &Line| {
        let name = digest(account, line);
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name}-{count}") }
    };
    lines.iter().map(name).collect()
}

/// Every field with its length: what ends one cannot begin the next.
fn digest(account: &str, line: &Line) -> String {
    let (day, amount) = (line.day.to_string(), line.amount.minor_units().to_string());
    let mut sha = Sha256::new();
    for field in [account, &day, &amount, &line.identifier, &line.reference, &line.text] {
        sha.update((field.len() as u64).to_be_bytes());
        sha.update(field.as_bytes());
    }
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{Line, import_ids};
    use crate::money::Money;

    fn line(place: usize, amount: i64, reference: &str, text: &str) -> Line {
        let day = "1405/08/30".parse().unwrap();
        Line { place, day, amount: Money::rials(amount), identifier: String::new(), reference: reference.into(), text: text.into() }
    }

    #[test]
    fn equal_lines_are_numbered_and_overlapping_files_name_them_alike() {
        let (one, two) = (line(2, 5, "r", "x"), line(3, 5, "r", "x"));
        let ids = import_ids("melli", &[one.clone(), two.clone(), line(4, 6, "r", "x")]);
        assert_eq!(ids[1], format!("{}-2", ids[0]));
        assert_ne!(ids[0], ids[2]);
        let overlapping = import_ids("melli", &[line(2, 1, "", ""), one.clone(), two]);
        assert_eq!(overlapping[1..], ids[..2]);
        assert_ne!(import_ids("mellat", &[one]), ids[..1]);
    }

    #[test]
    fn what_ends_one_field_does_not_begin_the_next() {
        assert_ne!(import_ids("", &[line(1, 5, "ab", "c")]), import_ids("", &[line(1, 5, "a", "bc")]));
    }
}
