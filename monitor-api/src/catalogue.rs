//! The words of refusals: one file of Fluent messages for each language, compiled in.

use crate::calendar::{persian_digits, shown};
use crate::events::Happening;
use crate::language::{Language, current};
use chrono::DateTime;
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentError, FluentResource, FluentValue};
use std::sync::LazyLock;

static PERSIAN: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::Persian));
static ENGLISH: LazyLock<FluentBundle<FluentResource>> = LazyLock::new(|| bundle(Language::English));

/// The message in the language of the call that is running. A fault of the catalogue is told to the log; the caller gets what there is.
pub fn text(message_id: &str, args: &[(&str, String)]) -> String {
    let (text, errors) = format(current(), message_id, args);
    if !errors.is_empty() {
        Happening::MessageBroken { message_id }.tell();
    }
    text
}

fn format(language: Language, message_id: &str, args: &[(&str, String)]) -> (String, Vec<FluentError>) {
    let bundle = match language {
        Language::Persian => &*PERSIAN,
        Language::English => &*ENGLISH,
    };
    let args: FluentArgs = args.iter().map(|(name, value)| (*name, FluentValue::from(value.as_str()))).collect();
    let pattern = bundle.get_message(message_id).and_then(|message| message.value());
    let pattern = pattern.expect("a test walks every code: each has its message in each language");
    let mut errors = Vec::new();
    let text = bundle.format_pattern(pattern, Some(&args), &mut errors).into_owned();
    (text, errors)
}

const fn source(language: Language) -> &'static str {
    match language {
        Language::Persian => include_str!("../messages/fa.ftl"),
        Language::English => include_str!("../messages/en.ftl"),
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let locale = language.locale().parse().expect("the locale is a language tag");
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Names and numbers of tags are Latin: isolated, they do not turn a Persian sentence around. English needs it seldom, and terminals
    // show the marks.
    bundle.set_use_isolating(language == Language::Persian);
    let resource = FluentResource::try_new(source(language).to_owned()).map_err(|(_, errors)| errors);
    bundle.add_resource(resource.expect("a test reads the catalogue")).expect("a test finds messages that come twice");
    bundle.add_function("DATETIME", move |args, _| of_text(args, |text| datetime(text, language))).expect("the name is free");
    bundle.add_function("NUMBER", move |args, _| of_text(args, |text| number(text, language))).expect("the name is free");
    bundle
}

fn of_text<'a>(args: &[FluentValue<'a>], shown: impl Fn(&str) -> FluentValue<'a>) -> FluentValue<'a> {
    match args {
        [FluentValue::String(text)] => shown(text),
        _ => FluentValue::Error,
    }
}

/// An RFC 3339 instant as people read it; anything else stays as it is.
fn datetime<'a>(text: &str, language: Language) -> FluentValue<'a> {
    let time = DateTime::parse_from_rfc3339(text).ok();
    time.and_then(|time| shown(time.to_utc(), language)).unwrap_or_else(|| text.to_owned()).into()
}

/// In Persian a number to show. In English one to choose singular or plural by; shown is the argument itself.
fn number<'a>(text: &str, language: Language) -> FluentValue<'a> {
    match language {
        Language::Persian => persian_digits(text).into(),
        Language::English => FluentValue::try_number(text).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Language, format, source, text};
    use crate::enrolment::finding_message_id;
    use crate::language::speaking;
    use crate::reason::{Reason, Todo, Wrong, books_difference, checklist_item, checklist_todo, reminder_hint, tag_state};
    use geofence::check::FindingCode;
    use std::collections::{BTreeMap, BTreeSet};

    const LANGUAGES: [Language; 2] = [Language::Persian, Language::English];

    /// Messages that are shown as they are, within others or beside codes.
    fn words() -> Vec<String> {
        [checklist_item::all(), checklist_todo::all(), tag_state::all(), books_difference::all(), reminder_hint::all()].concat()
    }

    /// Every code's message with the arguments that it is told with.
    fn codes() -> BTreeMap<String, BTreeSet<String>> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let reasons = Reason::ALL.iter().map(|reason| (reason.message_id(), owned(reason.arguments())));
        let words = words().into_iter().map(|id| (id, BTreeSet::new()));
        let wrong = Wrong::ALL.iter().map(|wrong| (wrong.message_id(), owned(wrong.arguments())));
        let found = FindingCode::ALL.iter().map(|found| (finding_message_id(*found), owned(found.arguments())));
        let todo = Todo::ALL.iter().map(|todo| (todo.message_id(), owned(todo.arguments())));
        reasons.chain(wrong).chain(found).chain(todo).chain(words).collect()
    }

    /// Every message of a file with the variables in it.
    fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut id = String::new();
        for line in source(language).lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| line.starts_with(|first: char| first.is_ascii_lowercase())) {
                id = name.to_owned();
                assert!(found.insert(id.clone(), BTreeSet::new()).is_none(), "{name} comes twice");
            }
            for variable in line.split('$').skip(1) {
                let end = variable.find(|c: char| !c.is_ascii_lowercase() && c != '_').unwrap_or(variable.len());
                found.get_mut(&id).unwrap().insert(variable[..end].to_owned());
            }
        }
        found
    }

    #[test]
    fn every_code_has_its_message_in_both_languages_and_no_message_is_left_over() {
        let all = Reason::ALL.len() + Wrong::ALL.len() + FindingCode::ALL.len() + Todo::ALL.len() + words().len();
        assert_eq!(codes().len(), all, "no code comes twice");
        for language in LANGUAGES {
            assert_eq!(messages(language), codes(), "{language:?}");
        }
    }

    #[test]
    fn every_message_is_told_with_its_arguments() {
        for language in LANGUAGES {
            for (id, arguments) in codes() {
                for value in ["1", "7", "2026-11-22T09:52:05Z", "علی {$x}", "", "-1"] {
                    let args: Vec<_> = arguments.iter().map(|name| (name.as_str(), value.to_owned())).collect();
                    let (text, errors) = format(language, &id, &args);
                    assert!(errors.is_empty(), "{language:?} {id}: {errors:?}");
                    assert!(
                        text.ends_with('.') || id.starts_with("field-") || id.starts_with("found-") || words().contains(&id),
                        "{id} is no sentence: {text}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_missing_argument_is_an_error_of_the_catalogue_and_no_panic() {
        let (text, errors) = format(Language::English, "unknown-alert", &[]);
        assert!(text.contains("{$alert}") && errors.len() == 1, "{text}");
    }

    #[test]
    fn persian_words_are_persian_ones() {
        for line in source(Language::Persian).lines().filter(|line| !line.starts_with('#')) {
            // Arabic letters and digits that look alike and are not found by a search.
            assert!(!line.contains(['ي', 'ك', 'ة', '٤', '٥', '٦']), "{line}");
            assert!(!line.contains(",") || line.contains('{'), "a Latin comma: {line}");
        }
    }

    #[tokio::test]
    async fn an_argument_is_isolated_in_persian_and_bare_in_english() {
        let args = [("by", "op 7".to_owned()), ("at", "2026-11-22T09:52:05Z".to_owned())];
        let id = Reason::AlreadyAcknowledged.message_id();
        let persian = speaking(Language::Persian, async { text(&id, &args) }).await;
        assert!(persian.contains("\u{2068}op 7\u{2069}"), "{persian}");
        assert!(persian.contains("\u{2068}۱۴۰۵/۰۹/۰۱ ساعت ۱۳:۲۲:۰۵\u{2069}"), "{persian}");
        let english = text(&id, &args);
        assert!(english.contains("op 7") && english.contains("2026-11-22 13:22:05 (Tehran)") && english.is_ascii(), "{english}");
    }

    #[test]
    fn seconds_are_counted_in_singular_and_plural() {
        let told = |seconds: &str| format(Language::English, "log-in-locked", &[("seconds", seconds.to_owned())]).0;
        assert!(told("1").contains("1 second."), "{}", told("1"));
        assert!(told("30").contains("30 seconds."), "{}", told("30"));
        let persian = format(Language::Persian, "log-in-locked", &[("seconds", "30".to_owned())]).0;
        assert!(persian.contains("۳۰"), "{persian}");
    }
}
