-- How many entries moved something that the user is shown: everything but what is held. Counting them
-- anew for every look into a wallet would cost more the longer somebody is here.
ALTER TABLE ledger_purses ADD COLUMN entries BIGINT NOT NULL DEFAULT 0
    CONSTRAINT ledger_purses_entries_check CHECK (entries >= 0);
UPDATE ledger_purses SET entries = (
    SELECT COUNT(DISTINCT t.group_id) FROM ledger_transfers t
    WHERE t.debit / 10 = ledger_purses.user_id AND t.debit % 10 <> 4
        OR t.credit / 10 = ledger_purses.user_id AND t.credit % 10 <> 4
);
