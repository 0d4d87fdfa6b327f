//! What the ledger must bear out of orders, refunds and withdrawals.

use qlive_ledger::{Offence, offender};
use qlive_store::{Conn, StoreError};

const RULES: [&str; 6] = [
    // Every paid order has one credit, of its gold.
    "SELECT 'order ' || o.out_trade_no || ': it is paid, but not credited once with its gold' AS what FROM orders o
        WHERE o.state = 2 AND (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 1 AND g.subject = o.out_trade_no
            AND g.total = o.gold) <> 1 ORDER BY o.out_trade_no LIMIT 1",
    // Nothing else is credited.
    "SELECT 'entry ' || g.id || ': it credits an order that is not paid' AS what FROM ledger_groups g
        LEFT JOIN orders o ON o.out_trade_no = g.subject AND o.state = 2
        WHERE g.kind = 1 AND o.out_trade_no IS NULL ORDER BY g.id LIMIT 1",
    // Every refund took its coins once.
    "SELECT 'refund ' || r.number || ': its coins were not taken once' AS what FROM refunds r
        WHERE (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 4 AND g.subject = r.number
            AND g.total = r.from_bought + r.from_granted + r.from_debt)
            <> (CASE WHEN r.from_bought + r.from_granted + r.from_debt > 0 THEN 1 ELSE 0 END) ORDER BY r.id LIMIT 1",
    // One that was refused gave them back, and no other did.
    "SELECT 'refund ' || r.number || ': refused, its coins come back once; else never' AS what FROM refunds r
        WHERE (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 5 AND g.subject = r.number
            AND g.total = r.from_bought + r.from_granted + r.from_debt) 
            <> (CASE WHEN r.state = 3 AND r.from_bought + r.from_granted + r.from_debt > 0 THEN 1 ELSE 0 END)
        ORDER BY r.id LIMIT 1",
    // No order gave back more than it was sold for.
    "SELECT 'order ' || o.out_trade_no || ': what went back is not what its refunds say' AS what FROM orders o
        LEFT JOIN refunds r ON r.out_trade_no = o.out_trade_no AND r.state <> 3
        GROUP BY o.out_trade_no, o.refunded_fen, o.gold HAVING COALESCE(SUM(r.fen), 0) <> o.refunded_fen
            OR COALESCE(SUM(r.from_bought + r.from_granted + r.from_debt), 0) > o.gold
        ORDER BY o.out_trade_no LIMIT 1",
    // A withdrawal held its income, and let go of it as its state says.
    "SELECT 'withdrawal ' || w.id || ': what was held is not where its state says' AS what FROM withdrawals w
        WHERE (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 6 AND g.subject = CAST(w.id AS TEXT)
                AND g.total = w.income) <> 1
            OR (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 7 AND g.subject = CAST(w.id AS TEXT)
                AND g.total = w.income) <> (CASE WHEN w.state = 6 THEN 1 ELSE 0 END)
            OR (SELECT COUNT(*) FROM ledger_groups g WHERE g.kind = 8 AND g.subject = CAST(w.id AS TEXT)
                AND g.total = w.income) <> (CASE WHEN w.state > 6 THEN 1 ELSE 0 END)
        ORDER BY w.id LIMIT 1",
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
