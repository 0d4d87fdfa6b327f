//! A stand-in for IM that accepts every call after a fixed time, on connections that it keeps.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use qlive_types::Clock;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
    Content-Length: 50\r\n\r\n{\"ActionStatus\":\"OK\",\"ErrorInfo\":\"\",\"ErrorCode\":0}";

/// A message that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) group: String,
    /// The id of its row.
    pub(crate) id: i64,
    pub(crate) seq: i64,
    /// From the cause to the arrival, in milliseconds.
    pub(crate) age: i64,
}

/// The stand-in. Cheap to clone.
#[derive(Clone)]
pub(crate) struct StandIn {
    pub(crate) url: String,
    state: Arc<State>,
}

struct State {
    clock: Clock,
    latency: Duration,
    connections: AtomicUsize,
    arrivals: Mutex<Vec<Arrival>>,
}

impl StandIn {
    pub(crate) async fn start(clock: Clock, latency: Duration) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let state = Arc::new(State {
            clock,
            latency,
            connections: AtomicUsize::new(0),
            arrivals: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Ok(Self { url, state })
    }

    /// The number of connections that were opened.
    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        self.state.arrivals().clone()
    }
}

impl State {
    fn arrivals(&self) -> std::sync::MutexGuard<'_, Vec<Arrival>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, body: &[u8]) -> Option<()> {
        let body: Value = serde_json::from_slice(body).ok()?;
        let custom = body.get("CloudCustomData")?.as_str()?;
        let custom: Value = serde_json::from_str(custom).ok()?;
        let number = |field: &str| custom.get(field).and_then(Value::as_i64);
        self.arrivals().push(Arrival {
            group: body.get("GroupId")?.as_str()?.to_owned(),
            id: number("id")?,
            seq: number("seq")?,
            age: self.clock.now().millis() - number("at")?,
        });
        Some(())
    }
}

/// Answers the requests of one connection until it is closed.
async fn serve(mut stream: TcpStream, state: Arc<State>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::new();
    loop {
        let Some((head, length)) = parse_head(&buffer) else {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
            continue;
        };
        while buffer.len() < head + length {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        }
        if let Some(body) = buffer.get(head..head + length) {
            state.record(body);
        }
        buffer.drain(..head + length);
        tokio::time::sleep(state.latency).await;
        stream.write_all(ANSWER).await?;
    }
}

/// The length of the head of a request, and that of its body; `None` before the head is complete.
fn parse_head(buffer: &[u8]) -> Option<(usize, usize)> {
    let end = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(buffer.get(..end)?).ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse().ok())?
    });
    Some((end, length.unwrap_or(0)))
}
