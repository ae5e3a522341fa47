//! The inventory read: tags of units, how many there are, and what happened to one. Says nothing of who wears a tag.

use super::EnrolmentError;
use super::tag_standing::state_read;
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use deadpool_postgres::Client;
use enrolment::{Protocol, TagState};
use tokio_postgres::Row;

macro_rules! tag_state {
    () => {
        "CASE WHEN f.fitting_id IS NOT NULL THEN 'fitted' ELSE i.state END"
    };
}

macro_rules! tag_columns {
    () => {
        concat!(
            "SELECT t.tag_id, t.imei, i.version, coalesce(i.serial, ''), i.protocol, i.model, i.sim_number, t.key IS NOT NULL, ",
            tag_state!(),
            ", u.code, coalesce(p.transfer_id, 0), i.note, t.registered_at
        FROM tags t JOIN tag_inventory i USING (tag_id) JOIN units u USING (unit_id)
            LEFT JOIN fittings f ON f.tag_id = t.tag_id AND upper_inf(f.period)
            LEFT JOIN tag_transfer_items p ON p.tag_id = t.tag_id AND p.outcome IS NULL
        WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = t.unit_id AND r.above_id = ANY ($1)) "
        )
    };
}

const LIST: &str = concat!(
    tag_columns!(),
    "AND ($2 = '' OR u.code = $2) AND ($3 = '' OR ",
    tag_state!(),
    " = $3) AND ($4 = '' OR starts_with(t.imei, $4) OR starts_with(i.serial, $4) OR starts_with(i.sim_number, $4)) AND t.imei > $5
    ORDER BY t.imei LIMIT $6"
);
const BY_IMEI: &str = concat!(tag_columns!(), "AND t.imei = $2");
const BY_NUMBER: &str = concat!(tag_columns!(), "AND t.tag_id = $2");

const COUNT: &str = concat!(
    "SELECT u.code, ",
    tag_state!(),
    ", count(*) FROM tags t JOIN tag_inventory i USING (tag_id) JOIN units u USING (unit_id)
        LEFT JOIN fittings f ON f.tag_id = t.tag_id AND upper_inf(f.period)
    WHERE EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = t.unit_id AND r.above_id = ANY ($1)) GROUP BY 1, 2 ORDER BY 1, 2"
);

const EVENTS: &str = "
    SELECT e.kind, e.at, e.by, u.code, e.state, coalesce(e.transfer_id, 0), e.note
    FROM tag_events e JOIN units u USING (unit_id) WHERE e.tag_id = $1 ORDER BY e.event_id DESC LIMIT 1000";

/// A tag of the inventory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tag {
    /// Which.
    pub tag_id: i64,
    /// Its IMEI.
    pub imei: String,
    /// Of what is said of it.
    pub version: i64,
    /// The maker's number; empty = not said.
    pub serial: String,
    /// How it speaks.
    pub protocol: Protocol,
    /// May be empty.
    pub model: String,
    /// May be empty.
    pub sim_number: String,
    /// It has a login key.
    pub has_key: bool,
    /// `None` = somebody wears it.
    pub state: Option<TagState>,
    /// The code of the unit that answers for it.
    pub unit: String,
    /// The transfer in which it travels; 0 = none.
    pub transfer_id: i64,
    /// May be empty.
    pub note: String,
    /// When.
    pub registered_at: DateTime<Utc>,
}

/// Which tags to list.
#[derive(Clone, Debug, Default)]
pub struct TagFilter {
    /// Only what this unit itself answers for; empty = all.
    pub unit: String,
    /// Only of this state: `Some(None)` = those that somebody wears.
    pub state: Option<Option<TagState>>,
    /// IMEI, serial or SIM number begins so.
    pub search: String,
    /// IMEIs after this one.
    pub after: String,
    /// At most so many.
    pub limit: u32,
}

/// How many tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagCount {
    /// Of this unit.
    pub unit: String,
    /// In this state; `None` = worn.
    pub state: Option<TagState>,
    /// So many.
    pub tags: i64,
}

/// What happened to a tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TagEvent {
    /// `registered`, `changed`, `key_set`, `state`, `sent`, `received`, `missing`, `not_sent`, `fitted`, `removed`.
    pub kind: String,
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub by: String,
    /// The code of the unit that answers for it from then on.
    pub unit: String,
    /// From then on; `None` = worn.
    pub state: Option<TagState>,
    /// 0 = none.
    pub transfer_id: i64,
    /// May be empty.
    pub note: String,
}

/// A worn tag's state, as the queries here say it.
const FITTED: &str = "fitted";

impl Store {
    /// Tags within the caller's reach, by IMEI.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tag_list(&self, caller: &Caller, filter: &TagFilter) -> Result<Vec<Tag>, EnrolmentError> {
        let state = filter.state.map_or("", |state| state.map_or(FITTED, TagState::name));
        let limit = i64::from(filter.limit);
        let client = self.client().await?;
        let rows = client.query(LIST, &[&caller.roots, &filter.unit, &state, &filter.search, &filter.after, &limit]).await?;
        rows.iter().map(tag_from).collect()
    }

    /// How many tags each unit within reach answers for, by state.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn tag_count(&self, caller: &Caller) -> Result<Vec<TagCount>, EnrolmentError> {
        let rows = self.client().await?.query(COUNT, &[&caller.roots]).await?;
        rows.iter().map(|row| Ok(TagCount { unit: row.get(0), state: state_from(row.get(1))?, tags: row.get(2) })).collect()
    }

    /// A tag within reach with the newest thousand things that happened to it, newest first.
    ///
    /// # Errors
    /// When there is none such.
    pub async fn tag(&self, caller: &Caller, imei: &str) -> Result<(Tag, Vec<TagEvent>), EnrolmentError> {
        let client = self.client().await?;
        let row = client.query_opt(BY_IMEI, &[&caller.roots, &imei]).await?;
        let tag = tag_from(&row.ok_or_else(|| EnrolmentError::UnknownTag(imei.to_owned()))?)?;
        let events = client.query(EVENTS, &[&tag.tag_id]).await?;
        let events = events.iter().map(event_from).collect::<Result<_, _>>()?;
        Ok((tag, events))
    }
}

/// The tag of this number, if it is still within reach.
pub(super) async fn by_number(client: &Client, caller: &Caller, tag_id: i64) -> Result<Tag, EnrolmentError> {
    let row = client.query_opt(BY_NUMBER, &[&caller.roots, &tag_id]).await?;
    tag_from(&row.ok_or_else(|| EnrolmentError::UnknownTag(String::new()))?)
}

fn tag_from(row: &Row) -> Result<Tag, EnrolmentError> {
    let protocol: &str = row.get(4);
    let protocol = Protocol::named(protocol).ok_or_else(|| StoreError::Unreadable(format!("the protocol {protocol} of a tag")))?;
    Ok(Tag {
        tag_id: row.get(0),
        imei: row.get(1),
        version: row.get(2),
        serial: row.get(3),
        protocol,
        model: row.get(5),
        sim_number: row.get(6),
        has_key: row.get(7),
        state: state_from(row.get(8))?,
        unit: row.get(9),
        transfer_id: row.get(10),
        note: row.get(11),
        registered_at: row.get(12),
    })
}

fn event_from(row: &Row) -> Result<TagEvent, EnrolmentError> {
    Ok(TagEvent {
        kind: row.get(0),
        at: row.get(1),
        by: row.get(2),
        unit: row.get(3),
        state: state_from(row.get(4))?,
        transfer_id: row.get(5),
        note: row.get(6),
    })
}

fn state_from(name: &str) -> Result<Option<TagState>, EnrolmentError> {
    if name == FITTED { Ok(None) } else { state_read(name).map(Some) }
}
