//! Rules for the source tree itself: layers, import circles, sizes, words, migrations.

mod files;
mod import_graph;
mod imports;
mod layers;
mod migrations;
mod tokens;
mod words;

use std::path::{Path, PathBuf};

/// The root of the repository.
fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_owned()
}

/// Every file below a folder whose extension is one of these. `target` and hidden folders are left
/// out, and so are packages that npm installed.
fn files_with(folder: &Path, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The last three are folders of built files.
        let others = [
            "target",
            "node_modules",
            "dist",
            "vendor",
            "miniprogram_dist",
            "miniprogram_npm",
        ];
        let skipped = name.starts_with('.') || others.contains(&name.as_str());
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() && !skipped {
            found.extend(files_with(&path, extensions));
        } else if extension.is_some_and(|extension| extensions.contains(&extension)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// A path as it reads from the root of the repository.
fn shown(path: &Path) -> String {
    let path = path.strip_prefix(root()).unwrap_or(path);
    path.display().to_string()
}
