//! One stretch of a list, searched.

use super::statements::{Conditions, is_any_part, pattern, run, walk_everybody, walk_units};
use super::{Scope, WearerFilter, WearerPlace};
use crate::StoreError;
use crate::enrolment::WearerState;
use deadpool_postgres::Client;

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

pub(super) struct Search<'a> {
    pub(super) scope: &'a Scope,
    pub(super) filter: &'a WearerFilter,
    pub(super) begins: &'a [String],
    /// Of the stretch.
    pub(super) number: usize,
    pub(super) after: Option<&'a WearerPlace>,
    pub(super) limit: i64,
}

impl Search<'_> {
    /// Hits of the stretch in order; and whether these are only some of them, and all that are told.
    pub(super) async fn run(&self, client: &mut Client) -> Result<(Vec<(i64, String)>, bool), StoreError> {
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
