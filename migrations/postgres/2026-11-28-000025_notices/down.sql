DROP TABLE payment_notices;
DROP TABLE last_seen;
