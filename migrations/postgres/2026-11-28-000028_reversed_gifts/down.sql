DELETE FROM chain_sums WHERE name = 'sums_of_hosts';
DELETE FROM daily_host_sums;
INSERT INTO chain_sums (name, position) VALUES ('daily_room_sums', 0);
