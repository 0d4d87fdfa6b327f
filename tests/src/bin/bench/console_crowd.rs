//! What the pages of the console show besides the crowd: people, orders, gifts, withdrawals,
//! comments, screenshots, reports, complaints, differences and what operators did, spread over the
//! days before.

use qlive_types::Moment;

use crate::crowd::{Crowd, FIRST_BROADCAST, FIRST_USER, SEATS, now_millis, numbers};
use crate::database::Database;
use crate::ledger_fill::ENTRIES_PER_ROOM;

/// Over how many days everything is spread, as the ledger is.
pub(crate) const DAYS: i64 = crate::ledger_fill::DAYS;
const DAY_MILLIS: i64 = 86_400_000;

/// How many differences each day has.
const DIFFERENCES: i64 = 20;

/// How much there is of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) crowd: Crowd,
    /// All users, those of the crowd too.
    pub(crate) users: i64,
    pub(crate) orders: i64,
    pub(crate) gifts: i64,
    pub(crate) withdrawals: i64,
    pub(crate) comments: i64,
    pub(crate) reports: i64,
    pub(crate) audited: i64,
}

impl Extent {
    /// For 1,000 rooms 100,000 users, 1,000,000 transfers, 50,000 orders.
    pub(crate) const fn of(crowd: Crowd) -> Self {
        let rooms = crowd.rooms;
        Self {
            crowd,
            users: 100 * rooms,
            orders: 50 * rooms,
            gifts: ENTRIES_PER_ROOM * rooms / 2,
            withdrawals: 10 * rooms,
            comments: 100 * rooms,
            reports: rooms,
            audited: 50 * rooms,
        }
    }

    /// How many screenshots were judged.
    const fn screenshots(self) -> i64 {
        10 * self.crowd.rooms
    }

    /// A day of the past that was reconciled: `2026-11-27`.
    pub(crate) fn day(n: i64) -> String {
        let at = now_millis() - (1 + n % DAYS) * DAY_MILLIS;
        Moment::from_millis(at)
            .shanghai()
            .chars()
            .take(10)
            .collect()
    }

    /// The number of an order.
    pub(crate) fn order(order: i64) -> String {
        format!("{order:032}")
    }

    /// Writes everything into a database that has the crowd.
    pub(crate) async fn fill(self, database: &Database) {
        let now = now_millis();
        database.fill(self.users_sql(now)).await;
        database.fill(self.gifts_sql(now)).await;
        database.fill(self.money_sql(now)).await;
        database.fill(self.talk_sql(now)).await;
        database.fill(self.records_sql(now)).await;
        database.fill(self.visits_sql(now)).await;
        database.fill(self.desk_sql(now)).await;
        if database.postgres.is_some() {
            for (table, last) in [
                ("gifts_sent", self.gifts),
                ("withdrawals", self.withdrawals),
                ("comments", self.comments),
                ("reports", self.reports),
                ("room_events", self.comments),
                ("judged_screenshots", self.screenshots()),
                ("complaints", self.reports),
                ("bill_differences", DAYS * DIFFERENCES),
                ("audit_log", self.audited),
            ] {
                let next = last + 1;
                let restart = format!("ALTER TABLE {table} ALTER COLUMN id RESTART WITH {next}");
                database.fill(restart).await;
            }
        }
        database.settle().await;
    }

    /// The moment of the row `i` of `count`, as SQL: the last one is now.
    fn moment(now: i64, count: i64) -> String {
        let step = (DAYS * DAY_MILLIS / count).max(1);
        format!("({now} - ({count} - i) * {step})")
    }

    /// Everybody who is in no room, and when all came.
    fn users_sql(self, now: i64) -> String {
        let first = self.crowd.outsider(crate::crowd::OUTSIDERS) - FIRST_USER;
        let count = self.users - first;
        let at = Self::moment(now, self.users);
        let numbers = numbers(count);
        format!(
            "UPDATE users SET created_at = {now} - ({FIRST_USER} + {} - id) * {};
            {numbers} INSERT INTO users (id, app_id, openid, nickname, gender, age, height, area,
                face_url, name_known, gender_known, matchmaker, visits, created_at, banned_at)
            SELECT {FIRST_USER} + i, '{}', 'sandbox-user' || i, '用户' || i, 1 + i % 2, 25, 170,
                '广东深圳', '', TRUE, TRUE, FALSE, 1, {at},
                CASE WHEN i % 1000 = 0 THEN {at} END
            FROM (SELECT i + {first} AS i FROM n) later;
            {numbers} INSERT INTO tokens (hash, user_id, created_at, used_at)
            SELECT 'bench' || i, {FIRST_USER} + {first} + i, {now}, {now} FROM n",
            self.users,
            (DAYS * DAY_MILLIS / self.users).max(1),
            qlive_tests::APP,
        )
    }

    /// A gift for every second entry of the ledger: a guest to the host of their room, in which
    /// the first guests give most.
    fn gifts_sql(self, now: i64) -> String {
        let rooms = self.crowd.rooms;
        let at = Self::moment(now, self.gifts);
        format!(
            "{numbers} INSERT INTO gifts_sent (id, giver_id, receiver_id, room_id, broadcast_id,
                host_id, gift_id, name, price, num, cost, receiver_share, host_share, entry_id, at)
            SELECT i + 1, {FIRST_USER} + i % {rooms} * {SEATS} + 1 + i % 7,
                {FIRST_USER} + i % {rooms} * {SEATS}, i % {rooms} + 1,
                {FIRST_BROADCAST} + i % {rooms} + 1, {FIRST_USER} + i % {rooms} * {SEATS}, 2,
                '玫瑰', 1, 1 + i % 9, 1 + i % 9, 0, 0, 2 * i + 1, {at} FROM n;
            {logs} INSERT INTO broadcast_log (broadcast_id, room_id, started_at, ended_at, reason)
            SELECT i + 1, i % {rooms} + 1, {log_at} - 3600000, {log_at}, 'host' FROM n",
            numbers = numbers(self.gifts),
            logs = numbers(20 * rooms),
            log_at = Self::moment(now, 20 * rooms),
        )
    }

    fn money_sql(self, now: i64) -> String {
        let at = Self::moment(now, self.orders);
        let withdrawn_at = Self::moment(now, self.withdrawals);
        let app = qlive_tests::APP;
        format!(
            "{orders} INSERT INTO orders (out_trade_no, user_id, app_id, openid, provider, block_id,
                product_id, gold, fen, refunded_fen, state, delivery_notice_due, transaction_id,
                created_at, expires_at, paid_at, queried_at, next_query_at, query_count)
            SELECT substr('{zeros}' || i, length('{zeros}' || i) - 31), {FIRST_USER} + {user},
                '{app}', 'sandbox-user' || ({user}), 2, 1, 'gold_60', 60, 600,
                CASE WHEN i % 100 = 7 THEN 600 ELSE 0 END, CASE WHEN i % 10 = 0 THEN 3 ELSE 2 END,
                FALSE, CASE WHEN i % 10 > 0 THEN 'paid-' || i END, {at}, {at} + 900000,
                CASE WHEN i % 10 > 0 THEN {at} + 5000 END, 0, NULL, 0 FROM n;
            {orders} INSERT INTO refunds (out_trade_no, provider, number, requested_by_us, fen,
                from_bought, from_granted, from_debt, state, reason, created_at, done_at,
                queried_at, next_query_at, query_count)
            SELECT substr('{zeros}' || i, length('{zeros}' || i) - 31), 2, 'refund' || i, TRUE, 600,
                60, 0, 0, 2, 'bench', {at} + 60000, {at} + 90000, 0, NULL, 0
            FROM n WHERE i % 100 = 7;
            {orders} INSERT INTO payment_notices (subject, kind, outcome, received_at)
            SELECT substr('{zeros}' || i, length('{zeros}' || i) - 31), 'payment', 'applied', {at}
            FROM n WHERE i % 10 > 0;
            {withdrawals} INSERT INTO withdrawals (id, user_id, app_id, openid, income, fen,
                real_name, state, out_bill_no, submitted, detail, created_at, done_at, queried_at,
                query_count)
            SELECT i + 1, {FIRST_USER} + i * {SEATS} % {present}, '{app}', 'sandbox', 100, 1000, '',
                CASE WHEN i % 50 = 0 THEN 1 ELSE 6 END, 'bench' || i, FALSE, '', {withdrawn_at},
                CASE WHEN i % 50 = 0 THEN NULL ELSE {withdrawn_at} + 60000 END, 0, 0 FROM n",
            orders = numbers(self.orders),
            withdrawals = numbers(self.withdrawals),
            zeros = "0".repeat(32),
            user = format!("i * 7 % {}", self.users),
            present = self.crowd.rooms * SEATS,
        )
    }

    fn talk_sql(self, now: i64) -> String {
        let rooms = self.crowd.rooms;
        format!(
            "{comments} INSERT INTO comments
                (id, room_id, user_id, text, at, word, closed_by, decision)
            SELECT i + 1, i % {rooms} + 1, {FIRST_USER} + i % {rooms} * {SEATS} + i % 20, '祝福你们',
                {now} - ({count} - i), CASE WHEN i % 500 = 0 THEN '加微信' END, '', '' FROM n;
            {reports} INSERT INTO reports (id, reporter_id, user_id, kind, room_id, text,
                created_at, closed_at, closed_by, decision)
            SELECT i + 1, {FIRST_USER} + i * {SEATS} + 1, {FIRST_USER} + i * {SEATS} + 2, 2, i + 1,
                '骂人', {now} - ({rooms} - i) * 60000,
                CASE WHEN i % 10 > 0 THEN {now} END, '', '' FROM n",
            comments = numbers(self.comments),
            reports = numbers(self.reports),
            count = self.comments,
        )
    }

    /// What operators did, and the messages of the last three days.
    fn records_sql(self, now: i64) -> String {
        let rooms = self.crowd.rooms;
        let messages = 100 * rooms;
        format!(
            "{audited} INSERT INTO audit_log
                (id, at, who, action, subject, reason, role, address, value_before, value_after)
            SELECT i + 1, {at}, 'operator' || i % 9, CASE i % 3 WHEN 0 THEN 'users reveal'
                WHEN 1 THEN 'users ban' ELSE 'orders query' END, ({FIRST_USER} + i) || '', 'bench',
                'operator', '127.0.0.1', '', '' FROM n;
            {all} INSERT INTO outbox (lane_kind, lane_id, delivery, status, created_at, due_at,
                random, seq, room_id, content, attempts, done_at, detail)
            SELECT 1, i % {rooms} + 1, '{{}}', 1, {sent}, {sent}, i, i / {rooms} + 1000000,
                i % {rooms} + 1, '{{\"type\":\"num\",\"num\":3}}', 1, {sent}, '' FROM n",
            audited = numbers(self.audited),
            at = Self::moment(now, self.audited),
            all = numbers(messages),
            sent = format!("({now} - ({messages} - i) * 100)"),
        )
    }

    /// Who came and left, and what CSS did not pass. One of a hundred screenshots waits.
    fn visits_sql(self, now: i64) -> String {
        let rooms = self.crowd.rooms;
        format!(
            "{events} INSERT INTO room_events (id, room_id, user_id, kind, at)
            SELECT i + 1, i % {rooms} + 1, {FIRST_USER} + i % {rooms} * {SEATS} + i % 20,
                1 + i % 2, {now} - ({count} - i) FROM n;
            {screenshots} INSERT INTO judged_screenshots (id, room_id, user_id, url, label, score,
                is_blocked, at, closed_at, closed_by, decision)
            SELECT i + 1, i % {rooms} + 1, {FIRST_USER} + i % {rooms} * {SEATS},
                'https://pictures.example.com/' || i || '.jpg', 'Porn', 96, TRUE,
                {now} - ({shots} - i) * 1000, CASE WHEN i % 100 > 0 THEN {now} END, '', '' FROM n",
            events = numbers(self.comments),
            screenshots = numbers(self.screenshots()),
            count = self.comments,
            shots = self.screenshots(),
        )
    }

    /// What waits on the desks of the operators: complaints, differences, large refunds.
    fn desk_sql(self, now: i64) -> String {
        let days: Vec<String> = (0..DAYS)
            .map(|n| format!("('{}', {now}, 'bench', NULL, '')", Self::day(n)))
            .collect();
        let refunds: Vec<String> = (1..=50)
            .map(|n| format!("('{}', 600, 'bench', 'bench', {now})", Self::order(n * 11)))
            .collect();
        format!(
            "{complaints} INSERT INTO complaints (id, wechat_request_id, out_trade_no, openid,
                complained_at, recorded_at, answered_at, answered_by, answer)
            SELECT i + 1, 'bench' || i, 'bench' || i, 'openid' || i, '2026-11-01', {now} - i,
                CASE WHEN i % 10 > 0 THEN {now} END, '', '' FROM n;
            INSERT INTO reconciliations (day, ran_at, ran_by, signed_at, signed_by)
            VALUES {days};
            INSERT INTO bill_differences (day, kind, number, bill_fen, recorded_fen, explained_at,
                explained_by, explanation)
            SELECT day, 'not_in_bill', 'bench' || i, NULL, 600, NULL, '', ''
            FROM reconciliations, ({differences} SELECT i FROM n) several;
            INSERT INTO refund_requests (out_trade_no, fen, requested_by, reason, requested_at)
            VALUES {refunds}",
            complaints = numbers(self.reports),
            differences = numbers(DIFFERENCES),
            days = days.join(", "),
            refunds = refunds.join(", "),
        )
    }
}
