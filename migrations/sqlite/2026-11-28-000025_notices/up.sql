-- When something last happened: a callback of each kind, an audit.
CREATE TABLE last_seen (
    name TEXT NOT NULL PRIMARY KEY,
    seen_at BIGINT NOT NULL,
    detail TEXT NOT NULL
);
-- The notices about an order or a withdrawal, and what became of each.
CREATE TABLE payment_notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX payment_notices_subject ON payment_notices (subject, id);
