//! What attackers have in common: where they come from, and how they connect.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use qlive_app::BASE_PATH;
use tokio::net::{TcpSocket, TcpStream};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::target::Target;

/// Where attackers connect from.
#[derive(Clone, Copy)]
pub(crate) enum Origin {
    /// Sixteen addresses, 127.0.0.2 and the following.
    Many,
    /// One address.
    One(Ipv4Addr),
}

/// How many addresses [`Origin::Many`] has.
const ADDRESSES: u8 = 16;
/// How long an attacker waits for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// A runtime for attackers, who would be on other machines: its threads get only the time that
/// server and users leave.
pub(crate) fn attackers_runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(yield_to_others)
        .build()
        .unwrap()
}

/// Gives this thread a low priority.
fn yield_to_others() {
    let thread = std::fs::read_link("/proc/thread-self").unwrap();
    let renice = Command::new("renice")
        .args(["-n", "15", "-p"])
        .arg(thread.file_name().unwrap())
        .stdout(Stdio::null())
        .status();
    assert!(renice.is_ok_and(|status| status.success()), "renice fails");
}

/// The attackers of one phase.
pub(crate) struct Attack {
    server: SocketAddr,
    origin: Origin,
    /// Tokens of users who are attackers.
    pub(crate) tokens: Vec<String>,
    /// The path of the largest file that the server serves.
    pub(crate) largest_page: String,
    /// The id of the key with which notices of WeChat Pay are signed.
    pub(crate) pay_key_id: String,
    pub(crate) counts: Counts,
}

/// What the attackers have done.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) connections: AtomicU64,
    pub(crate) requests: AtomicU64,
    /// Requests of floods that succeeded.
    pub(crate) served: AtomicU64,
}

impl Attack {
    pub(crate) fn new(target: &Target, origin: Origin) -> Self {
        let pay = target.app.settings.wechat_pay.as_ref().unwrap();
        let tokens = target.attackers.iter();
        Self {
            server: target.address,
            origin,
            tokens: tokens.map(|client| client.token.clone()).collect(),
            largest_page: target.largest_page.clone(),
            pay_key_id: pay.verify_keys[0].id.clone(),
            counts: Counts::default(),
        }
    }

    /// The address of the attacker with this number.
    fn source(&self, number: usize) -> Ipv4Addr {
        match self.origin {
            Origin::Many => {
                let host = u8::try_from(number % usize::from(ADDRESSES)).unwrap() + 2;
                Ipv4Addr::new(127, 0, 0, host)
            }
            Origin::One(address) => address,
        }
    }

    /// Connects as the attacker with this number. `receive_buffer` is the size of the kernel's
    /// buffer in bytes, which decides how much the server can send to a client that does not read.
    pub(crate) async fn connect(
        &self,
        number: usize,
        receive_buffer: Option<u32>,
    ) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(size) = receive_buffer {
            socket.set_recv_buffer_size(size)?;
        }
        socket.set_reuseaddr(true)?;
        socket.bind((self.source(number), 0).into())?;
        let stream = timeout(CONNECT_TIMEOUT, socket.connect(self.server)).await??;
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        Ok(stream)
    }

    /// Counts requests that were sent.
    pub(crate) fn count_requests(&self, count: u64) {
        self.counts.requests.fetch_add(count, Ordering::Relaxed);
    }
}

/// A request as text. `path` starts below the base path unless it begins with a slash.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> String {
    let base = if path.starts_with('/') { "" } else { BASE_PATH };
    let length = body.len();
    format!(
        "{method} {base}{path} HTTP/1.1\r\nHost: qlive\r\n{headers}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// The header that authenticates a user.
pub(crate) fn authorization(token: &str) -> String {
    format!("Authorization: QLiveToken {token}\r\n")
}
