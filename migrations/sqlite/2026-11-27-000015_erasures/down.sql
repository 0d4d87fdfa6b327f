DROP TABLE erasure_requests;
ALTER TABLE users DROP COLUMN erased_at;
