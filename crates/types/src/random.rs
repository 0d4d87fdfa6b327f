//! The one place that draws chance: the operating system's generator through `rand`.
#![expect(
    clippy::disallowed_methods,
    reason = "this is the one home of randomness"
)]

use rand::Rng as _;
use std::ops::RangeInclusive;

/// So many random bytes as lower-case hex: an unguessable name or secret.
#[must_use]
pub fn hex(bytes: usize) -> String {
    use std::fmt::Write as _;
    (0..bytes).fold(String::with_capacity(bytes * 2), |mut text, _| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{:02x}", rand::rng().random::<u8>());
        text
    })
}

/// A number in the range, each as likely as the others.
#[must_use]
pub fn within(range: RangeInclusive<i64>) -> i64 {
    rand::rng().random_range(range)
}

/// A 32-bit number, as Tencent IM wants with each request and message.
#[must_use]
pub fn u32() -> u32 {
    rand::rng().random()
}
