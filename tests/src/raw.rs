//! A connection on which a test decides about every byte.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::test_app::TestApp;

/// How long the server may take to answer or to close.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// The receive buffer of the kernel: an answer that is not read soon fills it.
const RECEIVE_BUFFER: u32 = 4_096;

/// A TCP connection to the server.
pub struct RawConnection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    /// Status line and headers, in lower case.
    pub head: String,
    pub body: Vec<u8>,
}

impl RawConnection {
    /// Connects from 127.0.0.2. The other clients of a test come from 127.0.0.1.
    pub async fn open(app: &TestApp) -> Self {
        Self::open_from(app, [127, 0, 0, 2]).await
    }

    /// Connects from this loopback address.
    pub async fn open_from(app: &TestApp, address: impl Into<IpAddr>) -> Self {
        let server: SocketAddr = app.url.trim_start_matches("http://").parse().unwrap();
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(RECEIVE_BUFFER).unwrap();
        socket.bind(SocketAddr::new(address.into(), 0)).unwrap();
        Self::new(socket.connect(server).await.unwrap())
    }

    /// Uses a connection that was opened before.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// Sends bytes. The server may have closed the connection already.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        drop(self.stream.write_all(bytes.as_ref()).await);
    }

    /// Says that nothing more is sent.
    pub async fn end(&mut self) {
        drop(self.stream.shutdown().await);
    }

    /// The next answer; None when the server closed the connection.
    pub async fn answer(&mut self) -> Option<RawAnswer> {
        loop {
            if let Some(answer) = self.take_answer() {
                return Some(answer);
            }
            if self.receive().await == 0 {
                return None;
            }
        }
    }

    /// Waits until the server closes the connection. Returns what it sent before.
    pub async fn closed(mut self) -> String {
        while self.receive().await > 0 {}
        String::from_utf8_lossy(&self.received).into_owned()
    }

    /// Receives some bytes. Returns how many; 0 when the server closed the connection.
    async fn receive(&mut self) -> usize {
        let mut chunk = [0; 4_096];
        let read = timeout(ANSWER_TIMEOUT, self.stream.read(&mut chunk)).await;
        let length = read.expect("the server neither answers nor closes");
        // A connection that was reset is closed too.
        let length = length.unwrap_or(0);
        self.received.extend_from_slice(&chunk[..length]);
        length
    }

    fn take_answer(&mut self) -> Option<RawAnswer> {
        let end = self.received.windows(4).position(|at| at == b"\r\n\r\n")? + 4;
        let head = String::from_utf8_lossy(&self.received[..end]).to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        if self.received.len() < end + length {
            return None;
        }
        let rest = self.received.split_off(end + length);
        let answer = std::mem::replace(&mut self.received, rest);
        Some(RawAnswer {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head,
            body: answer[end..].to_vec(),
        })
    }
}
