//! The audit: what must be true of the books, checked from the rows alone.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use qlive_store::schema::ledger_chain;
use qlive_store::{Conn, StoreError};

use crate::System;
use crate::chain::{ORIGIN, link};

/// Links of the chain checked at a time.
const BATCH: i64 = 1_000;

/// What an audit found in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audit {
    pub entries: i64,
    pub transfers: i64,
    /// What all users have together.
    pub users: i64,
    /// The balances of the system accounts, by name.
    pub systems: Vec<(&'static str, i64)>,
    pub sealed: i64,
    /// The last hash of the chain. Whoever notes it down elsewhere can prove later that nothing before it changed.
    pub head: String,
}

/// The first thing found out of order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence(pub String);

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    what: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Rows that must not exist, each as a query whose first row names the offender.
const RULES: [&str; 8] = [
    // A balance equals its transfers.
    "SELECT 'user ' || user_id || ': the balance ' || purpose || ' is ' || balance || ', its transfers come to ' || moved AS what FROM (
        SELECT p.user_id, p.purpose, p.balance,
            COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM ledger_transfers WHERE credit = p.account), 0)
            - COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM ledger_transfers WHERE debit = p.account), 0) AS moved
        FROM (
            SELECT user_id, user_id * 10 + 1 AS account, 'bought' AS purpose, bought AS balance FROM ledger_purses
            UNION ALL SELECT user_id, user_id * 10 + 2, 'granted', granted FROM ledger_purses
            UNION ALL SELECT user_id, user_id * 10 + 3, 'income', income FROM ledger_purses
            UNION ALL SELECT user_id, user_id * 10 + 4, 'held', held FROM ledger_purses
            UNION ALL SELECT user_id, user_id * 10 + 5, 'debt', debt FROM ledger_purses
        ) p
    ) q WHERE balance <> moved ORDER BY user_id LIMIT 1",
    // No forbidden negative.
    "SELECT 'user ' || user_id || ': a balance is on the wrong side of zero' AS what FROM ledger_purses
        WHERE bought < 0 OR granted < 0 OR income < 0 OR held < 0 OR debt > 0 ORDER BY user_id LIMIT 1",
    // A purse counts the entries that its user is shown: all that moved more than what is held.
    "SELECT 'user ' || p.user_id || ': counts ' || p.entries || ' entries, there are ' || COUNT(t.group_id) AS what
        FROM ledger_purses p LEFT JOIN (
            SELECT DISTINCT account / 10 AS user_id, group_id FROM (
                SELECT debit AS account, group_id FROM ledger_transfers
                UNION ALL SELECT credit, group_id FROM ledger_transfers
            ) s WHERE account % 10 <> 4
        ) t ON t.user_id = p.user_id
        GROUP BY p.user_id, p.entries HAVING COUNT(t.group_id) <> p.entries ORDER BY p.user_id LIMIT 1",
    // Every account is one: a system's, or a purse's.
    "SELECT 'transfer ' || t.id || ': account ' || account || ' does not exist' AS what FROM (
        SELECT id, debit AS account FROM ledger_transfers UNION ALL SELECT id, credit FROM ledger_transfers
    ) t LEFT JOIN ledger_purses p ON p.user_id = t.account / 10
        WHERE NOT (t.account BETWEEN 1 AND 5) AND (p.user_id IS NULL OR t.account % 10 NOT BETWEEN 1 AND 5)
        ORDER BY t.id LIMIT 1",
    // Every entry is whole.
    "SELECT 'entry ' || g.id || ': of ' || g.transfers || ' transfers there are ' || COUNT(t.id) AS what
        FROM ledger_groups g LEFT JOIN ledger_transfers t ON t.group_id = g.id
        GROUP BY g.id, g.transfers, g.total
        HAVING COUNT(t.id) <> g.transfers OR COALESCE(CAST(SUM(t.amount) AS BIGINT), 0) <> g.total
        ORDER BY g.id LIMIT 1",
    // Every reversal mirrors its original.
    "SELECT 'entry ' || r.id || ': it does not mirror entry ' || r.reverses AS what
        FROM ledger_groups r JOIN ledger_groups o ON o.id = r.reverses
        WHERE r.total <> o.total OR r.transfers <> o.transfers OR EXISTS (
            SELECT t.credit, t.debit, t.amount, t.code FROM ledger_transfers t WHERE t.group_id = o.id
            EXCEPT SELECT t.debit, t.credit, t.amount, t.code FROM ledger_transfers t WHERE t.group_id = r.id
        ) ORDER BY r.id LIMIT 1",
    // A reversal says of what, and nothing else does.
    "SELECT 'entry ' || id || ': only a reversal reverses' AS what FROM ledger_groups
        WHERE (kind = 9) <> (reverses IS NOT NULL) ORDER BY id LIMIT 1",
    // What a key moved is there.
    "SELECT 'request ' || r.key || ': its entry is gone' AS what FROM ledger_requests r
        LEFT JOIN ledger_groups g ON g.id = r.group_id WHERE r.group_id IS NOT NULL AND g.id IS NULL
        ORDER BY r.key LIMIT 1",
];

/// Checks everything. Call it in a transaction that sees one moment.
pub fn audit(conn: &mut Conn) -> Result<Result<Audit, Offence>, StoreError> {
    for rule in RULES {
        if let Some(found) = offender(conn, rule)? {
            return Ok(Err(found));
        }
    }
    let (sealed, head) = match chain(conn)? {
        Ok(end) => end,
        Err(offence) => return Ok(Err(offence)),
    };
    let users = number(
        conn,
        "SELECT CAST(COALESCE(SUM(bought + granted + income + held + debt), 0) AS BIGINT) AS number FROM ledger_purses",
    )?;
    let mut systems = Vec::new();
    for system in System::ALL {
        systems.push((system.name(), system_balance(conn, system)?));
    }
    let sum = systems
        .iter()
        .fold(users, |sum, (_, balance)| sum.saturating_add(*balance));
    if sum != 0 {
        return Ok(Err(Offence(format!(
            "all balances come to {sum}, not to zero"
        ))));
    }
    Ok(Ok(Audit {
        entries: number(conn, "SELECT COUNT(*) AS number FROM ledger_groups")?,
        transfers: number(conn, "SELECT COUNT(*) AS number FROM ledger_transfers")?,
        users,
        systems,
        sealed,
        head,
    }))
}

/// The first row of a query that should have none.
pub fn offender(conn: &mut Conn, rule: &str) -> Result<Option<Offence>, StoreError> {
    let found: Option<Found> = sql_query(rule).get_result(conn).optional()?;
    Ok(found.map(|found| Offence(found.what)))
}

fn number(conn: &mut Conn, query: &str) -> Result<i64, StoreError> {
    Ok(sql_query(query).get_result::<Number>(conn)?.number)
}

fn system_balance(conn: &mut Conn, system: System) -> Result<i64, StoreError> {
    let account = crate::Account::System(system).number();
    let side = |side: &str| {
        format!(
            "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS number FROM ledger_transfers WHERE {side} = {account}"
        )
    };
    Ok(number(conn, &side("credit"))? - number(conn, &side("debit"))?)
}

/// Walks the chain and computes it anew. Answers its length and its last hash.
fn chain(conn: &mut Conn) -> Result<Result<(i64, String), Offence>, StoreError> {
    let (mut position, mut hash) = (0, ORIGIN.to_owned());
    loop {
        let links: Vec<(i64, i64, String)> = ledger_chain::table
            .filter(ledger_chain::position.gt(position))
            .order(ledger_chain::position)
            .limit(BATCH)
            .select((
                ledger_chain::position,
                ledger_chain::group_id,
                ledger_chain::hash,
            ))
            .load(conn)?;
        if links.is_empty() {
            return Ok(Ok((position, hash)));
        }
        for (at, group, stored) in links {
            if at != position + 1 {
                return Ok(Err(Offence(format!(
                    "the chain breaks after position {position}: a link is missing"
                ))));
            }
            (position, hash) = (at, link(conn, &hash, group)?);
            if hash != stored {
                return Ok(Err(Offence(format!(
                    "the chain breaks at position {position}: entry {group} was changed"
                ))));
            }
        }
    }
}
