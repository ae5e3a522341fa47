//! Numbers in Persian words, as invoices spell their sum.

const ONES: [&str; 20] = [
    "",
    "یک",
    "دو",
    "سه",
    "چهار",
    "پنج",
    "شش",
    "هفت",
    "هشت",
    "نه",
    "ده",
    "یازده",
    "دوازده",
    "سیزده",
    "چهارده",
    "پانزده",
    "شانزده",
    "هفده",
    "هجده",
    "نوزده",
];
const TENS: [&str; 10] = ["", "", "بیست", "سی", "چهل", "پنجاه", "شصت", "هفتاد", "هشتاد", "نود"];
const HUNDREDS: [&str; 10] = ["", "صد", "دویست", "سیصد", "چهارصد", "پانصد", "ششصد", "هفتصد", "هشتصد", "نهصد"];
const SCALES: [&str; 7] = ["", " هزار", " میلیون", " میلیارد", " بیلیون", " بیلیارد", " تریلیون"];

/// `3_100_000` = «سه میلیون و صد هزار».
pub fn in_persian_words(number: u64) -> String {
    if number == 0 {
        return "صفر".to_owned();
    }
    let groups = (0..SCALES.len()).map(|scale| (number / 1000_u64.pow(scale as u32) % 1000, scale));
    let mut parts: Vec<String> = groups.filter(|(group, _)| *group > 0).map(|(group, scale)| spelled(group as usize, scale)).collect();
    parts.reverse();
    parts.join(" و ")
}

fn spelled(group: usize, scale: usize) -> String {
    let below = group % 100;
    let (tens, ones) = if below < 20 { ("", ONES[below]) } else { (TENS[below / 10], ONES[below % 10]) };
    let words: Vec<&str> = [HUNDREDS[group / 100], tens, ones].into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" و ") + SCALES[scale]
}

#[cfg(test)]
mod tests {
    use super::in_persian_words;

    #[test]
    fn a_sum_is_spelled() {
        for (number, expected) in [
            (0, "صفر"),
            (7, "هفت"),
            (19, "نوزده"),
            (21, "بیست و یک"),
            (100, "صد"),
            (999, "نهصد و نود و نه"),
            (1_000, "یک هزار"),
            (1_001, "یک هزار و یک"),
            (11_000, "یازده هزار"),
            (101_000, "صد و یک هزار"),
            (3_100_000, "سه میلیون و صد هزار"),
            (1_000_000_000, "یک میلیارد"),
            (25_000_800, "بیست و پنج میلیون و هشتصد"),
        ] {
            assert_eq!(in_persian_words(number), expected);
        }
        assert!(in_persian_words(u64::MAX).starts_with("هجده تریلیون"));
    }
}
