//! What is done to a user.

use actix_web::web::ServiceConfig;
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use qlive_types::{Coins, EntryId, UserId};
use qlive_users::Profile;

use super::lengths::{Length, held_ban, length_field, length_of};
use super::reviews::{close_case, show_case};
use super::users::{PersonalData, head, profile_facts, user_id};
use crate::actions::{Act, ActionForm, Done, Field, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit};
use crate::texts::{Texts, fill};

pub(super) fn configure(config: &mut ServiceConfig) {
    register::<Ban>(config, "/users/{id}/ban");
    register::<Unban>(config, "/users/{id}/unban");
    register::<Grant>(config, "/users/{id}/grant");
    register::<Revoke>(config, "/users/{id}/revoke");
    register::<GrantGold>(config, "/users/{id}/gold");
    register::<Reveal>(config, "/users/{id}/reveal");
    register::<Reverse>(config, "/ledger/{id}/reverse");
}

pub(super) async fn profile(visit: &Visit, id: &str) -> Result<Profile, Failure> {
    Ok(visit.state.services.users.profile(user_id(id)?).await?)
}

/// A form about a user, whose title names them.
pub(super) fn form(
    visit: &Visit,
    profile: &Profile,
    submit: &'static str,
    title: &str,
) -> ActionForm {
    let user = profile.user.to_string();
    let mut form = ActionForm::new(visit, submit, format!("/users/{user}"));
    form.title = fill(title, &[&profile.nickname, &user]);
    form
}

/// The user of a path that a form was made for.
pub(super) fn user_of(id: &str) -> Result<UserId, Refusal> {
    user_id(id).map_err(Refusal::Failure)
}

pub(super) fn at_user(id: &str) -> Done {
    Done::At(format!("/users/{id}"))
}

/// How long a ban may last; 0 is for ever.
const fn ban_lengths(t: &'static Texts) -> [Length; 5] {
    let a = &t.actions;
    [
        (86_400, a.day_one),
        (3 * 86_400, a.days_three),
        (7 * 86_400, a.days_seven),
        (30 * 86_400, a.days_thirty),
        (0, a.for_ever),
    ]
}

struct Ban;

impl Act for Ban {
    const ACTION: Action = Action::BanUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.ban, a.ban_title);
        form.lines.push(a.ban_text.to_owned());
        let t = visit.t();
        if let Some(held) = held_ban(t, &profile) {
            form.lines.push(format!("{held} {}", a.longer_stays));
        }
        form.fields.push(length_field(t, &ban_lengths(t)));
        if profile.matchmaker {
            let place = visit.state.services.rooms.whereabouts(profile.user).await?;
            if let Some(place) = place {
                let room = visit.state.services.rooms.room_details(place.live).await?;
                let hosts = room.status.filter(|status| status.host == profile.user);
                if let Some(status) = hosts {
                    form.lines
                        .push(fill(a.ban_host, &[&format::grouped(status.people)]));
                }
            }
        }
        form.reasons = vec![
            a.reason_abuse,
            a.reason_fraud,
            a.reason_minor,
            a.reason_content,
        ];
        show_case(visit, id, &mut form).await?;
        Ok(form)
    }

    async fn act(visit: &Visit, id: &String, by: Operator, input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let length = length_of(input, t, &ban_lengths(t))?;
        let length = (!length.is_zero()).then_some(length);
        let rooms = &visit.state.services.rooms;
        let banned = rooms.ban_for(by.clone(), user_of(id)?, length).await;
        banned.map_err(|error| refuse(error, &t.failures))?;
        Ok(close_case(visit, id, by, t.actions.ban, at_user(id)).await)
    }
}

struct Unban;

impl Act for Unban {
    const ACTION: Action = Action::UnbanUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.unban, a.unban_title);
        form.lines.push(a.unban_text.to_owned());
        form.lines.extend(held_ban(visit.t(), &profile));
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        id: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let lifted = visit.state.services.rooms.unban(by, user_of(id)?).await;
        lifted.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_user(id))
    }
}

struct Grant;

impl Act for Grant {
    const ACTION: Action = Action::GrantMatchmaker;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.grant, a.grant_title);
        form.lines.push(a.grant_text.to_owned());
        form.reasons = vec![a.reason_user];
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        id: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let granted = visit
            .state
            .services
            .rooms
            .grant_matchmaker(by, user_of(id)?)
            .await;
        granted.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_user(id))
    }
}

struct Revoke;

impl Act for Revoke {
    const ACTION: Action = Action::RevokeMatchmaker;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.revoke, a.revoke_title);
        form.lines.push(a.revoke_text.to_owned());
        form.reasons = vec![a.reason_content, a.reason_user];
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        id: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let revoked = visit
            .state
            .services
            .rooms
            .revoke_matchmaker(by, user_of(id)?)
            .await;
        revoked.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_user(id))
    }
}

struct GrantGold;

impl Act for GrantGold {
    const ACTION: Action = Action::GrantGold;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.gold, a.gold_title);
        form.lines.push(a.gold_text.to_owned());
        form.fields.push(Field::required("amount", a.amount));
        form.reasons = vec![a.reason_goodwill, a.reason_mistake];
        form.typed = Some(format::last_four(id));
        Ok(form)
    }

    async fn act(visit: &Visit, id: &String, by: Operator, input: &Input) -> Result<Done, Refusal> {
        let t = &visit.t().failures;
        let amount = input
            .text("amount")
            .parse()
            .ok()
            .and_then(|amount: i64| Coins::new(amount).ok().filter(|amount| !amount.is_zero()));
        let amount = amount.ok_or_else(|| Refusal::Explained(t.amount.to_owned()))?;
        let granted = visit
            .state
            .services
            .users
            .grant_gold(by, user_of(id)?, amount)
            .await;
        granted.map_err(|error| refuse(error, t))?;
        Ok(at_user(id))
    }
}

struct Reverse;

impl Act for Reverse {
    const ACTION: Action = Action::ReverseEntry;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let entry = visit.state.services.ledger.entry(EntryId::new(*id)).await?;
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.reverse, format!("/ledger/{id}"));
        form.title = fill(a.reverse_title, &[&id.to_string()]);
        form.lines = vec![entry.subject, a.reverse_text.to_owned()];
        form.reasons = vec![a.reason_mistake];
        form.typed = Some(id.to_string());
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let reversed = visit
            .state
            .services
            .users
            .reverse_entry(by, EntryId::new(*id))
            .await;
        let entry = reversed.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/ledger/{entry}")))
    }
}

struct Reveal;

impl Act for Reveal {
    const ACTION: Action = Action::RevealUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.reveal, a.reveal_title);
        form.lines.push(a.reveal_text.to_owned());
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        id: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let user = user_of(id)?;
        let recorded = visit
            .state
            .operators
            .record_read(by, Self::ACTION, id)
            .await;
        recorded.map_err(|error| refuse(error, &visit.t().failures))?;
        let (mut page, profile) = head(visit, user).await.map_err(Refusal::Failure)?;
        let facts = profile_facts(visit, &profile, PersonalData::Shown).await;
        page.sections.push(facts.map_err(Refusal::Failure)?);
        Ok(Done::Page(Box::new(page)))
    }
}
