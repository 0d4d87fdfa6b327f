-- Nothing to do here: PostgreSQL has no REPLACE, and ON CONFLICT … DO UPDATE is an UPDATE, which is refused already.
SELECT 1;
