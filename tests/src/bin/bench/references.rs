//! What `pgbench` executes beside an operation: for reads about a user one statement, for gifts one
//! transaction a gift, and for the other operations the statements that the server sent.

use crate::crowd::{Crowd, FANS, FIRST_BROADCAST, ROOMS_WITH_FREE_MIC, SEATS};
use crate::database::Database;
use crate::operations::{FIRST_ENTERED, GIFT, GIFT_COST};
use crate::pgbench::Script;
use crate::server::Server;
use crate::statements::{Statement, capture_statements};

/// The visit number and the version of the user whose requests are captured: no other parameter has
/// these values.
const VISITS: i64 = 777_000_000;
const VERSION: i64 = 888_000_000;

/// The script of an operation that reads or gives; `None` for others.
pub(crate) fn written_script(operation: &str, crowd: Crowd) -> Option<Script> {
    let text = match operation {
        "user state" => format!(
            "{ROOM_OF_CALLER}\\set user {first} + (:room - 1) * {SEATS} + 3
            SELECT m.room_id, m.state, r.group_id, u.nickname FROM members m
                JOIN rooms r ON r.id = m.room_id JOIN users u ON u.id = r.host_id
                WHERE m.user_id = :user;",
            first = Crowd::user(1, 0),
        ),
        "user info" => format!(
            "{ROOM_OF_CALLER}\\set user {first} + (:room - 1) * {SEATS} + 4
            SELECT id, app_id, openid, nickname, gender, age, height, area, face_url, name_known,
                gender_known, name_unchecked_at, matchmaker, banned_at, last_login_at, created_at
                FROM users WHERE id = :user;",
            first = Crowd::user(1, 0),
        ),
        "like state" => format!(
            "{ROOM_OF_CALLER}\\set user {first} + (:room - 1) * {SEATS} + 3
            \\set liked :user + 1
            SELECT (SELECT COUNT(*) FROM users WHERE id = :liked),
                (SELECT COUNT(*) FROM likes WHERE user_id = :user AND liked_id = :liked);",
            first = Crowd::user(1, 0),
        ),
        "gift to many" => gift_script(&format!(
            "{ROOM_OF_CALLER}\\set giver {first} + (:room - 1) * {SEATS} + 3
            \\set receiver :giver - 1\n",
            first = Crowd::user(1, 0),
        )),
        "gift to one host" => gift_script(&format!(
            "\\set room 1\n\\set giver random({}, {})\n\\set receiver {}\n",
            crowd.fan(0),
            crowd.fan(FANS - 1),
            Crowd::user(1, 0),
        )),
        _ => return None,
    };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    Some(Script {
        text: lines.join("\n"),
        variables: Vec::new(),
    })
}

/// A room in which users call.
const ROOM_OF_CALLER: &str = "\\set room random(1, 999)\n";

/// What one gift writes, in one transaction: nothing is looked up.
fn gift_script(people: &str) -> String {
    let half = GIFT_COST / 2;
    let delivery = "{\"do\": \"none\"}";
    format!(
        "{people}\\set source :giver * 10 + 2
        \\set target :receiver * 10 + 3
        BEGIN;
        INSERT INTO ledger_entries (kind, subject, transfer_count, total, at)
            VALUES (3, '{GIFT}', 2, {GIFT_COST}, 1) RETURNING id AS entry \\gset
        INSERT INTO ledger_transfers (entry_id, debit, credit, amount, code, at)
            VALUES (:entry, :source, :target, {half}, 4, 1), (:entry, :source, 1, {half}, 6, 1);
        UPDATE ledger_balances SET granted = granted - {GIFT_COST}, entry_count = entry_count + 1
            WHERE user_id = :giver AND granted >= {GIFT_COST}
            RETURNING entry_count AS n1, bought + granted AS g1, income AS i1 \\gset
        UPDATE ledger_balances SET income = income + {half}, entry_count = entry_count + 1
            WHERE user_id = :receiver
            RETURNING entry_count AS n2, bought + granted AS g2, income AS i2 \\gset
        INSERT INTO ledger_history (user_id, number, entry_id, amount, gold, income)
            VALUES (:giver, :n1, :entry, -{GIFT_COST}, :g1, :i1),
                (:receiver, :n2, :entry, {half}, :g2, :i2);
        INSERT INTO outbox (lane_kind, lane_id, delivery, status, created_at, due_at, random,
            attempts, detail) VALUES (2, :room, '{delivery}', 0, 1, 1, 1, 0, '');
        INSERT INTO gifts_sent (giver_id, receiver_id, room_id, broadcast_id, gift_id, name, price,
            num, cost, receiver_share, host_share, entry_id, at)
            VALUES (:giver, :receiver, :room, :room, {GIFT}, '巧克力', {GIFT_COST}, 1, {GIFT_COST},
                {half}, 0, :entry, 1);
        COMMIT;"
    )
}

/// The script of an operation in rooms, from the statements that the server sends for it; `None`
/// for others.
pub(crate) async fn captured_script(
    operation: &str,
    requests: &[String],
    crowd: Crowd,
    database: &Database,
    server: &Server,
) -> Option<Script> {
    let postgres = database.postgres.as_ref()?;
    let (room, user, people) = match operation {
        "enter + leave" => (FIRST_ENTERED, crowd.outsider(0), outsider_sql(crowd)),
        "apply + accept + leave mic" => {
            let room = crowd.room_with_free_mic(0);
            (room, Crowd::user(room, 1), guest_sql(crowd))
        }
        _ => return None,
    };
    database
        .execute(format!(
            "UPDATE users SET visits = {VISITS} WHERE id = {user};
            UPDATE members SET version = {VERSION} WHERE user_id = {user}"
        ))
        .await;
    let statements = capture_statements(postgres, server, requests, user).await;
    let version = format!("SELECT COALESCE(MAX(version), 0) FROM members WHERE user_id = {user}");
    let changes = database.number(&version).await - VERSION;
    database
        .execute("UPDATE members SET version = 0".to_owned())
        .await;
    let mut script = Script {
        text: people,
        variables: vec![("version".to_owned(), "0".to_owned())],
    };
    let names = [
        (user, ":user"),
        (room, ":room"),
        (FIRST_BROADCAST + room, ":broadcast"),
        (Crowd::user(room, 0), ":host"),
        (VISITS + 1, ":visits"),
    ];
    for statement in statements {
        add_statement(&mut script, &statement, &names);
    }
    if changes > 0 {
        let next = format!("\\set version :version + {changes}\n");
        script.text.push_str(&next);
    }
    Some(script)
}

/// Each client is one outsider after the other.
fn outsider_sql(crowd: Crowd) -> String {
    format!(
        "\\set user {} + :client_id + 32 * random(0, 30)\n\\set room random(1, {})\n{OF_ROOM}",
        crowd.outsider(0),
        crowd.rooms - ROOMS_WITH_FREE_MIC,
    )
}

/// Each client is the guest of a room.
fn guest_sql(crowd: Crowd) -> String {
    let first = Crowd::user(1, 0);
    format!(
        "\\set room {} - :client_id\n\\set user {first} + (:room - 1) * {SEATS} + 1\n{OF_ROOM}",
        crowd.rooms
    )
}

/// The broadcast and the host of a room.
const OF_ROOM: &str = "\\set broadcast 5000000 + :room\n\\set host 10000000 + (:room - 1) * 21\n";

/// Adds a captured statement with variables in place of the parameters that they stand for.
fn add_statement(script: &mut Script, statement: &Statement, names: &[(i64, &str)]) {
    let mut sql = statement.sql.clone();
    for (index, parameter) in statement.parameters.iter().enumerate().rev() {
        let value = match parameter {
            None => "NULL".to_owned(),
            Some(text) => variable(script, text, names),
        };
        sql = sql.replace(&format!("${}", index + 1), &value);
    }
    // The visit that the user begins is a parameter later.
    let end = if sql.contains("RETURNING \"users\".\"visits\"") {
        " \\gset\n"
    } else {
        ";\n"
    };
    script.text.push_str(&sql.replace('\n', " "));
    script.text.push_str(end);
}

/// The variable that stands for a parameter, or the parameter itself.
fn variable(script: &mut Script, text: &str, names: &[(i64, &str)]) -> String {
    let number = text.parse::<i64>().ok();
    if let Some((_, name)) = names.iter().find(|(known, _)| number == Some(*known)) {
        return (*name).to_owned();
    }
    if let Some(changes) = number.map(|number| number - VERSION)
        && (0..100).contains(&changes)
    {
        return format!("(CAST(:version AS BIGINT) + {changes})");
    }
    if text.contains(':') {
        // What follows a colon would be read as the name of a variable.
        let name = format!("text{}", script.variables.len());
        script.variables.push((name.clone(), text.to_owned()));
        return format!("CAST(:{name} AS TEXT)");
    }
    format!("'{}'", text.replace('\'', "''"))
}
