DROP TABLE ledger_chain;
DROP TABLE idempotency_keys;
DROP TABLE ledger_history;
DROP TABLE ledger_transfers;
DROP TABLE ledger_entries;
DROP TABLE ledger_balances;
