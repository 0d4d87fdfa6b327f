//! The sizes of files and lines. The limits only go down.

use crate::{files_with, root, shown};

/// The most lines of a Rust file.
const LINES: usize = 500;
/// The most characters of a line.
const COLUMNS: usize = 100;

#[test]
fn no_rust_file_is_too_long() {
    for file in files_with(&root(), &["rs"]) {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LINES, "{} has {lines} lines", shown(&file));
    }
}

#[test]
fn no_line_is_too_wide() {
    let mut wide = Vec::new();
    for file in files_with(&root(), &["rs", "md", "sql", "toml", "sh"]) {
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, line) in text.lines().enumerate() {
            if line.chars().count() > COLUMNS {
                wide.push(format!("{}:{}", shown(&file), at + 1));
            }
        }
    }
    assert!(
        wide.is_empty(),
        "wider than {COLUMNS}:\n{}",
        wide.join("\n")
    );
}

#[test]
fn functions_are_limited_by_clippy() {
    let clippy = std::fs::read_to_string(root().join("clippy.toml")).unwrap();
    assert!(clippy.contains("too-many-lines-threshold = 60"));
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("too_many_lines = \"deny\""));
}
