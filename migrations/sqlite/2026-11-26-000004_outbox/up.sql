-- Deliveries to Tencent IM and CSS, written in the transaction that causes them.

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Rows of one lane are delivered one after the other, by one instance at a time. Kinds: 1 room,
    -- 2 gifts of a room, 3 applicant counts of a room, 4 user, 5 stream of a user.
    lane_kind INTEGER NOT NULL
        CONSTRAINT outbox_lane_kind_check CHECK (lane_kind BETWEEN 1 AND 5),
    -- The id of the room or the user.
    lane_id BIGINT NOT NULL,
    -- JSON of what to deliver.
    delivery TEXT NOT NULL,
    -- 0 waiting, 1 delivered, 2 skipped (`detail` says why), 3 parked after a final refusal.
    status INTEGER NOT NULL CONSTRAINT outbox_status_check CHECK (status BETWEEN 0 AND 3),
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- Generated once, so that every attempt carries the same number and IM can drop duplicates.
    random BIGINT NOT NULL,
    -- Of a group message: its number in the room's group, the room, and the text as sent.
    seq BIGINT,
    room_id BIGINT,
    content TEXT,
    attempts INTEGER NOT NULL,
    done_at BIGINT,
    detail TEXT NOT NULL
);
CREATE INDEX outbox_waiting ON outbox (lane_kind, lane_id, id, due_at) WHERE status = 0;
CREATE INDEX outbox_parked ON outbox (id) WHERE status = 3;
CREATE INDEX outbox_done ON outbox (done_at) WHERE status IN (1, 2);
CREATE UNIQUE INDEX outbox_room_seq ON outbox (room_id, seq) WHERE room_id IS NOT NULL;

-- Lanes that an instance has leased, or that rest after a failure.
CREATE TABLE outbox_lanes (
    lane_kind INTEGER NOT NULL
        CONSTRAINT outbox_lanes_kind_check CHECK (lane_kind BETWEEN 1 AND 5),
    lane_id BIGINT NOT NULL,
    owner TEXT NOT NULL,
    leased_until BIGINT NOT NULL,
    -- After a failure: no instance leases the lane before this time.
    resume_at BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (lane_kind, lane_id)
);

-- The number of the last message sent to a room's group.
CREATE TABLE outbox_seqs (
    room_id INTEGER NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);
