//! Finding files by any part of whatever they are known by, page by page in the order of names (docs/decisions/search.md).
//!
//! Common words are found by walking along the index of names, which holds everything that is searched; rare ones by the index of their parts. The walk
//! comes first and is bounded: a word of which it finds no page is rare, or stands close together under one family name. The latter is why hits
//! whose family name begins with the last words come first, from their own stretches of the index.

use super::{WearerNow, WearerState};
use crate::{Store, StoreError};
use access::Caller;
use deadpool_postgres::{Client, GenericClient};
use tokio_postgres::types::ToSql;

/// Rows that one walk reads at most, about 15 ms.
const WALK_MAX: i64 = 20_000;

/// The same of the first walk, which tells how common the words are.
const SHORT_WALK_MAX: i64 = 2_000;

/// So many hits on the first walk make a longer one worth while: of a million files more than some 4,000 are hits.
const COMMON_MIN: usize = 8;

/// So many hits of the index of parts are fetched at most. Of more, these are some: whoever searches is told to type more.
const PARTS_MAX: i64 = 500;

/// Hits in the order of the table until there are enough: whatever the planner believes of the words, the index of parts finds them.
const BY_PARTS: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off";

/// The last letter of every order: `word` to `word` and this are all texts that begin with the word.
const LAST: &str = "\u{ffff}";

const UNITS: &str = "
    SELECT r.unit_id FROM unit_reach r WHERE r.above_id = ANY ($1)
        AND ($2 = '' OR EXISTS (SELECT FROM unit_reach b JOIN units u ON u.unit_id = b.above_id WHERE b.unit_id = r.unit_id AND u.code = $2))
    GROUP BY r.unit_id";

/// Which files to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WearerFilter {
    /// Words, folded; each is found as any part of what a file is known by, one of one or two characters as a beginning.
    pub words: Vec<String>,
    /// The code of a unit: only wearers of it and of those below; empty = all within reach.
    pub unit: String,
    /// Only wearers so far on the way.
    pub state: Option<WearerState>,
    /// After this place; `None` = from the first.
    pub after: Option<WearerPlace>,
    /// At most so many.
    pub limit: u32,
}

/// A place in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WearerPlace {
    /// In which stretch of the list (docs/decisions/search.md).
    pub stretch: u8,
    /// The folded name.
    pub sort_name: String,
    /// Of those with the same name.
    pub wearer_id: i64,
}

/// A page of files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WearerPage {
    /// The files.
    pub wearers: Vec<WearerNow>,
    /// Where the next page goes on; `None` = this is the last.
    pub next: Option<WearerPlace>,
    /// More files than were looked at hold the words: these are some of them, and the last page.
    pub is_cut: bool,
}

/// The stretch of the list that is read.
enum Stretch {
    /// Without words.
    All,
    /// Whose family name, or family and given name, begins so.
    Begins(String),
    /// In whose family name's first word it stands later.
    Middle(String),
    /// Everybody else.
    Rest,
    /// Several words stand in the middle of no single one.
    Nobody,
}

/// Whose files.
enum Scope {
    Everybody,
    Units(Vec<i64>),
}

impl Store {
    /// A page of the files within the caller's reach that hold every word.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn wearer_list(&self, caller: &Caller, filter: &WearerFilter) -> Result<WearerPage, StoreError> {
        let mut client = self.client().await?;
        let scope = if caller.reaches_all() && filter.unit.is_empty() {
            Scope::Everybody
        } else {
            Scope::Units(client.query(UNITS, &[&caller.roots, &filter.unit]).await?.iter().map(|row| row.get(0)).collect())
        };
        let hits = hits(&mut client, &scope, filter).await?;
        drop(client);
        let numbers: Vec<i64> = hits.places.iter().map(|place| place.wearer_id).collect();
        Ok(WearerPage { wearers: self.wearers_of_numbers(&numbers).await?, next: hits.next, is_cut: hits.is_cut })
    }
}

#[derive(Default)]
struct Hits {
    places: Vec<WearerPlace>,
    next: Option<WearerPlace>,
    is_cut: bool,
}

/// A page of hits. It ends where a stretch ends that holds any: who typed a name wants those who bear it at once, and perhaps nobody else.
async fn hits(client: &mut Client, scope: &Scope, filter: &WearerFilter) -> Result<Hits, StoreError> {
    let begins = beginnings(&filter.words);
    let last = if filter.words.is_empty() { 0 } else { begins.len() + 1 };
    let begun = filter.after.as_ref().map_or(0, |after| usize::from(after.stretch));
    for number in begun..=last {
        let stretch = u8::try_from(number).unwrap_or(u8::MAX);
        let after = filter.after.as_ref().filter(|after| after.stretch == stretch);
        let search = Search { scope, filter, begins: &begins, number, after, limit: i64::from(filter.limit) + 1 };
        let (found, is_cut) = search.run(client).await?;
        let place = |(wearer_id, sort_name)| WearerPlace { stretch, sort_name, wearer_id };
        let mut hits = Hits { places: found.into_iter().map(place).collect(), next: None, is_cut };
        if hits.places.len() > filter.limit as usize {
            hits.places.truncate(filter.limit as usize);
            hits.next = hits.places.last().cloned();
        } else if number < last {
            hits.next = Some(WearerPlace { stretch: stretch + 1, sort_name: String::new(), wearer_id: 0 });
        }
        if is_cut {
            hits.next = None;
        }
        if is_cut || number == last || !hits.places.is_empty() {
            return Ok(hits);
        }
    }
    Ok(Hits::default())
}

/// With what the names of hits begin, the best first: with family and given name as they are typed, given name first; then with a family name of the last
/// words, from all of them to one.
fn beginnings(words: &[String]) -> Vec<String> {
    let named = (1..words.len()).map(|family| [&words[family..], &words[..family]].concat().join(" "));
    named.chain((0..words.len()).map(|family| words[family..].join(" "))).collect()
}

struct Search<'a> {
    scope: &'a Scope,
    filter: &'a WearerFilter,
    begins: &'a [String],
    /// Of the stretch.
    number: usize,
    after: Option<&'a WearerPlace>,
    limit: i64,
}

/// A statement under way: its conditions, and the values that they name.
#[derive(Default)]
struct Conditions {
    text: String,
    values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// Adds ` AND ...`, where `?` stands for the value.
    fn and(&mut self, condition: &str, value: impl ToSql + Sync + Send + 'static) {
        self.values.push(Box::new(value));
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replace('?', &format!("${}", self.values.len())));
    }

    fn value(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }
}

impl Search<'_> {
    /// Hits of the stretch in order; and whether these are only some of them, and all that are told.
    async fn run(&self, client: &mut Client) -> Result<(Vec<(i64, String)>, bool), StoreError> {
        match self.stretch() {
            Stretch::Middle(word) => Ok((self.middle(client, &word).await?, false)),
            Stretch::Nobody => Ok((Vec::new(), false)),
            _ => match self.walk(client).await? {
                Some(found) => Ok((found, false)),
                None => self.parts(client).await,
            },
        }
    }

    fn stretch(&self) -> Stretch {
        match (self.begins.get(self.number), self.filter.words.as_slice()) {
            (_, []) => Stretch::All,
            (Some(begins), _) => Stretch::Begins(begins.clone()),
            (None, _) if self.number > self.begins.len() => Stretch::Rest,
            (None, [word]) if is_any_part(word) => Stretch::Middle(word.clone()),
            (None, _) => Stretch::Nobody,
        }
    }

    /// From one family's name to the next of those in whose first word it stands.
    async fn middle(&self, client: &Client, word: &str) -> Result<Vec<(i64, String)>, StoreError> {
        let mut conditions = Conditions::default();
        self.add_place(&mut conditions);
        let along = std::mem::take(&mut conditions.text);
        self.add_state(&mut conditions);
        let holds = std::mem::take(&mut conditions.text);
        let (begins, part) = (conditions.value(word.to_owned()), conditions.value(pattern(word)));
        let from =
            conditions.value(self.after.map_or(String::new(), |after| after.sort_name.split(' ').next().unwrap_or_default().to_owned()));
        let unit = match self.scope {
            Scope::Everybody => "(SELECT NULL::bigint AS unit)".to_owned(),
            Scope::Units(units) => format!("unnest({}::bigint[])", conditions.value(units.clone())),
        };
        let in_unit = if matches!(self.scope, Scope::Everybody) { "" } else { "w.unit_id = unit AND " };
        let limit = self.limit;
        let text = format!(
            "SELECT w.wearer_id, w.sort_name FROM (
                SELECT DISTINCT word COLLATE \"fa-x-icu\" AS word FROM family_words
                WHERE word LIKE {part} AND NOT starts_with(word, {begins}) AND word COLLATE \"fa-x-icu\" >= {from} ORDER BY 1
            ) family CROSS JOIN LATERAL (
                SELECT w.* FROM {unit} AS unit CROSS JOIN LATERAL (
                    SELECT w.wearer_id, w.sort_name FROM wearers w
                    WHERE {in_unit}w.merged_into IS NULL AND w.sort_name >= word AND w.sort_name < word || ' {LAST}'{along}{holds}
                    ORDER BY w.sort_name, w.wearer_id LIMIT {limit}
                ) w ORDER BY w.sort_name, w.wearer_id LIMIT {limit}
            ) w LIMIT {limit}"
        );
        let found = run(client, &text, &conditions).await?;
        Ok(found.into_iter().filter_map(|(wearer_id, name)| wearer_id.map(|id| (id, name))).collect())
    }

    /// Along the index; `None` = the bound came before the page was full.
    async fn walk(&self, client: &Client) -> Result<Option<Vec<(i64, String)>>, StoreError> {
        let is_filtered = !self.filter.words.is_empty() || self.filter.state.is_some();
        for bound in if is_filtered { &[SHORT_WALK_MAX, WALK_MAX][..] } else { &[0] } {
            let (text, conditions) = self.walk_statement(*bound);
            let found = run(client, &text, &conditions).await?;
            let is_whole = found.iter().all(|(wearer_id, _)| wearer_id.is_some()) || !is_filtered;
            let hits: Vec<(i64, String)> = found.into_iter().filter_map(|(wearer_id, name)| wearer_id.map(|id| (id, name))).collect();
            if is_whole || hits.len() as i64 >= self.limit {
                return Ok(Some(hits));
            }
            if hits.len() < COMMON_MIN {
                break;
            }
        }
        Ok(None)
    }

    fn walk_statement(&self, bound: i64) -> (String, Conditions) {
        let mut conditions = Conditions::default();
        self.add_place(&mut conditions);
        let along = std::mem::take(&mut conditions.text);
        self.add_words(&mut conditions);
        let holds = std::mem::take(&mut conditions.text);
        let text = match self.scope {
            Scope::Everybody => walk_everybody(&along, &holds, bound.max(self.limit), self.limit),
            Scope::Units(units) => {
                let bound = (bound / (units.len().max(1) as i64)).max(self.limit);
                walk_units(&conditions.value(units.clone()), &along, &holds, bound, self.limit)
            }
        };
        (text, conditions)
    }

    /// By the index of parts, hits of the stretch in order; and whether there are more than [`PARTS_MAX`], of which these are then some.
    async fn parts(&self, client: &mut Client) -> Result<(Vec<(i64, String)>, bool), StoreError> {
        let mut conditions = Conditions::default();
        self.add_place(&mut conditions);
        self.add_words(&mut conditions);
        if let Scope::Units(units) = self.scope {
            conditions.and("w.unit_id = ANY (?)", units.clone());
        }
        let text = format!(
            "WITH hits AS MATERIALIZED (SELECT w.wearer_id, w.sort_name FROM wearers w WHERE w.merged_into IS NULL{} LIMIT {PARTS_MAX} + 1)
            SELECT * FROM (SELECT wearer_id, sort_name FROM hits ORDER BY sort_name, wearer_id LIMIT {}) found
            UNION ALL SELECT NULL, '' WHERE (SELECT count(*) FROM hits) > {PARTS_MAX}",
            conditions.text, self.limit
        );
        let transaction = client.build_transaction().read_only(true).start().await?;
        transaction.batch_execute(BY_PARTS).await?;
        let found = run(&transaction, &text, &conditions).await?;
        transaction.rollback().await?;
        let is_cut = found.iter().any(|(wearer_id, _)| wearer_id.is_none());
        Ok((found.into_iter().filter_map(|(wearer_id, name)| wearer_id.map(|id| (id, name))).collect(), is_cut))
    }

    /// From where to where in the order of names.
    fn add_place(&self, conditions: &mut Conditions) {
        if let Some(after) = self.after {
            let (name, number) = (conditions.value(after.sort_name.clone()), conditions.value(after.wearer_id));
            conditions.text.push_str(&format!(" AND (w.sort_name, w.wearer_id) > ({name}, {number})"));
        }
        if let Stretch::Begins(words) = self.stretch() {
            conditions.and("w.sort_name < ?", format!("{words}{LAST}"));
            conditions.and("w.sort_name >= ?", words);
        }
    }

    /// What every hit holds.
    fn add_words(&self, conditions: &mut Conditions) {
        if let Stretch::Begins(words) = self.stretch() {
            conditions.and("starts_with(w.sort_name, ?)", words);
        }
        // What stands in an earlier stretch was shown there.
        for begins in self.begins.iter().take(self.number) {
            conditions.and("NOT starts_with(w.sort_name, ?)", begins.clone());
        }
        if let (Stretch::Rest, [word]) = (self.stretch(), self.filter.words.as_slice())
            && is_any_part(word)
        {
            conditions.and("split_part(w.sort_name, ' ', 1) NOT LIKE ?", pattern(word));
        }
        for word in &self.filter.words {
            conditions.and("w.search LIKE ?", pattern(word));
        }
        self.add_state(conditions);
    }

    fn add_state(&self, conditions: &mut Conditions) {
        conditions.text.push_str(match self.filter.state {
            None => "",
            Some(WearerState::Monitored) => " AND EXISTS (SELECT FROM fittings f WHERE f.wearer_id = w.wearer_id AND upper_inf(f.period))",
            Some(WearerState::UnderOrder) => {
                " AND EXISTS (SELECT FROM order_spans s WHERE s.wearer_id = w.wearer_id AND s.period @> now())
                AND NOT EXISTS (SELECT FROM fittings f WHERE f.wearer_id = w.wearer_id AND upper_inf(f.period))"
            }
            Some(WearerState::Registered) => {
                " AND NOT EXISTS (SELECT FROM order_spans s WHERE s.wearer_id = w.wearer_id AND s.period @> now())
                AND NOT EXISTS (SELECT FROM fittings f WHERE f.wearer_id = w.wearer_id AND upper_inf(f.period))"
            }
        });
    }
}

/// Whether a word is searched for as any part.
fn is_any_part(word: &str) -> bool {
    word.chars().count() > 2
}

/// Any part of a word; of one or two characters the beginning. Between the words of what is searched stands one space.
fn pattern(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    if is_any_part(word) { format!("%{escaped}%") } else { format!("% {escaped}%") }
}

/// Hits as they come; then, if the page is not full, a row without a number where the bound came before the end.
fn walk_everybody(along: &str, holds: &str, bound: i64, limit: i64) -> String {
    let rows = "SELECT w.wearer_id, w.sort_name, w.search FROM wearers w WHERE w.merged_into IS NULL";
    format!(
        "SELECT * FROM (
            SELECT w.wearer_id, w.sort_name FROM ({rows}{along} ORDER BY w.sort_name, w.wearer_id LIMIT {bound}) w WHERE true{holds}
        ) found
        UNION ALL SELECT NULL, '' FROM ({rows}{along} ORDER BY w.sort_name, w.wearer_id OFFSET {bound} LIMIT 1) beyond
        LIMIT {limit}"
    )
}

/// In each unit a walk of its own. What lies beyond the nearest of the places where a walk was cut off is not known to be next.
fn walk_units(units: &str, along: &str, holds: &str, bound: i64, limit: i64) -> String {
    format!(
        "WITH walked AS MATERIALIZED (
            SELECT w.* FROM unnest({units}::bigint[]) AS unit CROSS JOIN LATERAL (
                SELECT w.wearer_id, w.sort_name, w.search, row_number() OVER (ORDER BY w.sort_name, w.wearer_id) AS place
                FROM wearers w WHERE w.merged_into IS NULL AND w.unit_id = unit{along} ORDER BY w.sort_name, w.wearer_id LIMIT {bound}) w
        ), edge AS (SELECT sort_name, wearer_id FROM walked WHERE place = {bound} ORDER BY sort_name, wearer_id LIMIT 1)
        SELECT * FROM (
            SELECT w.wearer_id, w.sort_name FROM walked w
            WHERE (NOT EXISTS (SELECT FROM edge) OR (w.sort_name, w.wearer_id) <= (SELECT sort_name, wearer_id FROM edge)){holds}
            ORDER BY w.sort_name, w.wearer_id LIMIT {limit}
        ) found
        UNION ALL SELECT NULL, '' FROM edge
        LIMIT {limit}"
    )
}

async fn run(client: &impl GenericClient, text: &str, conditions: &Conditions) -> Result<Vec<(Option<i64>, String)>, StoreError> {
    let values: Vec<&(dyn ToSql + Sync)> = conditions.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
    // Never kept prepared: the plan depends on the words.
    let rows = client.query(text, &values).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

#[cfg(test)]
mod tests {
    use super::{beginnings, pattern};

    #[test]
    fn names_are_looked_for_as_they_are_typed_given_name_first() {
        let words = ["محمد", "رضا", "کریمی"].map(str::to_owned);
        assert_eq!(beginnings(&words), ["رضا کریمی محمد", "کریمی محمد رضا", "محمد رضا کریمی", "رضا کریمی", "کریمی"]);
        assert_eq!(beginnings(&words[..1]), ["محمد"]);
        assert_eq!(beginnings(&[]), [""; 0]);
    }

    #[test]
    fn a_word_is_searched_for_as_it_is_typed() {
        for (word, expected) in
            [("محمد", "%محمد%"), ("مح", "% مح%"), ("12", "% 12%"), ("50%", "%50\\%%"), ("a_b", "%a\\_b%"), ("\\", "% \\\\%")]
        {
            assert_eq!(pattern(word), expected);
        }
    }
}
