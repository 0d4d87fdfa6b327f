DELETE FROM chain_sums WHERE name = 'daily_room_sums';
DELETE FROM daily_host_sums;
INSERT INTO chain_sums (name, position) VALUES ('daily_host_sums', 0);
