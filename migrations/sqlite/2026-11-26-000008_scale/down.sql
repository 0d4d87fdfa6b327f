DROP INDEX members_without_stream;
DROP INDEX members_stream_grace;
DROP INDEX members_im_grace;
DROP INDEX members_invited;
CREATE INDEX ledger_transfers_credit ON ledger_transfers (credit, entry_id);
DROP INDEX outbox_oldest;
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (lane_kind, lane_id, id, due_at) WHERE status = 0;
DROP TABLE outbox_lanes;
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
DROP TABLE outbox_instances;
DROP TABLE authentication_changes;
