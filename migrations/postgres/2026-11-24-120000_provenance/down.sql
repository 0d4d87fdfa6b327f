DROP TABLE provenance;
ALTER TABLE refunds DROP COLUMN failed_before;
ALTER TABLE refunds DROP COLUMN left_before;
