//! Tokens.

use diesel::prelude::*;
use qlive_store::on_both;
use qlive_store::schema::{tokens as token_table, users};
use qlive_store::testing::TestDb;
use qlive_testing::TestServices;
use qlive_types::{Gender, UserId};
use qlive_users::tokens::{TokenRow, hash_if_well_formed, is_use_due, record_uses};

use crate::support::{login, read, text};

on_both!(
    stored_token_authenticates_and_only_its_hash_is_stored,
    unknown_or_malformed_token_authenticates_nobody,
    first_use_and_one_after_a_minute_are_due_for_recording,
    token_expires_thirty_days_after_its_last_use,
    sixth_token_replaces_the_least_recently_used,
    token_of_a_banned_user_says_so,
);

const DAY: u64 = 86_400;

/// Logs in and returns the token.
async fn token(test: &TestServices) -> String {
    text(&login(test, "alice", None).await.unwrap().unwrap().token)
}

/// The user of a token, and whether they are banned and its use is due for recording.
async fn find(test: &TestServices, token: &str) -> Option<(UserId, bool, bool)> {
    let hash = hash_if_well_formed(token)?;
    let now = test.clock.now();
    let row: Option<TokenRow> = read(test, move |conn| {
        token_table::table
            .inner_join(users::table)
            .filter(token_table::hash.eq(hash.stored()))
            .select((
                token_table::user_id,
                token_table::created_at,
                token_table::used_at,
                users::banned_at,
            ))
            .get_result(conn)
            .optional()
    })
    .await;
    let (caller, used_at) = row?.authenticate(now).unwrap()?;
    Some((caller.user, caller.banned, is_use_due(used_at, now)))
}

/// The user of a token, and whether its use is due for recording.
async fn check(test: &TestServices, token: &str) -> Option<(UserId, bool)> {
    let found = find(test, token).await;
    found.map(|(user, _, is_use_due)| (user, is_use_due))
}

async fn record(test: &TestServices, token: &str) {
    let (hash, now) = (hash_if_well_formed(token).unwrap(), test.clock.now());
    let written = test
        .services
        .db
        .write(move |conn| record_uses(conn, &[hash], now));
    written.await.unwrap();
}

async fn stored_token_authenticates_and_only_its_hash_is_stored(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let token = token(&test).await;
    assert_eq!(check(&test, &token).await, Some((user, true)));
    let hashes: Vec<String> = read(&test, |conn| {
        token_table::table.select(token_table::hash).load(conn)
    })
    .await;
    assert!(
        hashes
            .iter()
            .all(|hash| hash.len() == 64 && !hash.contains(&token))
    );
}

async fn unknown_or_malformed_token_authenticates_nobody(db: TestDb) {
    let test = TestServices::start(db).await;
    test.user("alice", Gender::Female).await;
    let token = token(&test).await;
    for wrong in [
        "",
        "0",
        &"0".repeat(40),
        &token
            .to_uppercase()
            .replace(|c: char| c.is_ascii_digit(), "A"),
        &token[..39],
    ] {
        assert_eq!(check(&test, wrong).await, None, "{wrong}");
    }
}

async fn first_use_and_one_after_a_minute_are_due_for_recording(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let token = token(&test).await;
    test.advance(1);
    assert_eq!(check(&test, &token).await, Some((user, true)));
    record(&test, &token).await;
    test.advance(50);
    assert_eq!(check(&test, &token).await, Some((user, false)));
    test.advance(10);
    assert_eq!(check(&test, &token).await, Some((user, true)));
    record(&test, &token).await;
    assert_eq!(check(&test, &token).await, Some((user, false)));
}

async fn token_expires_thirty_days_after_its_last_use(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let token = token(&test).await;
    test.advance(29 * DAY);
    assert_eq!(check(&test, &token).await, Some((user, true)));
    record(&test, &token).await;
    test.advance(29 * DAY);
    assert_eq!(check(&test, &token).await, Some((user, true)));
    test.advance(DAY);
    assert_eq!(check(&test, &token).await, None);
}

async fn sixth_token_replaces_the_least_recently_used(db: TestDb) {
    let test = TestServices::start(db).await;
    test.user("alice", Gender::Female).await;
    // The registration made the first token.
    let mut issued = Vec::new();
    for _ in 0..4 {
        test.advance(1);
        issued.push(token(&test).await);
    }
    test.advance(1);
    record(&test, &issued[0]).await;
    for _ in 0..2 {
        test.advance(1);
        issued.push(token(&test).await);
    }
    let mut is_valid = Vec::new();
    for token in &issued {
        is_valid.push(check(&test, token).await.is_some());
    }
    assert_eq!(is_valid, [true, false, true, true, true, true]);
}

async fn token_of_a_banned_user_says_so(db: TestDb) {
    let test = TestServices::start(db).await;
    let user = test.user("alice", Gender::Female).await;
    let token = token(&test).await;
    test.services
        .rooms
        .ban(test.operator(), user)
        .await
        .unwrap();
    assert_eq!(find(&test, &token).await, Some((user, true, true)));
}
