//! The history of the ledger: a million transfers that the audit accepts, sealed in the chain.
//!
//! Every entry grants gold to one user and moves a part of it to another balance of theirs, so that
//! both sides of transfers are as many accounts as in a ledger of gifts. The users take turns.

use sha2::{Digest as _, Sha256};

use crate::crowd::{Crowd, numbers};
use crate::database::Database;

/// The entries at the smallest scale; each has two transfers.
pub(crate) const ENTRIES_PER_ROOM: i64 = 500;
/// What an entry grants, and what it moves from the granted to the bought gold.
const GRANTED: i64 = 60_000;
const MOVED: i64 = 40_000;
/// The stored numbers of the kind of an entry, the code of a transfer, and the account `grants`.
const KIND: i64 = 2;
const CODE: i64 = 3;
const GRANTS: i64 = 2;
/// The reason that the entries name, before their numbers.
const SUBJECT: &str = "bench";
/// Over how many days the entries are spread.
pub(crate) const DAYS: i64 = 300;
/// How many links of the chain one statement inserts.
const LINKS_PER_STATEMENT: usize = 5_000;

/// Writes entries, transfers, the balances and histories of everybody in a room, and the chain.
pub(crate) async fn fill_ledger(database: &Database, crowd: Crowd, now: i64) {
    let users = crowd.owners();
    let entries = ENTRIES_PER_ROOM * crowd.rooms;
    let user = format!("{} + i % {users}", Crowd::user(1, 0));
    let (granted, bought) = (format!("({user}) * 10 + 2"), format!("({user}) * 10 + 1"));
    let grants = GRANTS.to_string();
    let all = numbers(entries);
    let at = format!("({now} - ({entries} - 1 - i) * {})", step(entries));
    database
        .fill(format!(
            "{all} INSERT INTO ledger_entries (id, kind, subject, transfer_count, total, at)
            SELECT i + 1, {KIND}, '{SUBJECT} ' || (i + 1), 2, {GRANTED} + {MOVED}, {at} FROM n"
        ))
        .await;
    for (offset, debit, credit, amount) in [
        (1, &grants, &granted, GRANTED),
        (2, &granted, &bought, MOVED),
    ] {
        database
            .fill(format!(
                "{all} INSERT INTO ledger_transfers (id, entry_id, debit, credit, amount, code, at)
                SELECT 2 * i + {offset}, i + 1, {debit}, {credit}, {amount}, {CODE}, {at} FROM n"
            ))
            .await;
    }
    database
        .fill(format!(
            "{} INSERT INTO ledger_balances
                (user_id, bought, granted, income, held, debt, entry_count)
            SELECT {user}, {MOVED} * c, ({GRANTED} - {MOVED}) * c, 0, 0, 0, c FROM (
                SELECT i, {entries} / {users} + CASE WHEN i < {entries} % {users} THEN 1 ELSE 0 END
                    AS c FROM n
            ) counted;
            {all} INSERT INTO ledger_history (user_id, number, entry_id, amount, gold, income)
            SELECT {user}, i / {users} + 1, i + 1, {GRANTED}, (i / {users} + 1) * {GRANTED}, 0
                FROM n",
            numbers(users)
        ))
        .await;
    continue_ids(database, entries).await;
    seal(database, crowd, entries, now).await;
}

/// The milliseconds between two entries.
const fn step(entries: i64) -> i64 {
    DAYS * 86_400_000 / entries
}

/// Lets the ids that PostgreSQL generates continue after those that were written.
async fn continue_ids(database: &Database, entries: i64) {
    if database.postgres.is_some() {
        for (table, last) in [
            ("ledger_entries", entries),
            ("ledger_transfers", 2 * entries),
        ] {
            database
                .fill(format!(
                    "ALTER TABLE {table} ALTER COLUMN id RESTART WITH {}",
                    last + 1
                ))
                .await;
        }
    }
}

/// Writes the chain, with the hashes that the audit computes again: otherwise the server would seal
/// the whole history during the measurements.
async fn seal(database: &Database, crowd: Crowd, entries: i64, now: i64) {
    let mut hash = String::new();
    let mut links = Vec::new();
    for entry in 1..=entries {
        let user = Crowd::user(1, 0) + (entry - 1) % crowd.owners();
        let (granted, bought) = (user * 10 + 2, user * 10 + 1);
        let at = now - (entries - entry) * step(entries);
        let subject = format!("{SUBJECT} {entry}");
        let text = format!(
            "{hash}|{entry}|{KIND}|{}:{subject}|0|{at}\
             |{},{GRANTS},{granted},{GRANTED},{CODE},{at}\
             |{},{granted},{bought},{MOVED},{CODE},{at}",
            subject.len(),
            2 * entry - 1,
            2 * entry,
        );
        hash = hex::encode(Sha256::digest(text));
        links.push(format!("({entry}, {entry}, '{hash}', {at})"));
        if links.len() == LINKS_PER_STATEMENT || entry == entries {
            let rows = links.join(", ");
            links.clear();
            let columns = "position, entry_id, hash, at";
            database
                .fill(format!(
                    "INSERT INTO ledger_chain ({columns}) VALUES {rows}"
                ))
                .await;
        }
    }
}
