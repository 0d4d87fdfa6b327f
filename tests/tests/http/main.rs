//! The contract over HTTP, on both database engines: a folder per subject, a file per operation or
//! topic.

mod accounts;
mod callbacks;
mod gifts;
mod payments;
mod platform;
mod rooms;
