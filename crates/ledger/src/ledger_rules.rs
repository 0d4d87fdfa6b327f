//! The rules of the ledger as queries for the rows that break them.

use crate::account::{BalanceKind, SystemAccount};
use crate::entry::EntryKind;

/// The queries, each for [`crate::find_violation`].
pub(crate) fn ledger_rules() -> Vec<String> {
    vec![
        balance_equals_its_transfers(),
        balance_is_in_range(),
        entry_count_is_the_length_of_the_history(),
        HISTORY_ENDS_WITH_THE_BALANCES.to_owned(),
        HISTORY_ADDS_UP.to_owned(),
        account_exists(),
        ENTRY_IS_COMPLETE.to_owned(),
        REVERSAL_RETURNS_ITS_ENTRY.to_owned(),
        only_reversals_reverse(),
        ENTRY_OF_A_KEY_EXISTS.to_owned(),
    ]
}

fn balance_equals_its_transfers() -> String {
    let balances = BalanceKind::ALL.map(|kind| {
        let (account, column) = (kind.account_sql("user_id"), kind.column());
        format!(
            "SELECT user_id, {account} AS account, '{column}' AS kind, {column} AS balance \
             FROM ledger_balances"
        )
    });
    format!(
        "SELECT 'user ' || user_id || ': the balance ' || kind || ' is ' || balance
            || ', its transfers come to ' || moved AS what
        FROM (
            SELECT b.user_id, b.kind, b.balance,
                COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM ledger_transfers
                    WHERE credit = b.account), 0)
                - COALESCE((SELECT CAST(SUM(amount) AS BIGINT) FROM ledger_transfers
                    WHERE debit = b.account), 0) AS moved
            FROM ({}) b
        ) m WHERE balance <> moved ORDER BY user_id LIMIT 1",
        balances.join(" UNION ALL ")
    )
}

fn balance_is_in_range() -> String {
    let out_of_range = BalanceKind::ALL.map(|kind| {
        let column = kind.column();
        match kind {
            BalanceKind::Debt => format!("{column} > 0"),
            BalanceKind::Bought
            | BalanceKind::Granted
            | BalanceKind::Income
            | BalanceKind::Held => format!("{column} < 0"),
        }
    });
    format!(
        "SELECT 'user ' || user_id || ': a balance is negative, or a debt positive' AS what
        FROM ledger_balances WHERE {} ORDER BY user_id LIMIT 1",
        out_of_range.join(" OR ")
    )
}

/// The history has the entries that change more than what is held.
fn entry_count_is_the_length_of_the_history() -> String {
    let user_id = BalanceKind::user_id_sql("account");
    let kind = BalanceKind::number_sql("account");
    let held = BalanceKind::Held.number();
    format!(
        "SELECT 'user ' || b.user_id || ': the history counts ' || b.entry_count
            || ' entries, there are ' || COALESCE(h.entries, 0) AS what
        FROM ledger_balances b LEFT JOIN (
            SELECT user_id, COUNT(*) AS entries FROM (
                SELECT DISTINCT {user_id} AS user_id, entry_id FROM (
                    SELECT debit AS account, entry_id FROM ledger_transfers
                    UNION ALL SELECT credit, entry_id FROM ledger_transfers
                ) t WHERE {kind} <> {held}
            ) d GROUP BY user_id
        ) h ON h.user_id = b.user_id
        WHERE COALESCE(h.entries, 0) <> b.entry_count
        ORDER BY b.user_id LIMIT 1"
    )
}

/// The last line of the history has the balances.
const HISTORY_ENDS_WITH_THE_BALANCES: &str = "SELECT 'user ' || b.user_id || ': line '
        || b.entry_count || ' of the history does not have the balances' AS what
    FROM ledger_balances b LEFT JOIN ledger_history h
        ON h.user_id = b.user_id AND h.number = b.entry_count
    WHERE b.entry_count > 0
        AND (h.number IS NULL OR h.gold <> b.bought + b.granted OR h.income <> b.income)
    ORDER BY b.user_id LIMIT 1";

/// Each line of the history adds its amount to the line before.
const HISTORY_ADDS_UP: &str =
    "SELECT 'user ' || h.user_id || ': line ' || h.number || ' of the history does not add up'
        AS what
    FROM ledger_history h LEFT JOIN ledger_history p
        ON p.user_id = h.user_id AND p.number = h.number - 1
    WHERE h.gold + h.income <> COALESCE(p.gold + p.income, 0) + h.amount
        OR (p.number IS NULL AND h.number > 1)
    ORDER BY h.user_id, h.number LIMIT 1";

/// Every transfer is between system accounts and balances of users who have a row.
fn account_exists() -> String {
    let numbers = |numbers: [i64; 5]| numbers.map(|number| number.to_string()).join(", ");
    let systems = numbers(SystemAccount::ALL.map(SystemAccount::number));
    let kinds = numbers(BalanceKind::ALL.map(BalanceKind::number));
    let user_id = BalanceKind::user_id_sql("t.account");
    let kind = BalanceKind::number_sql("t.account");
    format!(
        "SELECT 'transfer ' || t.id || ': account ' || account || ' does not exist' AS what
        FROM (
            SELECT id, debit AS account FROM ledger_transfers
            UNION ALL SELECT id, credit FROM ledger_transfers
        ) t LEFT JOIN ledger_balances b ON b.user_id = {user_id}
        WHERE t.account NOT IN ({systems}) AND (b.user_id IS NULL OR {kind} NOT IN ({kinds}))
        ORDER BY t.id LIMIT 1"
    )
}

/// An entry has as many transfers, with the sum, as it had when it was posted.
const ENTRY_IS_COMPLETE: &str =
    "SELECT 'entry ' || e.id || ': of ' || e.transfer_count || ' transfers there are '
        || COUNT(t.id) || ', of ' || e.total || ' coins '
        || COALESCE(CAST(SUM(t.amount) AS BIGINT), 0) AS what
    FROM ledger_entries e LEFT JOIN ledger_transfers t ON t.entry_id = e.id
    GROUP BY e.id, e.transfer_count, e.total
    HAVING COUNT(t.id) <> e.transfer_count
        OR COALESCE(CAST(SUM(t.amount) AS BIGINT), 0) <> e.total
    ORDER BY e.id LIMIT 1";

/// A reversal has the transfers of the entry that it reverses, in the other direction.
const REVERSAL_RETURNS_ITS_ENTRY: &str =
    "SELECT 'entry ' || r.id || ': its transfers do not reverse entry ' || r.reverses AS what
    FROM ledger_entries r JOIN ledger_entries o ON o.id = r.reverses
    WHERE r.total <> o.total OR r.transfer_count <> o.transfer_count OR EXISTS (
        SELECT t.credit, t.debit, t.amount, t.code FROM ledger_transfers t WHERE t.entry_id = o.id
        EXCEPT SELECT t.debit, t.credit, t.amount, t.code FROM ledger_transfers t
            WHERE t.entry_id = r.id
    ) ORDER BY r.id LIMIT 1";

fn only_reversals_reverse() -> String {
    format!(
        "SELECT 'entry ' || id || ': a reversal must name the entry that it reverses, '
            || 'and only a reversal may' AS what
        FROM ledger_entries WHERE (kind = {}) <> (reverses IS NOT NULL) ORDER BY id LIMIT 1",
        EntryKind::Reversal.number()
    )
}

const ENTRY_OF_A_KEY_EXISTS: &str =
    "SELECT 'idempotency key ' || k.key || ': its entry does not exist' AS what
    FROM idempotency_keys k LEFT JOIN ledger_entries e ON e.id = k.entry_id
    WHERE k.entry_id IS NOT NULL AND e.id IS NULL ORDER BY k.key LIMIT 1";
