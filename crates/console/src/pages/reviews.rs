//! What waits for a decision: comments, screenshots and reports. Several are decided at once, and
//! what is done to a user closes the case for which it is done.

use actix_web::HttpResponse;
use qlive_operators::Action;
use qlive_store::audit_log::Operator;

use crate::actions::{ActionForm, Done};
use crate::explain::{Refusal, refuse};
use crate::http::{Failure, Visit, redirect};
use crate::texts::fill;
use crate::view::Button;

/// How many are decided at once: as many as a list shows.
const LIMIT: usize = 50;

/// What is reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Review {
    Comments,
    Screenshots,
    Reports,
}

impl Review {
    const ALL: [Self; 3] = [Self::Comments, Self::Screenshots, Self::Reports];

    /// Where it is listed.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Comments => "/moderation",
            Self::Screenshots => "/screenshots",
            Self::Reports => "/reports",
        }
    }

    const fn action(self) -> Action {
        match self {
            Self::Comments => Action::CloseComment,
            Self::Screenshots => Action::CloseScreenshot,
            Self::Reports => Action::CloseReport,
        }
    }

    /// What closes those that are chosen, for operators who may.
    pub(super) fn choosing(self, visit: &Visit) -> Option<Button> {
        let label = visit.t().actions.close_chosen;
        let button = Button::new(label, format!("{}/close", self.path()));
        visit.session.may(self.action()).then_some(button)
    }

    /// What closes one of them, for operators who may.
    pub(super) fn close_button(self, visit: &Visit, id: i64) -> Option<Button> {
        let href = format!("{}/{id}/close", self.path());
        let button = Button::new(visit.t().actions.close_case, href).with_key('a');
        visit.session.may(self.action()).then_some(button)
    }

    /// The query that makes an action on a user close a case.
    pub(super) fn closes(self, id: i64) -> String {
        format!("closes={}.{id}", self.path().trim_start_matches('/'))
    }

    /// The form that closes these; the title is that of a single one.
    pub(super) fn form(self, visit: &Visit, ids: &[i64], title: String) -> ActionForm {
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.close_case, self.path());
        form.title = if ids.len() > 1 {
            fill(a.close_many_title, &[&ids.len().to_string()])
        } else {
            title
        };
        form.reason_label = Some(a.decision);
        form.reasons = vec![a.reason_harmless, a.warn, a.mute, a.ban];
        form
    }

    /// Closes those of these that are open.
    pub(super) async fn close(
        self,
        visit: &Visit,
        by: Operator,
        ids: Vec<i64>,
    ) -> Result<(), Refusal> {
        let (rooms, users) = (&visit.state.services.rooms, &visit.state.services.users);
        let t = &visit.t().failures;
        match self {
            Self::Comments => rooms
                .close_comments(by, ids)
                .await
                .map_err(|error| refuse(error, t)),
            Self::Screenshots => rooms
                .close_screenshots(by, ids)
                .await
                .map_err(|error| refuse(error, t)),
            Self::Reports => users
                .close_reports(by, ids)
                .await
                .map_err(|error| refuse(error, t)),
        }
    }
}

/// Leads from the rows that are chosen in a list to the form that closes them.
pub(super) async fn chosen(visit: Visit) -> HttpResponse {
    let (path, query) = visit.path.split_once('?').unwrap_or((&visit.path, ""));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let ids: Vec<&str> = pairs
        .iter()
        .filter(|(name, _)| name == "id")
        .map(|(_, id)| id.as_str())
        .collect();
    let list = path.trim_end_matches("/close");
    match read_ids(&ids.join(",")) {
        Ok(_) => redirect(&format!("{list}/{}/close", ids.join(","))),
        Err(_none) => redirect(list),
    }
}

/// Buttons for what may be done to the user of a case. The last of them has a key.
pub(super) fn act_on(
    visit: &Visit,
    user: &str,
    actions: [(Action, &'static str, &'static str); 2],
    closes: Option<String>,
) -> Vec<Button> {
    let query = closes.map_or_else(String::new, |closes| format!("?{closes}"));
    let may = actions
        .into_iter()
        .filter(|(action, ..)| visit.session.may(*action));
    let mut buttons: Vec<Button> = may
        .map(|(_, label, path)| Button {
            is_danger: true,
            ..Button::new(label, format!("/users/{user}/{path}{query}"))
        })
        .collect();
    if let Some(last) = buttons.last_mut() {
        last.key = Some('r');
    }
    buttons
}

/// The numbers of a path, separated by commas.
///
/// # Errors
/// When one is not a number, or there are none or too many.
pub(super) fn read_ids(text: &str) -> Result<Vec<i64>, Failure> {
    let ids: Result<Vec<i64>, _> = text.split(',').map(str::parse).collect();
    let ids = ids.map_err(|_no_number| Failure::NotFound)?;
    if ids.len() > LIMIT {
        return Err(Failure::NotFound);
    }
    Ok(ids)
}

/// The case that an action on a user closes, if it comes from a review.
fn case_of(visit: &Visit) -> Option<(Review, i64)> {
    let closes = visit.query("closes")?;
    let (name, id) = closes.split_once('.')?;
    let is_named = |review: &Review| review.path().trim_start_matches('/') == name;
    let review = Review::ALL.into_iter().find(is_named)?;
    let may = visit.session.may(review.action());
    Some((review, id.parse().ok()?)).filter(|_| may)
}

/// Says in the form of an action on a user that it closes the case from which it comes.
pub(super) fn show_case(visit: &Visit, form: &mut ActionForm) {
    if let Some((review, _)) = case_of(visit) {
        form.action.clone_from(&visit.path);
        review.path().clone_into(&mut form.back);
        form.lines.push(visit.t().actions.closes_case.to_owned());
    }
}

/// Closes the case from which an action on a user came, and leads back to the others.
pub(super) async fn close_case(
    visit: &Visit,
    by: Operator,
    done: &str,
    otherwise: Done,
) -> Result<Done, Refusal> {
    let Some((review, id)) = case_of(visit) else {
        return Ok(otherwise);
    };
    let reason = format!("{done}: {}", by.reason);
    let by = Operator { reason, ..by };
    match review.close(visit, by, vec![id]).await {
        // Another operator may have closed it meanwhile.
        Ok(()) | Err(Refusal::Explained(_)) => Ok(Done::At(review.path().to_owned())),
        Err(failure) => Err(failure),
    }
}
