//! The statements by which files are found.

use crate::StoreError;
use deadpool_postgres::GenericClient;
use tokio_postgres::types::ToSql;

/// A statement under way: its conditions, and the values that they name.
#[derive(Default)]
pub(super) struct Conditions {
    pub(super) text: String,
    pub(super) values: Vec<Box<dyn ToSql + Sync + Send>>,
}

impl Conditions {
    /// Adds ` AND ...`, where `?` stands for the value.
    pub(super) fn and(&mut self, condition: &str, value: impl ToSql + Sync + Send + 'static) {
        self.values.push(Box::new(value));
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replace('?', &format!("${}", self.values.len())));
    }

    pub(super) fn value(&mut self, value: impl ToSql + Sync + Send + 'static) -> String {
        self.values.push(Box::new(value));
        format!("${}", self.values.len())
    }
}

/// Whether a word is searched for as any part.
pub(super) fn is_any_part(word: &str) -> bool {
    word.chars().count() > 2
}

/// Any part of a word; of one or two characters the beginning. Between the words of what is searched stands one space.
pub(super) fn pattern(word: &str) -> String {
    let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    if is_any_part(word) { format!("%{escaped}%") } else { format!("% {escaped}%") }
}

/// Hits as they come; then, if the page is not full, a row without a number where the bound came before the end.
pub(super) fn walk_everybody(along: &str, holds: &str, bound: i64, limit: i64) -> String {
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
pub(super) fn walk_units(units: &str, along: &str, holds: &str, bound: i64, limit: i64) -> String {
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

pub(super) async fn run(
    client: &impl GenericClient,
    text: &str,
    conditions: &Conditions,
) -> Result<Vec<(Option<i64>, String)>, StoreError> {
    let values: Vec<&(dyn ToSql + Sync)> = conditions.values.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect();
    // Never kept prepared: the plan depends on the words.
    let rows = client.query(text, &values).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_word_is_searched_for_as_it_is_typed() {
        for (word, expected) in
            [("محمد", "%محمد%"), ("مح", "% مح%"), ("12", "% 12%"), ("50%", "%50\\%%"), ("a_b", "%a\\_b%"), ("\\", "% \\\\%")]
        {
            assert_eq!(pattern(word), expected);
        }
    }
}
