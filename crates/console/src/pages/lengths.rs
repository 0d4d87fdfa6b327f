//! How long a ban or a mute lasts: as a form offers it, and what it says of the present one.

use std::time::Duration;

use qlive_types::UserId;
use qlive_users::Profile;

use crate::actions::Field;
use crate::explain::Refusal;
use crate::format;
use crate::http::{Failure, Input, Visit};
use crate::texts::{Texts, fill};

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

/// What a form says of the ban that a user has now.
pub(super) fn held_ban(t: &'static Texts, profile: &Profile) -> Option<String> {
    profile.banned_at?;
    let end = profile.banned_until.map(format::time);
    let end = end.unwrap_or_else(|| t.pages.permanent.to_owned());
    Some(fill(t.actions.ban_held, &[&end, &profile.ban_reason]))
}

/// What a form says of the mute by an operator that a user has now.
pub(super) async fn held_mute(visit: &Visit, user: UserId) -> Result<Option<String>, Failure> {
    let mutes = visit.state.services.rooms.mutes_of(user).await?;
    let mute = mutes.iter().find(|mute| mute.host.is_none());
    Ok(mute.map(|mute| {
        let ends = [mute.muted_until, mute.gifts_until].map(format::time);
        fill(visit.t().actions.mute_held, &[&ends[0], &ends[1]])
    }))
}
