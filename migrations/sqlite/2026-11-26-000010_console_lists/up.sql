-- Indexes of the lists that operators read: by a key, the newest first, whatever the filter.

CREATE INDEX users_created ON users (created_at, id);
CREATE INDEX users_nickname ON users (nickname, id);
CREATE INDEX users_banned ON users (created_at, id) WHERE banned_at IS NOT NULL;
CREATE INDEX users_matchmakers ON users (created_at, id) WHERE matchmaker;
CREATE INDEX users_openid ON users (openid);

CREATE INDEX orders_created ON orders (created_at, out_trade_no);
CREATE INDEX orders_state ON orders (state, created_at, out_trade_no);
CREATE INDEX orders_provider ON orders (provider, created_at, out_trade_no);

CREATE INDEX broadcast_log_room ON broadcast_log (room_id, broadcast_id);
CREATE INDEX ledger_entries_kind ON ledger_entries (kind, id);
