//! Who operates: the name of an operator, and which spellings of it are the same name.

use std::fmt;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::CodePointMapData;
use icu_properties::props::GeneralCategory;
use qlive_types::text;
use unicase::UniCase;

/// The operator who makes a change, and the reason they give.
#[derive(Debug, Clone)]
pub struct Operator {
    /// The name of their account; in the terminal the name given with `--as`, otherwise the login
    /// name.
    pub name: OperatorName,
    /// Free text, may be empty.
    pub reason: String,
    /// The role that their account has now, empty in the terminal.
    pub role: &'static str,
    /// The address that the request came from, empty in the terminal.
    pub address: String,
}

impl Operator {
    /// An operator with this name, who gives this reason.
    ///
    /// # Errors
    /// [`EmptyOperatorName`].
    pub fn new(name: &str, reason: impl Into<String>) -> Result<Self, EmptyOperatorName> {
        Ok(Self {
            name: OperatorName::parse(name)?,
            reason: reason.into(),
            role: "",
            address: String::new(),
        })
    }
}

/// A name has no visible character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of an operator must not be empty")]
pub struct EmptyOperatorName;

/// The name of an operator. Two names are equal when they look the same but for case and spaces:
/// `ops-1`, `OPS-1 ` and `ｏｐｓ-1` are one name.
#[derive(Debug, Clone)]
pub struct OperatorName {
    /// As it is recorded: in compatibility composed form (NFKC), without invisible characters,
    /// with single spaces inside and none around.
    shown: String,
    /// The same with its case folded.
    compared: String,
}

impl OperatorName {
    /// Reads a name, as it was typed or stored.
    ///
    /// # Errors
    /// [`EmptyOperatorName`] when it has no visible character.
    pub fn parse(typed: &str) -> Result<Self, EmptyOperatorName> {
        let nfkc = ComposingNormalizerBorrowed::new_nfkc();
        // Removing a character can bring two together that compose.
        let visible: String = nfkc.normalize(typed).chars().filter_map(visible).collect();
        let words: Vec<&str> = visible.split_whitespace().collect();
        let shown = nfkc.normalize(&words.join(" ")).into_owned();
        if shown.is_empty() {
            return Err(EmptyOperatorName);
        }
        let folded = UniCase::unicode(&shown).to_folded_case();
        let compared = nfkc.normalize(&folded).into_owned();
        Ok(Self { shown, compared })
    }

    /// The name as it is recorded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// The name as it is compared: equal for equal names.
    #[must_use]
    pub fn compared(&self) -> &str {
        &self.compared
    }
}

impl PartialEq for OperatorName {
    fn eq(&self, other: &Self) -> bool {
        self.compared == other.compared
    }
}

impl Eq for OperatorName {}

impl fmt::Display for OperatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The character when it can be seen; a space for a blank one; else nothing.
fn visible(c: char) -> Option<char> {
    if text::is_blank(c) {
        return Some(' ');
    }
    let is_without_shape = matches!(
        CodePointMapData::<GeneralCategory>::new().get(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
    );
    (!text::is_invisible(c) && !is_without_shape).then_some(c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn name(typed: &str) -> OperatorName {
        OperatorName::parse(typed).unwrap()
    }

    #[test]
    fn spellings_that_look_the_same_are_one_name() {
        for same in [
            "ops-1",
            "OPS-1",
            "OPS-1 ",
            "\t ops-1\n",
            "ｏｐｓ－１",
            "o\u{200B}ps-1",
            "\u{FEFF}ops-1",
            "ops-1\u{202E}",
            "op\u{AD}s-1",
            "ops\u{FE0F}-1",
            "ops-1\u{3164}",
            "ops-1\u{2800}",
            "ops-1\u{FFFC}",
            "ops-1\u{1D159}",
            "ops-1\u{0}",
            "op\u{E0001}s-1",
        ] {
            assert_eq!(name(same), name("ops-1"), "{same:?}");
        }
        assert_eq!(name("Renée"), name("RENE\u{301}E"));
        assert_eq!(name("Strauß"), name("STRAUSS"));
        assert_eq!(name("ΣΊΣΥΦΟΣ"), name("σίσυφος"));
        assert_eq!(name("Li   Lei"), name("li\u{A0}lei"));
        assert_eq!(
            name("e\u{200B}\u{301}"),
            name("é"),
            "they compose afterwards"
        );
    }

    #[test]
    fn names_that_differ_are_different_operators() {
        for (one, other) in [("ops-1", "ops-2"), ("ops 1", "ops1"), ("李雷", "李蕾")] {
            assert_ne!(name(one), name(other));
        }
    }

    #[test]
    fn name_without_a_visible_character_is_refused() {
        for empty in [
            "",
            " ",
            "\t\n",
            "\u{200B}",
            "\u{3164}\u{FEFF}",
            "\u{2800} \u{AD}",
        ] {
            assert_eq!(
                OperatorName::parse(empty).err(),
                Some(EmptyOperatorName),
                "{empty:?}"
            );
        }
    }

    #[test]
    fn recorded_name_keeps_its_case() {
        assert_eq!(name("  Olga\u{200B}  Ivanova ").as_str(), "Olga Ivanova");
        assert_eq!(name("Olga").to_string(), "Olga");
    }

    proptest! {
        #[test]
        fn recorded_name_is_the_same_name_when_it_is_read_again(typed in any::<String>()) {
            if let Ok(first) = OperatorName::parse(&typed) {
                let again = OperatorName::parse(first.as_str()).unwrap();
                prop_assert_eq!(first.as_str(), again.as_str());
                prop_assert_eq!(first, again);
            }
        }
    }
}
