//! The language that a caller is answered in: carried along with the call, so that no function needs to be handed it.

tokio::task_local! {
    static LANGUAGE: Language;
}

/// A language of the catalogue.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Language {
    /// Of the people in the rooms.
    Persian,
    /// Of programs and those who run them.
    English,
}

impl Language {
    /// What an `accept-language` header asks for: `fa`, `fa-IR`, `en;q=0.8, fa`. Of equal weights the first counts. `None` = nothing
    /// that the catalogue has, or anything (`*`).
    pub fn of_header(header: &str) -> Option<Self> {
        let mut best = None;
        let mut best_weight = 0.0; // A weight of 0 says "not this one".
        for (language, weight) in header.split(',').filter_map(weighed) {
            if weight > best_weight {
                (best, best_weight) = (Some(language), weight);
            }
        }
        best
    }

    /// The locale as google.rpc.LocalizedMessage says it (BCP 47).
    pub const fn locale(self) -> &'static str {
        match self {
            Self::Persian => "fa-IR",
            Self::English => "en",
        }
    }
}

/// One range of the header with its weight, 0 to 1; `None` for another language or what is none.
fn weighed(range: &str) -> Option<(Language, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let primary = parts.next()?.split('-').next()?;
    let language = match primary {
        tag if tag.eq_ignore_ascii_case("fa") => Language::Persian,
        tag if tag.eq_ignore_ascii_case("en") => Language::English,
        _ => return None,
    };
    let weight = match parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="))) {
        Some(weight) => weight.parse().ok().filter(|weight| (0.0..=1.0).contains(weight))?,
        None => 1.0,
    };
    Some((language, weight))
}

/// Runs `future` so that its refusals are in `language`. A task that it spawns does not inherit it: wrap that one too.
pub async fn speaking<F: Future>(language: Language, future: F) -> F::Output {
    LANGUAGE.scope(language, future).await
}

/// The same for work that is not awaited, on a thread that the call's language does not reach.
pub fn speaking_at_once<T>(language: Language, work: impl FnOnce() -> T) -> T {
    LANGUAGE.sync_scope(language, work)
}

/// The language of the call that is running; English outside of [`speaking`].
pub fn current() -> Language {
    LANGUAGE.try_with(|language| *language).unwrap_or(Language::English)
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, Persian};
    use super::{current, speaking};

    #[test]
    fn a_header_asks_for_a_language() {
        let check = |header: &str, language: Option<Language>| assert_eq!(Language::of_header(header), language, "{header}");
        check("fa", Some(Persian));
        check("fa-IR", Some(Persian));
        check("FA-ir , en", Some(Persian));
        check("en;q=0.8, fa", Some(Persian));
        check("fa;q=0.3,en-GB;q=0.7", Some(English));
        check("en, fa", Some(English));
        check("de-DE, de;q=0.9, fa;q=0.5", Some(Persian));
        check("en ; Q=0.2 , fa; q=0.4", Some(Persian));
        check("fa;q=0, en;q=0.1", Some(English));
    }

    #[test]
    fn a_header_of_nothing_known_asks_for_none() {
        for header in ["", "*", "de", "fa;q=0", "fa;q=2", "fa;q=x", "fa;q=NaN", "fas", "english", ";q=1", ",,;", "\u{1f600}"] {
            assert_eq!(Language::of_header(header), None, "{header}");
        }
    }

    #[tokio::test]
    async fn a_call_speaks_its_language_and_nobody_else_does() {
        assert_eq!(current(), English);
        speaking(Persian, async {
            tokio::task::yield_now().await;
            assert_eq!(current(), Persian);
            assert_eq!(speaking(English, async { current() }).await, English);
            assert_eq!(tokio::spawn(async { current() }).await.unwrap(), English, "a spawned task must be told");
        })
        .await;
        assert_eq!(current(), English);
    }
}
