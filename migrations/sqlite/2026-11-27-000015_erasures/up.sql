-- When a person was erased; their ledger, orders and withdrawals stay under the number.
ALTER TABLE users ADD COLUMN erased_at BIGINT;

-- An operator asked for a person to be erased; another one does it.
CREATE TABLE erasure_requests (
    user_id INTEGER PRIMARY KEY
        CONSTRAINT erasure_requests_user_fkey REFERENCES users (id),
    requested_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    requested_at BIGINT NOT NULL
);
