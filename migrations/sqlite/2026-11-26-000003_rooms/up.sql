-- Rooms, their live broadcasts and who is present.

CREATE TABLE rooms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host_id BIGINT NOT NULL CONSTRAINT rooms_host_key UNIQUE
        CONSTRAINT rooms_host_fkey REFERENCES users (id),
    group_id TEXT NOT NULL CONSTRAINT rooms_group_key UNIQUE,
    cover TEXT NOT NULL,
    group_ready BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- The live broadcast of a room. Ending it deletes the row, which deletes its members too.
CREATE TABLE broadcasts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id BIGINT NOT NULL CONSTRAINT broadcasts_room_key UNIQUE
        CONSTRAINT broadcasts_room_fkey REFERENCES rooms (id),
    started_at BIGINT NOT NULL,
    CONSTRAINT broadcasts_id_room_key UNIQUE (id, room_id)
);

CREATE TABLE broadcast_log (
    broadcast_id INTEGER NOT NULL PRIMARY KEY,
    room_id BIGINT NOT NULL CONSTRAINT broadcast_log_room_fkey REFERENCES rooms (id),
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    reason TEXT NOT NULL
);

-- Who is present. The user is the key, so nobody can be in two rooms.
CREATE TABLE members (
    user_id INTEGER NOT NULL PRIMARY KEY CONSTRAINT members_user_fkey REFERENCES users (id),
    broadcast_id BIGINT NOT NULL,
    room_id BIGINT NOT NULL,
    gender INTEGER NOT NULL,
    -- 1 watching, 2 applied, 3 male mic, 4 female mic, 5 host; `user_type` on the wire.
    state INTEGER NOT NULL,
    -- The value of users.visits when the user entered.
    visit BIGINT NOT NULL,
    -- Grows with every change of a column that decisions depend on; guards concurrent writes.
    version BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    seated_at BIGINT,
    -- An open invitation: when it expires, and whether invite_micro made it (otherwise the
    -- host's client did).
    invited_until BIGINT,
    invited_by_us BOOLEAN NOT NULL,
    -- Until when an invited user's client may send a response to the host through IM.
    response_until BIGINT NOT NULL,
    -- When `version` last grew.
    changed_at BIGINT NOT NULL,
    -- End of the running grace after an IM disconnect, and after a stream disconnect.
    im_grace_until BIGINT,
    stream_grace_until BIGINT,
    last_active_at BIGINT NOT NULL,
    im_event_at BIGINT NOT NULL,
    -- The current push: its sequence, which is empty when CSS reports none, and its start.
    stream_sequence TEXT,
    stream_started_at BIGINT,
    -- The time of the last stream event that was applied, and how many pushes have started whose
    -- stop was not reported yet.
    stream_event_at BIGINT NOT NULL,
    stream_open_pushes BIGINT NOT NULL,
    CONSTRAINT members_broadcast_fkey FOREIGN KEY (broadcast_id, room_id)
        REFERENCES broadcasts (id, room_id) ON DELETE CASCADE,
    CONSTRAINT members_state_check CHECK (
        (state IN (1, 2, 5) AND gender IN (1, 2))
            OR (state = 3 AND gender = 1)
            OR (state = 4 AND gender = 2)
    )
);
CREATE UNIQUE INDEX members_male_mic_key ON members (broadcast_id) WHERE state = 3;
CREATE UNIQUE INDEX members_female_mic_key ON members (broadcast_id) WHERE state = 4;
CREATE UNIQUE INDEX members_host_key ON members (broadcast_id) WHERE state = 5;
CREATE INDEX members_listing ON members (room_id, gender, state, entered_at);
CREATE INDEX members_last_active ON members (last_active_at);

-- Users whom the host took off the mic or declined: until this broadcast ends they need an
-- invitation.
CREATE TABLE invitation_required (
    broadcast_id BIGINT NOT NULL CONSTRAINT invitation_required_broadcast_fkey
        REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL CONSTRAINT invitation_required_user_fkey REFERENCES users (id),
    PRIMARY KEY (broadcast_id, user_id)
);
