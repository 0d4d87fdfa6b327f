//! [`RequestScope`]: from the beginning of a request to the last byte of its answer. Its body is
//! watched while it is read, and its answer while it is written.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpMessage as _;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::web::Bytes;
use futures_util::{StreamExt as _, stream};

use crate::connections::{Progress, RequestGuard};

/// A request on its connection, until its answer is in the buffer of the connection.
pub(super) struct RequestScope {
    /// None outside of a server, in unit tests.
    connection: Option<(Progress, RequestGuard)>,
    is_chunked: bool,
}

impl RequestScope {
    /// Waits until the request may be served, and begins it.
    pub(super) async fn begin(request: &mut ServiceRequest) -> Self {
        let is_chunked = request.chunked().unwrap_or(false);
        let Some(progress) = request.request().conn_data::<Progress>().cloned() else {
            let connection = None;
            return Self {
                connection,
                is_chunked,
            };
        };
        progress.wait_for_pipelined().await;
        let has_body = watch_body(request, &progress);
        let guard = progress.begin(has_body);
        Self {
            connection: Some((progress, guard)),
            is_chunked,
        }
    }

    /// Closes the connection after this answer.
    pub(super) fn close_after_answer(&self) {
        if let Some((progress, _)) = &self.connection {
            progress.close_after_answer();
        }
    }

    /// The answer's body, which ends the scope when all of it is in the buffer.
    pub(super) fn answer(self, body: BoxBody) -> AnswerBody {
        let guard = self.connection.map(|(progress, mut guard)| {
            // The dispatcher would go on reading a body of unknown length for as long as it comes.
            if self.is_chunked && progress.has_unread_body() {
                progress.close_after_answer();
            }
            guard.answered();
            guard
        });
        AnswerBody {
            body,
            _guard: guard,
        }
    }
}

/// Notes when the body of a request was read to its end. Returns whether it has one.
fn watch_body(request: &mut ServiceRequest, progress: &Progress) -> bool {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return false;
    }
    let progress = progress.clone();
    let end = stream::poll_fn(move |_| {
        progress.body_read();
        Poll::Ready(None)
    });
    let payload = Box::pin(payload.chain(end));
    request.set_payload(Payload::Stream { payload });
    true
}

/// The body of an answer.
pub(crate) struct AnswerBody {
    body: BoxBody,
    _guard: Option<RequestGuard>,
}

impl MessageBody for AnswerBody {
    type Error = Box<dyn Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
