//! Truncating text at grapheme boundaries, so that no visible character is split.

use unicode_segmentation::UnicodeSegmentation as _;

/// The most columns that a nickname takes.
pub const NICKNAME_COLUMNS: usize = 20;
/// The most bytes that a nickname takes. A grapheme can consist of any number of combining marks,
/// so the limit on columns does not limit the bytes.
const NICKNAME_BYTES: usize = 160;

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

/// Whether the text contains a control character. No stored text may.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

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
