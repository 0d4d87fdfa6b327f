//! Tencent Cloud Streaming Services (云直播, CSS): push and play URLs, event callbacks, and the
//! cloud API that cuts and blocks streams.

mod callback;
mod client;
mod error;
mod stream_urls;

pub use callback::{JudgedScreenshot, StreamEvent, Suggestion, verify_css_callback};
pub use client::CssClient;
pub use error::CssError;
pub use stream_urls::StreamUrls;
