//! What comes from outside: callbacks of IM and CSS, and the lookups of the outbox.

mod client_message;
mod im_callback;
mod im_events;
mod message_filter;
mod outbox_lookup;
mod stream_events;

pub use message_filter::FilterDecision;
pub use outbox_lookup::OutboxLookup;
