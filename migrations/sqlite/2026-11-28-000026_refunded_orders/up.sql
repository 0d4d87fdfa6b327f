CREATE INDEX orders_refunded ON orders (created_at, out_trade_no) WHERE refunded_fen > 0;
