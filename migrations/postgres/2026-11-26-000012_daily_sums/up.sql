-- What moved on each day, by the kind of entry and between which accounts. The chain sealer adds an
-- entry in the transaction that seals it, so these are the sums of the sealed entries.
CREATE TABLE daily_sums (
    -- Days since 1970-01-01 in Shanghai.
    day BIGINT NOT NULL,
    kind INTEGER NOT NULL,
    -- Below 10 the number of a system account, otherwise 10 plus the number of a balance of users.
    from_class INTEGER NOT NULL,
    to_class INTEGER NOT NULL,
    transfers BIGINT NOT NULL,
    coins BIGINT NOT NULL,
    PRIMARY KEY (day, kind, from_class, to_class)
);

INSERT INTO daily_sums (day, kind, from_class, to_class, transfers, coins)
SELECT (e.at + 28800000) / 86400000, e.kind,
    CASE WHEN t.debit < 100 THEN t.debit ELSE 10 + t.debit % 10 END,
    CASE WHEN t.credit < 100 THEN t.credit ELSE 10 + t.credit % 10 END,
    COUNT(*), SUM(t.amount)
FROM ledger_chain c
JOIN ledger_entries e ON e.id = c.entry_id
JOIN ledger_transfers t ON t.entry_id = e.id
GROUP BY 1, 2, 3, 4;

-- The money of a day is summed by these.
CREATE INDEX refunds_done ON refunds (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX withdrawals_done ON withdrawals (done_at) WHERE done_at IS NOT NULL;
