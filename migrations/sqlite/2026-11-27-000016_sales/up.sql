-- What became of a complaint.
ALTER TABLE complaints ADD COLUMN answered_at BIGINT;
ALTER TABLE complaints ADD COLUMN answered_by TEXT NOT NULL DEFAULT '';
ALTER TABLE complaints ADD COLUMN answer TEXT NOT NULL DEFAULT '';
CREATE INDEX complaints_open ON complaints (id) WHERE answered_at IS NULL;

-- The place of a gift in the catalogue, the smallest first, and when it is for sale: from a moment
-- on, and until before another.
ALTER TABLE gifts ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
ALTER TABLE gifts ADD COLUMN sold_from BIGINT;
ALTER TABLE gifts ADD COLUMN sold_until BIGINT;
