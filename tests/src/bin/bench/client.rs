//! A client that costs little: it sends requests as they are and reads no more of an answer than
//! it must.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection to a server.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects to the server at `url`.
    pub(crate) async fn connect(url: &str) -> Self {
        let address = url.trim_start_matches("http://");
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// Sends a request and returns the body of the answer.
    ///
    /// # Panics
    /// When the answer is no success, with its head and body.
    pub(crate) async fn send(&mut self, request: &str) -> Vec<u8> {
        self.stream.write_all(request.as_bytes()).await.unwrap();
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.receive().await;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).to_lowercase();
        let mut lines = head.lines();
        let length = lines.find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.unwrap().trim().parse().unwrap();
        while self.buffer.len() < head_end + length {
            self.receive().await;
        }
        let body = self.buffer[head_end..head_end + length].to_vec();
        self.buffer.drain(..head_end + length);
        assert!(
            head.starts_with("http/1.1 200"),
            "{head}{} was the answer to {request}",
            String::from_utf8_lossy(&body)
        );
        body
    }

    async fn receive(&mut self) {
        let received = self.stream.read_buf(&mut self.buffer).await.unwrap();
        assert!(received > 0, "the server closed the connection");
    }
}

fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    text.windows(sought.len()).position(|part| part == sought)
}
