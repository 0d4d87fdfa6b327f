DROP TABLE daily_money;
DROP TABLE daily_host_sums;
DROP TABLE chain_sums;
DELETE FROM daily_sums;
INSERT INTO daily_sums (day, kind, from_class, to_class, transfers, coins)
SELECT (e.at + 28800000) / 86400000, e.kind,
    CASE WHEN t.debit < 100 THEN t.debit ELSE 10 + t.debit % 10 END,
    CASE WHEN t.credit < 100 THEN t.credit ELSE 10 + t.credit % 10 END,
    COUNT(*), SUM(t.amount)
FROM ledger_chain c
JOIN ledger_entries e ON e.id = c.entry_id
JOIN ledger_transfers t ON t.entry_id = e.id
GROUP BY 1, 2, 3, 4;
