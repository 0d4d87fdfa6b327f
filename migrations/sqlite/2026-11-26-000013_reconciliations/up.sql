-- Days whose records were compared with WeChat's bill, and what differed.

CREATE TABLE reconciliations (
    -- 2026-11-27, in Shanghai.
    day TEXT NOT NULL PRIMARY KEY,
    ran_at BIGINT NOT NULL,
    ran_by TEXT NOT NULL,
    -- When an operator accepted the result, and who; empty while nobody has.
    signed_at BIGINT,
    signed_by TEXT NOT NULL
);

CREATE TABLE bill_differences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    day TEXT NOT NULL
        CONSTRAINT bill_differences_day_fkey REFERENCES reconciliations (day),
    kind TEXT NOT NULL,
    -- The number of the order or the refund.
    number TEXT NOT NULL,
    bill_fen BIGINT,
    recorded_fen BIGINT,
    explained_at BIGINT,
    explained_by TEXT NOT NULL,
    explanation TEXT NOT NULL
);
CREATE INDEX bill_differences_day ON bill_differences (day, id);
