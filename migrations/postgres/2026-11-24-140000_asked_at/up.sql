-- When a provider was last asked about a refund or a withdrawal, in milliseconds: the wait before the
-- next question counts from there. Zero where it never was.
ALTER TABLE refunds ADD COLUMN asked_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE withdrawals ADD COLUMN asked_at BIGINT NOT NULL DEFAULT 0;
