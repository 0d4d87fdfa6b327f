-- Runtime configuration, the audit log, which environment the database belongs to, and guards of
-- transactions.

CREATE TABLE configs (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- What operators changed, who did it and why.
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at BIGINT NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    reason TEXT NOT NULL
);

-- Whether the database belongs to real systems or to a sandbox. One row, written once.
CREATE TABLE environment (
    id INTEGER NOT NULL PRIMARY KEY CONSTRAINT environment_id_check CHECK (id = 1),
    is_sandbox BOOLEAN NOT NULL
);

-- A transaction that decides by rows which others may be inserting (how many there are, what they
-- add up to) first updates the row of its name, so that such transactions run one after another.
CREATE TABLE transaction_locks (
    name TEXT NOT NULL PRIMARY KEY,
    uses BIGINT NOT NULL
);

-- Written by the check of readiness, to see whether the database takes a write. One row.
CREATE TABLE readiness_checks (
    id INTEGER NOT NULL PRIMARY KEY CONSTRAINT readiness_checks_id_check CHECK (id = 1),
    checks BIGINT NOT NULL
);
