-- What instances tell each other, and indexes by which nothing reads a table that grows from end to
-- end.

-- Users of whom something changed that instances remember between calls: a ban, a deleted token, a
-- lost connection. Every instance reads the new rows twice a second. Old rows are deleted.
CREATE TABLE authentication_changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX authentication_changes_at ON authentication_changes (at);

-- The instances that deliver. One that holds lanes counts its beats up; the others take over the
-- lanes of an instance whose beats stand still.
CREATE TABLE outbox_instances (
    name TEXT NOT NULL PRIMARY KEY,
    beats BIGINT NOT NULL
);

-- Lanes that an instance holds, or that rest after a failure. The leases of instances of the
-- version before end here: stop them first.
DROP TABLE outbox_lanes;
CREATE TABLE outbox_lanes (
    lane_kind INTEGER NOT NULL
        CONSTRAINT outbox_lanes_kind_check CHECK (lane_kind BETWEEN 1 AND 5),
    lane_id BIGINT NOT NULL,
    -- The instance that holds the lane; empty: none.
    owner TEXT NOT NULL,
    -- After a failure: no instance leases the lane before this time.
    resume_at BIGINT NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (lane_kind, lane_id)
);
CREATE INDEX outbox_lanes_owner ON outbox_lanes (owner);

-- The waiting rows of a lane, and the oldest waiting rows of each kind of lane. The conditions
-- differ on purpose: a query that asks for one order cannot be planned with the other index, which
-- would read all waiting rows.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (lane_kind, lane_id, id) WHERE status = 0;
CREATE INDEX outbox_oldest ON outbox (lane_kind, id) WHERE status < 1 AND lane_kind > 0;

-- Nothing reads it.
DROP INDEX ledger_transfers_credit;

-- The few members who wait for something.
CREATE INDEX members_invited ON members (invited_until) WHERE invited_until IS NOT NULL;
CREATE INDEX members_im_grace ON members (im_grace_until) WHERE im_grace_until IS NOT NULL;
CREATE INDEX members_stream_grace ON members (stream_grace_until)
    WHERE stream_grace_until IS NOT NULL;
CREATE INDEX members_without_stream ON members (seated_at)
    WHERE seated_at IS NOT NULL AND stream_sequence IS NULL;
