//! Finding files by any part of whatever they are known by, page by page in the order of names (docs/decisions/search.md).
//!
//! Common words are found by walking along the index of names, which holds everything that is searched; rare ones by the index of their parts. The walk
//! comes first and is bounded: a word of which it finds no page is rare, or stands close together under one family name. The latter is why hits
//! whose family name begins with the last words come first, from their own stretches of the index.

mod statements;
mod stretch;

use super::{WearerNow, WearerState};
use crate::{Store, StoreError};
use access::Caller;
use deadpool_postgres::Client;
use stretch::Search;

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

#[cfg(test)]
mod tests {
    use super::beginnings;

    #[test]
    fn names_are_looked_for_as_they_are_typed_given_name_first() {
        let words = ["محمد", "رضا", "کریمی"].map(str::to_owned);
        assert_eq!(beginnings(&words), ["رضا کریمی محمد", "کریمی محمد رضا", "محمد رضا کریمی", "رضا کریمی", "کریمی"]);
        assert_eq!(beginnings(&words[..1]), ["محمد"]);
        assert_eq!(beginnings(&[]), [""; 0]);
    }
}
