//! Times that need not be told to the millisecond, in four bytes each: those of a million wearers are held.

use crate::Timestamp;

/// How long after it was taken a report was received: tenths of a second, rounded up, at most 13 years. What waits for it, a silence, is
/// found so much later at most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Lag(u32);

impl Lag {
    const TENTH_MS: i64 = 100;

    /// A report that was received before it was taken has none.
    pub fn of_millis(millis: i64) -> Self {
        let tenths = millis.max(0).saturating_add(Self::TENTH_MS - 1) / Self::TENTH_MS;
        Self(u32::try_from(tenths).unwrap_or(u32::MAX))
    }

    pub const fn millis(self) -> i64 {
        self.0 as i64 * Self::TENTH_MS
    }
}

/// When a memory was kept: seconds of 1970 to 2106, rounded up, so that what was kept is never newer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct KeptAt(u32);

impl KeptAt {
    const SECOND_MS: i64 = 1_000;

    pub fn of(time: Timestamp) -> Self {
        let seconds = time.millis().max(0).saturating_add(Self::SECOND_MS - 1) / Self::SECOND_MS;
        Self(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    pub const fn time(self) -> Timestamp {
        Timestamp::from_millis(self.0 as i64 * Self::SECOND_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::{KeptAt, Lag};
    use crate::Timestamp;

    #[test]
    fn rounded_up_and_never_beyond_the_ends() {
        let lag = |millis| Lag::of_millis(millis).millis();
        assert_eq!([lag(-5), lag(0), lag(1), lag(100), lag(101)], [0, 0, 100, 100, 200]);
        assert_eq!(lag(i64::MAX), i64::from(u32::MAX) * 100);
        let kept = |millis| KeptAt::of(Timestamp::from_millis(millis)).time().millis();
        assert_eq!([kept(i64::MIN), kept(0), kept(1), kept(1_000), kept(1_001)], [0, 0, 1_000, 1_000, 2_000]);
        assert_eq!(kept(i64::MAX), i64::from(u32::MAX) * 1_000);
    }
}
