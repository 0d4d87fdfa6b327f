//! [`Review`]: what an action would change, which the operator looks at before it is done.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use similar::{ChangeTag, TextDiff};

/// The lines around a change that are shown with it.
const CONTEXT: usize = 2;

/// A line that goes, comes or stays.
pub(crate) struct ReviewLine {
    pub(crate) tag: ChangeTag,
    pub(crate) text: String,
}

/// What would change.
pub(crate) struct Review {
    pub(crate) lines: Vec<ReviewLine>,
    /// Names the state that was compared: after it changed, the operator looks again.
    pub(crate) seen: String,
}

impl Review {
    /// Compares two texts by their lines; `None` when they are the same.
    pub(crate) fn of(before: &str, after: &str) -> Option<Self> {
        if before == after {
            return None;
        }
        // Without an end the last line would be another one than the same line in the middle.
        let (old, new) = (ended(before), ended(after));
        let diff = TextDiff::from_lines(&old, &new);
        let mut lines = Vec::new();
        for (at, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
            if at > 0 {
                lines.push(ReviewLine {
                    tag: ChangeTag::Equal,
                    text: "…".to_owned(),
                });
            }
            let changes = group.iter().flat_map(|op| diff.iter_changes(op));
            lines.extend(changes.map(|change| ReviewLine {
                tag: change.tag(),
                text: change.value().trim_end_matches('\n').to_owned(),
            }));
        }
        Some(Self {
            lines,
            seen: Self::name_of(before),
        })
    }

    /// The name of a state.
    pub(crate) fn name_of(before: &str) -> String {
        let mut hasher = DefaultHasher::new();
        before.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// A text whose last line ends.
fn ended(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("{text}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines, each with a sign before it.
    fn signed(before: &str, after: &str) -> Vec<String> {
        let lines = Review::of(before, after).unwrap().lines;
        let sign = |tag| match tag {
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
            ChangeTag::Equal => ' ',
        };
        lines
            .iter()
            .map(|line| format!("{}{}", sign(line.tag), line.text))
            .collect()
    }

    #[test]
    fn changed_lines_are_shown_with_those_around_them() {
        assert!(Review::of("a", "a").is_none());
        assert_eq!(signed("", "https://a.example/"), ["+https://a.example/"]);
        assert_eq!(signed("0.5", "0.4"), ["-0.5", "+0.4"]);
        assert_eq!(signed("a\nb", "a\nb\nc"), [" a", " b", "+c"]);
        assert_eq!(signed("a\nb\nc", "a\nb"), [" a", " b", "-c"]);
        let before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj";
        let after = before.replace("d\n", "").replace('j', "z");
        let shown = [" b", " c", "-d", " e", " f", " …", " h", " i", "-j", "+z"];
        assert_eq!(signed(before, &after), shown);
    }

    #[test]
    fn seen_names_the_state_before() {
        let seen = |before, after| Review::of(before, after).unwrap().seen;
        assert_eq!(seen("a", "b"), seen("a", "c"));
        assert_ne!(seen("a", "c"), seen("b", "c"));
    }
}
