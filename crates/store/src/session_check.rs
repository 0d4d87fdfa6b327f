//! Checks that PostgreSQL keeps what is committed, and that waits for locks end: as a transaction
//! sees it, also behind a pooler.
//!
//! A pooler in transaction mode gives each transaction of a client any session of the server, so
//! what [`connect`] sets may be lost. Then the settings of the role must be right.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;

use crate::address::DatabaseAddress;
use crate::connection::{Access, connect};
use crate::{Conn, Engine, StoreError};

/// The settings that must not have this value, and what happens otherwise.
const RULES: [(&str, &str, &str); 4] = [
    (
        "synchronous_commit",
        "off",
        "a crash of PostgreSQL loses what was answered",
    ),
    (
        "fsync",
        "off",
        "a crash of its machine can destroy the database",
    ),
    ("lock_timeout", "0", "a request waits for a lock forever"),
    (
        "idle_in_transaction_session_timeout",
        "0",
        "an instance that hangs keeps its locks",
    ),
];

/// Forgets what a session sets, so that the settings of the role hold.
const RESET: &str = "RESET synchronous_commit; RESET lock_timeout; \
                     RESET idle_in_transaction_session_timeout";

/// How many clients are tried, to find out whether they share sessions.
const CLIENTS: usize = 3;
/// How long the database is tried.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What is wrong with the settings that the database at this URL, or a pooler in front of it, gives
/// to a transaction, a sentence each. Nothing on SQLite, where each connection has its own.
///
/// # Errors
/// [`StoreError::InvalidUrl`], [`StoreError::Unavailable`] when it does not answer within ten
/// seconds, and any other failure.
pub async fn find_session_faults(url: &str) -> Result<Vec<String>, StoreError> {
    let address = DatabaseAddress::parse(url)?;
    let search = tokio::task::spawn_blocking(move || find_faults(&address));
    match tokio::time::timeout(TIMEOUT, search).await {
        Ok(found) => found.map_err(|error| StoreError::Unavailable(error.to_string()))?,
        Err(elapsed) => Err(StoreError::Unavailable(elapsed.to_string())),
    }
}

fn find_faults(address: &DatabaseAddress) -> Result<Vec<String>, StoreError> {
    if address.engine == Engine::Sqlite {
        return Ok(Vec::new());
    }
    let unavailable = |error: diesel::r2d2::Error| StoreError::Unavailable(error.to_string());
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let mut client = connect(address, Access::ReadWrite).map_err(unavailable)?;
        client.batch_execute(&format!("SET qlive.session = 'client {number}'"))?;
        clients.push((format!("client {number}"), client));
    }
    // While one is in a transaction, no other one can have the same session. They begin in another
    // order than before, so that a pooler that gives its sessions in turn is noticed too.
    let mut is_pooled = false;
    for (name, client) in clients.iter_mut().rev() {
        client.batch_execute("BEGIN")?;
        is_pooled |= setting(client, "qlive.session")? != *name;
    }
    let Some((_, client)) = clients.first_mut() else {
        return Ok(Vec::new());
    };
    let hint = if is_pooled {
        client.batch_execute(RESET)?;
        "; behind a pooler in transaction mode, set it for the role: ALTER ROLE … SET …"
    } else {
        ""
    };
    let mut faults = Vec::new();
    for (name, wrong, consequence) in RULES {
        if setting(client, name)? == wrong {
            faults.push(format!("{name} is {wrong}: {consequence}{hint}"));
        }
    }
    for (_, client) in &mut clients {
        client.batch_execute("ROLLBACK")?;
    }
    Ok(faults)
}

#[derive(QueryableByName)]
struct SettingRow {
    #[diesel(sql_type = Text)]
    value: String,
}

/// The value of a setting; empty if nobody has set it.
fn setting(conn: &mut Conn, name: &str) -> Result<String, StoreError> {
    let query = format!("SELECT COALESCE(current_setting('{name}', TRUE), '') AS value");
    let row: SettingRow = sql_query(query).get_result(conn)?;
    Ok(row.value)
}
