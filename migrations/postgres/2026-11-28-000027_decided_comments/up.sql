-- Refused comments that an operator has looked at.
CREATE INDEX comments_decided ON comments (id) WHERE closed_at IS NOT NULL;
