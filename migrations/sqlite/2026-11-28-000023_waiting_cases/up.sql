CREATE INDEX bill_differences_open ON bill_differences (id) WHERE explained_at IS NULL;
CREATE INDEX erasure_requests_requested ON erasure_requests (requested_at, user_id);
-- Those who should publish and do not.
CREATE INDEX members_silent ON members (broadcast_id)
    WHERE state >= 3 AND stream_started_at IS NULL;
-- What an order was complained about.
CREATE INDEX complaints_order ON complaints (out_trade_no, id);
