-- Summed again from the first position: gifts that were reversed are taken off. The new name keeps
-- instances of an earlier version from adding by their rule; the row of the old one goes first, as
-- they change it first.
DELETE FROM chain_sums WHERE name = 'daily_room_sums';
DELETE FROM daily_host_sums;
INSERT INTO chain_sums (name, position) VALUES ('sums_of_hosts', 0);
