DROP TABLE user_notes;
DROP TABLE reports;
DROP TABLE blocked_users;
DROP TABLE removals;
DROP TABLE mutes;
DROP INDEX users_ban_end;
ALTER TABLE users DROP COLUMN ban_reason;
ALTER TABLE users DROP COLUMN banned_until;
