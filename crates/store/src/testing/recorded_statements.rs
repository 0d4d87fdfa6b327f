//! The statements that requests and workers send while tests run.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use diesel::connection::InstrumentationEvent;

use crate::statement_counts::{count_statement, is_in_operation};

/// The statements that were sent, and those of them that are checked, without their numbers.
#[derive(Default)]
struct Statements {
    checking: bool,
    waiting: Vec<String>,
    seen: BTreeSet<String>,
}

static STATEMENTS: Mutex<Statements> = Mutex::new(Statements {
    checking: false,
    waiting: Vec::new(),
    seen: BTreeSet::new(),
});

/// Counts a statement, as [`count_statement`] does, and records it for the check.
pub(crate) fn record_statement(event: InstrumentationEvent<'_>) {
    if let InstrumentationEvent::StartQuery { query, .. } = &event
        && is_in_operation()
    {
        let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
        if statements.checking {
            let shown = query.to_string();
            let (statement, _) = shown.split_once(" -- binds: ").unwrap_or((&shown, ""));
            if statements.seen.insert(without_numbers(statement)) {
                statements.waiting.push(statement.to_owned());
            }
        }
    }
    count_statement(event);
}

/// The statement with one digit in place of each number: statements that differ in them alone have
/// the same plan.
fn without_numbers(statement: &str) -> String {
    let mut text = String::with_capacity(statement.len());
    for char in statement.chars() {
        if !char.is_ascii_digit() {
            text.push(char);
        } else if !text.ends_with('0') {
            text.push('0');
        }
    }
    text
}

/// Begins to record statements.
pub(super) fn begin() {
    let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    statements.checking = true;
}

/// Takes those that were recorded since the last call and not before.
pub(super) fn take() -> Vec<String> {
    let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
    std::mem::take(&mut statements.waiting)
}
