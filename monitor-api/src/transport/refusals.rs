//! How often a refusal is told: a machine with the wrong certificate tries again every second, for months.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Refusals told one by one in a span of time. Further ones are counted, and told as one number when the next span begins.
const TOLD_MAX: u32 = 10;
const SPAN: Duration = Duration::from_secs(60);

/// The refusals of one listener.
#[derive(Default)]
pub(super) struct Refusals(Mutex<Option<Span>>);

struct Span {
    began: Instant,
    refused: u32,
}

/// What to do about one more refusal.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Telling {
    /// Tell it.
    This,
    /// Tell it, and first that so many were not told.
    ThisAfter(u32),
    /// Not now.
    Nothing,
}

impl Refusals {
    pub(super) fn one_more(&self, now: Instant) -> Telling {
        let mut span = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match &mut *span {
            Some(span) if now.duration_since(span.began) < SPAN => {
                span.refused = span.refused.saturating_add(1);
                if span.refused <= TOLD_MAX { Telling::This } else { Telling::Nothing }
            }
            other => {
                let untold = other.as_ref().map_or(0, |span| span.refused.saturating_sub(TOLD_MAX));
                *other = Some(Span { began: now, refused: 1 });
                if untold == 0 { Telling::This } else { Telling::ThisAfter(untold) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusals, SPAN, TOLD_MAX, Telling};
    use std::time::Instant;

    #[test]
    fn a_flood_is_told_as_a_number() {
        let (refusals, start) = (Refusals::default(), Instant::now());
        for _ in 0..TOLD_MAX {
            assert_eq!(refusals.one_more(start), Telling::This);
        }
        for _ in 0..7 {
            assert_eq!(refusals.one_more(start + SPAN / 2), Telling::Nothing);
        }
        assert_eq!(refusals.one_more(start + SPAN), Telling::ThisAfter(7));
        assert_eq!(refusals.one_more(start + SPAN), Telling::This);
        assert_eq!(refusals.one_more(start + 3 * SPAN), Telling::This);
    }
}
