-- How a refund's order stood at xpay before the refund was first asked for: what was left of it in fen, and
-- whether it said that a refund had failed. Neither is known of one that was not asked for.
ALTER TABLE refunds ADD COLUMN left_before BIGINT;
ALTER TABLE refunds ADD COLUMN failed_before BOOLEAN;

-- Whose orders, accounts and rooms these are: the real world's or a sandbox's. One row.
CREATE TABLE provenance (
    id INTEGER NOT NULL PRIMARY KEY CONSTRAINT provenance_id_check CHECK (id = 1),
    sandbox BOOLEAN NOT NULL
);
