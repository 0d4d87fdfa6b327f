DROP INDEX gifts_sent_giver;
CREATE INDEX gifts_sent_giver ON gifts_sent (giver_id, id);
DROP INDEX ledger_entries_subject;
CREATE INDEX ledger_entries_subject ON ledger_entries (kind, subject);
DROP TABLE refund_requests;
