//! Base64 as mini-programs and forms deliver it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

const DECODER: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Decodes base64 in the standard or the URL-safe alphabet, with or without padding, on one line or
/// several. A space is read as a `+` that a form has decoded, or as white space, whichever makes
/// base64; `None` when neither does.
pub(crate) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let readings = [
        symbols(text, Some('+')),
        symbols(text.trim(), Some('+')),
        symbols(text, None),
    ];
    let is_whole = |reading: &&String| reading.len().is_multiple_of(4);
    readings
        .iter()
        .filter(is_whole)
        .chain(&readings)
        .find_map(|reading| DECODER.decode(reading).ok())
}

/// The symbols of the standard alphabet, with `space` in place of spaces.
fn symbols(text: &str, space: Option<char>) -> String {
    let symbol = |c| match c {
        ' ' => space,
        '\r' | '\n' | '\t' => None,
        '-' => Some('+'),
        '_' => Some('/'),
        other => Some(other),
    };
    text.chars().filter_map(symbol).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_base64_is_decoded() {
        let bytes = vec![0xfb, 0xef, 0xbe, 0xff, 0xff, 0xfe, 0xfb];
        for text in [
            "++++///++w==",
            "    ///  w==",
            "++++///++w",
            "----___--w",
            "++++\r\n///+\n+w==\n",
            "++++ ///+ +w==",
            "  ++++///++w== ",
            " ++++///+ w== ",
        ] {
            assert_eq!(decode_base64(text), Some(bytes.clone()), "{text:?}");
        }
        assert_eq!(decode_base64(" +++/ "), Some(vec![0xfb, 0xef, 0xbf]));
        assert_eq!(decode_base64(" +/ "), Some(vec![0xfb, 0xef, 0xfe]));
        assert_eq!(decode_base64(""), Some(Vec::new()));
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "not base64!",
            "A",
            "AAAAA",
            "=",
            "AA==AA",
            "红娘",
            "AA%3D%3D",
        ] {
            assert_eq!(decode_base64(text), None, "{text:?}");
        }
    }
}
