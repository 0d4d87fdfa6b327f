//! [`EmbeddedFiles`]: a folder of files.

use std::collections::BTreeMap;
use std::io;

use rust_embed::RustEmbed;

use crate::shared_file::{KEEP_FOREVER, REVALIDATE, SharedFile};

/// A folder of files by their names in it.
pub struct EmbeddedFiles(BTreeMap<String, SharedFile>);

impl EmbeddedFiles {
    /// Reads and compresses the files of a folder; this takes a while. The names of those whose
    /// path begins with `hashed` change with their content, so clients keep them.
    ///
    /// # Errors
    /// When a file has no known type or cannot be compressed.
    pub fn read<F: RustEmbed>(hashed: &str) -> io::Result<Self> {
        let mut files = BTreeMap::new();
        for name in F::iter() {
            let Some(file) = F::get(&name) else {
                continue;
            };
            let caching = if name.starts_with(hashed) {
                KEEP_FOREVER
            } else {
                REVALIDATE
            };
            let content_type = content_type(&name)?;
            let shared = SharedFile::new(content_type, caching, file.data.into_owned())?;
            files.insert(name.into_owned(), shared);
        }
        Ok(Self(files))
    }

    /// The file with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SharedFile> {
        self.0.get(name)
    }
}

/// The type of a file, by the extension of its name.
///
/// # Errors
/// When the extension is not known.
pub fn content_type(name: &str) -> io::Result<&'static str> {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => Ok("text/html; charset=utf-8"),
        Some("js") => Ok("text/javascript; charset=utf-8"),
        Some("css") => Ok("text/css; charset=utf-8"),
        Some("svg") => Ok("image/svg+xml"),
        _ => Err(io::Error::other(format!("{name} has no known type"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_without_a_known_type_is_refused() {
        assert_eq!(content_type("a/b.svg").unwrap(), "image/svg+xml");
        assert!(content_type("a.exe").is_err());
        assert!(content_type("html").is_err());
    }
}
