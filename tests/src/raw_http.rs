//! HTTP as bytes, for requests that no HTTP client sends.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection on which a test writes what it likes.
pub struct RawConnection {
    stream: TcpStream,
    /// What was received and not read yet.
    received: Vec<u8>,
}

/// An answer as it was received.
#[derive(Debug)]
pub struct RawAnswer {
    pub status: u16,
    /// The status line and the headers.
    pub head: String,
    pub body: Vec<u8>,
}

impl RawConnection {
    /// Uses a connection that was opened before.
    pub fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            received: Vec::new(),
        }
    }

    /// Connects to a URL such as `http://127.0.0.1:8080`.
    pub async fn open(url: &str) -> Self {
        let address = url.trim_start_matches("http://");
        Self::new(TcpStream::connect(address).await.unwrap())
    }

    /// Sends these bytes.
    ///
    /// # Errors
    /// When the server has closed the connection.
    pub async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Reads one answer, whose head says how long its body is.
    ///
    /// # Errors
    /// When the connection ends before the answer does, or it is not HTTP.
    pub async fn read_answer(&mut self) -> io::Result<RawAnswer> {
        let head_end = loop {
            let end = find(&self.received, b"\r\n\r\n");
            if let Some(end) = end {
                break end + 4;
            }
            self.receive().await?;
        };
        let head = String::from_utf8_lossy(&self.received[..head_end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        let end = head_end + content_length(&head);
        while self.received.len() < end {
            self.receive().await?;
        }
        let body = self.received[head_end..end].to_vec();
        self.received.drain(..end);
        Ok(RawAnswer { status, head, body })
    }

    /// Says that nothing more is sent, and reads until the server closes the connection.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        self.stream.shutdown().await?;
        self.stream.read_to_end(&mut self.received).await?;
        Ok(std::mem::take(&mut self.received))
    }

    async fn receive(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// The length that a head announces; 0 without one.
fn content_length(head: &str) -> usize {
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    length.unwrap_or(0)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|part| part == wanted)
}
