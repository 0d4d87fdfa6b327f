//! Every parser of what WeChat, Tencent or anybody else sends: hostile input is an error or is
//! read, in bounded time; what an independent writer has written is read unchanged; and what was
//! changed after it was signed or encrypted is never genuine.
//!
//! `PROPTEST_CASES=10000 cargo test -p qlive-tencent --test properties` tries more.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod bills;
mod im_callbacks;
mod message_push;
mod notices;
mod pieces;
mod stream_callbacks;
mod user_data;
mod user_sig;
