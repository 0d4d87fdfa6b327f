ALTER TABLE gifts DROP COLUMN sold_until;
ALTER TABLE gifts DROP COLUMN sold_from;
ALTER TABLE gifts DROP COLUMN place;
DROP INDEX complaints_open;
ALTER TABLE complaints DROP COLUMN answer;
ALTER TABLE complaints DROP COLUMN answered_by;
ALTER TABLE complaints DROP COLUMN answered_at;
