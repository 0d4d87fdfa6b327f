//! How answers are printed.

use serde_json::Value;

/// Prints an answer to standard output: as JSON, or as text for people.
///
/// # Errors
/// When it cannot be serialized.
#[expect(clippy::print_stdout, reason = "the output of a command")]
pub(crate) fn print(answer: &Value, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(answer)?);
        return Ok(());
    }
    match answer {
        Value::Array(rows) if rows.is_empty() => println!("(none)"),
        Value::Array(rows) => rows.iter().for_each(|row| println!("{}", line(row))),
        Value::Object(fields) => {
            for (key, value) in fields {
                println!("{key:<16} {}", text(value));
            }
        }
        other => println!("{}", text(other)),
    }
    Ok(())
}

/// A row on one line, its fields separated by tabs.
fn line(row: &Value) -> String {
    match row {
        Value::Object(fields) => {
            let fields = fields.iter();
            let cells: Vec<String> = fields
                .map(|(key, value)| format!("{key}={}", text(value)))
                .collect();
            cells.join("\t")
        }
        other => text(other),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
