-- The gift catalogue and every gift sent. Amounts are whole coins.

CREATE TABLE gifts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    image TEXT NOT NULL,
    price BIGINT NOT NULL CONSTRAINT gifts_price_check CHECK (price BETWEEN 0 AND 9007199254740991),
    effect TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- Every gift sent, with the name and price at that time. No foreign keys to users and gifts: those
-- rows are never deleted, and the key's lock would make all gifts of a kind, or to one host,
-- contend for one row.
CREATE TABLE gifts_sent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    giver_id BIGINT NOT NULL,
    receiver_id BIGINT NOT NULL,
    -- The room that both were in, its broadcast and its host.
    room_id BIGINT,
    broadcast_id BIGINT,
    host_id BIGINT,
    gift_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    price BIGINT NOT NULL,
    num BIGINT NOT NULL,
    cost BIGINT NOT NULL,
    receiver_share BIGINT NOT NULL,
    host_share BIGINT NOT NULL,
    entry_id BIGINT CONSTRAINT gifts_sent_entry_key UNIQUE
        CONSTRAINT gifts_sent_entry_fkey REFERENCES ledger_entries (id),
    at BIGINT NOT NULL,
    CONSTRAINT gifts_sent_sides_check CHECK (giver_id <> receiver_id),
    CONSTRAINT gifts_sent_cost_check CHECK (cost = price * num),
    CONSTRAINT gifts_sent_entry_check CHECK ((cost > 0) = (entry_id IS NOT NULL))
);
CREATE INDEX gifts_sent_giver ON gifts_sent (giver_id, id);
CREATE INDEX gifts_sent_receiver ON gifts_sent (receiver_id, id);
CREATE INDEX gifts_sent_room ON gifts_sent (room_id, id);
