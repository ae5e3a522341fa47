//! What the facts are that documents and work lists name, for people: the leave and its decision, not the name of a row.

use crate::{Store, StoreError};
use billing::calendar::{Day, Moment};
use billing::page::{FactKind, FactSaid};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use tokio_postgres::{GenericClient, Row};

/// Where, which, its kind there, two instants, a number, a percentage, and the decision behind it.
const SAID: &str = "
    SELECT 'fitting', f.fitting_id, i.kind, lower(f.period), upper(f.period), NULL::bigint, NULL::smallint, d.authority, d.decision_number, d.decision_date
    FROM fittings f JOIN installations i USING (fitting_id) LEFT JOIN LATERAL order_in_force(f.wearer_id, lower(f.period)) o ON true
        LEFT JOIN order_facts d ON d.order_id = o.order_id AND d.version = 1
    WHERE f.fitting_id = ANY ($1)
    UNION ALL SELECT 'leave', leave_id, 'leave', valid_from, NULL, leave_id, NULL, authority, decision_number, decision_date
    FROM leave_acts WHERE leave_id = ANY ($2)
    UNION ALL SELECT 'order', fact_id, kind, at, NULL, NULL, NULL, authority, decision_number, decision_date
    FROM order_facts WHERE fact_id = ANY ($3)
    UNION ALL SELECT 'finance', f.fact_id, f.kind, f.at, NULL, d.damage_id, f.percent, r.authority, r.decision_number, r.decision_date
    FROM billing_facts f LEFT JOIN billing_reliefs r ON r.fact_id = coalesce(f.cancels, f.fact_id) LEFT JOIN damages d ON d.fact_id = f.fact_id
    WHERE f.fact_id = ANY ($4)
    UNION ALL SELECT 'deposit', relief_id, kind, at, NULL, NULL, NULL, authority, decision_number, decision_date
    FROM billing_reliefs WHERE relief_id = ANY ($5)";

/// The tables in the order of the query.
const TABLES: [&str; 5] = ["fitting", "leave", "order", "finance", "deposit"];

/// What a name says: the row behind it, and whether it is the end of what the row says.
struct Named {
    table: &'static str,
    id: i64,
    is_end: bool,
}

/// What these facts are, by their names. A name that no row stands behind is left out.
pub(super) async fn facts_said(
    client: &impl GenericClient,
    names: impl IntoIterator<Item = String>,
) -> Result<BTreeMap<String, FactSaid>, StoreError> {
    let names: BTreeSet<String> = names.into_iter().collect();
    let named: Vec<(String, Named)> = names.into_iter().filter_map(|name| named(&name).map(|row| (name, row))).collect();
    if named.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids = TABLES.map(|table| named.iter().filter(|(_, row)| row.table == table).map(|(_, row)| row.id).collect::<Vec<i64>>());
    let rows = client.query(SAID, &[&ids[0], &ids[1], &ids[2], &ids[3], &ids[4]]).await?;
    let rows: HashMap<(&str, i64), &Row> = rows.iter().map(|row| ((row.get(0), row.get(1)), row)).collect();
    let said = |(name, behind): (String, Named)| rows.get(&(behind.table, behind.id)).map(|row| (name, fact_said(&behind, row)));
    Ok(named.into_iter().filter_map(said).collect())
}

impl Store {
    /// What facts are that an answer named, by their names. A name that no row stands behind is left out.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn facts_said(&self, names: impl IntoIterator<Item = String>) -> Result<BTreeMap<String, FactSaid>, StoreError> {
        facts_said(&**self.client().await?, names).await
    }
}

/// `fitting:3`, `removal:3`, `merged:3:shortened`, `leave:7:end`, `order:5:whole:9`, `finance:7`, `deposit:4`; of another file with `elsewhere:12:` before it.
fn named(name: &str) -> Option<Named> {
    let mut parts = name.split(':');
    let first = parts.next()?;
    if matches!(first, "elsewhere" | "of") {
        parts.next()?;
        return named(&parts.collect::<Vec<_>>().join(":"));
    }
    let id = parts.next()?.parse().ok()?;
    let last = parts.next_back();
    let table = match first {
        "removal" | "merged" => "fitting",
        other => TABLES.into_iter().find(|table| *table == other)?,
    };
    let is_end = first == "removal" || matches!(last, Some("end" | "annulled" | "never" | "cancelled"));
    Some(Named { table, id, is_end })
}

fn fact_said(named: &Named, row: &Row) -> FactSaid {
    let kind = match (named.table, row.get::<_, &str>(2), named.is_end) {
        ("fitting", _, true) => FactKind::Removal,
        ("fitting", "replacement", _) => FactKind::Replacement,
        ("fitting", ..) => FactKind::Installation,
        ("leave", _, true) => FactKind::LeaveEnded,
        ("leave", ..) => FactKind::Leave,
        ("order", _, true) | ("finance", "cancel", _) => FactKind::ReliefEnded,
        ("order" | "finance", "suspension", _) => FactKind::Suspension,
        ("order", "variation", _) => FactKind::Variation,
        ("finance", "class", _) => FactKind::Class,
        ("finance", "waiver", _) => FactKind::Waiver,
        ("finance", "fee", _) => FactKind::FeeCorrection,
        ("finance", "damage", _) => FactKind::Damage,
        ("deposit", ..) => FactKind::Deposit,
        _ => FactKind::Other,
    };
    let at = if kind == FactKind::Removal { row.get(4) } else { row.get::<_, Option<DateTime<Utc>>>(3) };
    let day = at.and_then(|at| Moment::try_from(at).ok()).map(|at| at.day().to_string());
    let text = |column: usize| row.get::<_, Option<String>>(column).unwrap_or_default();
    FactSaid {
        kind,
        number: row.get::<_, Option<i64>>(5).map_or(String::new(), |number| number.to_string()),
        day: day.unwrap_or_default(),
        percent: row.get::<_, Option<i16>>(6).map_or(String::new(), |percent| percent.to_string()),
        decision: text(8),
        decided: row.get::<_, Option<NaiveDate>>(9).and_then(|day| Day::try_from(day).ok()).map_or(String::new(), |day| day.to_string()),
        authority: text(7),
    }
}
