//! A running sandbox with its receiver of callbacks, and clients of each protocol.

pub(crate) mod app;
pub(crate) mod im_client;
pub(crate) mod merchant;
pub(crate) mod receiver;
pub(crate) mod virtual_client;

pub(crate) use app::TestSandbox;
