//! The crowd: rooms, who is in them, and what each of them owns. The ids are computed, so that no
//! part of the benchmark has to look them up.

use qlive_types::Clock;
use sha2::{Digest as _, Sha256};

use crate::database::Database;
use crate::ledger_fill::fill_ledger;

/// The users of a room: seat 0 is the host, 1 and 2 are the guests on the mic, the others watch.
pub(crate) const SEATS: i64 = 21;
/// In this many rooms, the last ones, the guests only watch and the mic is free.
pub(crate) const ROOMS_WITH_FREE_MIC: i64 = 64;
/// How many users are in no room.
pub(crate) const OUTSIDERS: i64 = 1_000;
/// In how many rooms the guests and the first viewers have tokens.
const ROOMS_OF_CALLERS: i64 = 1_000;
/// How many more viewers than the others the first room has: those who give to one host.
pub(crate) const FANS: i64 = 100;
/// How old the history of the ledger is: the server searches what is younger for entries that are
/// not sealed.
const LEDGER_AGE_MILLIS: i64 = 86_400_000;
/// How old the last activity of a user may get.
const ACTIVITY_AGE_MILLIS: i64 = 60_000;
/// The first user id.
pub(crate) const FIRST_USER: i64 = 10_000_000;
/// The id of a broadcast is that of its room and this.
pub(crate) const FIRST_BROADCAST: i64 = 5_000_000;
/// How many rows of a table one statement inserts.
const ROWS_PER_STATEMENT: usize = 2_000;

/// How large the crowd is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) rooms: i64,
}

impl Crowd {
    /// A thousand rooms, `scale` times.
    pub(crate) const fn new(scale: i64) -> Self {
        Self {
            rooms: 1_000 * scale,
        }
    }

    /// The user on a seat of a room; rooms count from 1.
    pub(crate) const fn user(room: i64, seat: i64) -> i64 {
        FIRST_USER + (room - 1) * SEATS + seat
    }

    /// How many users have a seat in a room.
    const fn present(self) -> i64 {
        self.rooms * SEATS
    }

    /// How many users, from the first one on, are in a room and own gold.
    pub(crate) const fn owners(self) -> i64 {
        self.present() + FANS
    }

    /// A user who is in no room.
    pub(crate) const fn outsider(self, number: i64) -> i64 {
        self.fan(FANS + number)
    }

    /// A code with which the sandbox logs this outsider in any number of times.
    pub(crate) fn login_code(self, number: i64) -> String {
        format!("user{}", self.outsider(number) - FIRST_USER)
    }

    /// An additional viewer of the first room.
    pub(crate) const fn fan(self, number: i64) -> i64 {
        FIRST_USER + self.present() + number
    }

    /// A room whose mic is free.
    pub(crate) const fn room_with_free_mic(self, number: i64) -> i64 {
        self.rooms - number % ROOMS_WITH_FREE_MIC
    }

    /// Writes the crowd into an empty database.
    pub(crate) async fn fill(self, database: &Database) {
        let now = now_millis();
        database.fill(self.users_sql(now)).await;
        database.fill(self.rooms_sql(now)).await;
        database.fill(self.members_sql(now)).await;
        database.fill(catalogue_sql(now)).await;
        let tokens: Vec<String> = self
            .users_with_token()
            .map(|user| token_row(user, now))
            .collect();
        for rows in tokens.chunks(ROWS_PER_STATEMENT) {
            let rows = rows.join(", ");
            database
                .fill(format!(
                    "INSERT INTO tokens (hash, user_id, created_at, used_at) VALUES {rows}"
                ))
                .await;
        }
        fill_ledger(database, self, now - LEDGER_AGE_MILLIS).await;
        database.settle().await;
    }

    /// Sets the last activity of everybody to now: otherwise the server asks IM about all of them
    /// after three minutes, which no measurement is about.
    pub(crate) async fn refresh_activity(database: &Database) {
        let now = now_millis();
        let old = now - ACTIVITY_AGE_MILLIS;
        database
            .execute(format!(
                "UPDATE members SET last_active_at = {now} WHERE last_active_at < {old}"
            ))
            .await;
        database.vacuum("members");
    }

    /// Puts everybody back to where they were, whatever a script left behind.
    pub(crate) async fn restore(self, database: &Database) {
        let first_free = self.rooms - ROOMS_WITH_FREE_MIC;
        database
            .execute(format!(
                "DELETE FROM members WHERE user_id >= {};
                UPDATE members SET state = 1, seated_at = NULL, version = 0
                    WHERE room_id > {first_free} AND state <> 5",
                self.outsider(0)
            ))
            .await;
    }

    fn users_with_token(self) -> impl Iterator<Item = i64> {
        let first_room = (0..SEATS).map(|seat| Self::user(1, seat));
        let callers =
            (2..=ROOMS_OF_CALLERS).flat_map(|room| (1..=5).map(move |seat| Self::user(room, seat)));
        let last_rooms = (0..ROOMS_WITH_FREE_MIC)
            .map(move |number| self.room_with_free_mic(number))
            .filter(|room| *room > ROOMS_OF_CALLERS)
            .flat_map(|room| (1..=2).map(move |seat| Self::user(room, seat)));
        let others = (0..FANS + OUTSIDERS).map(move |number| self.fan(number));
        first_room.chain(callers).chain(last_rooms).chain(others)
    }

    fn users_sql(self, now: i64) -> String {
        let numbers = numbers(self.owners() + OUTSIDERS);
        format!(
            "{numbers} INSERT INTO users (id, app_id, openid, nickname, gender, age, height, area,
                face_url, name_known, gender_known, matchmaker, visits, created_at)
            SELECT {FIRST_USER} + i, '{}', 'sandbox-user' || i, '用户' || i,
                CASE WHEN i < {} THEN {} ELSE 2 END, 25, 170,
                '广东深圳', 'https://example.com/faces/' || i || '.png', TRUE, TRUE,
                i < {} AND i % {SEATS} = 0, 1, {now} FROM n",
            qlive_tests::APP,
            self.owners(),
            gender_sql(),
            self.present(),
        )
    }

    fn rooms_sql(self, now: i64) -> String {
        let numbers = numbers(self.rooms);
        format!(
            "{numbers} INSERT INTO rooms (id, host_id, group_id, cover, group_ready, created_at)
            SELECT i + 1, {FIRST_USER} + i * {SEATS}, 'room' || (i + 1), '', TRUE, {now} FROM n;
            {numbers} INSERT INTO broadcasts (id, room_id, started_at)
            SELECT {FIRST_BROADCAST} + i + 1, i + 1, {now} - i FROM n"
        )
    }

    fn members_sql(self, now: i64) -> String {
        let first_free = self.rooms - ROOMS_WITH_FREE_MIC;
        let columns = "user_id, broadcast_id, room_id, gender, state, visit, version, entered_at,
            seated_at, invited_by_us, response_until, changed_at, last_active_at, im_event_at,
            stream_event_at, stream_open_pushes";
        format!(
            "{present} INSERT INTO members ({columns})
            SELECT {FIRST_USER} + i, {FIRST_BROADCAST} + i / {SEATS} + 1, i / {SEATS} + 1,
                {gender}, CASE WHEN i % {SEATS} = 0 THEN 5
                    WHEN i / {SEATS} >= {first_free} THEN 1
                    WHEN i % {SEATS} = 1 THEN 3
                    WHEN i % {SEATS} = 2 THEN 4 ELSE 1 END,
                1, 0, {now} + i % {SEATS},
                CASE WHEN i / {SEATS} < {first_free} AND i % {SEATS} IN (1, 2) THEN {now} END,
                FALSE, 0, {now}, {now}, 0, 0, 0 FROM n;
            {fans} INSERT INTO members ({columns})
            SELECT {first_fan} + i, {FIRST_BROADCAST} + 1, 1,
                (SELECT gender FROM users WHERE id = {first_fan} + i), 1,
                1, 0, {now} + {SEATS} + i, NULL, FALSE, 0, {now}, {now}, 0, 0, 0 FROM n",
            present = numbers(self.present()),
            fans = numbers(FANS),
            gender = gender_sql(),
            first_fan = self.fan(0),
        )
    }
}

/// The token of a user.
pub(crate) fn token_of(user: i64) -> String {
    format!("{user:040x}")
}

/// The hash under which a token is stored.
pub(crate) fn token_hash(user: i64) -> String {
    hex::encode(Sha256::digest(token_of(user)))
}

/// Milliseconds since the epoch.
pub(crate) fn now_millis() -> i64 {
    Clock::system().now().millis()
}

/// A common table `n` of the numbers `i` from 0 to `count` - 1.
pub(crate) fn numbers(count: i64) -> String {
    format!(
        "WITH RECURSIVE n(i) AS (
            SELECT CAST(0 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {count}
        )"
    )
}

/// Of the first seats, the host is female and the guests are male and female.
fn gender_sql() -> String {
    format!("CASE WHEN i % {SEATS} % 2 = 1 THEN 1 ELSE 2 END")
}

/// A token that was used a moment after it was issued: only a first use is recorded at once.
fn token_row(user: i64, now: i64) -> String {
    format!("('{}', {user}, {now} - 1000, {now})", token_hash(user))
}

/// Gifts and blocks as a sandbox has them, and values of the public configs.
fn catalogue_sql(now: i64) -> String {
    let gifts = [
        ("点赞", 0, "like"),
        ("玫瑰", 1, "rose"),
        ("棒棒糖", 5, "lollipop"),
        ("巧克力", 10, "chocolate"),
        ("泰迪熊", 52, "bear"),
        ("香水", 99, "perfume"),
        ("钻戒", 520, "ring"),
        ("跑车", 1_314, "car"),
        ("城堡", 5_200, "castle"),
    ];
    let gifts = gifts.map(|(name, price, effect)| {
        let image = format!("https://example.com/gifts/{effect}.png");
        format!("('{name}', '{image}', {price}, '{effect}', TRUE, {now})")
    });
    let blocks = [60, 10, 300, 980, 1_980, 6_480];
    let blocks = blocks.map(|gold| format!("({gold}, {gold} * 10, 'gold_{gold}', TRUE, {now})"));
    let share = r#"[{"title": "优质好男人都在这里等你！", "src": "https://example.com/s.png"}]"#;
    format!(
        "INSERT INTO gifts (name, image, price, effect, enabled, created_at) VALUES {};
        INSERT INTO blocks (gold, fen, product_id, enabled, created_at) VALUES {};
        INSERT INTO configs (key, value, updated_at) VALUES ('PROGRAM_SHARE', '{share}', {now}),
            ('INDEX_BANNER', '\"https://example.com/banner.png\"', {now})",
        gifts.join(", "),
        blocks.join(", ")
    )
}
