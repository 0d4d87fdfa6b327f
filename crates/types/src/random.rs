//! Random numbers from the operating system. Every other crate draws them here.
#![expect(
    clippy::disallowed_methods,
    reason = "this module is where the ban on rand points to"
)]

use rand::Rng as _;
use std::ops::RangeInclusive;

/// Random bytes in lower-case hexadecimal, two characters for each byte.
#[must_use]
pub fn hex(bytes: usize) -> String {
    use std::fmt::Write as _;
    (0..bytes).fold(String::with_capacity(bytes * 2), |mut text, _| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{:02x}", rand::rng().random::<u8>());
        text
    })
}

/// A random number in the range, uniformly distributed.
///
/// # Panics
/// When the range is empty.
#[must_use]
pub fn within(range: RangeInclusive<i64>) -> i64 {
    rand::rng().random_range(range)
}

/// A random 32-bit number, which Tencent IM requires with each request and message.
#[must_use]
pub fn u32() -> u32 {
    rand::rng().random()
}
