//! The house itself: floors, lints, lengths, migrations.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Every package and its floor. A package uses only floors below its own.
const FLOORS: [(&str, u8); 15] = [
    ("qlive-types", 0),
    ("qlive-tencent", 0),
    ("qlive-store", 1),
    ("qlive-configs", 2),
    ("qlive-outbox", 2),
    ("qlive-ledger", 2),
    ("qlive-users", 3),
    ("qlive-rooms", 4),
    ("qlive-gifts", 5),
    ("qlive-payments", 5),
    // Speaks protocols on its own; of ours it may use the vocabulary alone.
    ("qlive-sandbox", 1),
    ("qlive-server", 7),
    ("qlive-admin", 8),
    // Uses everything, as clients and operators do.
    ("qlive-tests", 8),
    ("actix-web", 6),
];
/// The most lines of a source file. May only go down.
const LINES: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .exec()
        .unwrap()
}

/// The packages that a package is built from.
fn uses(metadata: &Metadata, name: &str) -> Vec<String> {
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == name);
    let package = package.unwrap_or_else(|| panic!("there is no package {name}"));
    let normal = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.clone()).collect()
}

#[test]
fn every_package_has_its_floor() {
    let metadata = metadata();
    let floors = BTreeMap::from(FLOORS);
    for package in metadata.workspace_packages() {
        assert!(
            floors.contains_key(package.name.as_str()),
            "{} has no floor",
            package.name
        );
    }
    for name in floors.keys() {
        assert!(
            metadata
                .packages
                .iter()
                .any(|package| package.name.as_str() == *name),
            "there is no package {name}"
        );
    }
}

#[test]
fn a_package_uses_only_floors_below_its_own() {
    let metadata = metadata();
    let floors = BTreeMap::from(FLOORS);
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        for used in uses(&metadata, name) {
            let Some(floor) = floors.get(used.as_str()) else {
                continue;
            };
            // The sandbox is a server of its own.
            let its_own_server = name == "qlive-sandbox" && used == "actix-web";
            assert!(
                its_own_server || *floor < floors[name],
                "{name} may not use {used}"
            );
        }
    }
}

#[test]
fn the_sandbox_shares_no_code_with_the_clients_it_tests() {
    let used = uses(&metadata(), "qlive-sandbox");
    let ours: Vec<&String> = used
        .iter()
        .filter(|name| name.starts_with("qlive-"))
        .collect();
    assert_eq!(ours, ["qlive-types"]);
}

#[test]
fn no_sql_and_no_diesel_in_the_binaries() {
    let metadata = metadata();
    for binary in ["qlive-server", "qlive-admin"] {
        assert!(
            !uses(&metadata, binary)
                .iter()
                .any(|name| name.starts_with("diesel")),
            "{binary}"
        );
    }
}

#[test]
fn every_crate_takes_the_workspaces_lints() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let takes = manifest.contains("[lints]\nworkspace = true");
        assert!(
            takes || package.name.as_str() == "qlive-tests",
            "{}",
            package.name
        );
    }
}

#[test]
fn no_source_file_is_too_long() {
    for file in sources(&root()) {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LINES, "{} has {lines} lines", file.display());
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| {
        let folder = root().join("migrations").join(engine);
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}
