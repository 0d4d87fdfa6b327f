-- Money: the ledger, gifts, orders, refunds, withdrawals.
-- Amounts are whole coins or whole fen; every time is in milliseconds since the epoch.

-- What a user has. The only balances that are kept; those of system accounts are the sums of their transfers.
CREATE TABLE ledger_purses (
    user_id INTEGER NOT NULL PRIMARY KEY CONSTRAINT ledger_purses_user_fkey REFERENCES users (id),
    bought BIGINT NOT NULL CONSTRAINT ledger_purses_bought_check CHECK (bought BETWEEN 0 AND 9007199254740991),
    granted BIGINT NOT NULL CONSTRAINT ledger_purses_granted_check CHECK (granted BETWEEN 0 AND 9007199254740991),
    income BIGINT NOT NULL CONSTRAINT ledger_purses_income_check CHECK (income BETWEEN 0 AND 9007199254740991),
    held BIGINT NOT NULL CONSTRAINT ledger_purses_held_check CHECK (held BETWEEN 0 AND 9007199254740991),
    -- What a refund took that was spent already: zero or negative.
    debt BIGINT NOT NULL CONSTRAINT ledger_purses_debt_check CHECK (debt BETWEEN -9007199254740991 AND 0),
    CONSTRAINT ledger_purses_gold_check CHECK (bought + granted <= 9007199254740991)
);

-- Transfers that stand or fall together.
CREATE TABLE ledger_groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL CONSTRAINT ledger_groups_kind_check CHECK (kind BETWEEN 1 AND 9),
    -- What it is about: an order, a refund, a withdrawal, a gift, an operator's reason.
    subject TEXT NOT NULL,
    reverses BIGINT CONSTRAINT ledger_groups_reverses_key UNIQUE
        CONSTRAINT ledger_groups_reverses_fkey REFERENCES ledger_groups (id),
    transfers INTEGER NOT NULL CONSTRAINT ledger_groups_transfers_check CHECK (transfers > 0),
    total BIGINT NOT NULL CONSTRAINT ledger_groups_total_check CHECK (total > 0),
    at BIGINT NOT NULL
);
CREATE INDEX ledger_groups_subject ON ledger_groups (kind, subject);

-- Account numbers: below 100 a system account, else ten times the user plus the purpose.
CREATE TABLE ledger_transfers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    group_id BIGINT NOT NULL CONSTRAINT ledger_transfers_group_fkey REFERENCES ledger_groups (id),
    debit BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    amount BIGINT NOT NULL CONSTRAINT ledger_transfers_amount_check CHECK (amount BETWEEN 1 AND 9007199254740991),
    code INTEGER NOT NULL CONSTRAINT ledger_transfers_code_check CHECK (code BETWEEN 1 AND 12),
    at BIGINT NOT NULL,
    CONSTRAINT ledger_transfers_sides_check CHECK (debit <> credit)
);
CREATE INDEX ledger_transfers_group ON ledger_transfers (group_id);
CREATE INDEX ledger_transfers_debit ON ledger_transfers (debit, group_id);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (credit, group_id);
CREATE INDEX ledger_transfers_credit_at ON ledger_transfers (credit, at);

-- What was asked under a key moves gold once, and is answered alike ever after.
CREATE TABLE ledger_requests (
    key TEXT NOT NULL PRIMARY KEY,
    input_hash TEXT NOT NULL,
    outcome TEXT NOT NULL,
    group_id BIGINT CONSTRAINT ledger_requests_group_fkey REFERENCES ledger_groups (id),
    at BIGINT NOT NULL
);

-- Sealed groups: each hash covers the one before it.
CREATE TABLE ledger_chain (
    position INTEGER NOT NULL PRIMARY KEY,
    group_id BIGINT NOT NULL CONSTRAINT ledger_chain_group_key UNIQUE
        CONSTRAINT ledger_chain_group_fkey REFERENCES ledger_groups (id),
    hash TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- The ledger is only ever added to, whoever asks.
CREATE TRIGGER ledger_groups_no_update BEFORE UPDATE ON ledger_groups
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on ledger_groups'); END;
CREATE TRIGGER ledger_groups_no_delete BEFORE DELETE ON ledger_groups
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on ledger_groups'); END;
CREATE TRIGGER ledger_transfers_no_update BEFORE UPDATE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on ledger_transfers'); END;
CREATE TRIGGER ledger_transfers_no_delete BEFORE DELETE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on ledger_transfers'); END;
CREATE TRIGGER ledger_requests_no_update BEFORE UPDATE ON ledger_requests
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on ledger_requests'); END;
CREATE TRIGGER ledger_requests_no_delete BEFORE DELETE ON ledger_requests
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on ledger_requests'); END;
CREATE TRIGGER ledger_chain_no_update BEFORE UPDATE ON ledger_chain
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on ledger_chain'); END;
CREATE TRIGGER ledger_chain_no_delete BEFORE DELETE ON ledger_chain
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on ledger_chain'); END;

CREATE TABLE gifts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    image TEXT NOT NULL,
    price BIGINT NOT NULL CONSTRAINT gifts_price_check CHECK (price BETWEEN 0 AND 9007199254740991),
    effect TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- Every gift sent, with the name and price it had then. No foreign keys to users and gifts: they are
-- never deleted, and the key's lock would make all gifts of a kind, or to a host, touch one row.
CREATE TABLE gifts_sent (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    giver_id BIGINT NOT NULL,
    receiver_id BIGINT NOT NULL,
    -- The room both were in, its broadcast and its host.
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
    group_id BIGINT CONSTRAINT gifts_sent_group_key UNIQUE
        CONSTRAINT gifts_sent_group_fkey REFERENCES ledger_groups (id),
    at BIGINT NOT NULL,
    CONSTRAINT gifts_sent_sides_check CHECK (giver_id <> receiver_id),
    CONSTRAINT gifts_sent_cost_check CHECK (cost = price * num),
    CONSTRAINT gifts_sent_group_check CHECK ((cost > 0) = (group_id IS NOT NULL))
);
CREATE INDEX gifts_sent_giver ON gifts_sent (giver_id, id);
CREATE INDEX gifts_sent_receiver ON gifts_sent (receiver_id, id);
CREATE INDEX gifts_sent_room ON gifts_sent (room_id, id);

-- What can be bought: gold for a price.
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    gold BIGINT NOT NULL CONSTRAINT blocks_gold_check CHECK (gold BETWEEN 1 AND 9007199254740991),
    fen BIGINT NOT NULL CONSTRAINT blocks_fen_check CHECK (fen > 0),
    -- The product's id in WeChat's console; virtual payment sells nothing without one.
    product_id TEXT,
    enabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE orders (
    out_trade_no TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL CONSTRAINT orders_user_fkey REFERENCES users (id),
    app_id TEXT NOT NULL,
    openid TEXT NOT NULL,
    -- 1 wechat_pay, 2 virtual.
    provider INTEGER NOT NULL CONSTRAINT orders_provider_check CHECK (provider IN (1, 2)),
    block_id BIGINT NOT NULL CONSTRAINT orders_block_fkey REFERENCES blocks (id),
    product_id TEXT,
    gold BIGINT NOT NULL CONSTRAINT orders_gold_check CHECK (gold > 0),
    fen BIGINT NOT NULL CONSTRAINT orders_fen_check CHECK (fen > 0),
    -- What of it went back, or was asked to.
    refunded_fen BIGINT NOT NULL,
    -- 1 created, 2 paid, 3 closed.
    state INTEGER NOT NULL CONSTRAINT orders_state_check CHECK (state IN (1, 2, 3)),
    -- Whether WeChat is still to be told that the goods were provided (virtual payment).
    provision_due BOOLEAN NOT NULL,
    -- The provider's number of the payment.
    transaction_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- By the provider's clock.
    paid_at BIGINT,
    -- When the provider was asked last and is asked next, and how often it was.
    asked_at BIGINT NOT NULL,
    due_at BIGINT,
    asks INTEGER NOT NULL,
    CONSTRAINT orders_transaction_key UNIQUE (provider, transaction_id),
    CONSTRAINT orders_refunded_check CHECK (refunded_fen BETWEEN 0 AND fen AND (refunded_fen = 0 OR state = 2)),
    CONSTRAINT orders_paid_check CHECK ((state = 2) = (paid_at IS NOT NULL) AND (state = 2) = (transaction_id IS NOT NULL))
);
CREATE INDEX orders_user ON orders (user_id, created_at);
CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX orders_waiting ON orders (created_at) WHERE state = 1;
CREATE INDEX orders_paid ON orders (paid_at);

CREATE TABLE refunds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    out_trade_no TEXT NOT NULL CONSTRAINT refunds_order_fkey REFERENCES orders (out_trade_no),
    provider INTEGER NOT NULL CONSTRAINT refunds_provider_check CHECK (provider IN (1, 2)),
    -- Ours: the number that we chose. The platform's: the number that it chose.
    number TEXT NOT NULL,
    ours BOOLEAN NOT NULL,
    fen BIGINT NOT NULL CONSTRAINT refunds_fen_check CHECK (fen > 0),
    -- The coins it took, and from where.
    from_bought BIGINT NOT NULL CONSTRAINT refunds_bought_check CHECK (from_bought >= 0),
    from_granted BIGINT NOT NULL CONSTRAINT refunds_granted_check CHECK (from_granted >= 0),
    from_debt BIGINT NOT NULL CONSTRAINT refunds_debt_check CHECK (from_debt >= 0),
    -- 1 asked for, 2 done, 3 refused and the coins returned.
    state INTEGER NOT NULL CONSTRAINT refunds_state_check CHECK (state IN (1, 2, 3)),
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT,
    due_at BIGINT,
    asks INTEGER NOT NULL,
    CONSTRAINT refunds_number_key UNIQUE (provider, number),
    CONSTRAINT refunds_done_check CHECK ((state = 1) = (done_at IS NULL))
);
CREATE INDEX refunds_order ON refunds (out_trade_no);
CREATE INDEX refunds_due ON refunds (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE withdrawals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL CONSTRAINT withdrawals_user_fkey REFERENCES users (id),
    app_id TEXT NOT NULL,
    openid TEXT NOT NULL,
    income BIGINT NOT NULL CONSTRAINT withdrawals_income_check CHECK (income > 0),
    fen BIGINT NOT NULL CONSTRAINT withdrawals_fen_check CHECK (fen >= 30),
    -- Kept only until the money is on its way or back.
    real_name TEXT NOT NULL,
    -- 1 review, 2 approved once, 3 approved, 4 to confirm, 5 under way, 6 paid, 7 rejected, 8 failed, 9 expired.
    state INTEGER NOT NULL CONSTRAINT withdrawals_state_check CHECK (state BETWEEN 1 AND 9),
    -- One for good: another number could pay twice.
    out_bill_no TEXT NOT NULL CONSTRAINT withdrawals_bill_key UNIQUE,
    package_info TEXT,
    first_approval TEXT,
    -- Whether WeChat was ever asked to pay it, so that it is queried before it is asked again.
    sent BOOLEAN NOT NULL,
    -- Why it failed or was rejected.
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Until when the user may confirm.
    expires_at BIGINT,
    done_at BIGINT,
    due_at BIGINT,
    asks INTEGER NOT NULL,
    CONSTRAINT withdrawals_done_check CHECK ((state >= 6) = (done_at IS NOT NULL))
);
CREATE INDEX withdrawals_user ON withdrawals (user_id, id);
CREATE INDEX withdrawals_state ON withdrawals (state, id);
CREATE INDEX withdrawals_due ON withdrawals (due_at) WHERE due_at IS NOT NULL;

-- What users complained of to WeChat.
CREATE TABLE complaints (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    request_id TEXT NOT NULL CONSTRAINT complaints_request_key UNIQUE,
    out_trade_no TEXT NOT NULL,
    openid TEXT NOT NULL,
    complained_at TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);
