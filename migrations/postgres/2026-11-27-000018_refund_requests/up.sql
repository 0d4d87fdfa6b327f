-- An operator asked for a refund above the limit; another one decides.
CREATE TABLE refund_requests (
    out_trade_no TEXT NOT NULL PRIMARY KEY
        CONSTRAINT refund_requests_order_fkey REFERENCES orders (out_trade_no),
    fen BIGINT NOT NULL CONSTRAINT refund_requests_fen_check CHECK (fen > 0),
    requested_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    requested_at BIGINT NOT NULL
);
CREATE INDEX refund_requests_at ON refund_requests (requested_at);

-- The latest entries about something come from the index: many may be about the same gift.
DROP INDEX ledger_entries_subject;
CREATE INDEX ledger_entries_subject ON ledger_entries (kind, subject, id);

-- What a buyer gave after an order was paid.
DROP INDEX gifts_sent_giver;
CREATE INDEX gifts_sent_giver ON gifts_sent (giver_id, at, id);
