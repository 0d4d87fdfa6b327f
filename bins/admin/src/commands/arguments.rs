//! Arguments that several commands share, and the answer of those that have none.

use anyhow::{Context as _, ensure};
use qlive_store::audit_log::Operator;
use qlive_types::{Moment, Page, UserId, text};
use serde_json::{Value, json};

/// Parses a user id.
///
/// # Errors
/// When it does not have eight digits.
pub(super) fn parse_user_id(id: &str) -> anyhow::Result<UserId> {
    UserId::parse(id).context("a user id has eight digits")
}

/// Parses a day in Shanghai, and returns its beginning.
///
/// # Errors
/// When it is none.
pub(super) fn parse_day(day: &str) -> anyhow::Result<Moment> {
    Moment::parse_day(day).context("a day is written 2026-11-01")
}

/// The last page of a list whose pages are counted off from its beginning.
const LAST_PAGE: i64 = 1_000;

/// The page with this number.
///
/// # Errors
/// When the number is not positive.
pub(super) fn parse_page(number: i64) -> anyhow::Result<Page> {
    Page::new(number).context("pages count from 1")
}

/// The page with this number of a list whose pages are counted off from its beginning: the further
/// down, the more it would cost the database.
///
/// # Errors
/// When the number is not positive, or above 1,000.
pub(super) fn parse_counted_page(number: i64) -> anyhow::Result<Page> {
    ensure!(
        number <= LAST_PAGE,
        "pages end at {LAST_PAGE}: name a user or another filter, or query the database"
    );
    parse_page(number)
}

/// The operator with the reason that they give.
///
/// # Errors
/// When the reason is blank or holds characters that may not be shown.
pub(super) fn with_reason(by: Operator, reason: String) -> anyhow::Result<Operator> {
    let reason = text::displayable(&reason).context("give a reason in visible characters")?;
    Ok(Operator { reason, ..by })
}

/// The answer of a command that has nothing to show.
pub(super) fn done() -> Value {
    json!("done")
}
