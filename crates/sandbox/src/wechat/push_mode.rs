//! The form in which message pushes are sent.

use serde::Deserialize;

/// The console's settings of message push, and the body of `POST /sandbox/push`.
#[derive(Clone, Copy, Deserialize)]
pub(crate) struct PushMode {
    /// Whether messages are encrypted ("secure mode").
    pub(crate) secure: bool,
    /// Whether messages are XML; JSON otherwise.
    pub(crate) xml: bool,
}

impl Default for PushMode {
    fn default() -> Self {
        Self {
            secure: true,
            xml: false,
        }
    }
}
