//! The statements that the server really sends for a request, from the log of PostgreSQL.

use std::collections::HashMap;
use std::time::Duration;

use crate::client::Client;
use crate::postgres::Postgres;
use crate::server::Server;

/// How long PostgreSQL and the server take at most to notice a changed setting, and to end what the
/// requests began.
const PAUSE: Duration = Duration::from_millis(500);

/// A statement with its parameters; `None` is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Option<String>>,
}

/// Sends requests and returns the statements of those transactions that have `user` as a parameter,
/// in order. Those of authentication are left out, since the server need not ask for every request.
pub(crate) async fn capture_statements(
    postgres: &Postgres,
    server: &Server,
    requests: &[String],
    user: i64,
) -> Vec<Statement> {
    let mut client = Client::connect(&server.url).await;
    set_logging(postgres, "all").await;
    let before = postgres.log().len();
    for request in requests {
        client.send(request).await;
    }
    tokio::time::sleep(PAUSE).await;
    let log = postgres.log();
    set_logging(postgres, "none").await;
    let user = Some(user.to_string());
    let is_wanted = |transaction: &Vec<Statement>| {
        let mut statements = transaction.iter();
        statements.any(|statement| statement.parameters.contains(&user))
            && !transaction
                .iter()
                .any(|statement| statement.sql.contains("tokens"))
    };
    let transactions = transactions_of(&log[before..]);
    transactions
        .into_iter()
        .filter(is_wanted)
        .flatten()
        .collect()
}

async fn set_logging(postgres: &Postgres, what: &str) {
    postgres.execute(&format!("ALTER SYSTEM SET log_statement = '{what}'"));
    postgres.execute("SELECT pg_reload_conf()");
    tokio::time::sleep(PAUSE).await;
}

/// The committed transactions in a log, in the order in which they ended. A statement outside of a
/// transaction is one of its own.
fn transactions_of(log: &str) -> Vec<Vec<Statement>> {
    let mut open: HashMap<&str, Vec<Statement>> = HashMap::new();
    let mut transactions = Vec::new();
    for (session, statement) in parse(log) {
        let begins = statement.sql.starts_with("BEGIN") || statement.sql.starts_with("START");
        let ends = statement.sql.starts_with("COMMIT");
        if statement.sql.starts_with("ROLLBACK") {
            open.remove(session);
        } else if begins {
            open.insert(session, vec![statement]);
        } else if let Some(mut transaction) = open.remove(session) {
            transaction.push(statement);
            if ends {
                transactions.push(transaction);
            } else {
                open.insert(session, transaction);
            }
        } else {
            transactions.push(vec![statement]);
        }
    }
    transactions
}

/// The statements in a log whose lines begin with the id of the session and a colon. A line that
/// begins with a tab continues the one before.
fn parse(log: &str) -> Vec<(&str, Statement)> {
    let mut statements: Vec<(&str, Statement)> = Vec::new();
    for line in log.lines() {
        if let Some(more) = line.strip_prefix('\t') {
            if let Some((_, last)) = statements.last_mut() {
                last.sql.push('\n');
                last.sql.push_str(more);
            }
            continue;
        }
        let Some((session, text)) = line.split_once(':') else {
            continue;
        };
        let text = text.trim_start();
        if let Some(sql) = text.strip_prefix("LOG:  statement: ") {
            statements.push((session, statement(sql)));
        } else if let Some(named) = text.strip_prefix("LOG:  execute ") {
            let sql = named.split_once(": ").map_or("", |(_, sql)| sql);
            statements.push((session, statement(sql)));
        } else if let Some(parameters) = text.strip_prefix("DETAIL:  parameters: ") {
            let mut own = statements.iter_mut().rev();
            if let Some((_, last)) = own.find(|(other, _)| *other == session) {
                last.parameters = parse_parameters(parameters);
            }
        }
    }
    statements
}

fn statement(sql: &str) -> Statement {
    Statement {
        sql: sql.to_owned(),
        parameters: Vec::new(),
    }
}

/// Parses `$1 = '5', $2 = NULL`. A quote in a text is doubled.
fn parse_parameters(mut text: &str) -> Vec<Option<String>> {
    let mut parameters = Vec::new();
    while let Some((_, rest)) = text.split_once(" = ") {
        let Some(quoted) = rest.strip_prefix('\'') else {
            parameters.push(None);
            text = rest;
            continue;
        };
        let mut value = String::new();
        let mut left = quoted;
        while let Some((before, after)) = left.split_once('\'') {
            value.push_str(before);
            left = after;
            match after.strip_prefix('\'') {
                Some(more) => {
                    value.push('\'');
                    left = more;
                }
                None => break,
            }
        }
        parameters.push(Some(value));
        text = left;
    }
    parameters
}
