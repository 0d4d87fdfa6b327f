//! A crate uses only crates of lower layers.

use std::collections::BTreeMap;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::root;

/// Every package and its layer. A package uses only packages of lower layers.
const LAYERS: [(&str, u8); 20] = [
    ("qlive-types", 0),
    ("qlive-tencent", 0),
    ("qlive-store", 1),
    ("qlive-configs", 2),
    ("qlive-outbox", 2),
    ("qlive-ledger", 2),
    ("qlive-operators", 2),
    ("qlive-users", 3),
    ("qlive-rooms", 4),
    ("qlive-gifts", 5),
    ("qlive-payments", 5),
    // Implements the protocols on its own; of this workspace it may use `qlive-types` only.
    ("qlive-sandbox", 1),
    ("qlive-app", 6),
    ("actix-web", 7),
    ("qlive-files", 8),
    ("qlive-console", 9),
    ("qlive-server", 10),
    ("qlive-admin", 10),
    // Test support uses everything below the binaries, the tests use the binaries too.
    ("qlive-testing", 8),
    ("qlive-tests", 11),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .exec()
        .unwrap()
}

/// The normal dependencies that a package declares.
fn dependencies(metadata: &Metadata, name: &str) -> Vec<String> {
    let package = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == name)
        .unwrap_or_else(|| panic!("there is no package {name}"));
    let declared = package.dependencies.iter();
    declared
        .filter(|dependency| dependency.kind == DependencyKind::Normal)
        .map(|dependency| dependency.name.clone())
        .collect()
}

#[test]
fn every_package_has_a_layer() {
    let metadata = metadata();
    let layers = BTreeMap::from(LAYERS);
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        assert!(layers.contains_key(name), "{name} has no layer");
    }
    for name in layers.keys() {
        let exists = metadata
            .packages
            .iter()
            .any(|package| package.name.as_str() == *name);
        assert!(exists, "there is no package {name}");
    }
}

#[test]
fn a_package_uses_only_lower_layers() {
    let metadata = metadata();
    let layers = BTreeMap::from(LAYERS);
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        for used in dependencies(&metadata, name) {
            let Some(layer) = layers.get(used.as_str()) else {
                continue;
            };
            // The sandbox is an HTTP server of its own.
            let allowed = name == "qlive-sandbox" && used == "actix-web";
            assert!(
                allowed || *layer < layers[name],
                "{name} may not use {used}"
            );
        }
    }
}

#[test]
fn sandbox_shares_no_code_with_the_clients_it_tests() {
    let used = dependencies(&metadata(), "qlive-sandbox");
    let of_workspace: Vec<&String> = used
        .iter()
        .filter(|name| name.starts_with("qlive-"))
        .collect();
    assert_eq!(of_workspace, ["qlive-types"]);
}

#[test]
fn binaries_and_wiring_use_no_sql() {
    let metadata = metadata();
    for package in ["qlive-app", "qlive-console", "qlive-server", "qlive-admin"] {
        let used = dependencies(&metadata, package);
        assert!(
            !used.iter().any(|name| name.starts_with("diesel")),
            "{package}"
        );
    }
}

#[test]
fn admin_links_no_api_no_sandbox_and_no_explorer() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-p", "qlive-admin", "-e", "normal"])
        .args(["--prefix", "none", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let tree = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && tree.contains("qlive-app "));
    for package in ["qlive-server", "qlive-sandbox", "utoipa"] {
        assert!(
            !tree.lines().any(|line| line.starts_with(package)),
            "qlive-admin depends on {package}"
        );
    }
}

#[test]
fn every_crate_uses_the_lints_of_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let inherits = manifest.contains("[lints]\nworkspace = true");
        // A test reports failure with a panic, which those lints forbid.
        let is_test_code = ["qlive-tests", "qlive-testing"].contains(&package.name.as_str());
        assert!(inherits || is_test_code, "{}", package.name);
    }
}
