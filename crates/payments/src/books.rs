//! What the ledger must bear out of orders, refunds and withdrawals.

use qlive_ledger::{Offence, offender};
use qlive_store::{Conn, StoreError};

/// Account numbers as in the ledger: user × 10 + 1 bought, 2 granted, 3 income, 4 held,
/// 5 debt; 3 paid out; a provider's clearing account is three above its number.
const RULES: [&str; 8] = [
    // Every paid order has one credit, of its gold, to its buyer.
    "SELECT 'order ' || o.out_trade_no || ': it is paid, but not credited once with its gold' AS what FROM orders o
        WHERE o.state = 2 AND ((SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 1 AND g.subject = o.out_trade_no) <> 1
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_groups g JOIN ledger_transfers t ON t.group_id = g.id
                WHERE g.kind = 1 AND g.subject = o.out_trade_no AND t.debit = o.provider + 3
                AND t.credit IN (o.user_id * 10 + 1, o.user_id * 10 + 5)) <> o.gold)
        ORDER BY o.out_trade_no LIMIT 1",
    // Nothing else is credited.
    "SELECT 'entry ' || g.id || ': it credits an order that is not paid' AS what FROM ledger_groups g
        LEFT JOIN orders o ON o.out_trade_no = g.subject AND o.state = 2
        WHERE g.kind = 1 AND o.out_trade_no IS NULL ORDER BY g.id LIMIT 1",
    // Every refund took its coins once, from its buyer.
    "SELECT 'refund ' || r.number || ': its coins were not taken once' AS what FROM refunds r
        JOIN orders o ON o.out_trade_no = r.out_trade_no
        WHERE (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 4 AND g.subject = r.number)
                <> (CASE WHEN r.from_bought + r.from_granted + r.from_debt > 0 THEN 1 ELSE 0 END)
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_groups g JOIN ledger_transfers t ON t.group_id = g.id
                WHERE g.kind = 4 AND g.subject = r.number AND t.credit = o.provider + 3
                AND t.debit IN (o.user_id * 10 + 1, o.user_id * 10 + 2, o.user_id * 10 + 5))
                <> r.from_bought + r.from_granted + r.from_debt
        ORDER BY r.id LIMIT 1",
    // One that was refused gave them back once, to its buyer; no other did.
    "SELECT 'refund ' || r.number || ': refused, its coins come back once; else never' AS what FROM refunds r
        JOIN orders o ON o.out_trade_no = r.out_trade_no
        WHERE (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 5 AND g.subject = r.number)
                <> (CASE WHEN r.state = 3 AND r.from_bought + r.from_granted + r.from_debt > 0 THEN 1 ELSE 0 END)
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_groups g JOIN ledger_transfers t ON t.group_id = g.id
                WHERE g.kind = 5 AND g.subject = r.number AND t.debit = o.provider + 3
                AND t.credit IN (o.user_id * 10 + 1, o.user_id * 10 + 2, o.user_id * 10 + 5))
                <> (CASE WHEN r.state = 3 THEN r.from_bought + r.from_granted + r.from_debt ELSE 0 END)
        ORDER BY r.id LIMIT 1",
    // What went back of an order is what its refunds say, and never more coins than it brought.
    "SELECT 'order ' || o.out_trade_no || ': what went back is not what its refunds say' AS what FROM orders o
        LEFT JOIN refunds r ON r.out_trade_no = o.out_trade_no AND r.state <> 3
        GROUP BY o.out_trade_no, o.refunded_fen, o.gold HAVING COALESCE(SUM(r.fen), 0) <> o.refunded_fen
            OR COALESCE(SUM(r.from_bought + r.from_granted + r.from_debt), 0) > o.gold
        ORDER BY o.out_trade_no LIMIT 1",
    // A withdrawal held its user's income once.
    "SELECT 'withdrawal ' || w.id || ': its income was not held once' AS what FROM withdrawals w
        WHERE (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 6 AND g.subject = CAST(w.id AS TEXT)) <> 1
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_groups g JOIN ledger_transfers t ON t.group_id = g.id
                WHERE g.kind = 6 AND g.subject = CAST(w.id AS TEXT)
                AND t.debit = w.user_id * 10 + 3 AND t.credit = w.user_id * 10 + 4) <> w.income
        ORDER BY w.id LIMIT 1",
    // What it held left once, as its state says: paid out, or back to its user.
    "SELECT 'withdrawal ' || w.id || ': what was held is not where its state says' AS what FROM withdrawals w
        WHERE (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind IN (7, 8) AND g.subject = CAST(w.id AS TEXT))
                <> (CASE WHEN w.state >= 6 THEN 1 ELSE 0 END)
            OR (SELECT COALESCE(SUM(t.amount), 0) FROM ledger_groups g JOIN ledger_transfers t ON t.group_id = g.id
                WHERE g.subject = CAST(w.id AS TEXT) AND t.debit = w.user_id * 10 + 4
                AND ((w.state = 6 AND g.kind = 7 AND t.credit = 3)
                    OR (w.state > 6 AND g.kind = 8 AND t.credit = w.user_id * 10 + 3)))
                <> (CASE WHEN w.state >= 6 THEN w.income ELSE 0 END)
        ORDER BY w.id LIMIT 1",
    // Nothing else is refunded, held or paid out.
    "WITH known AS MATERIALIZED (
            SELECT 4 AS kind, number AS subject FROM refunds UNION ALL SELECT 6, CAST(id AS TEXT) FROM withdrawals
        )
        SELECT 'entry ' || g.id || ': there is no refund or withdrawal of it' AS what FROM ledger_groups g
        LEFT JOIN known k ON k.subject = g.subject AND k.kind = (CASE WHEN g.kind IN (4, 5) THEN 4 ELSE 6 END)
        WHERE g.kind BETWEEN 4 AND 8 AND k.subject IS NULL ORDER BY g.id LIMIT 1",
];

/// The first of them that the ledger does not bear out.
pub fn audit(conn: &mut Conn) -> Result<Option<Offence>, StoreError> {
    for rule in RULES {
        if let Some(found) = offender(conn, rule)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
