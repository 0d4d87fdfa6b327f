//! Cutting text without breaking what a person sees as one character.

use unicode_segmentation::UnicodeSegmentation as _;

/// Columns a nickname may take.
pub const NICKNAME_COLUMNS: usize = 20;
/// Bytes a nickname may take, however many marks its letters carry.
const NICKNAME_BYTES: usize = 160;

/// Cuts a nickname to [`NICKNAME_COLUMNS`], never inside a grapheme. A CJK
/// character or an emoji counts three columns, anything else one.
#[must_use]
pub fn nickname(name: &str) -> String {
    bytes(&fit(name.trim(), NICKNAME_COLUMNS, columns), NICKNAME_BYTES)
}

/// Cuts text to so many bytes of UTF-8, never inside a grapheme.
#[must_use]
pub fn bytes(text: &str, limit: usize) -> String {
    fit(text, limit, str::len)
}

fn fit(text: &str, limit: usize, width: impl Fn(&str) -> usize) -> String {
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
        | '\u{FE0F}'                // shown as an emoji by request
        | '\u{FE30}'..='\u{FE4F}'
        | '\u{FF00}'..='\u{FF60}'   // full-width forms
        | '\u{FFE0}'..='\u{FFE6}'
        | '\u{1F000}'..='\u{1FAFF}' // emoji, flags
        | '\u{20000}'..='\u{3FFFF}' // further ideographs
    )
}

/// Whether text holds a control character, which no field of ours may.
#[must_use]
pub fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicknames_are_cut_by_columns() {
        assert_eq!(
            nickname("abcdefghijklmnopqrstuvwxyz"),
            "abcdefghijklmnopqrst"
        );
        assert_eq!(nickname("考虑考虑看照你好"), "考虑考虑看照");
        assert_eq!(nickname("  ab  "), "ab");
    }

    #[test]
    fn marks_without_end_are_cut() {
        assert_eq!(nickname(&format!("ab{}", "\u{301}".repeat(1000))), "a");
    }

    #[test]
    fn a_grapheme_is_never_split() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(
            nickname(&format!("{}{family}", "a".repeat(17))),
            format!("{}{family}", "a".repeat(17))
        );
        assert_eq!(
            nickname(&format!("{}{family}", "a".repeat(18))),
            "a".repeat(18)
        );
        assert_eq!(nickname("🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳"), "🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳🇨🇳");
        assert_eq!(bytes(&"é".repeat(20), 31), "é".repeat(15));
    }
}
