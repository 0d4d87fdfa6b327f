//! How long something lasts, as a form offers it.

use std::time::Duration;

use crate::actions::Field;
use crate::explain::Refusal;
use crate::http::Input;
use crate::texts::Texts;

/// A length to choose: its seconds, and its name.
pub(super) type Length = (u64, &'static str);

/// A field that asks for a length.
pub(super) fn length_field(t: &'static Texts, lengths: &[Length]) -> Field {
    let choices = lengths
        .iter()
        .map(|(seconds, name)| (seconds.to_string(), (*name).to_owned()));
    Field::select("length", t.actions.ban_length, choices.collect())
}

/// The length that was chosen, one of those that were offered.
pub(super) fn length_of(
    input: &Input,
    t: &'static Texts,
    lengths: &[Length],
) -> Result<Duration, Refusal> {
    let chosen = input.text("length");
    let found = lengths
        .iter()
        .find(|(seconds, _)| seconds.to_string() == chosen);
    let found = found.ok_or_else(|| Refusal::Explained(t.failures.bad_value.to_owned()))?;
    Ok(Duration::from_secs(found.0))
}
