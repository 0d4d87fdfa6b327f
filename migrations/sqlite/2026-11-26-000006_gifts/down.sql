DROP TABLE gifts_sent;
DROP TABLE gifts;
