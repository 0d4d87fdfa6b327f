-- What hosts, users and operators do against those who disturb.

-- When a ban ends by itself, and why the user was banned.
ALTER TABLE users ADD COLUMN banned_until BIGINT;
ALTER TABLE users ADD COLUMN ban_reason TEXT NOT NULL DEFAULT '';
CREATE INDEX users_ban_end ON users (banned_until) WHERE banned_until IS NOT NULL;

-- Who may not speak, and until when. The gifts of a muted user are refused longer.
CREATE TABLE mutes (
    user_id BIGINT NOT NULL CONSTRAINT mutes_user_fkey REFERENCES users (id),
    -- The host in whose rooms it holds; 0: an operator's, everywhere.
    host_id BIGINT NOT NULL,
    muted_until BIGINT NOT NULL,
    gifts_until BIGINT NOT NULL,
    PRIMARY KEY (user_id, host_id)
);
CREATE INDEX mutes_end ON mutes (gifts_until);

-- Users who were removed from a broadcast and may not enter it again.
CREATE TABLE removals (
    broadcast_id BIGINT NOT NULL
        CONSTRAINT removals_broadcast_fkey REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL CONSTRAINT removals_user_fkey REFERENCES users (id),
    PRIMARY KEY (broadcast_id, user_id)
);

-- Whom a user blocks: they can neither give to, invite nor like that user.
CREATE TABLE blocked_users (
    user_id BIGINT NOT NULL CONSTRAINT blocked_users_user_fkey REFERENCES users (id),
    blocked_id BIGINT NOT NULL CONSTRAINT blocked_users_blocked_fkey REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, blocked_id)
);

CREATE TABLE reports (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    reporter_id BIGINT NOT NULL CONSTRAINT reports_reporter_fkey REFERENCES users (id),
    user_id BIGINT NOT NULL CONSTRAINT reports_user_fkey REFERENCES users (id),
    -- 1 fraud, 2 abuse, 3 minor, 4 other.
    kind INTEGER NOT NULL CONSTRAINT reports_kind_check CHECK (kind BETWEEN 1 AND 4),
    room_id BIGINT,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    closed_at BIGINT,
    -- The operator who closed it.
    closed_by TEXT NOT NULL,
    -- What they decided.
    decision TEXT NOT NULL
);
CREATE UNIQUE INDEX reports_open_key ON reports (reporter_id, user_id, kind)
    WHERE closed_at IS NULL;
CREATE INDEX reports_open ON reports (id) WHERE closed_at IS NULL;
CREATE INDEX reports_reporter ON reports (reporter_id, created_at);
CREATE INDEX reports_user ON reports (user_id, id);

-- What operators note about a user.
CREATE TABLE user_notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL CONSTRAINT user_notes_user_fkey REFERENCES users (id),
    who TEXT NOT NULL,
    text TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX user_notes_user ON user_notes (user_id, id);
