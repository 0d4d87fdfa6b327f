-- Accounts: users, WeChat logins, tokens and likes.
-- Every time is in milliseconds since the epoch and comes from the program's clock.

CREATE TABLE users (
    id BIGINT PRIMARY KEY,
    app_id TEXT NOT NULL,
    openid TEXT NOT NULL,
    nickname TEXT NOT NULL,
    gender INTEGER NOT NULL CONSTRAINT users_gender_check CHECK (gender IN (1, 2)),
    age INTEGER NOT NULL,
    height INTEGER NOT NULL,
    area TEXT NOT NULL,
    face_url TEXT NOT NULL,
    -- Whether the user has set the name and the gender; WeChat no longer reveals either.
    name_known BOOLEAN NOT NULL,
    gender_known BOOLEAN NOT NULL,
    -- Set when WeChat could not check the name, and the settings let it pass.
    name_unchecked_at BIGINT,
    matchmaker BOOLEAN NOT NULL,
    banned_at BIGINT,
    -- Grows by one each time the user enters a room; `presence` on the wire.
    visits BIGINT NOT NULL,
    last_login_at BIGINT,
    created_at BIGINT NOT NULL,
    CONSTRAINT users_id_check CHECK (id BETWEEN 10000000 AND 99999999),
    CONSTRAINT users_openid_key UNIQUE (app_id, openid)
);

-- The latest known WeChat session key of an openid.
CREATE TABLE wechat_sessions (
    app_id TEXT NOT NULL,
    openid TEXT NOT NULL,
    session_key TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (app_id, openid)
);

-- Login codes that were exchanged, by hash: a registration may carry the code that a login
-- has just used.
CREATE TABLE wechat_codes (
    code_hash TEXT NOT NULL PRIMARY KEY,
    openid TEXT NOT NULL,
    session_key TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Whether a registration with this code has made the user.
    made_user BOOLEAN NOT NULL
);
CREATE INDEX wechat_codes_expiry ON wechat_codes (expires_at);

-- WeChat's stable access tokens, shared by all instances, and the lease to fetch one.
CREATE TABLE wechat_access_tokens (
    app_id TEXT NOT NULL PRIMARY KEY,
    -- Empty until the first one is fetched.
    token TEXT NOT NULL,
    -- Until when calls use the token; it is fetched anew some minutes before WeChat ends it.
    usable_until BIGINT NOT NULL,
    -- The fetch that has the refresh lease, empty when none has; and when a lease that is not
    -- released ends.
    lease_owner TEXT NOT NULL,
    lease_until BIGINT NOT NULL,
    -- When a new token was forced last, and how often on that day (days since the epoch, in
    -- Shanghai): WeChat limits both.
    forced_at BIGINT NOT NULL,
    forced_day BIGINT NOT NULL,
    forced_count BIGINT NOT NULL
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
