//! Text that is shown to other users: what it may hold, in which form it is stored, and how it is
//! truncated, so that no visible character is split.

use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_segmentation::UnicodeSegmentation as _;

use crate::characters;

/// The most columns that a nickname takes.
pub const NICKNAME_COLUMNS: usize = 20;
/// The most bytes that a nickname takes. A grapheme can consist of any number of combining marks,
/// so the limit on columns does not limit the bytes.
const NICKNAME_BYTES: usize = 160;

/// A nickname as it is stored: displayable and truncated. `None` if it may not be shown.
#[must_use]
pub fn nickname(name: &str) -> Option<String> {
    displayable(name).and_then(|name| displayable(&truncate_nickname(&name)))
}

/// Trims a nickname and truncates it to [`NICKNAME_COLUMNS`] columns and 160 bytes. A CJK
/// character or an emoji takes three columns, any other grapheme one.
#[must_use]
pub fn truncate_nickname(name: &str) -> String {
    let fitting = truncate(name.trim(), NICKNAME_COLUMNS, columns);
    truncate_bytes(&fitting, NICKNAME_BYTES)
}

/// Truncates text to at most `limit` bytes of UTF-8.
#[must_use]
pub fn truncate_bytes(text: &str, limit: usize) -> String {
    truncate(text, limit, str::len)
}

fn truncate(text: &str, limit: usize, width: impl Fn(&str) -> usize) -> String {
    let mut used = 0;
    text.graphemes(true)
        .take_while(|grapheme| {
            used += width(grapheme);
            used <= limit
        })
        .collect()
}

fn columns(grapheme: &str) -> usize {
    if grapheme.chars().any(is_wide) { 3 } else { 1 }
}

fn is_wide(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{115F}'     // Hangul Jamo
        | '\u{203C}' | '\u{2049}'   // double exclamation marks shown as emoji
        | '\u{20E3}'                // keycap
        | '\u{231A}'..='\u{23FF}'   // technical symbols shown as emoji
        | '\u{2600}'..='\u{27BF}'   // symbols and dingbats
        | '\u{2B00}'..='\u{2BFF}'   // arrows and stars
        | '\u{2E80}'..='\u{A4CF}'   // CJK radicals, kana, ideographs, Yi
        | '\u{A960}'..='\u{A97F}'
        | '\u{AC00}'..='\u{D7FF}'   // Hangul
        | '\u{F900}'..='\u{FAFF}'   // compatibility ideographs
        | '\u{FE0F}'                // variation selector: show as an emoji
        | '\u{FE30}'..='\u{FE4F}'
        | '\u{FF00}'..='\u{FF60}'   // full-width forms
        | '\u{FFE0}'..='\u{FFE6}'
        | '\u{1F000}'..='\u{1FAFF}' // emoji, flags
        | '\u{20000}'..='\u{3FFFF}' // further ideographs
    )
}

/// Whether a text may be shown to other users: it has a visible character, and no character that
/// breaks a line, turns the direction of writing, or is invisible without a meaning. This is the
/// one definition, whoever sets the text.
#[must_use]
pub fn is_displayable(text: &str) -> bool {
    let all: Vec<char> = text.chars().collect();
    all.iter().any(|c| characters::is_visible(*c)) && (0..all.len()).all(|at| is_allowed(&all, at))
}

/// The text as it is stored, without spaces around it and in Unicode's normalization form C;
/// `None` if it may not be shown.
#[must_use]
pub fn displayable(text: &str) -> Option<String> {
    let normalizer = ComposingNormalizerBorrowed::new_nfc();
    let trimmed = text.trim_matches(characters::is_space);
    let stored = normalizer.normalize(trimmed).into_owned();
    is_displayable(&stored).then_some(stored)
}

/// What is left of a text without the characters that may not be shown; `None` if that is nothing
/// visible. For texts of a source that cannot be asked for a better one.
#[must_use]
pub fn displayable_part(text: &str) -> Option<String> {
    let mut kept: Vec<char> = text.chars().collect();
    loop {
        let allowed: Vec<char> = kept
            .iter()
            .enumerate()
            .filter(|(at, _)| is_allowed(&kept, *at))
            .map(|(_, c)| *c)
            .collect();
        if allowed.len() == kept.len() {
            return displayable(&allowed.into_iter().collect::<String>());
        }
        kept = allowed;
    }
}

/// Whether a text of several lines, or an empty one, may be shown.
#[must_use]
pub fn is_displayable_lines(text: &str) -> bool {
    text.lines()
        .all(|line| line.trim().is_empty() || is_displayable(line.trim()))
}

/// A text in the form in which words are looked for: without case, spaces, invisible characters
/// and the forms of a character that only look different (full width, ligatures).
#[must_use]
pub fn folded(text: &str) -> String {
    let normalizer = ComposingNormalizerBorrowed::new_nfkc();
    let visible = without_invisible(&normalizer.normalize(text));
    let letters = visible.chars().filter(|c| !is_blank(*c));
    letters.flat_map(char::to_lowercase).collect()
}

/// Whether a character looks like an empty place: any white space, and the symbols that do.
#[must_use]
pub fn is_blank(c: char) -> bool {
    characters::is_blank(c)
}

/// Whether a character has no shape of its own in any font.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    characters::is_invisible(c)
}

/// A text without the characters that have no shape, and without controls.
#[must_use]
pub fn without_invisible(text: &str) -> String {
    let is_hidden = |c: &char| characters::is_invisible(*c) || c.is_control();
    text.chars().filter(|c| !is_hidden(c)).collect()
}

fn is_allowed(all: &[char], at: usize) -> bool {
    let (before, rest) = all.split_at(at);
    rest.split_first()
        .is_some_and(|(c, after)| characters::is_displayable(*c, before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts that may be shown as they are.
    const SHOWN: [&str; 25] = [
        "a",
        "张三",
        "a b",
        "a\u{3000}b",
        "é",
        "﷽",
        "👍🏽",
        "❤️",
        "♡\u{FE0E}",
        "☾\u{FE0E}",
        "✰\u{FE0F}a",
        "〽\u{FE0E}",
        "1️⃣",
        "👨‍👩‍👧‍👦",
        "🏳️‍🌈",
        "👩🏽‍⚕️",
        "🐈‍⬛",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
        "می\u{200C}خواهم",
        "क्\u{200D}ष",
        "क्\u{200C}ष",
        "葛\u{E0100}",
        "ᠠ\u{180B}",
        "\u{E000}",
        "اَلْعَرَبِيَّةُ",
    ];

    #[test]
    fn visible_text_may_be_shown() {
        for text in SHOWN {
            assert_eq!(displayable(text).as_deref(), Some(text), "{text:?}");
            assert_eq!(displayable_part(text).as_deref(), Some(text), "{text:?}");
        }
        assert_eq!(displayable(" ab\u{3000}").as_deref(), Some("ab"));
        assert_eq!(displayable("ab\n"), None);
        assert_eq!(displayable("e\u{301}").as_deref(), Some("é"));
    }

    #[test]
    fn invisible_text_may_not_be_shown() {
        for text in [
            "",
            " ",
            "\u{3000}",
            "\u{200B}",
            "\u{FEFF}",
            "\u{3164}",
            "\u{115F}",
            "\u{FFA0}",
            "\u{2800}",
            "\u{AD}",
            "\u{301}",
            "\u{FE0F}",
            "\u{200D}",
            "\u{2060}\u{2800} ",
            "\u{E0041}",
            "\u{034F}",
            "\u{17B4}",
            "\u{FFFC}",
        ] {
            assert_eq!(displayable(text), None, "{text:?}");
            assert_eq!(displayable_part(text), None, "{text:?}");
        }
    }

    #[test]
    fn text_with_a_character_that_may_not_be_shown_is_refused_or_loses_it() {
        for hidden in [
            '\0',
            '\t',
            '\n',
            '\u{7}',
            '\u{7F}',
            '\u{85}',
            '\u{9F}',
            '\u{2028}',
            '\u{2029}',
            '\u{61C}',
            '\u{200E}',
            '\u{200F}',
            '\u{202A}',
            '\u{202E}',
            '\u{2066}',
            '\u{2069}',
            '\u{200B}',
            '\u{200C}',
            '\u{200D}',
            '\u{2060}',
            '\u{2064}',
            '\u{206F}',
            '\u{FEFF}',
            '\u{AD}',
            '\u{34F}',
            '\u{3164}',
            '\u{FE00}',
            '\u{FE0F}',
            '\u{180E}',
            '\u{FFF9}',
            '\u{FFFE}',
            '\u{FDD0}',
            '\u{10FFFF}',
            '\u{E0001}',
            '\u{E0061}',
            '\u{E0100}',
        ] {
            let text = format!("a{hidden}b");
            assert_eq!(displayable(&text), None, "{text:?}");
            assert_eq!(displayable_part(&text).as_deref(), Some("ab"), "{text:?}");
        }
        let tags = format!("🏴{}\u{E007F}", "\u{E0067}".repeat(20_000));
        assert_eq!(displayable(&tags), None);
        let broken = "👨\u{200D}\u{200D}👩 🏴\u{E0067}";
        assert_eq!(displayable(broken), None);
        assert_eq!(displayable_part(broken).as_deref(), Some("👨👩 🏴"));
    }

    #[test]
    fn text_of_several_lines_is_checked_line_by_line() {
        for text in ["", "one", "one\n\n two\r\nthree"] {
            assert!(is_displayable_lines(text), "{text:?}");
        }
        for text in ["one\u{202E}\ntwo", "one\n\u{200B}", "one\u{2028}two"] {
            assert!(!is_displayable_lines(text), "{text:?}");
        }
    }

    #[test]
    fn long_nickname_is_truncated_by_columns() {
        assert_eq!(
            truncate_nickname("abcdefghijklmnopqrstuvwxyz"),
            "abcdefghijklmnopqrst"
        );
        assert_eq!(truncate_nickname("考虑考虑看照你好"), "考虑考虑看照");
        assert_eq!(truncate_nickname("  ab  "), "ab");
    }

    #[test]
    fn nickname_with_a_thousand_combining_marks_is_truncated_by_bytes() {
        assert_eq!(
            truncate_nickname(&format!("ab{}", "\u{301}".repeat(1000))),
            "a"
        );
    }

    #[test]
    fn grapheme_at_the_limit_is_dropped_whole() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(
            truncate_nickname(&format!("{}{family}", "a".repeat(17))),
            format!("{}{family}", "a".repeat(17))
        );
        assert_eq!(
            truncate_nickname(&format!("{}{family}", "a".repeat(18))),
            "a".repeat(18)
        );
        assert_eq!(truncate_nickname("🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳"), "🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳");
        assert_eq!(truncate_bytes(&"é".repeat(20), 31), "é".repeat(15));
    }
}
