//! The audit: checks the rules of the ledger from its rows alone.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use qlive_store::schema::{ledger_chain, ledger_entries, ledger_transfers};
use qlive_store::{Conn, StoreError};

use crate::account::{BalanceKind, SystemAccount};
use crate::chain::{INITIAL_HASH, find_entries};
use crate::daily_sums::sums_are_those_of_the_added_entries;
use crate::ledger_rules::ledger_rules;
use crate::violation::{AuditError, Violation, find_violation};

/// The links of the chain that are loaded at a time.
const LINK_BATCH: i64 = 1_000;

/// The totals of a ledger that breaks no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// The number of entries.
    pub entries: i64,
    /// The number of transfers.
    pub transfers: i64,
    /// The sum of all balances of all users.
    pub user_total: i64,
    /// The name and the balance of each system account.
    pub system_balances: Vec<(&'static str, i64)>,
    /// The number of entries in the hash chain.
    pub sealed: i64,
    /// The last hash of the chain, empty if nothing is sealed. A copy of it that is stored
    /// elsewhere proves later that no entry before it has changed.
    pub chain_head: String,
}

/// Checks all rules of the ledger. Call it in a read transaction, which sees one moment.
///
/// # Errors
/// [`AuditError::Violation`] with the first violation; a failure of the store.
pub fn audit(conn: &mut Conn) -> Result<AuditReport, AuditError> {
    for rule in ledger_rules() {
        if let Some(violation) = find_violation(conn, &rule)? {
            return Err(violation.into());
        }
    }
    let (sealed, chain_head) = verify_chain(conn)?;
    // After the chain, which says what is sealed.
    let sums = sums_are_those_of_the_added_entries();
    if let Some(violation) = find_violation(conn, &sums)? {
        return Err(violation.into());
    }
    let user_total = sum_user_balances(conn)?;
    let mut system_balances = Vec::new();
    for system in SystemAccount::ALL {
        system_balances.push((system.name(), sum_system_account(conn, system)?));
    }
    let sum = system_balances
        .iter()
        .fold(user_total, |sum, (_, balance)| sum.saturating_add(*balance));
    if sum != 0 {
        return Err(Violation(format!("all balances come to {sum}, not to zero")).into());
    }
    Ok(AuditReport {
        entries: ledger_entries::table.count().get_result(conn)?,
        transfers: ledger_transfers::table.count().get_result(conn)?,
        user_total,
        system_balances,
        sealed,
        chain_head,
    })
}

#[derive(QueryableByName)]
struct SumRow {
    #[diesel(sql_type = BigInt)]
    sum: i64,
}

fn load_sum(conn: &mut Conn, query: &str) -> Result<i64, StoreError> {
    Ok(sql_query(query).get_result::<SumRow>(conn)?.sum)
}

fn sum_user_balances(conn: &mut Conn) -> Result<i64, StoreError> {
    let columns = BalanceKind::ALL.map(BalanceKind::column).join(" + ");
    let query =
        format!("SELECT CAST(COALESCE(SUM({columns}), 0) AS BIGINT) AS sum FROM ledger_balances");
    load_sum(conn, &query)
}

fn sum_system_account(conn: &mut Conn, system: SystemAccount) -> Result<i64, StoreError> {
    let number = system.number();
    let query = |side: &str| {
        format!(
            "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS sum FROM ledger_transfers \
             WHERE {side} = {number}"
        )
    };
    Ok(load_sum(conn, &query("credit"))? - load_sum(conn, &query("debit"))?)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = ledger_chain)]
struct LinkRow {
    position: i64,
    entry_id: i64,
    hash: String,
}

/// Computes the whole chain again. Returns its length and its last hash.
fn verify_chain(conn: &mut Conn) -> Result<(i64, String), AuditError> {
    let (mut position, mut hash) = (0, INITIAL_HASH.to_owned());
    loop {
        let links: Vec<LinkRow> = ledger_chain::table
            .filter(ledger_chain::position.gt(position))
            .order(ledger_chain::position)
            .limit(LINK_BATCH)
            .select(LinkRow::as_select())
            .load(conn)?;
        if links.is_empty() {
            return Ok((position, hash));
        }
        let ids: Vec<i64> = links.iter().map(|link| link.entry_id).collect();
        let entries = find_entries(conn, &ids)?;
        for link in links {
            if link.position != position + 1 {
                return Err(Violation(format!(
                    "the chain breaks after position {position}: a link is missing"
                ))
                .into());
            }
            position = link.position;
            // An entry that does not exist has an empty hash, which no link has.
            let entry = entries.get(&link.entry_id);
            hash = entry.map_or_else(String::new, |entry| entry.hash_after(&hash));
            if hash != link.hash {
                return Err(Violation(format!(
                    "the chain breaks at position {position}: entry {} was changed",
                    link.entry_id
                ))
                .into());
            }
        }
    }
}
