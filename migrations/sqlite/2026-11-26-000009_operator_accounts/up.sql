-- Accounts of operators, their sessions in the console, and what the audit log says of them.

CREATE TABLE operators (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    -- The name with its case folded: two names that are equal here are one operator.
    compared_name TEXT NOT NULL CONSTRAINT operators_compared_name_key UNIQUE,
    -- 1 owner, 2 operator, 3 finance, 4 support, 5 auditor.
    role INTEGER NOT NULL CONSTRAINT operators_role_check CHECK (role BETWEEN 1 AND 5),
    -- Argon2id as a PHC string; empty until the invitation is accepted.
    password_hash TEXT NOT NULL,
    -- In base32; empty while no authenticator is set up.
    totp_secret TEXT NOT NULL,
    -- The time step of the code that was used last. No code of this or an earlier step is accepted.
    totp_step BIGINT NOT NULL,
    disabled_at BIGINT,
    last_login_at BIGINT,
    created_at BIGINT NOT NULL
);

CREATE TABLE operator_recovery_codes (
    hash TEXT NOT NULL PRIMARY KEY,
    operator_id BIGINT NOT NULL
        CONSTRAINT operator_recovery_codes_operator_fkey REFERENCES operators (id)
);
CREATE INDEX operator_recovery_codes_operator ON operator_recovery_codes (operator_id);

CREATE TABLE operator_sessions (
    hash TEXT NOT NULL PRIMARY KEY,
    operator_id BIGINT NOT NULL
        CONSTRAINT operator_sessions_operator_fkey REFERENCES operators (id),
    -- False while the password was right and the code of the authenticator is awaited.
    is_complete BOOLEAN NOT NULL,
    -- When the last code was accepted.
    code_at BIGINT,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    used_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX operator_sessions_operator ON operator_sessions (operator_id);
CREATE INDEX operator_sessions_used ON operator_sessions (used_at);

-- Links that can be used once: an invitation to set a password, or the login to a sandbox.
CREATE TABLE operator_links (
    hash TEXT NOT NULL PRIMARY KEY,
    operator_id BIGINT NOT NULL CONSTRAINT operator_links_operator_fkey REFERENCES operators (id),
    expires_at BIGINT NOT NULL
);
CREATE INDEX operator_links_operator ON operator_links (operator_id);
CREATE INDEX operator_links_expiry ON operator_links (expires_at);

-- Wrong passwords and codes, by the name that was tried (`name:…`) and by the address that they
-- came from (`address:…`).
CREATE TABLE operator_misses (
    source TEXT NOT NULL PRIMARY KEY,
    misses INTEGER NOT NULL,
    -- Nothing is tried before this time.
    locked_until BIGINT NOT NULL,
    last_miss_at BIGINT NOT NULL
);
CREATE INDEX operator_misses_last ON operator_misses (last_miss_at);

-- The keys of forms that were sent: a form that is sent twice acts once.
CREATE TABLE operator_forms (
    key TEXT NOT NULL PRIMARY KEY,
    operator_id BIGINT NOT NULL CONSTRAINT operator_forms_operator_fkey REFERENCES operators (id),
    sent_at BIGINT NOT NULL
);
CREATE INDEX operator_forms_sent ON operator_forms (sent_at);

-- The role of the operator at that time, empty for the terminal of old; the address that the
-- request came from, empty for the terminal; and what the change replaced and wrote.
ALTER TABLE audit_log ADD COLUMN role TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_log ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_log ADD COLUMN value_before TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_log ADD COLUMN value_after TEXT NOT NULL DEFAULT '';
CREATE INDEX audit_log_who ON audit_log (who, id);
CREATE INDEX audit_log_action ON audit_log (action, id);
CREATE INDEX audit_log_subject ON audit_log (subject, id);
