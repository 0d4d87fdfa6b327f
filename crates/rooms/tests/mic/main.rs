//! The machine of the mic, by itself.

mod decisions;
mod events;
mod exploration;
mod machine;
