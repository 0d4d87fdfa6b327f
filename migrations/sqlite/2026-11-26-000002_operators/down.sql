DROP TABLE readiness_checks;
DROP TABLE transaction_guards;
DROP TABLE environment;
DROP TABLE audit_log;
DROP TABLE configs;
