//! What lists show instead of a number that names a person.

/// A national id with all but its first two and last two characters hidden: `00••••••12`. Shorter ones are hidden wholly.
///
/// ```
/// assert_eq!(access::masked("0012345612"), "00••••••12");
/// assert_eq!(access::masked("1234"), "••••");
/// ```
pub fn masked(national_id: &str) -> String {
    let count = national_id.chars().count();
    let shown = |at: usize| count > 4 && (at < 2 || at >= count - 2);
    national_id.chars().enumerate().map(|(at, character)| if shown(at) { character } else { '•' }).collect()
}
