ALTER TABLE blocks DROP COLUMN sold_until;
ALTER TABLE blocks DROP COLUMN sold_from;
