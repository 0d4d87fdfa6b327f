-- How far along the chain of the ledger each sum has come. A job reads the sealed entries after
-- that position and adds them, whichever version sealed them.
CREATE TABLE chain_sums (
    name TEXT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL
);
INSERT INTO chain_sums (name, position) VALUES ('daily_sums', 0), ('daily_host_sums', 0);

-- Summed again from the first position.
DELETE FROM daily_sums;

-- What was given in the rooms of each host on each day, and what the host earned by it. Days since
-- 1970-01-01 in Shanghai.
CREATE TABLE daily_host_sums (
    day BIGINT NOT NULL,
    host_id BIGINT NOT NULL,
    gifts BIGINT NOT NULL,
    coins BIGINT NOT NULL,
    host_income BIGINT NOT NULL,
    PRIMARY KEY (day, host_id)
);

-- The yuan of each day that is over, in fen. Days since 1970-01-01 in Shanghai, without a gap.
CREATE TABLE daily_money (
    day INTEGER PRIMARY KEY,
    orders BIGINT NOT NULL,
    payers BIGINT NOT NULL,
    paid BIGINT NOT NULL,
    refunds BIGINT NOT NULL,
    refunded BIGINT NOT NULL,
    withdrawals BIGINT NOT NULL,
    paid_out BIGINT NOT NULL
);
