-- Summed again from the first position: gifts of a host and to a host were left out. The new name
-- keeps instances of an earlier version from adding by their rule; the row of the old one goes
-- first, as they change it first.
DELETE FROM chain_sums WHERE name = 'daily_host_sums';
DELETE FROM daily_host_sums;
INSERT INTO chain_sums (name, position) VALUES ('daily_room_sums', 0);
