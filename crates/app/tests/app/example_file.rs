//! `qlive.example.toml` and `docs/configuration.md` against the settings types.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use qlive_app::{Mode, Provider, Settings, check};
use serde_json::Value;

use crate::settings_keys::all_paths;

fn repository_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name)
}

/// The paths of all values in the example file, written as [`all_paths`] writes them.
fn example_paths() -> BTreeSet<String> {
    let source = config::File::from(repository_file("qlive.example.toml"));
    let config = config::Config::builder().add_source(source).build();
    let example: Value = config.unwrap().try_deserialize().unwrap();
    let mut paths = BTreeSet::new();
    collect_paths("", &example, &mut paths);
    paths
}

fn collect_paths(path: &str, value: &Value, paths: &mut BTreeSet<String>) {
    match value {
        // The only table whose keys are not settings.
        Value::Object(_) if path == "wechat.apps" => {
            paths.insert("wechat.apps.*".to_owned());
        }
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = format!("{path}.{key}");
                collect_paths(path.trim_start_matches('.'), value, paths);
            }
        }
        Value::Array(rows) if rows.iter().all(Value::is_object) => {
            for row in rows {
                collect_paths(&format!("{path}[]"), row, paths);
            }
        }
        _ => {
            paths.insert(path.to_owned());
        }
    }
}

#[test]
fn settings_types_are_explored_to_the_end() {
    let paths = all_paths();
    for path in [
        "server.listen",
        "server.trusted_proxies",
        "database.url",
        "sandbox.enabled",
        "wechat.apps.*",
        "wechat.push.token",
        "payments.provider",
        "wechat_pay.private_key_path",
        "wechat_pay.verify_keys[].path",
        "payouts.report_infos[].info_content",
        "live.secret_key",
        "rooms.admission",
    ] {
        assert!(paths.contains(path), "{path} is missing in {paths:#?}");
    }
}

#[test]
fn example_file_has_exactly_the_keys_of_the_settings() {
    let (in_types, in_example) = (all_paths(), example_paths());
    let missing: Vec<_> = in_types.difference(&in_example).collect();
    let unknown: Vec<_> = in_example.difference(&in_types).collect();
    assert!(missing.is_empty(), "not in qlive.example.toml: {missing:?}");
    assert!(unknown.is_empty(), "no such setting: {unknown:?}");
}

#[test]
fn configuration_page_describes_every_key_in_its_section() {
    let page = std::fs::read_to_string(repository_file("docs/configuration.md")).unwrap();
    for path in all_paths() {
        let (parent, key) = path.rsplit_once('.').unwrap();
        // `wechat.apps` and the lists of tables are described as keys of their section.
        let (section, key) = match parent.trim_end_matches("[]").rsplit_once('.') {
            Some((section, list)) if key == "*" => (section, list),
            Some((section, _)) if parent.ends_with("[]") => (section, key),
            Some(_) | None => (parent, key),
        };
        let heading = format!("# `[{section}]`\n");
        let (_, after) = page.split_once(&heading).unwrap_or_else(|| {
            panic!("docs/configuration.md has no heading for [{section}] ({path})")
        });
        let text = after.split("\n## ").next().unwrap();
        let is_described = text.contains(&format!("`{key}`"));
        assert!(
            is_described,
            "docs/configuration.md does not describe {path}"
        );
    }
}

#[test]
fn example_file_is_a_valid_real_configuration() {
    let settings = Settings::load(Some(&repository_file("qlive.example.toml"))).unwrap();
    assert_eq!(settings.mode().unwrap(), Mode::Real);
    assert_eq!(settings.provider().unwrap(), Some(Provider::Virtual));
    // Only the PEM files that it names are not there.
    let error = format!("{:#}", check(&settings).unwrap_err());
    assert!(error.contains("private_key_path"), "{error}");
    assert!(error.contains("/etc/qlive/apiclient_key.pem"), "{error}");
}
