-- When a recharge block is for sale.
ALTER TABLE blocks ADD COLUMN sold_from BIGINT;
ALTER TABLE blocks ADD COLUMN sold_until BIGINT;
