-- Double-entry ledger. Amounts are whole coins.

-- The balances of a user. Only these are stored; the balance of a system account is the sum of
-- its transfers.
CREATE TABLE ledger_balances (
    user_id INTEGER NOT NULL PRIMARY KEY CONSTRAINT ledger_balances_user_fkey REFERENCES users (id),
    bought BIGINT NOT NULL
        CONSTRAINT ledger_balances_bought_check CHECK (bought BETWEEN 0 AND 9007199254740991),
    granted BIGINT NOT NULL
        CONSTRAINT ledger_balances_granted_check CHECK (granted BETWEEN 0 AND 9007199254740991),
    income BIGINT NOT NULL
        CONSTRAINT ledger_balances_income_check CHECK (income BETWEEN 0 AND 9007199254740991),
    held BIGINT NOT NULL
        CONSTRAINT ledger_balances_held_check CHECK (held BETWEEN 0 AND 9007199254740991),
    -- What a refund took although it was already spent: zero or negative.
    debt BIGINT NOT NULL
        CONSTRAINT ledger_balances_debt_check CHECK (debt BETWEEN -9007199254740991 AND 0),
    -- How many entries changed a balance that the user is shown (every balance but `held`).
    -- Stored because counting them costs more the longer the history is.
    entry_count BIGINT NOT NULL CONSTRAINT ledger_balances_entry_count_check
        CHECK (entry_count >= 0),
    CONSTRAINT ledger_balances_gold_check CHECK (bought + granted <= 9007199254740991)
);

-- A set of transfers that are committed together.
CREATE TABLE ledger_entries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind INTEGER NOT NULL CONSTRAINT ledger_entries_kind_check CHECK (kind BETWEEN 1 AND 9),
    -- The order, refund, withdrawal or gift that it records, or an operator's reason.
    subject TEXT NOT NULL,
    reverses BIGINT CONSTRAINT ledger_entries_reverses_key UNIQUE
        CONSTRAINT ledger_entries_reverses_fkey REFERENCES ledger_entries (id),
    transfer_count INTEGER NOT NULL CONSTRAINT ledger_entries_transfer_count_check
        CHECK (transfer_count > 0),
    total BIGINT NOT NULL CONSTRAINT ledger_entries_total_check CHECK (total > 0),
    at BIGINT NOT NULL
);
CREATE INDEX ledger_entries_subject ON ledger_entries (kind, subject);

-- Account numbers: below 100 a system account, otherwise ten times the user id plus the balance.
CREATE TABLE ledger_transfers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    entry_id BIGINT NOT NULL CONSTRAINT ledger_transfers_entry_fkey REFERENCES ledger_entries (id),
    debit BIGINT NOT NULL,
    credit BIGINT NOT NULL,
    amount BIGINT NOT NULL
        CONSTRAINT ledger_transfers_amount_check CHECK (amount BETWEEN 1 AND 9007199254740991),
    code INTEGER NOT NULL CONSTRAINT ledger_transfers_code_check CHECK (code BETWEEN 1 AND 12),
    at BIGINT NOT NULL,
    CONSTRAINT ledger_transfers_sides_check CHECK (debit <> credit)
);
CREATE INDEX ledger_transfers_entry ON ledger_transfers (entry_id);
CREATE INDEX ledger_transfers_debit ON ledger_transfers (debit, entry_id);
CREATE INDEX ledger_transfers_credit ON ledger_transfers (credit, entry_id);
CREATE INDEX ledger_transfers_credit_at ON ledger_transfers (credit, at);

-- The history of each user: the entries that changed a balance that the user is shown, numbered
-- from 1, with what the entry added and what was there after it. A page is a range of numbers, so
-- the last page costs what the first does.
CREATE TABLE ledger_history (
    user_id BIGINT NOT NULL CONSTRAINT ledger_history_user_fkey REFERENCES users (id),
    number BIGINT NOT NULL CONSTRAINT ledger_history_number_check CHECK (number > 0),
    entry_id BIGINT NOT NULL CONSTRAINT ledger_history_entry_fkey REFERENCES ledger_entries (id),
    amount BIGINT NOT NULL,
    gold BIGINT NOT NULL,
    income BIGINT NOT NULL,
    PRIMARY KEY (user_id, number)
);

-- A request that carries a key moves coins once; repeats get the stored outcome.
CREATE TABLE idempotency_keys (
    key TEXT NOT NULL PRIMARY KEY,
    input_hash TEXT NOT NULL,
    outcome TEXT NOT NULL,
    entry_id BIGINT CONSTRAINT idempotency_keys_entry_fkey REFERENCES ledger_entries (id),
    at BIGINT NOT NULL
);

-- Sealed entries: each hash covers the hash before it.
CREATE TABLE ledger_chain (
    position INTEGER NOT NULL PRIMARY KEY,
    entry_id BIGINT NOT NULL CONSTRAINT ledger_chain_entry_key UNIQUE
        CONSTRAINT ledger_chain_entry_fkey REFERENCES ledger_entries (id),
    hash TEXT NOT NULL,
    at BIGINT NOT NULL
);

-- Rows of the ledger are only inserted; the triggers refuse every other change.
CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on ledger_entries'); END;
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on ledger_entries'); END;
CREATE TRIGGER ledger_transfers_no_update BEFORE UPDATE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on ledger_transfers'); END;
CREATE TRIGGER ledger_transfers_no_delete BEFORE DELETE ON ledger_transfers
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on ledger_transfers'); END;
CREATE TRIGGER ledger_history_no_update BEFORE UPDATE ON ledger_history
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on ledger_history'); END;
CREATE TRIGGER ledger_history_no_delete BEFORE DELETE ON ledger_history
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on ledger_history'); END;
CREATE TRIGGER idempotency_keys_no_update BEFORE UPDATE ON idempotency_keys
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on idempotency_keys'); END;
CREATE TRIGGER idempotency_keys_no_delete BEFORE DELETE ON idempotency_keys
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on idempotency_keys'); END;
CREATE TRIGGER ledger_chain_no_update BEFORE UPDATE ON ledger_chain
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: UPDATE on ledger_chain'); END;
CREATE TRIGGER ledger_chain_no_delete BEFORE DELETE ON ledger_chain
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: DELETE on ledger_chain'); END;

-- INSERT OR REPLACE deletes the conflicting row, and fires DELETE triggers only on connections that
-- enable recursive_triggers. Our connections do; these triggers refuse it from any other program.
-- The chain has none: two instances that seal at the same time notice each other by a unique
-- violation at its keys, which such a trigger would replace. The audit recomputes the chain.
CREATE TRIGGER ledger_entries_no_replace BEFORE INSERT ON ledger_entries
WHEN EXISTS (SELECT 1 FROM ledger_entries WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM ledger_entries WHERE reverses = NEW.reverses)
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: REPLACE in ledger_entries'); END;
CREATE TRIGGER ledger_transfers_no_replace BEFORE INSERT ON ledger_transfers
WHEN EXISTS (SELECT 1 FROM ledger_transfers WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: REPLACE in ledger_transfers'); END;
CREATE TRIGGER idempotency_keys_no_replace BEFORE INSERT ON idempotency_keys
WHEN EXISTS (SELECT 1 FROM idempotency_keys WHERE key = NEW.key OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: REPLACE in idempotency_keys'); END;
CREATE TRIGGER ledger_history_no_replace BEFORE INSERT ON ledger_history
WHEN EXISTS (
    SELECT 1 FROM ledger_history
    WHERE (user_id = NEW.user_id AND number = NEW.number) OR rowid = NEW.rowid
)
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: REPLACE in ledger_history'); END;
