-- Recharge blocks, orders, refunds, withdrawals and complaints. Money is in whole fen.

-- What can be bought: an amount of gold for a price.
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    gold BIGINT NOT NULL CONSTRAINT blocks_gold_check CHECK (gold BETWEEN 1 AND 9007199254740991),
    fen BIGINT NOT NULL CONSTRAINT blocks_fen_check CHECK (fen > 0),
    -- The product id in the WeChat console; virtual payment needs one.
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
    -- The part that was refunded or for which a refund was requested.
    refunded_fen BIGINT NOT NULL,
    -- 1 created, 2 paid, 3 closed.
    state INTEGER NOT NULL CONSTRAINT orders_state_check CHECK (state IN (1, 2, 3)),
    -- Virtual payment: whether WeChat must still be notified that the goods were delivered.
    delivery_notice_due BOOLEAN NOT NULL,
    -- The provider's id of the payment.
    transaction_id TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- By the provider's clock.
    paid_at BIGINT,
    -- When the provider was last queried (0: never), when it is queried next, and how often it
    -- was.
    queried_at BIGINT NOT NULL,
    next_query_at BIGINT,
    query_count INTEGER NOT NULL,
    CONSTRAINT orders_transaction_key UNIQUE (provider, transaction_id),
    CONSTRAINT orders_refunded_check
        CHECK (refunded_fen BETWEEN 0 AND fen AND (refunded_fen = 0 OR state = 2)),
    CONSTRAINT orders_paid_check
        CHECK ((state = 2) = (paid_at IS NOT NULL) AND (state = 2) = (transaction_id IS NOT NULL))
);
CREATE INDEX orders_user ON orders (user_id, created_at);
CREATE INDEX orders_next_query ON orders (next_query_at) WHERE next_query_at IS NOT NULL;
CREATE INDEX orders_waiting ON orders (created_at) WHERE state = 1;
CREATE INDEX orders_paid ON orders (paid_at);

CREATE TABLE refunds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    out_trade_no TEXT NOT NULL CONSTRAINT refunds_order_fkey REFERENCES orders (out_trade_no),
    provider INTEGER NOT NULL CONSTRAINT refunds_provider_check CHECK (provider IN (1, 2)),
    -- The refund number: chosen by us for a refund that we requested, by the platform for one
    -- that it made itself.
    number TEXT NOT NULL,
    requested_by_us BOOLEAN NOT NULL,
    fen BIGINT NOT NULL CONSTRAINT refunds_fen_check CHECK (fen > 0),
    -- The coins that it took, by balance.
    from_bought BIGINT NOT NULL CONSTRAINT refunds_bought_check CHECK (from_bought >= 0),
    from_granted BIGINT NOT NULL CONSTRAINT refunds_granted_check CHECK (from_granted >= 0),
    from_debt BIGINT NOT NULL CONSTRAINT refunds_debt_check CHECK (from_debt >= 0),
    -- 1 requested, 2 done, 3 refused and the coins returned.
    state INTEGER NOT NULL CONSTRAINT refunds_state_check CHECK (state IN (1, 2, 3)),
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT,
    queried_at BIGINT NOT NULL,
    next_query_at BIGINT,
    query_count INTEGER NOT NULL,
    -- The order at the provider before the first request (virtual payment): the fen left to
    -- refund, and whether a refund had failed. NULL when it was never requested.
    fen_left_before BIGINT,
    failed_before BOOLEAN,
    CONSTRAINT refunds_number_key UNIQUE (provider, number),
    CONSTRAINT refunds_done_check CHECK ((state = 1) = (done_at IS NULL))
);
CREATE INDEX refunds_order ON refunds (out_trade_no);
CREATE INDEX refunds_created ON refunds (created_at);
CREATE INDEX refunds_next_query ON refunds (next_query_at) WHERE next_query_at IS NOT NULL;

CREATE TABLE withdrawals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id BIGINT NOT NULL CONSTRAINT withdrawals_user_fkey REFERENCES users (id),
    app_id TEXT NOT NULL,
    openid TEXT NOT NULL,
    income BIGINT NOT NULL CONSTRAINT withdrawals_income_check CHECK (income > 0),
    fen BIGINT NOT NULL CONSTRAINT withdrawals_fen_check CHECK (fen >= 30),
    -- Erased when the transfer is made or the income is returned.
    real_name TEXT NOT NULL,
    -- 1 review, 2 approved once, 3 approved, 4 waiting for the user's confirmation, 5 transferring,
    -- 6 paid, 7 rejected, 8 failed, 9 expired.
    state INTEGER NOT NULL CONSTRAINT withdrawals_state_check CHECK (state BETWEEN 1 AND 9),
    -- The number of the transfer at WeChat. It never changes: another number could pay twice.
    out_bill_no TEXT NOT NULL CONSTRAINT withdrawals_bill_key UNIQUE,
    package_info TEXT,
    first_approval TEXT,
    -- Whether the transfer was ever requested; if so it is queried before it is requested again.
    submitted BOOLEAN NOT NULL,
    -- Why it failed or was rejected.
    detail TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Until when the user can confirm.
    expires_at BIGINT,
    done_at BIGINT,
    queried_at BIGINT NOT NULL,
    next_query_at BIGINT,
    query_count INTEGER NOT NULL,
    CONSTRAINT withdrawals_done_check CHECK ((state >= 6) = (done_at IS NOT NULL))
);
CREATE INDEX withdrawals_user ON withdrawals (user_id, id);
CREATE INDEX withdrawals_state ON withdrawals (state, id);
CREATE INDEX withdrawals_next_query ON withdrawals (next_query_at) WHERE next_query_at IS NOT NULL;

-- Complaints that users made to WeChat.
CREATE TABLE complaints (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    wechat_request_id TEXT NOT NULL CONSTRAINT complaints_wechat_request_key UNIQUE,
    out_trade_no TEXT NOT NULL,
    openid TEXT NOT NULL,
    complained_at TEXT NOT NULL,
    recorded_at BIGINT NOT NULL
);
