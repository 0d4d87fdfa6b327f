//! JSON from WeChat and Tencent IM that contains what users typed: raw control characters, halves
//! of surrogate pairs and bytes that are not UTF-8 occur in its strings.

use serde_json::Value;

/// In place of what cannot be read.
const REPLACEMENT: &str = "\u{FFFD}";

/// Parses JSON. What cannot be read in a string becomes U+FFFD. `None` for anything else that is
/// not JSON.
#[must_use]
pub fn parse_json(bytes: &[u8]) -> Option<Value> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    serde_json::from_slice(bytes).ok().or_else(|| {
        let repaired = repair_strings(&String::from_utf8_lossy(bytes));
        serde_json::from_str(&repaired).ok()
    })
}

/// Replaces what JSON does not allow inside of strings.
fn repair_strings(text: &str) -> String {
    let mut repaired = String::with_capacity(text.len());
    let mut is_in_string = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (length, is_readable) = if is_in_string {
            measure_in_string(first, rest)
        } else {
            (first.len_utf8(), true)
        };
        let (piece, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        repaired.push_str(if is_readable { piece } else { REPLACEMENT });
        is_in_string ^= piece == "\"";
        rest = after;
    }
    repaired
}

/// The length of the character or the escape at the beginning of `rest`, and whether JSON allows
/// it in a string.
fn measure_in_string(first: char, rest: &str) -> (usize, bool) {
    const UNIT: usize = r"\uXXXX".len();
    if first != '\\' {
        return (first.len_utf8(), first >= ' ');
    }
    match (escaped_unit(rest), rest.get(UNIT..).and_then(escaped_unit)) {
        (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => (2 * UNIT, true),
        (Some(0xD800..=0xDFFF), _) => (UNIT, false),
        (Some(_), _) => (UNIT, true),
        (None, _) => match rest.chars().nth(1) {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => (2, true),
            _ => (1, false),
        },
    }
}

/// The UTF-16 unit of an escape such as `\u4e2d`.
fn escaped_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix(r"\u")?.get(..4)?;
    let is_hex = digits.bytes().all(|b| b.is_ascii_hexdigit());
    is_hex
        .then(|| u16::from_str_radix(digits, 16).ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn unreadable_parts_of_strings_are_replaced() {
        for (text, name) in [
            (&b"{\"n\":\"a\x01b\n\"}"[..], "a\u{FFFD}b\u{FFFD}"),
            (br#"{"n":"a\ud83d"}"#, "a\u{FFFD}"),
            (br#"{"n":"\ude00\ud83d\ud83d\ude00"}"#, "\u{FFFD}\u{FFFD}😀"),
            (br#"{"n":"\ud83d\n\u4e2d"}"#, "\u{FFFD}\n中"),
            (b"{\"n\":\"a\xff\xc3(\"}", "a\u{FFFD}\u{FFFD}("),
            (b"{\"n\":\"\x02\\\"\\\\\"}", "\u{FFFD}\"\\"),
            (br#"{"n":"\x\u12"}"#, "\u{FFFD}x\u{FFFD}u12"),
            (b"\xEF\xBB\xBF{\"n\":\"a\"}", "a"),
        ] {
            let shown = String::from_utf8_lossy(text);
            assert_eq!(parse_json(text), Some(json!({"n": name})), "{shown}");
        }
        // In any field, also in names.
        assert_eq!(
            parse_json(b"{\"a\x02\":[{\"b\":\"\\udead\"}]}"),
            Some(json!({"a\u{FFFD}": [{"b": "\u{FFFD}"}]}))
        );
    }

    #[test]
    fn malformed_json_is_refused() {
        for text in [
            &b""[..],
            b"{",
            b"{\"a\":\"b}",
            b"\"\\",
            b"\xff",
            b"{\x01}",
            b"{\"a\":}",
        ] {
            assert_eq!(parse_json(text), None, "{}", String::from_utf8_lossy(text));
        }
    }
}
