DROP INDEX withdrawals_created;
DROP INDEX audit_log_at;
