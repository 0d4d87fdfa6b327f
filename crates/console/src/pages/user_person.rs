//! The data of a person: exported for them, or erased.

use actix_web::web::ServiceConfig;
use qlive_operators::Action;
use qlive_store::audit_log::Operator;

use super::user_actions::{at_user, form, profile, user_of};
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::http::{Failure, Input, Visit};

pub(super) fn configure(config: &mut ServiceConfig) {
    register::<Export>(config, "/users/{id}/export");
    register::<Erase>(config, "/users/{id}/erase");
}

struct Export;

impl Act for Export {
    const ACTION: Action = Action::ExportUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.export_user, a.export_user_title);
        form.lines.push(a.export_user_text.to_owned());
        form.reasons = vec![a.reason_user];
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        id: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let t = &visit.t().failures;
        let recorded = visit.state.operators.record_read(by, Self::ACTION, id);
        recorded.await.map_err(|error| refuse(error, t))?;
        let exported = visit.state.services.export_user(user_of(id)?).await;
        let exported = exported.map_err(|error| {
            tracing::error!(%error, "the data of a user cannot be exported");
            Refusal::Failure(Failure::Internal)
        })?;
        Ok(Done::File {
            name: format!("qlive-user-{id}.json"),
            text: format!("{exported:#}"),
        })
    }
}

struct Erase;

impl Act for Erase {
    const ACTION: Action = Action::EraseUser;
    type Path = String;

    fn subject(id: &String) -> String {
        id.clone()
    }

    async fn form(visit: &Visit, id: &String) -> Result<ActionForm, Failure> {
        let profile = profile(visit, id).await?;
        let a = &visit.t().actions;
        let mut form = form(visit, &profile, a.erase, a.erase_title);
        form.lines.push(a.erase_text.to_owned());
        form.lines.push(a.erase_two.to_owned());
        form.typed = Some(id.clone());
        form.reasons = vec![a.reason_user];
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        id: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let erased = visit
            .state
            .services
            .rooms
            .erase_user(by, user_of(id)?)
            .await;
        erased.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(at_user(id))
    }
}
