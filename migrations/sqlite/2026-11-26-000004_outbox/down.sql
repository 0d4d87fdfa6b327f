DROP TABLE outbox_seqs;
DROP TABLE outbox_lanes;
DROP TABLE outbox;
