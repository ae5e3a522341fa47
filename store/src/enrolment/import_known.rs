//! Whether what a row of a file asks for is there already, as it is: the same file taken in twice changes nothing the second time.

use super::contacts::contacts_json;
use super::{NewOrder, NewWearer};
use crate::StoreError;
use access::Caller;
use enrolment::{ForeignId, NationalId, NewTag};
use tokio_postgres::Transaction;

/// A file that says the same of the same person. Whoever has no number is known by everything that is said.
const WEARER: &str = "
    WITH candidates AS MATERIALIZED (SELECT * FROM wearers w WHERE w.merged_into IS NULL AND WHOSE)
    SELECT EXISTS (
        SELECT FROM candidates w JOIN units u USING (unit_id)
        WHERE w.name = $1 AND w.given_name = $3 AND w.family_name = $4 AND w.father_name = $2 AND u.code = $5 AND ($6 = '' OR w.reference = $6)
            AND w.national_id IS NOT DISTINCT FROM $7 AND w.foreign_id_kind IS NOT DISTINCT FROM $8 AND w.foreign_id IS NOT DISTINCT FROM $9
            AND w.birth_date IS NOT DISTINCT FROM $10 AND w.language = $11 AND w.risk_class = $12 AND w.file_numbers = $13
            AND w.contacts = $14::text::jsonb
            AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($15)))";

/// Each by an index of its own: within one long transaction the planner knows nothing yet of the thousands of rows before.
const BY_NATIONAL_ID: &str = "w.national_id = $7";
const BY_FOREIGN_ID: &str = "w.foreign_id_kind = $8 AND w.foreign_id = $9";
const BY_REFERENCE: &str = "w.reference = $6";
const BY_NAME: &str = "w.sort_name = wearer_sort_name($3, $4, $1)";

const ORDER: &str = "
    SELECT EXISTS (
        SELECT FROM orders o JOIN wearers w USING (wearer_id) JOIN order_facts f USING (order_id)
        WHERE w.reference = $1 AND f.kind = 'new' AND f.cancelled_at IS NULL AND f.at = $2 AND f.authority = $3 AND f.decision_number = $4
            AND f.decision_date = $5 AND f.legal_basis = $6 AND f.regime = $7 AND f.zone_degree IS NOT DISTINCT FROM $8
            AND f.planned_end IS NOT DISTINCT FROM $9
            AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($10)))";

/// A tag that is said to have no key may have been given one since.
const TAG: &str = "
    SELECT EXISTS (
        SELECT FROM tags t JOIN tag_inventory i USING (tag_id) JOIN units u USING (unit_id)
        WHERE t.imei = $1 AND i.serial IS NOT DISTINCT FROM $2 AND i.protocol = $3 AND i.model = $4 AND i.sim_number = $5 AND i.note = $6 AND u.code = $7
            AND ($8::bytea IS NULL OR t.key = $8)
            AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = t.unit_id AND r.above_id = ANY ($9)))";

const REFERENCE: &str = "
    SELECT w.reference FROM wearers w
    WHERE w.national_id = $1 AND w.merged_into IS NULL AND EXISTS (SELECT FROM unit_reach r WHERE r.unit_id = w.unit_id AND r.above_id = ANY ($2))";

/// Whether such a file is there.
pub(super) async fn wearer_known(transaction: &Transaction<'_>, caller: &Caller, new: &NewWearer) -> Result<bool, StoreError> {
    let fields = &new.fields;
    let national_id = fields.national_id.as_ref().map(NationalId::as_str);
    let foreign_id_kind = fields.foreign_id.as_ref().map(|id| id.kind().name());
    let foreign_id = fields.foreign_id.as_ref().map(ForeignId::number);
    let whose = match (national_id, foreign_id) {
        (Some(_), _) => BY_NATIONAL_ID,
        (None, Some(_)) => BY_FOREIGN_ID,
        (None, None) if new.reference.is_empty() => BY_NAME,
        (None, None) => BY_REFERENCE,
    };
    let statement = WEARER.replace("WHOSE", whose);
    let (name, risk_class, contacts) = (fields.name(), fields.risk_class.name(), contacts_json(&fields.contacts));
    let row = transaction
        .query_one(
            &statement,
            &[
                &name,
                &fields.father_name,
                &fields.given_name,
                &fields.family_name,
                &new.unit,
                &new.reference,
                &national_id,
                &foreign_id_kind,
                &foreign_id,
                &fields.birth_date,
                &fields.language,
                &risk_class,
                &fields.file_numbers,
                &contacts,
                &caller.roots,
            ],
        )
        .await?;
    Ok(row.get(0))
}

/// Whether such an order is there.
pub(super) async fn order_known(transaction: &Transaction<'_>, caller: &Caller, new: &NewOrder) -> Result<bool, StoreError> {
    let (decision, terms) = (&new.decision, &new.terms);
    let (legal_basis, regime) = (terms.legal_basis.name(), terms.regime.name());
    let row = transaction
        .query_one(
            ORDER,
            &[
                &new.wearer,
                &new.at,
                &decision.authority,
                &decision.number,
                &decision.date,
                &legal_basis,
                &regime,
                &terms.zone_degree,
                &terms.planned_end,
                &caller.roots,
            ],
        )
        .await?;
    Ok(row.get(0))
}

/// Whether such a tag is there.
pub(super) async fn tag_known(transaction: &Transaction<'_>, caller: &Caller, new: &NewTag) -> Result<bool, StoreError> {
    let key = new.key.as_ref().map(<[u8; 32]>::as_slice);
    let protocol = new.protocol.name();
    let row = transaction
        .query_one(TAG, &[&new.imei, &new.serial, &protocol, &new.model, &new.sim_number, &new.note, &new.unit, &key, &caller.roots])
        .await?;
    Ok(row.get(0))
}

/// The file reference of the person with this national id, if within the caller's reach.
pub(super) async fn reference_of(transaction: &Transaction<'_>, caller: &Caller, id: &NationalId) -> Result<Option<String>, StoreError> {
    Ok(transaction.query_opt(REFERENCE, &[&id.as_str(), &caller.roots]).await?.map(|row| row.get(0)))
}
