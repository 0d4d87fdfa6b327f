//! Tencent Cloud Streaming Services: signed URLs, callbacks, and the cloud API that cuts a stream.

mod api;
mod callback;
mod urls;

pub use api::{CssApi, CssError};
pub use callback::{LiveEvent, verify_callback};
pub use urls::Streams;
