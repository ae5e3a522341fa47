//! Machines: what their certificates say is held against the units and the list of refused ones.

use super::PeopleError;
use crate::{Store, StoreError, audit};
use access::{Caller, Grant, Role};

const GRANT: &str = "
    SELECT u.unit_id, unit_in_force(u.unit_id), EXISTS (SELECT FROM machines_revoked WHERE serial = $2) FROM units u WHERE u.code = $1";

const REVOKE: &str = "INSERT INTO machines_revoked (serial, revoked_by, reason) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";

impl Store {
    /// The grant that a certificate stands for, and whether the certificate is refused; `None` where there is no such unit.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn machine_grant(&self, role: Role, unit: &str, serial: &str) -> Result<Option<(Grant, bool)>, StoreError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(GRANT).await?;
        let row = client.query_opt(&statement, &[&unit, &serial]).await?;
        Ok(row.map(|row| (Grant { role, unit_id: row.get(0), unit: unit.to_owned(), in_force: row.get(1) }, row.get(2))))
    }

    /// Of these serial numbers, those that are refused.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn machines_refused(&self, serials: &[String]) -> Result<Vec<String>, StoreError> {
        let rows = self.client().await?.query("SELECT serial FROM machines_revoked WHERE serial = ANY ($1)", &[&serials]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Refuses a certificate from now on; a second time changes nothing.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn machine_revoke(&self, caller: &Caller, serial: &str, reason: &str) -> Result<(), PeopleError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        transaction.execute(REVOKE, &[&serial, &caller.who.to_string(), &reason]).await?;
        audit::append(&transaction, &[caller.entry("done")]).await?;
        transaction.commit().await?;
        Ok(())
    }
}
