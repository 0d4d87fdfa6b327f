//! The phase and the deadlines of one connection, shared by its socket and the middleware.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use super::limits::ConnectionLimits;
use super::table::ConnectionSignals;

/// How long one of several requests that came at once makes the others wait.
const PIPELINE_PAUSE: Duration = Duration::from_millis(1);

thread_local! {
    /// All requests of a thread that came together with an earlier one of their connection pass
    /// here one by one: together they take no more than a small share of the thread.
    static PIPELINED: Rc<Mutex<()>> = Rc::default();
}

/// The progress of one connection. All parts of a connection run on one thread.
#[derive(Clone)]
pub(crate) struct Progress(Rc<Inner>);

struct Inner {
    limits: ConnectionLimits,
    signals: Arc<ConnectionSignals>,
    phase: Cell<Phase>,
    /// When the request that is being received must be complete, or a new one must have begun.
    receive_by: Cell<Option<Instant>>,
    /// When the answers that are ready must have been taken.
    answer_by: Cell<Option<Instant>>,
    /// When the connection that the server closes must have ended.
    closed_by: Cell<Option<Instant>>,
    /// Requests whose handler runs.
    served: Cell<usize>,
    /// Answers whose body is not yet in the buffer of the connection.
    unbuffered: Cell<usize>,
    /// Requests that began since the socket was last read.
    begun_since_read: Cell<usize>,
    /// A pipelined request is being delayed.
    is_waiting: Cell<bool>,
    /// The body of the last request was not read to its end.
    has_unread_body: Cell<bool>,
    must_close: Cell<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing of a request has come.
    Idle,
    /// Some bytes of a request have come; its head is not complete.
    Head,
    /// A request has been given to the middleware.
    Request,
}

/// Why a connection must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiry {
    Idle,
    SlowRequest,
    UnreadAnswer,
    Closed,
}

impl Progress {
    pub(super) fn new(limits: ConnectionLimits, signals: Arc<ConnectionSignals>) -> Self {
        let idle = Instant::now() + limits.idle;
        Self(Rc::new(Inner {
            limits,
            signals,
            phase: Cell::new(Phase::Idle),
            receive_by: Cell::new(Some(idle)),
            answer_by: Cell::default(),
            closed_by: Cell::default(),
            served: Cell::default(),
            unbuffered: Cell::default(),
            begun_since_read: Cell::default(),
            is_waiting: Cell::default(),
            has_unread_body: Cell::default(),
            must_close: Cell::default(),
        }))
    }

    /// The next moment at which the connection must end, and why.
    pub(super) fn deadline(&self) -> Option<(Instant, Expiry)> {
        let this = &self.0;
        if let Some(at) = this.closed_by.get() {
            return Some((at, Expiry::Closed));
        }
        let receiving = match this.phase.get() {
            Phase::Idle => Expiry::Idle,
            // It was answered, and nothing of the next request has come.
            Phase::Request if this.served.get() == 0 => Expiry::Idle,
            Phase::Head | Phase::Request => Expiry::SlowRequest,
        };
        let receive = this.receive_by.get().map(|at| (at, receiving));
        let answer = this.answer_by.get().map(|at| (at, Expiry::UnreadAnswer));
        receive.into_iter().chain(answer).min_by_key(|(at, _)| *at)
    }

    /// Notes that bytes were read from the socket.
    pub(super) fn bytes_read(&self) {
        let this = &self.0;
        this.begun_since_read.set(0);
        if this.phase.get() == Phase::Idle {
            this.phase.set(Phase::Head);
            let receive = Instant::now() + this.limits.receive;
            this.receive_by.set(Some(receive));
        }
    }

    /// Notes that everything in the buffer of the connection was written. Returns whether the
    /// server closes the connection now.
    pub(super) fn all_written(&self) -> bool {
        let this = &self.0;
        if this.unbuffered.get() > 0 || this.answer_by.take().is_none() {
            return false;
        }
        if this.must_close.get() {
            self.close();
            return true;
        }
        if this.served.get() == 0 {
            // What comes after an unread body is the rest of it; the dispatcher ends the
            // connection.
            if !this.has_unread_body.get() {
                this.phase.set(Phase::Idle);
            }
            let idle = Instant::now() + this.limits.idle;
            this.receive_by.set(Some(idle));
        }
        false
    }

    /// Notes that the server closes the connection.
    pub(super) fn close(&self) {
        if self.0.closed_by.get().is_none() {
            let closed = Instant::now() + self.0.limits.linger;
            self.0.closed_by.set(Some(closed));
        }
    }

    /// Whether there is no use in reading more: a request waits or is served, or answers are not
    /// written yet. What a client sends meanwhile stays in the kernel.
    pub(super) fn is_busy(&self) -> bool {
        let this = &self.0;
        let is_served = this.served.get() > 0 && !this.has_unread_body.get();
        this.is_waiting.get() || is_served || this.answer_by.get().is_some()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.0.closed_by.get().is_some()
    }

    /// Whether bytes came that were not a request, or not a whole one.
    pub(super) fn is_within_head(&self) -> bool {
        self.0.phase.get() == Phase::Head
    }

    /// Delays a request that came together with an earlier one of its connection, so that other
    /// connections are served. Never returns when the connection will be closed: nothing after the
    /// last answer is served.
    pub(crate) async fn wait_for_pipelined(&self) {
        let this = &self.0;
        let begun = this.begun_since_read.get().saturating_add(1);
        this.begun_since_read.set(begun);
        if begun > 1 {
            this.is_waiting.set(true);
            let pipelined = PIPELINED.with(Rc::clone);
            let _guard = pipelined.lock().await;
            sleep(PIPELINE_PAUSE).await;
            this.is_waiting.set(false);
        }
        if this.must_close.get() {
            std::future::pending::<()>().await;
        }
    }

    /// Notes that a request begins; `has_body` when its body is still to be read.
    pub(crate) fn begin(&self, has_body: bool) -> RequestGuard {
        let this = &self.0;
        if !has_body {
            this.receive_by.set(None);
        } else if this.receive_by.get().is_none() || !self.is_receiving() {
            let receive = Instant::now() + this.limits.receive;
            this.receive_by.set(Some(receive));
        }
        this.phase.set(Phase::Request);
        this.has_unread_body.set(has_body);
        this.served.set(this.served.get().saturating_add(1));
        this.signals.set_serving(!has_body);
        RequestGuard {
            progress: self.clone(),
            is_answered: false,
        }
    }

    /// Whether a part of a request has come: its head is not complete, or it is being served.
    fn is_receiving(&self) -> bool {
        self.0.served.get() > 0 || self.0.phase.get() == Phase::Head
    }

    /// Notes that the body of the request was read to its end.
    pub(crate) fn body_read(&self) {
        self.0.has_unread_body.set(false);
        self.0.receive_by.set(None);
        self.0.signals.set_serving(true);
    }

    /// Whether the body of the last request was not read to its end.
    pub(crate) fn has_unread_body(&self) -> bool {
        self.0.has_unread_body.get()
    }

    /// Notes that the connection ends after the answer that is about to be made.
    pub(crate) fn close_after_answer(&self) {
        self.0.must_close.set(true);
    }
}

/// A request that is being served or answered. It is dropped when the whole answer is in the
/// buffer of the connection.
pub(crate) struct RequestGuard {
    progress: Progress,
    is_answered: bool,
}

impl RequestGuard {
    /// Notes that the answer is ready.
    pub(crate) fn answered(&mut self) {
        let this = &self.progress.0;
        if std::mem::replace(&mut self.is_answered, true) {
            return;
        }
        this.served.set(this.served.get().saturating_sub(1));
        this.unbuffered.set(this.unbuffered.get().saturating_add(1));
        this.receive_by.set(None);
        this.signals.set_serving(false);
        if this.answer_by.get().is_none() {
            let answer = Instant::now() + this.limits.answer;
            this.answer_by.set(Some(answer));
        }
    }
}

impl Drop for RequestGuard {
    fn drop(&mut self) {
        let this = &self.progress.0;
        let counter = if self.is_answered {
            &this.unbuffered
        } else {
            &this.served
        };
        counter.set(counter.get().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn progress() -> Progress {
        let limits = ConnectionLimits {
            workers: None,
            idle: Duration::from_secs(1),
            receive: Duration::from_secs(10),
            answer: Duration::from_secs(100),
            linger: Duration::from_secs(1_000),
        };
        Progress::new(limits, Arc::default())
    }

    /// Why the connection would end next.
    fn expiry(progress: &Progress) -> Option<Expiry> {
        progress.deadline().map(|(_, expiry)| expiry)
    }

    #[test]
    fn request_goes_from_idle_over_head_body_and_answer_to_idle() {
        let progress = progress();
        assert_eq!(expiry(&progress), Some(Expiry::Idle));
        progress.bytes_read();
        assert_eq!(expiry(&progress), Some(Expiry::SlowRequest));
        assert!(progress.is_within_head());
        let mut guard = progress.begin(true);
        assert_eq!(expiry(&progress), Some(Expiry::SlowRequest), "the body");
        progress.body_read();
        assert_eq!(expiry(&progress), None, "a handler has limits of its own");
        guard.answered();
        assert_eq!(expiry(&progress), Some(Expiry::UnreadAnswer));
        assert!(!progress.all_written());
        assert_eq!(expiry(&progress), Some(Expiry::UnreadAnswer), "more comes");
        drop(guard);
        assert!(!progress.all_written());
        assert_eq!(expiry(&progress), Some(Expiry::Idle));
    }

    #[test]
    fn body_has_no_more_time_because_its_head_is_complete() {
        let progress = progress();
        progress.bytes_read();
        let before = progress.deadline();
        let _guard = progress.begin(true);
        progress.bytes_read();
        assert_eq!(progress.deadline(), before);
    }

    #[test]
    fn request_after_one_with_an_unread_body_has_its_own_time() {
        let progress = progress();
        progress.bytes_read();
        let mut refused = progress.begin(true);
        refused.answered();
        drop(refused);
        progress.all_written();
        assert_eq!(expiry(&progress), Some(Expiry::Idle));
        progress.bytes_read();
        let begun = Instant::now();
        let _next = progress.begin(true);
        let (at, expiry) = progress.deadline().unwrap();
        assert_eq!(expiry, Expiry::SlowRequest);
        assert!(at >= begun + Duration::from_secs(10), "not the idle time");
    }

    #[test]
    fn answers_that_pile_up_have_no_more_time_than_the_first() {
        let progress = progress();
        progress.bytes_read();
        let mut first = progress.begin(false);
        first.answered();
        drop(first);
        let before = progress.deadline();
        let mut second = progress.begin(false);
        assert_eq!(progress.deadline(), before);
        second.answered();
        assert_eq!(progress.deadline(), before);
    }

    #[test]
    fn connection_closes_when_its_last_answer_is_written() {
        let progress = progress();
        progress.bytes_read();
        let mut guard = progress.begin(false);
        progress.close_after_answer();
        guard.answered();
        assert!(!progress.all_written(), "the body is not complete");
        drop(guard);
        assert!(progress.all_written());
        assert_eq!(expiry(&progress), Some(Expiry::Closed));
    }
}
