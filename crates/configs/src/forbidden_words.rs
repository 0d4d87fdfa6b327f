//! Words that no comment may have, and the search for them.

use aho_corasick::AhoCorasick;
use qlive_types::text;

/// The words that no comment may have.
#[derive(Debug)]
pub struct ForbiddenWords {
    /// As operators typed them.
    words: Vec<String>,
    /// Finds the folded words; `None` without a word, or with more than a search can hold.
    search: Option<AhoCorasick>,
}

impl ForbiddenWords {
    pub(crate) fn new(words: impl IntoIterator<Item = String>) -> Self {
        let words: Vec<(String, String)> = words
            .into_iter()
            .map(|word| {
                let folded = text::folded(&word);
                (word, folded)
            })
            .filter(|(_, folded)| !folded.is_empty())
            .collect();
        let folded = words.iter().map(|(_, folded)| folded);
        let search = AhoCorasick::new(folded)
            .inspect_err(|error| tracing::error!(%error, "no forbidden word is searched for"))
            .ok();
        Self {
            words: words.into_iter().map(|(word, _)| word).collect(),
            search,
        }
    }

    /// The first forbidden word in a text that people read, as operators typed it. Case, width,
    /// spaces and invisible characters make no difference.
    #[must_use]
    pub fn find(&self, written: &str) -> Option<&str> {
        let found = self.search.as_ref()?.find(&text::folded(written))?;
        self.words
            .get(found.pattern().as_usize())
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_width_and_spaces_hide_no_word() {
        let words = ForbiddenWords::new(["加微信", "VX", "", " "].map(str::to_owned));
        for (written, expected) in [
            ("请加微信", Some("加微信")),
            ("加 微\u{200B}信", Some("加微信")),
            ("my vx is", Some("VX")),
            ("V X", Some("VX")),
            ("Ｖ　ｘ", Some("VX")),
            ("微信支付", None),
            ("v", None),
            ("", None),
        ] {
            assert_eq!(words.find(written), expected, "{written:?}");
        }
        assert_eq!(ForbiddenWords::new([]).find("anything"), None);
    }
}
