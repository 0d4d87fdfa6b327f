//! The audit of gifts: every record agrees with the ledger, and every ledger entry of a gift has
//! a record.

use qlive_ledger::{BalanceKind, EntryKind, TransferCode, Violation, find_violation};
use qlive_store::{Conn, StoreError};

use crate::host_sums::sums_rule;

/// The first disagreement between the records of gifts and the ledger, if there is one.
///
/// # Errors
/// When the database fails.
pub fn audit(conn: &mut Conn) -> Result<Option<Violation>, StoreError> {
    for rule in [cost_rule(), shares_rule(), record_rule(), sums_rule()] {
        if let Some(violation) = find_violation(conn, &rule)? {
            return Ok(Some(violation));
        }
    }
    Ok(None)
}

/// A gift that costs something has an entry that takes the cost from the giver.
fn cost_rule() -> String {
    let gift = EntryKind::Gift.number();
    let giver = [
        BalanceKind::Bought,
        BalanceKind::Granted,
        BalanceKind::Income,
    ]
    .map(|kind| kind.account_sql("s.giver_id"))
    .join(", ");
    format!(
        "SELECT 'gift ' || s.id || ': its entry does not move its cost' AS what
        FROM gifts_sent s LEFT JOIN ledger_entries e ON e.id = s.entry_id
        WHERE s.cost > 0 AND (e.id IS NULL OR e.kind <> {gift} OR e.total <> s.cost
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_transfers t
                WHERE t.entry_id = s.entry_id AND t.debit IN ({giver})) <> s.cost)
        ORDER BY s.id LIMIT 1"
    )
}

/// The entry of a gift gives receiver and host the recorded shares.
fn shares_rule() -> String {
    let (received, hosted) = (
        TransferCode::GiftReceived.number(),
        TransferCode::GiftHosted.number(),
    );
    // A share pays a debt before it is income.
    let accounts = |user| {
        let (debt, income) = (BalanceKind::Debt, BalanceKind::Income);
        format!("({}, {})", debt.account_sql(user), income.account_sql(user))
    };
    let (receiver, host) = (
        accounts("s.receiver_id"),
        accounts("COALESCE(s.host_id, 0)"),
    );
    format!(
        "SELECT 'gift ' || s.id || ': its entry does not move its shares' AS what
        FROM gifts_sent s
        WHERE s.cost > 0 AND (
            (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_transfers t
                WHERE t.entry_id = s.entry_id AND t.code = {received} AND t.credit IN {receiver})
                <> s.receiver_share
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_transfers t
                WHERE t.entry_id = s.entry_id AND t.code = {hosted} AND t.credit IN {host})
                <> s.host_share)
        ORDER BY s.id LIMIT 1"
    )
}

/// Every entry of a gift has a record.
fn record_rule() -> String {
    let gift = EntryKind::Gift.number();
    format!(
        "SELECT 'entry ' || e.id || ': it is a gift without a record' AS what
        FROM ledger_entries e LEFT JOIN gifts_sent s ON s.entry_id = e.id
        WHERE e.kind = {gift} AND s.id IS NULL ORDER BY e.id LIMIT 1"
    )
}
