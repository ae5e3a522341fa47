//! What the checklist of a fitting is made from, read as of one instant: order, zones, inspection, reports, statements.

use super::EnrolmentError;
use super::installations::{Installation, one, statements};
use crate::facts::zone_from;
use crate::reports::{report_from, with_columns};
use crate::{Store, StoreError};
use access::Caller;
use chrono::{DateTime, Utc};
use enrolment::checklist::{Checklist, InspectionSeen, Limits, OrderSeen, Seen, ZoneSeen, checklist};
use geofence::{Timestamp, ZoneReader};
use std::sync::Arc;
use tokio_postgres::GenericClient;

/// Reports that are looked at, the newest. Of a tag that sent more since somebody began, the strap seems to have been closed later than it
/// was, never earlier.
const REPORTS_MAX: i64 = 2000;

/// With the number of the decision that made the order.
const ORDER: &str = "
    SELECT o.order_id, o.regime, o.is_suspended,
        (SELECT f.decision_number FROM order_facts f WHERE f.order_id = o.order_id AND f.kind = 'new' AND f.cancelled_at IS NULL LIMIT 1)
    FROM order_in_force($1, $2) o";

const ZONES: &str = "
    SELECT v.row_id, v.zone_id, v.feature::text, v.valid_from, v.valid_to, z.reference FROM zones z JOIN zone_versions v USING (zone_id)
    WHERE (z.everyone OR EXISTS (SELECT FROM zone_wearers m WHERE m.zone_id = z.zone_id AND m.wearer_id = $1))
        AND v.valid_from <= $2 AND (v.valid_to IS NULL OR v.valid_to > $2) ORDER BY z.zone_id";

/// The newest decision counts: a home that was found unsuitable later is so.
const INSPECTION: &str = "
    SELECT inspection_id, result, certificate_number FROM inspections
    WHERE wearer_id = $1 AND state = 'decided' ORDER BY inspection_id DESC LIMIT 1";

/// Bounded by the server's clock, so that only the days since then are read.
const REPORTS: &str = "
    SELECT {columns} FROM reports r WHERE r.tag_id = $1 AND r.received_at >= $2 ORDER BY r.received_at DESC, r.taken_at DESC LIMIT $3";

/// An installation with its checklist.
#[derive(Clone, PartialEq, Debug)]
pub struct ChecklistView {
    /// Which.
    pub installation: Installation,
    /// As it stands now.
    pub checklist: Checklist,
}

impl Store {
    /// The checklist of an installation as it stands now.
    ///
    /// # Errors
    /// When there is no such installation within reach.
    pub async fn checklist(&self, caller: &Caller, installation_id: i64, now: DateTime<Utc>) -> Result<ChecklistView, EnrolmentError> {
        let client = self.client().await?;
        let installation = one(&**client, caller, installation_id).await?;
        let checklist = look(&**client, &installation, now).await?;
        Ok(ChecklistView { installation, checklist })
    }
}

/// Looks at everything that the installation's checklist asks for.
pub(super) async fn look(
    client: &impl GenericClient,
    installation: &Installation,
    now: DateTime<Utc>,
) -> Result<Checklist, EnrolmentError> {
    let wearer_id = installation.wearer_id;
    let seen = Seen {
        kind: installation.kind,
        begun_at: installation.begun_at.into(),
        now: now.into(),
        order: order(client, wearer_id, now).await?,
        zones: zones(client, wearer_id, now).await?,
        inspection: inspection(client, wearer_id).await?,
        reports: reports(client, installation.tag_id, installation.begun_at).await?,
        statements: statements(client, installation.installation_id).await?,
    };
    Ok(checklist(&seen, &Limits::default()))
}

/// The order that binds the wearer at an instant.
pub(super) async fn order(client: &impl GenericClient, wearer_id: i64, at: DateTime<Utc>) -> Result<Option<OrderSeen>, EnrolmentError> {
    let row = client.query_opt(ORDER, &[&wearer_id, &at]).await?;
    Ok(row.map(|row| OrderSeen {
        order_id: row.get(0),
        decision_number: row.get::<_, Option<String>>(3).unwrap_or_default(),
        is_house_arrest: row.get::<_, &str>(1) == "house",
        is_suspended: row.get(2),
    }))
}

/// A zone that cannot be compiled is told of, not passed over.
async fn zones(client: &impl GenericClient, wearer_id: i64, now: DateTime<Utc>) -> Result<Vec<ZoneSeen>, EnrolmentError> {
    let mut reader = ZoneReader::default();
    let mut zones = Vec::new();
    for row in client.query(ZONES, &[&wearer_id, &now]).await? {
        let zone = match zone_from(&row, &mut reader) {
            Ok(found) => Some(Arc::clone(&found.zone)),
            Err(StoreError::Unreadable(_)) => None,
            Err(error) => return Err(error.into()),
        };
        zones.push(ZoneSeen { name: row.get(5), zone });
    }
    Ok(zones)
}

async fn inspection(client: &impl GenericClient, wearer_id: i64) -> Result<Option<InspectionSeen>, EnrolmentError> {
    let row = client.query_opt(INSPECTION, &[&wearer_id]).await?;
    let suitable = row.filter(|row| row.get::<_, Option<&str>>(1) == Some("suitable"));
    Ok(suitable
        .map(|row| InspectionSeen { inspection_id: row.get(0), certificate_number: row.get::<_, Option<String>>(2).unwrap_or_default() }))
}

async fn reports(client: &impl GenericClient, tag_id: i64, since: DateTime<Utc>) -> Result<Vec<geofence::StoredReport>, EnrolmentError> {
    // Instants are kept to the millisecond: what was received in the one in which it began counts.
    let since: DateTime<Utc> = crate::time::server_time(Timestamp::from(since));
    let rows = client.query(&with_columns(REPORTS), &[&tag_id, &since, &REPORTS_MAX]).await?;
    Ok(rows.iter().map(report_from).collect::<Result<_, _>>()?)
}
