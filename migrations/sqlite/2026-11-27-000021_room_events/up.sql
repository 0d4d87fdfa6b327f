-- What users did in rooms, for operators. Deleted after some days.
CREATE TABLE room_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- No foreign keys: they would make events wait for what changes a user or a room.
    room_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    -- 1 entered, 2 left, 3 lost, 4 banned, 5 applied, 6 withdrew, 7 declined, 8 invited, 9 put off
    -- the mic, 10 lost the mic, 11 started the broadcast.
    kind INTEGER NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX room_events_room ON room_events (room_id, id);
CREATE INDEX room_events_user ON room_events (user_id, id);
CREATE INDEX room_events_at ON room_events (at);
