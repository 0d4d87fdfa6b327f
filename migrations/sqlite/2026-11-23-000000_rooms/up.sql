-- Accounts, rooms, the mic, and what the outside must be told.
-- Every time is in milliseconds since the epoch and comes from the program's clock.

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    app_id TEXT NOT NULL,
    openid TEXT NOT NULL,
    nickname TEXT NOT NULL,
    gender INTEGER NOT NULL CONSTRAINT users_gender_check CHECK (gender IN (1, 2)),
    age INTEGER NOT NULL,
    height INTEGER NOT NULL,
    area TEXT NOT NULL,
    face_url TEXT NOT NULL,
    -- Whether the person ever said so; WeChat hides both today.
    name_known BOOLEAN NOT NULL,
    gender_known BOOLEAN NOT NULL,
    matchmaker BOOLEAN NOT NULL,
    banned_at BIGINT,
    -- Grows by one with each entry into a room: the contract's `presence`.
    entries BIGINT NOT NULL,
    last_login_at BIGINT,
    created_at BIGINT NOT NULL,
    CONSTRAINT users_id_check CHECK (id BETWEEN 10000000 AND 99999999),
    CONSTRAINT users_openid_key UNIQUE (app_id, openid)
);

-- The last WeChat session key known of an openid.
CREATE TABLE wechat_sessions (
    app_id TEXT NOT NULL,
    openid TEXT NOT NULL,
    session_key TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, openid)
);

-- Login codes already exchanged, by hash: registration may come with the code that login has just used.
CREATE TABLE wechat_codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    openid TEXT NOT NULL,
    session_key TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX wechat_codes_expiry ON wechat_codes (expires_at);

-- WeChat's stable access tokens, shared by all instances.
CREATE TABLE wechat_access_tokens (
    app_id TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE tokens (
    hash TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL CONSTRAINT tokens_user_fkey REFERENCES users (id),
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX tokens_user ON tokens (user_id, used_at);

CREATE TABLE likes (
    user_id BIGINT NOT NULL CONSTRAINT likes_user_fkey REFERENCES users (id),
    liked_id BIGINT NOT NULL CONSTRAINT likes_liked_fkey REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, liked_id)
);

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

CREATE TABLE rooms (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host_id BIGINT NOT NULL CONSTRAINT rooms_host_key UNIQUE
        CONSTRAINT rooms_host_fkey REFERENCES users (id),
    group_id TEXT NOT NULL CONSTRAINT rooms_group_key UNIQUE,
    cover TEXT NOT NULL,
    group_ready BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- The live broadcast of a room. Its end deletes the row, and with it everybody present.
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

-- Who is present. The key is the user: nobody is in two rooms.
CREATE TABLE members (
    user_id INTEGER NOT NULL PRIMARY KEY CONSTRAINT members_user_fkey REFERENCES users (id),
    broadcast_id BIGINT NOT NULL,
    room_id BIGINT NOT NULL,
    gender INTEGER NOT NULL,
    -- 1 watching, 2 applied, 3 male mic, 4 female mic, 5 host: the contract's `user_type`.
    state INTEGER NOT NULL,
    -- The value of users.entries at this entry.
    entry BIGINT NOT NULL,
    -- Grows with every change of the columns below it that a decision rests on.
    version BIGINT NOT NULL,
    entered_at BIGINT NOT NULL,
    seated_at BIGINT,
    -- An open invitation: until when, and whether invite_micro made it (else the host's client did).
    invited_until BIGINT,
    invited_by_us BOOLEAN NOT NULL,
    -- Until when the client of somebody invited may answer the host through IM.
    response_until BIGINT NOT NULL,
    -- When a column that a decision rests on last changed.
    changed_at BIGINT NOT NULL,
    -- Graces that run: after a loss at IM, after a loss of the stream.
    im_grace_until BIGINT,
    stream_grace_until BIGINT,
    heard_at BIGINT NOT NULL,
    im_event_at BIGINT NOT NULL,
    -- The push that runs now, and the time of the last stream event taken.
    stream_sequence TEXT,
    stream_event_at BIGINT NOT NULL,
    CONSTRAINT members_broadcast_fkey FOREIGN KEY (broadcast_id, room_id)
        REFERENCES broadcasts (id, room_id) ON DELETE CASCADE,
    CONSTRAINT members_state_check CHECK (
        (state IN (1, 2, 5) AND gender IN (1, 2)) OR (state = 3 AND gender = 1) OR (state = 4 AND gender = 2)
    )
);
CREATE UNIQUE INDEX members_male_mic_key ON members (broadcast_id) WHERE state = 3;
CREATE UNIQUE INDEX members_female_mic_key ON members (broadcast_id) WHERE state = 4;
CREATE UNIQUE INDEX members_host_key ON members (broadcast_id) WHERE state = 5;
CREATE INDEX members_listing ON members (room_id, gender, state, entered_at);
CREATE INDEX members_heard ON members (heard_at);

-- Put down or declined by the host: needs an invitation until this broadcast ends.
CREATE TABLE barred (
    broadcast_id BIGINT NOT NULL CONSTRAINT barred_broadcast_fkey
        REFERENCES broadcasts (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL CONSTRAINT barred_user_fkey REFERENCES users (id),
    PRIMARY KEY (broadcast_id, user_id)
);

-- What the outside must be told, written in the transaction of its cause.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Rows of one lane are delivered one after the other, by one instance at a time.
    lane TEXT NOT NULL,
    effect TEXT NOT NULL,
    -- 0 waiting, 1 told, 2 not told (the detail says why), 3 parked after a refusal.
    status INTEGER NOT NULL CONSTRAINT outbox_status_check CHECK (status BETWEEN 0 AND 3),
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- Fixed at the first try, so that a repeated try carries the same.
    random BIGINT NOT NULL,
    seq BIGINT,
    group_of BIGINT,
    content TEXT,
    attempts INTEGER NOT NULL,
    done_at BIGINT,
    detail TEXT NOT NULL
);
CREATE INDEX outbox_waiting ON outbox (lane, id, due_at) WHERE status = 0;
CREATE INDEX outbox_parked ON outbox (id) WHERE status = 3;
CREATE INDEX outbox_done ON outbox (done_at) WHERE status IN (1, 2);
CREATE UNIQUE INDEX outbox_told_seq ON outbox (group_of, seq) WHERE group_of IS NOT NULL;

CREATE TABLE outbox_lanes (
    lane TEXT NOT NULL PRIMARY KEY,
    owner TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    -- Not before this, after a failure.
    resume_at BIGINT NOT NULL,
    failures INTEGER NOT NULL
);

-- The number of the last message told to a room's group.
CREATE TABLE outbox_seqs (
    room_id INTEGER NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
