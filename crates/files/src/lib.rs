//! Files that are embedded in the binary, and served from memory, compressed once.

mod embedded_files;
mod shared_file;

pub use embedded_files::{EmbeddedFiles, content_type};
pub use shared_file::{KEEP_FOREVER, REVALIDATE, SharedFile};
