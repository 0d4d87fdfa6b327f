//! An empty secret in the file or in the environment is a setting that is missing.

use std::path::Path;

use qlive_app::{Settings, check};

use crate::real_settings::real_settings;

/// The example file with one line replaced. The line is the only one that starts with `key =`
/// below the heading of the section.
fn example_with(section: &str, key: &str, value: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let example = std::fs::read_to_string(root.join("qlive.example.toml")).unwrap();
    let (before, after) = example.split_once(&format!("\n{section}")).unwrap();
    let position = after.find(&format!("\n{key} = ")).unwrap() + 1;
    let (heading, rest) = after.split_at(position);
    let rest = rest.split_once('\n').unwrap().1;
    format!("{before}\n{section}{heading}{key} = \"{value}\"\n{rest}")
}

fn load(toml: &str) -> anyhow::Result<Settings> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("qlive.toml");
    std::fs::write(&file, toml)?;
    Settings::load(Some(&file))
}

/// Empty texts, as TOML writes them.
const EMPTY: [&str; 4] = ["", " ", r"\t", r" \n\u3000"];

#[test]
fn empty_secret_that_is_required_is_an_error_that_names_it() {
    for (section, key) in [
        ("[wechat.apps]", "wx0000000000000000"),
        ("[wechat.push]", "token"),
        ("[wechat.push]", "encoding_aes_key"),
        ("[wechat_pay]", "api_v3_key"),
        ("[wechat_pay]", "private_key_path"),
        ("[[wechat_pay.verify_keys]]", "path"),
        ("[virtual_payment]", "app_key"),
        ("[live]", "push_key"),
    ] {
        for value in EMPTY {
            let error = load(&example_with(section, key, value)).unwrap_err();
            let error = format!("{error:#}");
            assert!(
                error.contains("must not be empty"),
                "{section} {key}: {error}"
            );
            assert!(error.contains(key), "{section} {key}: {error}");
        }
    }
    for value in EMPTY {
        let settings = load(&example_with("[im]", "secret_key", value)).unwrap();
        let error = settings.mode().unwrap_err().to_string();
        assert!(
            error.contains("[im] needs sdk_app_id and secret_key"),
            "{error}"
        );
    }
}

#[test]
fn empty_secret_that_may_be_missing_is_missing_and_has_a_note() {
    for (section, key, note) in [
        ("[im]", "callback_token", "[im] callback_token is missing"),
        ("[live]", "callback_key", "[live] callback_key is missing"),
        ("[live]", "play_key", "[live] play_key is missing"),
        (
            "[live]",
            "secret_id",
            "[live] secret_id or secret_key is missing",
        ),
        (
            "[live]",
            "secret_key",
            "[live] secret_id or secret_key is missing",
        ),
    ] {
        for value in EMPTY {
            let loaded = load(&example_with(section, key, value)).unwrap();
            let mut settings = real_settings();
            (settings.im, settings.live) = (loaded.im, loaded.live);
            let notes = check(&settings).unwrap();
            assert!(
                notes.iter().any(|found| found.starts_with(note)),
                "{section} {key}: {notes:?}"
            );
        }
    }
}
