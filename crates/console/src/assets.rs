//! The style sheet, the script and htmx, embedded.

use std::io;

use qlive_files::EmbeddedFiles;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Assets;

/// Reads the files.
///
/// # Errors
/// When one cannot be compressed.
pub(crate) fn read() -> io::Result<EmbeddedFiles> {
    EmbeddedFiles::read::<Assets>("vendor/")
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;

    /// The file of the npm package `htmx.org` 4.0.1, `dist/htmx.min.js`.
    #[test]
    fn htmx_is_the_published_file() {
        let file = Assets::get("vendor/htmx-4.0.1.min.js").unwrap();
        let hash = hex::encode(sha2::Sha256::digest(&file.data));
        assert_eq!(
            hash,
            "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
        );
    }

    #[test]
    fn pages_find_their_files() {
        let files = read().unwrap();
        for name in ["console.css", "console.js", "vendor/htmx-4.0.1.min.js"] {
            assert!(files.get(name).is_some(), "{name}");
        }
    }
}
