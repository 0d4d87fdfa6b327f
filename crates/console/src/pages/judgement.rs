//! What CSS says about a screenshot, in words.

use qlive_rooms::Screenshot;

use crate::texts::{Texts, fill};

/// What CSS sees in a screenshot, and what it suggests.
pub(super) fn judged_as(t: &'static Texts, shot: &Screenshot) -> String {
    let suggestion = if shot.is_blocked {
        t.pages.suggests_block
    } else {
        t.pages.suggests_review
    };
    let (label, _) = shot.label.split_once('/').unwrap_or((&shot.label, ""));
    let named = match label {
        "Porn" => t.values.shows_porn,
        "Sexy" => t.values.shows_sexy,
        "Polity" => t.values.shows_politics,
        "Terror" => t.values.shows_terror,
        "Illegal" => t.values.shows_crime,
        "Abuse" => t.values.shows_abuse,
        "Ad" => t.values.shows_ad,
        _ => &shot.label,
    };
    fill(suggestion, &[named, &shot.score.to_string()])
}
