ALTER TABLE withdrawals DROP COLUMN asked_at;
ALTER TABLE refunds DROP COLUMN asked_at;
