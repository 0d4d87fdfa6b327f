-- Whether a session began with a link. Only such a session sets up the first authenticator of an
-- account: whoever has a password that was stolen does not.
ALTER TABLE operator_sessions ADD COLUMN by_link BOOLEAN NOT NULL DEFAULT false;
