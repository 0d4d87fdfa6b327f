-- Comments in rooms, as the callbacks before a message show them. Deleted after some days.
CREATE TABLE comments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- No foreign keys: they would make comments wait for what changes a user or a room.
    room_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    text TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The forbidden word for which IM did not deliver it; null: it was delivered.
    word TEXT,
    -- When an operator has looked at it, and who.
    closed_at BIGINT,
    closed_by TEXT NOT NULL,
    decision TEXT NOT NULL
);
CREATE INDEX comments_at ON comments (at);
CREATE INDEX comments_room ON comments (room_id, id);
CREATE INDEX comments_user ON comments (user_id, id);
CREATE INDEX comments_open ON comments (id) WHERE word IS NOT NULL AND closed_at IS NULL;

-- Screenshots of streams that CSS does not pass, and what operators decided.
CREATE TABLE judged_screenshots (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id BIGINT,
    user_id BIGINT NOT NULL,
    -- Null if the address may not be shown.
    url TEXT,
    label TEXT NOT NULL,
    score BIGINT NOT NULL,
    is_blocked BOOLEAN NOT NULL,
    at BIGINT NOT NULL,
    closed_at BIGINT,
    closed_by TEXT NOT NULL,
    decision TEXT NOT NULL
);
-- CSS sends an event again when it saw no answer.
CREATE UNIQUE INDEX judged_screenshots_url ON judged_screenshots (url);
CREATE INDEX judged_screenshots_at ON judged_screenshots (at);
CREATE INDEX judged_screenshots_user ON judged_screenshots (user_id, id);
CREATE INDEX judged_screenshots_open ON judged_screenshots (id) WHERE closed_at IS NULL;
