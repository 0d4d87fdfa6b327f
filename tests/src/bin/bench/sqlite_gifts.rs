//! The reference of gifts on SQLite: one durable transaction a gift, from one connection, which
//! never waits for another.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::dsl::{insert_into, update};
use diesel::prelude::*;
use qlive_store::schema::{
    gifts_sent, ledger_balances, ledger_entries, ledger_history, ledger_transfers, outbox,
};

use crate::crowd::Crowd;
use crate::operations::{GIFT, GIFT_COST, ROOMS};

/// What the receiver gets.
const HALF: i64 = GIFT_COST / 2;

/// Gives gifts for this time. Returns how many a second.
pub(crate) async fn give_gifts(url: &str, duration: Duration) -> f64 {
    let path = url.trim_start_matches("sqlite://").to_owned();
    let give = move || {
        let mut conn = SqliteConnection::establish(&path).unwrap();
        let session = "PRAGMA busy_timeout = 3000; PRAGMA foreign_keys = ON; \
            PRAGMA synchronous = FULL; PRAGMA recursive_triggers = ON";
        conn.batch_execute(session).unwrap();
        let begun = Instant::now();
        let mut given = 0.0;
        for room in ROOMS.cycle() {
            if begun.elapsed() >= duration {
                break;
            }
            let gift = |conn: &mut SqliteConnection| give_gift(conn, room);
            conn.immediate_transaction(gift).unwrap();
            given += 1.0;
        }
        given / begun.elapsed().as_secs_f64()
    };
    tokio::task::spawn_blocking(give).await.unwrap()
}

fn give_gift(conn: &mut SqliteConnection, room: i64) -> QueryResult<()> {
    let (giver, receiver) = (Crowd::user(room, 3), Crowd::user(room, 2));
    let entry: i64 = insert_into(ledger_entries::table)
        .values((
            ledger_entries::kind.eq(3),
            ledger_entries::subject.eq(GIFT.to_string()),
            ledger_entries::transfer_count.eq(2),
            ledger_entries::total.eq(GIFT_COST),
            ledger_entries::at.eq(1),
        ))
        .returning(ledger_entries::id)
        .get_result(conn)?;
    for (credit, code) in [(receiver * 10 + 3, 4), (1, 6)] {
        insert_into(ledger_transfers::table)
            .values((
                ledger_transfers::entry_id.eq(entry),
                ledger_transfers::debit.eq(giver * 10 + 2),
                ledger_transfers::credit.eq(credit),
                ledger_transfers::amount.eq(HALF),
                ledger_transfers::code.eq(code),
                ledger_transfers::at.eq(1),
            ))
            .execute(conn)?;
    }
    change_balances(conn, giver, (-GIFT_COST, 0), entry)?;
    change_balances(conn, receiver, (0, HALF), entry)?;
    insert_into(outbox::table)
        .values((
            outbox::lane_kind.eq(2),
            outbox::lane_id.eq(room),
            outbox::delivery.eq("{\"do\": \"none\"}"),
            outbox::status.eq(0),
            outbox::created_at.eq(1),
            outbox::due_at.eq(1),
            outbox::random.eq(1),
            outbox::attempts.eq(0),
            outbox::detail.eq(""),
        ))
        .execute(conn)?;
    insert_record(conn, room, (giver, receiver), entry)
}

fn change_balances(
    conn: &mut SqliteConnection,
    user: i64,
    (gold, income): (i64, i64),
    entry: i64,
) -> QueryResult<()> {
    use ledger_balances::dsl;
    let (number, gold_after, income_after): (i64, i64, i64) =
        update(dsl::ledger_balances.find(user))
            .set((
                dsl::granted.eq(dsl::granted + gold),
                dsl::income.eq(dsl::income + income),
                dsl::entry_count.eq(dsl::entry_count + 1),
            ))
            .returning((dsl::entry_count, dsl::granted + dsl::bought, dsl::income))
            .get_result(conn)?;
    insert_into(ledger_history::table)
        .values((
            ledger_history::user_id.eq(user),
            ledger_history::number.eq(number),
            ledger_history::entry_id.eq(entry),
            ledger_history::amount.eq(gold + income),
            ledger_history::gold.eq(gold_after),
            ledger_history::income.eq(income_after),
        ))
        .execute(conn)?;
    Ok(())
}

fn insert_record(
    conn: &mut SqliteConnection,
    room: i64,
    (giver, receiver): (i64, i64),
    entry: i64,
) -> QueryResult<()> {
    insert_into(gifts_sent::table)
        .values((
            (
                gifts_sent::giver_id.eq(giver),
                gifts_sent::receiver_id.eq(receiver),
                gifts_sent::room_id.eq(room),
                gifts_sent::broadcast_id.eq(room),
            ),
            gifts_sent::gift_id.eq(GIFT),
            gifts_sent::name.eq("巧克力"),
            gifts_sent::price.eq(GIFT_COST),
            gifts_sent::num.eq(1),
            gifts_sent::cost.eq(GIFT_COST),
            gifts_sent::receiver_share.eq(HALF),
            gifts_sent::host_share.eq(0),
            gifts_sent::entry_id.eq(entry),
            gifts_sent::at.eq(1),
        ))
        .execute(conn)?;
    Ok(())
}
