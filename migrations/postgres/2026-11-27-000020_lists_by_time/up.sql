-- Files of the audit log and of withdrawals have the rows of some days.
CREATE INDEX audit_log_at ON audit_log (at, id);
CREATE INDEX withdrawals_created ON withdrawals (created_at, id);
