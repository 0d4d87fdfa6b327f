//! Who may call an operation.

/// Who may call an operation. The handler's signature enforces it; see `http/caller.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a token.
    Open,
    /// A user with a valid token.
    Token,
    /// An external system that signs its calls.
    Callback,
}
