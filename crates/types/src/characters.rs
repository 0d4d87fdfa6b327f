//! Which characters may be shown to other users, and where the invisible ones have a meaning.

use icu_properties::props::{
    BidiControl, BinaryProperty as _, CanonicalCombiningClass, DefaultIgnorableCodePoint, Emoji,
    EnumeratedProperty as _, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup,
    Ideographic, JoiningType,
};

/// Characters that count as symbols or letters but look like an empty place.
const BLANK: [char; 3] = ['\u{2800}', '\u{FFFC}', '\u{1D159}'];
const ZERO_WIDTH_NON_JOINER: char = '\u{200C}';
const ZERO_WIDTH_JOINER: char = '\u{200D}';
const EMOJI_VARIATION: char = '\u{FE0F}';
/// The flag that begins the flags of regions, and the tag that ends them.
const BLACK_FLAG: char = '\u{1F3F4}';
const CANCEL_TAG: char = '\u{E007F}';
/// The most tags of a flag. Without a limit a long text of tags would take quadratic time.
const MAX_TAGS: usize = 16;

/// Whether a character is a space that breaks no line.
pub(crate) fn is_space(c: char) -> bool {
    GeneralCategory::for_char(c) == GeneralCategory::SpaceSeparator
}

/// Whether a character looks like an empty place: any white space, and the symbols that do.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || BLANK.contains(&c)
}

/// Whether a character leaves a mark on the screen of its own.
pub(crate) fn is_visible(c: char) -> bool {
    let is_mark_or_hidden = matches!(
        GeneralCategory::for_char(c),
        GeneralCategory::Control
            | GeneralCategory::EnclosingMark
            | GeneralCategory::LineSeparator
            | GeneralCategory::NonspacingMark
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::SpaceSeparator
    );
    !is_mark_or_hidden && !is_invisible(c) && !is_blank(c)
}

/// Whether a character has no shape of its own in any font.
pub(crate) fn is_invisible(c: char) -> bool {
    DefaultIgnorableCodePoint::for_char(c)
}

/// Whether a character may be shown to other users, between those before and after it. Characters
/// that break a line or turn the direction of writing may not. An invisible one may where the
/// Unicode standard gives it a meaning: inside an emoji, or between letters that it joins.
pub(crate) fn is_displayable(c: char, before: &[char], after: &[char]) -> bool {
    if !is_invisible(c) {
        return !is_forbidden(c);
    }
    match c {
        ZERO_WIDTH_JOINER => joins_emoji(before, after) || follows_virama(before),
        ZERO_WIDTH_NON_JOINER => follows_virama(before) || parts_joining_letters(before, after),
        '\u{FE0E}' | EMOJI_VARIATION => before.last().is_some_and(|c| has_variations(*c)),
        '\u{FE00}'..='\u{FE0D}' | '\u{E0100}'..='\u{E01EF}' => {
            before.last().is_some_and(|c| Ideographic::for_char(*c))
        }
        '\u{180B}'..='\u{180F}' => before.last().is_some_and(|c| is_mongolian(*c)),
        '\u{E0020}'..=CANCEL_TAG => is_in_flag(c, before, after),
        _ => false,
    }
}

/// Controls, line and paragraph separators, controls of direction, annotations, noncharacters.
fn is_forbidden(c: char) -> bool {
    let is_break = matches!(
        GeneralCategory::for_char(c),
        GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    let is_annotation = matches!(c, '\u{FFF9}'..='\u{FFFB}');
    is_break || is_annotation || is_noncharacter(c) || BidiControl::for_char(c)
}

fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE
}

/// An emoji, or another symbol: fonts know more variations than those of emoji, as of stars and
/// hearts.
fn has_variations(c: char) -> bool {
    let category = GeneralCategory::for_char(c);
    let is_symbol = GeneralCategoryGroup::Symbol.contains(category)
        || GeneralCategoryGroup::Punctuation.contains(category);
    Emoji::for_char(c) || is_symbol && is_visible(c)
}

fn is_mongolian(c: char) -> bool {
    matches!(c, '\u{1820}'..='\u{18AF}')
}

/// Between two pictographs; the first may have a skin tone or an emoji variation (rule GB11 of
/// Unicode Standard Annex 29).
fn joins_emoji(before: &[char], after: &[char]) -> bool {
    let mut earlier = before.iter().rev();
    let first = earlier.find(|c| !matches!(**c, EMOJI_VARIATION | '\u{1F3FB}'..='\u{1F3FF}'));
    let is_pictograph = |c: Option<&char>| c.is_some_and(|c| ExtendedPictographic::for_char(*c));
    is_pictograph(first) && is_pictograph(after.first())
}

/// After a sign that joins Indic consonants (RFC 5892, appendices A.1 and A.2).
fn follows_virama(before: &[char]) -> bool {
    let class = before.last().map(|c| CanonicalCombiningClass::for_char(*c));
    class == Some(CanonicalCombiningClass::Virama)
}

/// Between two letters that would join (RFC 5892, appendix A.1), as in Persian.
fn parts_joining_letters(before: &[char], after: &[char]) -> bool {
    let joining = |c: &char| JoiningType::for_char(*c);
    let is_seen = |kind: &JoiningType| *kind != JoiningType::Transparent;
    let left = before.iter().rev().map(joining).find(is_seen);
    let right = after.iter().map(joining).find(is_seen);
    let joins_left = [JoiningType::LeftJoining, JoiningType::DualJoining];
    let joins_right = [JoiningType::RightJoining, JoiningType::DualJoining];
    left.is_some_and(|kind| joins_left.contains(&kind))
        && right.is_some_and(|kind| joins_right.contains(&kind))
}

/// Part of a flag of a region: a black flag, tags, the cancel tag.
fn is_in_flag(c: char, before: &[char], after: &[char]) -> bool {
    let is_tag = |c: &&char| matches!(**c, '\u{E0020}'..='\u{E007E}');
    let tags_before = before
        .iter()
        .rev()
        .take(MAX_TAGS)
        .take_while(is_tag)
        .count();
    let first = before.iter().rev().nth(tags_before);
    let is_complete = if c == CANCEL_TAG {
        tags_before > 0
    } else {
        after.iter().take(MAX_TAGS).find(|c| !is_tag(c)) == Some(&CANCEL_TAG)
    };
    first == Some(&BLACK_FLAG) && is_complete
}
