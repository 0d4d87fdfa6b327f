//! Many connections that send one request after the other as fast as they are answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use qlive_tests::RawConnection;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::attack::{Attack, authorization, request};
use crate::pipelines::forged_callbacks;

/// How many connections send at the same time.
const CONNECTIONS: usize = 64;
/// How long an attacker waits before it replaces a connection that the server closed.
const RECONNECT: Duration = Duration::from_millis(20);

/// Logs users in, known and unknown ones.
pub(crate) fn send_logins(attack: &Arc<Attack>) -> JoinSet<()> {
    flood(attack, |_, number| {
        let code = if number % 2 == 0 {
            format!("attacker{}", number % 4)
        } else {
            format!("stranger{number}")
        };
        let body = json!({"appId": qlive_tests::APP, "code": code}).to_string();
        request("POST", "qlive_user/login/", "", &body)
    })
}

/// Sends callbacks with wrong signatures.
pub(crate) fn send_forged_callbacks(attack: &Arc<Attack>) -> JoinSet<()> {
    flood(attack, |attack, number| {
        let mut callbacks = forged_callbacks(attack);
        let chosen = number % callbacks.len();
        callbacks.swap_remove(chosen)
    })
}

/// Sends requests that are refused for every usual reason.
pub(crate) fn send_refused_requests(attack: &Arc<Attack>) -> JoinSet<()> {
    flood(attack, |attack, number| {
        let token = authorization(&attack.tokens[number % attack.tokens.len()]);
        let wrong = authorization(&"0".repeat(40));
        match number % 7 {
            0 => request("GET", "get_configs/", "", ""),
            1 => request("GET", "get_configs/", &wrong, ""),
            2 => request("GET", "no_such_thing/", "", ""),
            3 => request("DELETE", "get_configs/", "", ""),
            4 => request("POST", "qlive_user/login/", "", "{"),
            5 => request("GET", "get_playurl/?live_id=x", &token, ""),
            _ => request("POST", "qlive_user/login/", "", "{}"),
        }
    })
}

/// Opens the connections. `choose` says what the connection with this number sends.
fn flood(attack: &Arc<Attack>, choose: fn(&Attack, usize) -> String) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    for number in 0..CONNECTIONS {
        let attack = Arc::clone(attack);
        tasks.spawn(async move {
            let request = choose(&attack, number);
            loop {
                send_requests(&attack, number, request.as_bytes()).await;
                sleep(RECONNECT).await;
            }
        });
    }
    tasks
}

/// Sends the request over one connection, again and again, until the server closes it.
async fn send_requests(attack: &Attack, number: usize, request: &[u8]) {
    let Ok(stream) = attack.connect(number, None).await else {
        return;
    };
    let mut connection = RawConnection::new(stream);
    loop {
        connection.send(request).await;
        let Some(answer) = connection.answer().await else {
            return;
        };
        attack.count_requests(1);
        if (200..300).contains(&answer.status) {
            attack.counts.served.fetch_add(1, Ordering::Relaxed);
        }
    }
}
