-- INSERT OR REPLACE removes what stands in its way, and asks the DELETE triggers only on connections that
-- want it (recursive_triggers). Ours do; whoever opens the file with another program is refused here.
-- The chain needs none: two sealers meet at its keys, which must stay a broken key, and it proves itself.
CREATE TRIGGER ledger_groups_no_replace BEFORE INSERT ON ledger_groups
WHEN EXISTS (SELECT 1 FROM ledger_groups WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM ledger_groups WHERE reverses = NEW.reverses)
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: REPLACE in ledger_groups'); END;
CREATE TRIGGER ledger_transfers_no_replace BEFORE INSERT ON ledger_transfers
WHEN EXISTS (SELECT 1 FROM ledger_transfers WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: REPLACE in ledger_transfers'); END;
CREATE TRIGGER ledger_requests_no_replace BEFORE INSERT ON ledger_requests
WHEN EXISTS (SELECT 1 FROM ledger_requests WHERE key = NEW.key OR rowid = NEW.rowid)
BEGIN SELECT RAISE(ABORT, 'the ledger is insert-only: REPLACE in ledger_requests'); END;
