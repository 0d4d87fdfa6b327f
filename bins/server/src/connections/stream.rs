//! [`Connection`]: the socket of a client, with deadlines, small reads and an orderly end.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::ConnectionLimits;
use super::progress::{Expiry, Progress};
use super::table::OpenConnection;

/// How many bytes of a connection are read in one poll of the dispatcher. What they hold is parsed
/// at once.
const READ_PER_POLL: usize = 2_048;
/// How much of what a client still sends is read and thrown away when the server closes.
const DISCARD_LIMIT: usize = 65_536;
const DISCARD_PER_POLL: usize = 16_384;

/// A connection with a client.
pub(super) struct Connection {
    io: TcpStream,
    progress: Progress,
    registered: OpenConnection,
    timer: Pin<Box<Sleep>>,
    read_in_poll: usize,
    /// The dispatcher wanted to read while the connection was busy.
    is_read_due: bool,
    is_shut_down: bool,
    discarded: usize,
    /// The end of the connection was counted.
    is_counted: bool,
}

impl Connection {
    pub(super) fn new(io: TcpStream, limits: ConnectionLimits, registered: OpenConnection) -> Self {
        Self {
            io,
            progress: Progress::new(limits, registered.signals().clone()),
            registered,
            timer: Box::pin(sleep_until(Instant::now())),
            read_in_poll: 0,
            is_read_due: false,
            is_shut_down: false,
            discarded: 0,
            is_counted: false,
        }
    }

    pub(super) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Fails when the connection must end now; else the task is woken when it must.
    fn check_deadline(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        if self.registered.signals().is_evicted(context.waker()) {
            self.is_counted = true;
            return Err(ErrorKind::ConnectionAborted.into());
        }
        let Some((deadline, expiry)) = self.progress.deadline() else {
            return Ok(());
        };
        if self.timer.deadline() != deadline {
            self.timer.as_mut().reset(deadline);
        }
        if self.timer.as_mut().poll(context).is_pending() {
            return Ok(());
        }
        self.is_counted = true;
        match expiry {
            Expiry::SlowRequest => self.registered.count_closed("slow_request"),
            Expiry::UnreadAnswer => self.registered.count_closed("unread_answer"),
            Expiry::Idle | Expiry::Closed => {}
        }
        Err(ErrorKind::TimedOut.into())
    }

    /// Shuts down the sending side of the socket, so that the client sees the end.
    fn poll_close_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.progress.close();
        if !self.is_shut_down {
            ready!(Pin::new(&mut self.io).poll_shutdown(context))?;
            self.is_shut_down = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads and throws away what the client sends until it ends the connection. If the server
    /// closed while something is unread, the client could lose the last answer.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut chunk = [0; DISCARD_PER_POLL];
        let mut buffer = ReadBuf::new(&mut chunk);
        ready!(Pin::new(&mut self.io).poll_read(context, &mut buffer))?;
        let length = buffer.filled().len();
        self.discarded = self.discarded.saturating_add(length);
        if length == 0 || self.discarded > DISCARD_LIMIT {
            return Poll::Ready(Ok(()));
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check_deadline(context)?;
        if self.progress.is_closing() {
            ready!(self.poll_discard(context))?;
            return Poll::Ready(Err(ErrorKind::ConnectionAborted.into()));
        }
        if self.progress.is_busy() {
            self.is_read_due = true;
            return Poll::Pending;
        }
        let left = READ_PER_POLL.saturating_sub(self.read_in_poll);
        if left == 0 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let mut chunk = [0; READ_PER_POLL];
        let part = chunk.get_mut(..left.min(buffer.remaining()));
        let mut part = ReadBuf::new(part.unwrap_or_default());
        ready!(Pin::new(&mut self.io).poll_read(context, &mut part))?;
        let filled = part.filled();
        if !filled.is_empty() {
            self.read_in_poll = self.read_in_poll.saturating_add(filled.len());
            self.progress.bytes_read();
        }
        buffer.put_slice(filled);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.read_in_poll = 0;
        self.check_deadline(context)?;
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    /// The dispatcher flushes at the end of each poll, when everything was written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.read_in_poll = 0;
        ready!(Pin::new(&mut self.io).poll_flush(context))?;
        if self.progress.all_written() {
            ready!(self.poll_close_write(context))?;
        }
        self.check_deadline(context)?;
        if self.is_read_due && !self.progress.is_busy() {
            self.is_read_due = false;
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_close_write(context))?;
        self.check_deadline(context)?;
        self.poll_discard(context)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.progress.is_within_head() && !self.is_counted {
            self.registered.count_closed("no_request");
        }
    }
}
