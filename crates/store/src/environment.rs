//! The environment of a database: real, or a sandbox. A program that handled real orders by the
//! answers of a sandbox would lose money, so each database belongs to one environment for good.

use diesel::prelude::*;

use crate::schema::environment;
use crate::{Db, StoreError, key_violation_as_contention};

impl Db {
    /// Stores the environment of this database if none is stored yet. Returns whether the stored
    /// environment is the given one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim_environment(&self, is_sandbox: bool) -> Result<bool, StoreError> {
        self.write(move |conn| {
            let stored: Option<bool> = environment::table
                .select(environment::is_sandbox)
                .get_result(conn)
                .optional()?;
            if let Some(stored) = stored {
                return Ok(stored == is_sandbox);
            }
            let row = (
                environment::id.eq(1),
                environment::is_sandbox.eq(is_sandbox),
            );
            key_violation_as_contention(
                diesel::insert_into(environment::table)
                    .values(row)
                    .execute(conn),
            )?;
            Ok(true)
        })
        .await
    }
}
