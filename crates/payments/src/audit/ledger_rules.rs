//! Ledger rules: what must be true of orders, refunds and withdrawals and their ledger entries.
//!
//! Each rule is a query that selects violations; of a correct database it selects none.

use qlive_ledger::{Account, BalanceKind, EntryKind, SystemAccount, Violation, find_violation};
use qlive_store::{Conn, StoreError};
use qlive_types::UserId;

use crate::daily_money::money_rules;
use crate::orders::state::OrderState;
use crate::providers::provider::Provider;
use crate::refunds::state::RefundState;
use crate::withdrawals::state::WithdrawalState;

/// Checks all rules, and returns the first violation that is found.
///
/// # Errors
/// When the database fails.
pub fn find_ledger_violation(conn: &mut Conn) -> Result<Option<Violation>, StoreError> {
    for rule in order_rules()
        .into_iter()
        .chain(refund_rules())
        .chain(withdrawal_rules())
        .chain([no_other_entries()])
        .chain(money_rules())
    {
        if let Some(violation) = find_violation(conn, &rule)? {
            return Ok(Some(violation));
        }
    }
    Ok(None)
}

/// The SQL of the account number of a user's balance; `user` is the column with the user's id.
fn user_account_sql(user: &str, kind: BalanceKind) -> String {
    // The number of an account is a function of the user's id and a number of the balance. Both are
    // read from the ledger: the numbers of two users' accounts differ by a fixed step for each id.
    let number = |id| UserId::new(id).map_or(0, |user| Account::User(user, kind).number());
    let step = number(UserId::MIN + 1) - number(UserId::MIN);
    let offset = number(UserId::MIN) - UserId::MIN * step;
    format!("{user} * {step} + {offset}")
}

/// The SQL of the number of the clearing account of `o.provider`.
fn clearing_account_sql() -> String {
    let cases = Provider::ALL.map(|provider| {
        let account = Account::System(provider.clearing_account()).number();
        format!("WHEN {} THEN {account}", provider.number())
    });
    format!("(CASE o.provider {} END)", cases.join(" "))
}

/// The SQL of how many entries of this kind have `subject`.
fn entry_count_sql(kind: EntryKind, subject: &str) -> String {
    format!(
        "(SELECT COUNT(*) FROM ledger_entries g WHERE g.kind = {} AND g.subject = {subject})",
        kind.number()
    )
}

/// The SQL of the amount that entries of this kind, about `subject`, moved on the `accounts`.
fn amount_moved_sql(kind: EntryKind, subject: &str, accounts: &str) -> String {
    format!(
        "(SELECT COALESCE(SUM(t.amount), 0) FROM ledger_entries g
            JOIN ledger_transfers t ON t.entry_id = g.id
            WHERE g.kind = {} AND g.subject = {subject} AND {accounts})",
        kind.number()
    )
}

fn order_rules() -> [String; 2] {
    let paid = OrderState::Paid.number();
    let recharge = EntryKind::Recharge.number();
    let credits = entry_count_sql(EntryKind::Recharge, "o.out_trade_no");
    let credited = amount_moved_sql(
        EntryKind::Recharge,
        "o.out_trade_no",
        &format!(
            "t.debit = {} AND t.credit IN ({}, {})",
            clearing_account_sql(),
            user_account_sql("o.user_id", BalanceKind::Bought),
            user_account_sql("o.user_id", BalanceKind::Debt),
        ),
    );
    [
        // Every paid order has one credit, of its gold, to its buyer.
        format!(
            "SELECT 'order ' || o.out_trade_no
                || ': it is paid, but not credited once with its gold' AS what
            FROM orders o
            WHERE o.state = {paid} AND ({credits} <> 1 OR {credited} <> o.gold)
            ORDER BY o.out_trade_no LIMIT 1"
        ),
        // Nothing else is credited.
        format!(
            "SELECT 'entry ' || g.id || ': it credits an order that is not paid' AS what
            FROM ledger_entries g
            LEFT JOIN orders o ON o.out_trade_no = g.subject AND o.state = {paid}
            WHERE g.kind = {recharge} AND o.out_trade_no IS NULL ORDER BY g.id LIMIT 1"
        ),
    ]
}

fn refund_rules() -> [String; 3] {
    const COINS: &str = "r.from_bought + r.from_granted + r.from_debt";
    let refused = RefundState::Refused.number();
    let clearing = clearing_account_sql();
    let buyer = [BalanceKind::Bought, BalanceKind::Granted, BalanceKind::Debt]
        .map(|kind| user_account_sql("o.user_id", kind))
        .join(", ");
    let takes = entry_count_sql(EntryKind::Refund, "r.number");
    let taken = amount_moved_sql(
        EntryKind::Refund,
        "r.number",
        &format!("t.credit = {clearing} AND t.debit IN ({buyer})"),
    );
    let returns = entry_count_sql(EntryKind::RefundReturned, "r.number");
    let returned = amount_moved_sql(
        EntryKind::RefundReturned,
        "r.number",
        &format!("t.debit = {clearing} AND t.credit IN ({buyer})"),
    );
    [
        // Every refund took its coins once, from its buyer.
        format!(
            "SELECT 'refund ' || r.number || ': its coins were not taken back once' AS what
            FROM refunds r JOIN orders o ON o.out_trade_no = r.out_trade_no
            WHERE {takes} <> (CASE WHEN {COINS} > 0 THEN 1 ELSE 0 END) OR {taken} <> {COINS}
            ORDER BY r.id LIMIT 1"
        ),
        // A refused refund returned them once, to its buyer. No other refund did.
        format!(
            "SELECT 'refund ' || r.number
                || ': its coins were not returned once, or it was not refused' AS what
            FROM refunds r JOIN orders o ON o.out_trade_no = r.out_trade_no
            WHERE {returns} <> (CASE WHEN r.state = {refused} AND {COINS} > 0 THEN 1 ELSE 0 END)
                OR {returned} <> (CASE WHEN r.state = {refused} THEN {COINS} ELSE 0 END)
            ORDER BY r.id LIMIT 1"
        ),
        // The refunded amount of an order is the sum of its refunds, which never take more coins
        // than the order brought.
        format!(
            "SELECT 'order ' || o.out_trade_no
                || ': its refunded amount is not the sum of its refunds' AS what
            FROM orders o
            LEFT JOIN refunds r ON r.out_trade_no = o.out_trade_no AND r.state <> {refused}
            GROUP BY o.out_trade_no, o.refunded_fen, o.gold
            HAVING COALESCE(SUM(r.fen), 0) <> o.refunded_fen
                OR COALESCE(SUM(r.from_bought + r.from_granted + r.from_debt), 0) > o.gold
            ORDER BY o.out_trade_no LIMIT 1"
        ),
    ]
}

fn withdrawal_rules() -> [String; 2] {
    const SUBJECT: &str = "CAST(w.id AS TEXT)";
    let paid = WithdrawalState::Paid.number();
    let returned = WithdrawalState::RETURNED
        .map(|state| state.number().to_string())
        .join(", ");
    let income = user_account_sql("w.user_id", BalanceKind::Income);
    let held = user_account_sql("w.user_id", BalanceKind::Held);
    let paid_out = Account::System(SystemAccount::PaidOut).number();
    let holds = entry_count_sql(EntryKind::Hold, SUBJECT);
    let amount_held = amount_moved_sql(
        EntryKind::Hold,
        SUBJECT,
        &format!("t.debit = {income} AND t.credit = {held}"),
    );
    let payouts = entry_count_sql(EntryKind::Payout, SUBJECT);
    let returns = entry_count_sql(EntryKind::PayoutReturned, SUBJECT);
    let amount_paid = amount_moved_sql(
        EntryKind::Payout,
        SUBJECT,
        &format!("t.debit = {held} AND t.credit = {paid_out}"),
    );
    let amount_returned = amount_moved_sql(
        EntryKind::PayoutReturned,
        SUBJECT,
        &format!("t.debit = {held} AND t.credit = {income}"),
    );
    [
        // A withdrawal held its user's income once.
        format!(
            "SELECT 'withdrawal ' || w.id || ': its income was not held once' AS what
            FROM withdrawals w
            WHERE {holds} <> 1 OR {amount_held} <> w.income
            ORDER BY w.id LIMIT 1"
        ),
        // The held income left once, as the state says: it was paid out, or returned to the user.
        format!(
            "SELECT 'withdrawal ' || w.id
                || ': the held income is not where its state says' AS what
            FROM withdrawals w
            WHERE {payouts} <> (CASE WHEN w.state = {paid} THEN 1 ELSE 0 END)
                OR {returns} <> (CASE WHEN w.state IN ({returned}) THEN 1 ELSE 0 END)
                OR {amount_paid} <> (CASE WHEN w.state = {paid} THEN w.income ELSE 0 END)
                OR {amount_returned}
                    <> (CASE WHEN w.state IN ({returned}) THEN w.income ELSE 0 END)
            ORDER BY w.id LIMIT 1"
        ),
    ]
}

/// No entry is a refund, hold or payout of something that is not recorded.
fn no_other_entries() -> String {
    let refund_kinds = [EntryKind::Refund, EntryKind::RefundReturned];
    let withdrawal_kinds = [
        EntryKind::Hold,
        EntryKind::Payout,
        EntryKind::PayoutReturned,
    ];
    let list = |kinds: &[EntryKind]| {
        let numbers: Vec<String> = kinds.iter().map(|kind| kind.number().to_string()).collect();
        numbers.join(", ")
    };
    let (refund, hold) = (EntryKind::Refund.number(), EntryKind::Hold.number());
    let (of_refund, of_withdrawal) = (list(&refund_kinds), list(&withdrawal_kinds));
    format!(
        "WITH recorded AS MATERIALIZED (
            SELECT {refund} AS kind, number AS subject FROM refunds
            UNION ALL SELECT {hold}, CAST(id AS TEXT) FROM withdrawals
        )
        SELECT 'entry ' || g.id || ': there is no refund or withdrawal of it' AS what
        FROM ledger_entries g
        LEFT JOIN recorded k ON k.subject = g.subject
            AND k.kind = (CASE WHEN g.kind IN ({of_refund}) THEN {refund} ELSE {hold} END)
        WHERE g.kind IN ({of_refund}, {of_withdrawal}) AND k.subject IS NULL
        ORDER BY g.id LIMIT 1"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_are_those_of_the_ledger() {
        let id = 12_345_678;
        let user = UserId::new(id).unwrap();
        assert_eq!(user_account_sql("u.id", BalanceKind::Held), "u.id * 10 + 4");
        assert_eq!(Account::User(user, BalanceKind::Held).number(), id * 10 + 4);
        assert_eq!(
            clearing_account_sql(),
            "(CASE o.provider WHEN 1 THEN 4 WHEN 2 THEN 5 END)"
        );
    }
}
