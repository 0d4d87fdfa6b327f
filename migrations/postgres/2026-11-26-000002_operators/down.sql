DROP TABLE readiness_checks;
DROP TABLE transaction_locks;
DROP TABLE environment;
DROP TABLE audit_log;
DROP TABLE configs;
