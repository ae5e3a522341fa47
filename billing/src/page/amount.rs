//! Numbers in words, as invoices spell their sum.

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

const ENGLISH_ONES: [&str; 20] = [
    "",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];
const ENGLISH_TENS: [&str; 10] = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const ENGLISH_SCALES: [&str; 7] = ["", " thousand", " million", " billion", " trillion", " quadrillion", " quintillion"];

/// `3_100_000` = «سه میلیون و صد هزار».
pub fn in_persian_words(number: u64) -> String {
    if number == 0 {
        return "صفر".to_owned();
    }
    groups(number).map(|(group, scale)| persian_group(group) + SCALES[scale]).collect::<Vec<_>>().join(" و ")
}

/// `3_100_000` = "three million one hundred thousand".
pub fn in_english_words(number: u64) -> String {
    if number == 0 {
        return "zero".to_owned();
    }
    groups(number).map(|(group, scale)| english_group(group) + ENGLISH_SCALES[scale]).collect::<Vec<_>>().join(" ")
}

/// Groups of three digits that are not 0, the highest first, each with its power of a thousand.
fn groups(number: u64) -> impl Iterator<Item = (usize, usize)> {
    let all = (0..SCALES.len()).rev().map(move |scale| ((number / 1000_u64.pow(scale as u32) % 1000) as usize, scale));
    all.filter(|(group, _)| *group > 0)
}

fn persian_group(group: usize) -> String {
    let below = group % 100;
    let (tens, ones) = if below < 20 { ("", ONES[below]) } else { (TENS[below / 10], ONES[below % 10]) };
    let words: Vec<&str> = [HUNDREDS[group / 100], tens, ones].into_iter().filter(|word| !word.is_empty()).collect();
    words.join(" و ")
}

fn english_group(group: usize) -> String {
    let below = group % 100;
    let hundreds = if group >= 100 { ENGLISH_ONES[group / 100].to_owned() + " hundred" } else { String::new() };
    let rest = match below {
        0..20 => ENGLISH_ONES[below].to_owned(),
        _ if below.is_multiple_of(10) => ENGLISH_TENS[below / 10].to_owned(),
        _ => format!("{}-{}", ENGLISH_TENS[below / 10], ENGLISH_ONES[below % 10]),
    };
    [hundreds, rest].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{in_english_words, in_persian_words};

    #[test]
    fn a_sum_is_spelled() {
        for (number, persian, english) in [
            (0, "صفر", "zero"),
            (7, "هفت", "seven"),
            (19, "نوزده", "nineteen"),
            (20, "بیست", "twenty"),
            (21, "بیست و یک", "twenty-one"),
            (100, "صد", "one hundred"),
            (999, "نهصد و نود و نه", "nine hundred ninety-nine"),
            (1_000, "یک هزار", "one thousand"),
            (1_001, "یک هزار و یک", "one thousand one"),
            (11_000, "یازده هزار", "eleven thousand"),
            (101_000, "صد و یک هزار", "one hundred one thousand"),
            (3_100_000, "سه میلیون و صد هزار", "three million one hundred thousand"),
            (1_000_000_000, "یک میلیارد", "one billion"),
            (25_000_800, "بیست و پنج میلیون و هشتصد", "twenty-five million eight hundred"),
        ] {
            assert_eq!(in_persian_words(number), persian);
            assert_eq!(in_english_words(number), english);
        }
        assert!(in_persian_words(u64::MAX).starts_with("هجده تریلیون"));
        assert!(in_english_words(u64::MAX).starts_with("eighteen quintillion"));
    }
}
