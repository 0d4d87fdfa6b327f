DROP TABLE complaints;
DROP TABLE withdrawals;
DROP TABLE refunds;
DROP TABLE orders;
DROP TABLE blocks;
