//! Words that the glossary replaced by a standard term must not come back.

use crate::{files_with, root, shown};

/// Retired words, in lower case. They are looked for as whole words and as parts of identifiers.
const RETIRED: [&str; 44] = [
    "told", "untold", "house", "office", "drainer", "keeper", "sweeper", "purse", "purses",
    "offence", "offences", "offender", "papers", "drawer", "errand", "errands", "wish", "wishes",
    "company", "unfit", "troubles", "owed", "standing", "story", "evening", "news", "door",
    "books", "phone", "phones", "he", "she", "his", "him", "her", "hers", "himself", "herself",
    "judge", "pursue", "losses", "heard", "admit", "recall",
];

/// Where a retired word is right: the word, and what the line must contain.
const ALLOWED: [(&str, &str); 8] = [
    // The wire slug of a notice that does not match its order.
    ("unfit", "\"unfit\""),
    ("unfit", "`unfit`"),
    // The path of the sandbox that serves its credentials.
    ("papers", "/sandbox/papers"),
    // A field of the sandbox's control paths: whether the server gets a notice.
    ("told", "\"told\""),
    ("told", "\\\"told\\\""),
    ("told", "`told`"),
    // A JSON key of the operators' tool.
    ("owed", "\"owed\""),
    // The English text of a wire error.
    ("himself", "\"Nobody gives to himself.\""),
];

/// Files in which a retired word is right: the word, and how the path begins. In the playroom a
/// phone is a phone.
const ALLOWED_IN: [(&str, &str); 8] = [
    ("phone", "clients/"),
    ("phones", "clients/"),
    ("phone", "README.md"),
    ("phones", "README.md"),
    ("phone", "tests/tests/http/platform/playroom.rs"),
    ("himself", "docs/clients.md"),
    // A field of the sandbox's control paths, which the client's tests use.
    ("told", "clients/sdk/test/"),
    ("phones", "docs/testing.md"),
];

#[test]
fn no_retired_word_comes_back() {
    let mut found = Vec::new();
    for file in files_with(&root(), &["rs", "md", "sql", "toml", "sh", "js"]) {
        if file.ends_with("architecture/words.rs") || file.ends_with("docs/glossary.md") {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for (at, line) in text.lines().enumerate() {
            for word in words(line) {
                let retired = RETIRED.contains(&word.as_str());
                let allowed = ALLOWED
                    .iter()
                    .any(|(allowed, context)| *allowed == word && line.contains(context));
                let path = shown(&file);
                let allowed_here = ALLOWED_IN
                    .iter()
                    .any(|(allowed, beginning)| *allowed == word && path.starts_with(beginning));
                if retired && !allowed && !allowed_here {
                    found.push(format!("{}:{}: {word}", shown(&file), at + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "retired words:\n{}", found.join("\n"));
}

/// The words of a line in lower case; identifiers are split at `_` and at capitals.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for c in line.chars() {
        if !c.is_ascii_alphabetic() || (c.is_ascii_uppercase() && after_lower) {
            words.push(std::mem::take(&mut word));
        }
        if c.is_ascii_alphabetic() {
            word.push(c.to_ascii_lowercase());
        }
        after_lower = c.is_ascii_lowercase();
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn identifiers_are_split_into_words() {
    let expected = ["let", "app", "house", "test", "house", "tell", "him"];
    assert_eq!(words("let appHouse = test_house(tellHim);"), expected);
}
