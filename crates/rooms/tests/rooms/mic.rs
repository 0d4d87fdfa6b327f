//! The mic state machine alone, without a database.

mod decisions;
mod events;
mod exploration;
mod machine;
