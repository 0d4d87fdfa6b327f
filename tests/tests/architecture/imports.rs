//! No import circle between the files of a crate.

use std::collections::BTreeMap;

use crate::import_graph::{circles, edges};
use crate::{files_with, root, shown};

#[test]
fn no_crate_has_an_import_circle() {
    let mut found = Vec::new();
    let mut crates = 0;
    for manifest in files_with(&root(), &["toml"]) {
        let source = manifest.with_file_name("src");
        if manifest.file_name().unwrap() != "Cargo.toml" || !source.is_dir() {
            continue;
        }
        crates += 1;
        let files: BTreeMap<String, String> = files_with(&source, &["rs"])
            .into_iter()
            .filter(|file| !file.starts_with(source.join("bin")))
            .map(|file| {
                let name = file.strip_prefix(&source).unwrap().display().to_string();
                (name, std::fs::read_to_string(&file).unwrap())
            })
            .collect();
        for circle in circles(&edges(&files)) {
            found.push(format!("{}: {}", shown(&source), circle.join(" → ")));
        }
    }
    assert!(crates > 10, "only {crates} crates were found");
    assert!(found.is_empty(), "import circles:\n{}", found.join("\n"));
}

fn graph(files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let files = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    circles(&edges(&files.collect()))
}

#[test]
fn circle_through_a_reexport_is_found() {
    let files = [
        (
            "lib.rs",
            "mod a; mod b;\npub use a::A;\npub use b::{self, B};",
        ),
        ("a.rs", "use crate::B;\npub struct A;"),
        ("b.rs", "pub struct B;\nfn f() -> crate::A { todo() }"),
    ];
    assert_eq!(graph(&files), [["a.rs", "b.rs"]]);
}

#[test]
fn circle_between_parent_and_child_is_found() {
    let files = [
        ("lib.rs", "mod a;"),
        (
            "a.rs",
            "mod c;\nuse c::helper;\npub struct A;\nfn f() { helper() }",
        ),
        ("a/c.rs", "use super::A;\npub(super) fn helper() {}"),
    ];
    assert_eq!(graph(&files), [["a.rs", "a/c.rs"]]);
}

#[test]
fn reexports_comments_and_unit_tests_make_no_edge() {
    let files = [
        ("lib.rs", "mod a; mod b;\npub use a::A;\npub use b::b;"),
        (
            "a.rs",
            "// use crate::b::b;\n/// [`crate::b()`]\npub struct A;\n\
             #[cfg(test)]\nmod tests { use super::*; use crate::b; const X: &str = \"crate::b\"; }",
        ),
        ("b.rs", "use crate::A;\npub fn b(_: A) {}"),
    ];
    assert_eq!(graph(&files), Vec::<Vec<String>>::new());
}
