//! What is done to a user who disturbs, and what operators note about them.

use std::time::Duration;

use actix_web::web::ServiceConfig;
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use qlive_types::LiveId;

use super::lengths::{Length, held_mute, length_field, length_of};
use super::reviews::{close_case, show_case};
use super::user_actions::{at_user, form, profile, user_of};
use crate::actions::{Act, ActionForm, Done, Field, FieldKind, register};
use crate::explain::{Refusal, refuse};
use crate::http::{Failure, Input, Visit};
use crate::texts::{Texts, fill};

pub(super) fn configure(config: &mut ServiceConfig) {
    register::<Warn>(config, "/users/{id}/warn");
    register::<Mute>(config, "/users/{id}/mute");
    register::<Unmute>(config, "/users/{id}/unmute");
    register::<EndSessions>(config, "/users/{id}/end-sessions");
    register::<Note>(config, "/users/{id}/note");
    register::<Remove>(config, "/rooms/{live}/remove/{user}");
    register::<PutOffMic>(config, "/rooms/{live}/put-off-mic/{user}");
}

struct Warn;

impl Act for Warn {
    const ACTION: Action = Action::WarnUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.warn, a.warn_title);
        form.lines.push(a.warn_text.to_owned());
        let place = visit.state.services.rooms.whereabouts(profile.user).await?;
        form.lines.push(place.map_or_else(
            || a.warn_nowhere.to_owned(),
            |place| fill(a.warn_in_room, &[&place.live.to_string()]),
        ));
        form.fields.push(Field {
            value: a.warn_example.to_owned(),
            ..Field::required("text", a.warn_field)
        });
        form.reasons = vec![a.reason_abuse, a.reason_content];
        show_case(visit, id, &mut form).await?;
        Ok(form)
    }

    async fn act(visit: &Visit, id: &String, by: Operator, input: &Input) -> Result<Done, Refusal> {
        let rooms = &visit.state.services.rooms;
        let warned = rooms.warn_user(by.clone(), user_of(id)?, input.text("text"));
        let t = visit.t();
        warned.await.map_err(|error| refuse(error, &t.failures))?;
        Ok(close_case(visit, id, by, t.actions.warn, at_user(id)).await)
    }
}

const fn mute_lengths(t: &'static Texts) -> [Length; 3] {
    let a = &t.actions;
    [
        (600, a.minutes_ten),
        (3_600, a.hour_one),
        (86_400, a.day_one),
    ]
}

struct Mute;

impl Act for Mute {
    const ACTION: Action = Action::MuteUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let (t, a) = (visit.t(), &visit.t().actions);
        let mut form = form(visit, &profile, a.mute, a.mute_title);
        let factor = visit.state.services.rooms.mute_gift_factor();
        form.lines.push(fill(a.mute_text, &[&factor.to_string()]));
        if let Some(held) = held_mute(visit, profile.user).await? {
            form.lines.push(format!("{held} {}", a.longer_stays));
        }
        form.fields.push(length_field(t, &mute_lengths(t)));
        form.reasons = vec![a.reason_abuse, a.reason_content];
        show_case(visit, id, &mut form).await?;
        Ok(form)
    }

    async fn act(visit: &Visit, id: &String, by: Operator, input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let length = length_of(input, t, &mute_lengths(t))?;
        let rooms = &visit.state.services.rooms;
        let muted = rooms
            .mute_everywhere(by.clone(), user_of(id)?, length)
            .await;
        muted.map_err(|error| refuse(error, &t.failures))?;
        Ok(close_case(visit, id, by, t.actions.mute, at_user(id)).await)
    }
}

struct Unmute;

impl Act for Unmute {
    const ACTION: Action = Action::UnmuteUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.unmute, a.unmute_title);
        form.lines.push(a.unmute_text.to_owned());
        form.lines.extend(held_mute(visit, profile.user).await?);
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        id: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let rooms = &visit.state.services.rooms;
        let lifted = rooms
            .mute_everywhere(by, user_of(id)?, Duration::ZERO)
            .await;
        lifted.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_user(id))
    }
}

struct EndSessions;

impl Act for EndSessions {
    const ACTION: Action = Action::EndUserSessions;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.end_sessions, a.end_sessions_title);
        form.lines.push(a.end_sessions_text.to_owned());
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        id: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let ended = visit
            .state
            .services
            .users
            .end_sessions(by, user_of(id)?)
            .await;
        ended.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_user(id))
    }
}

struct Note;

impl Act for Note {
    const ACTION: Action = Action::NoteUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.note, a.note_title);
        form.lines.push(a.note_text.to_owned());
        form.fields.push(Field {
            max: 2_000,
            kind: FieldKind::Area,
            ..Field::required("text", a.note_field)
        });
        Ok(form)
    }

    async fn act(visit: &Visit, id: &String, by: Operator, input: &Input) -> Result<Done, Refusal> {
        let users = &visit.state.services.users;
        let added = users.add_note(by, user_of(id)?, input.text("text")).await;
        added.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_user(id))
    }
}

struct PutOffMic;

impl Act for PutOffMic {
    const ACTION: Action = Action::PutOffMic;
    type Path = (i64, String);

    fn subject((live, user): &(i64, String)) -> String {
        format!("{user} from room {live}")
    }

    async fn form(visit: &Visit, (live, user): &(i64, String)) -> Result<ActionForm, Failure> {
        let profile = profile(visit, user).await?;
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.put_off_mic, format!("/rooms/{live}"));
        form.title = fill(a.put_off_mic_title, &[&profile.nickname, user]);
        form.lines.push(a.put_off_mic_text.to_owned());
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        (live, user): &(i64, String),
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let rooms = &visit.state.services.rooms;
        let put_off = rooms.put_off_mic_by_operator(by, LiveId::new(*live), user_of(user)?);
        let put_off = put_off.await;
        put_off.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/rooms/{live}")))
    }
}

struct Remove;

impl Act for Remove {
    const ACTION: Action = Action::RemoveFromRoom;
    type Path = (i64, String);

    fn subject((live, user): &(i64, String)) -> String {
        format!("{user} from room {live}")
    }

    async fn form(visit: &Visit, (live, user): &(i64, String)) -> Result<ActionForm, Failure> {
        let profile = profile(visit, user).await?;
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.remove, format!("/rooms/{live}"));
        form.title = fill(
            a.remove_title,
            &[&profile.nickname, user, &live.to_string()],
        );
        form.lines.push(a.remove_text.to_owned());
        form.reasons = vec![a.reason_abuse, a.reason_content];
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        (live, user): &(i64, String),
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let rooms = &visit.state.services.rooms;
        let removed = rooms.remove_by_operator(by, LiveId::new(*live), user_of(user)?);
        let removed = removed.await;
        removed.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/rooms/{live}")))
    }
}
