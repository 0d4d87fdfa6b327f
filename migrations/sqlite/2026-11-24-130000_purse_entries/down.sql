ALTER TABLE ledger_purses DROP COLUMN entries;
