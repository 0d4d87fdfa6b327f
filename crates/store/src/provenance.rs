//! Whose data a database holds: the real world's, or a sandbox's. Whoever settles
//! real orders by a sandbox's word loses money, so the first to open it decides for good.

use diesel::prelude::*;

use crate::schema::provenance;
use crate::{Db, StoreError, or_contended};

impl Db {
    /// Marks the database for the real world or for a sandbox, once. True when it is
    /// marked so now; false when it was marked for the other before.
    pub async fn is_for(&self, sandbox: bool) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let marked: Option<bool> = provenance::table
                .select(provenance::sandbox)
                .get_result(conn)
                .optional()?;
            if let Some(marked) = marked {
                return Ok(marked == sandbox);
            }
            let row = (provenance::id.eq(1), provenance::sandbox.eq(sandbox));
            or_contended(
                diesel::insert_into(provenance::table)
                    .values(row)
                    .execute(conn),
            )?;
            Ok(true)
        })
        .await
    }
}
