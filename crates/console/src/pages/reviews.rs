//! What waits for a decision: comments, screenshots and reports. Several are decided at once, and
//! what is done to a user closes the case for which it is done.

use std::iter;
use std::marker::PhantomData;

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use qlive_types::UserId;

use super::judgement::judged_as;
use super::list::Names;
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::http::{Failure, Input, Visit, redirect};
use crate::texts::fill;
use crate::view::{Button, Row};

/// How many are decided at once: as many as a list shows.
const LIMIT: usize = 50;

/// Before the pages of the lists: `/reports/close` is no report.
pub(super) fn configure(config: &mut ServiceConfig) {
    for review in Review::ALL {
        let path = format!("{}/close", review.path());
        config.route(&path, web::get().to(chosen));
    }
    register::<Close<OfComments>>(config, "/moderation/{ids}/close");
    register::<Close<OfScreenshots>>(config, "/screenshots/{ids}/close");
    register::<Close<OfReports>>(config, "/reports/{ids}/close");
}

/// What is reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Review {
    Comments,
    Screenshots,
    Reports,
}

/// Something that waits for a decision.
struct Case {
    /// Whom it is about.
    user: UserId,
    /// What its form is called.
    title: String,
    /// What an operator decides about.
    text: String,
    /// The address of the picture that an operator decides about.
    picture: Option<String>,
}

impl Review {
    const ALL: [Self; 3] = [Self::Comments, Self::Screenshots, Self::Reports];

    /// Where it is listed.
    const fn path(self) -> &'static str {
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

    async fn case(self, visit: &Visit, id: i64) -> Result<Case, Failure> {
        let (rooms, users) = (&visit.state.services.rooms, &visit.state.services.users);
        let a = &visit.t().actions;
        let mut picture = None;
        let (user, title, about, text) = match self {
            Self::Comments => {
                let comment = rooms.comment(id).await?;
                let user = comment.user;
                (user, a.close_comment_title, None, comment.text)
            }
            Self::Screenshots => {
                let shot = rooms.screenshot(id).await?;
                let (user, judged) = (shot.user, judged_as(visit.t(), &shot));
                picture = shot.url;
                (user, a.close_screenshot_title, None, judged)
            }
            Self::Reports => {
                let report = users.find_report(id).await?;
                let about = Some(id.to_string());
                (report.user, a.close_report_title, about, report.text)
            }
        };
        let names = Names::of(visit, iter::once(user)).await?;
        let about = about.unwrap_or_else(|| names.name(user));
        Ok(Case {
            user,
            title: fill(title, &[&about]),
            text,
            picture,
        })
    }

    /// What closes those that are chosen, for operators who may.
    pub(super) fn choosing(self, visit: &Visit) -> Option<Button> {
        let label = visit.t().actions.close_chosen;
        visit.button(self.action(), label, format!("{}/close", self.path()))
    }

    /// What may be done about a case, and to its user; the latter closes the case.
    pub(super) fn decisions(
        self,
        visit: &Visit,
        (id, user): (i64, UserId),
        is_open: bool,
    ) -> Vec<Button> {
        let a = &visit.t().actions;
        let warn = (Action::WarnUser, a.warn, "warn", None);
        let actions = match self {
            Self::Comments => [warn, (Action::MuteUser, a.mute, "mute", Some('r'))],
            Self::Screenshots => [warn, (Action::BanUser, a.ban, "ban", Some('r'))],
            Self::Reports => [
                (Action::MuteUser, a.mute, "mute", None),
                (Action::BanUser, a.ban, "ban", Some('r')),
            ],
        };
        let name = self.path().trim_start_matches('/');
        let query = if is_open {
            format!("?closes={name}.{id}")
        } else {
            String::new()
        };
        let mut buttons = Vec::new();
        for (action, label, path, key) in actions {
            let href = format!("/users/{user}/{path}{query}");
            let button = visit.button(action, label, href);
            buttons.extend(button.map(|button| Button { key, ..button }));
        }
        if is_open {
            let href = format!("{}/{id}/close", self.path());
            let key = Some('a');
            let button = visit.button(self.action(), a.close_case, href);
            buttons.extend(button.map(|button| Button { key, ..button }));
        }
        buttons
    }

    /// Puts what may be done about a case at the end of its row, which can be chosen with others.
    pub(super) fn offer(self, visit: &Visit, row: &mut Row, case: (i64, UserId), is_open: bool) {
        row.buttons = self.decisions(visit, case, is_open);
        let (id, _) = case;
        row.id = (is_open && visit.session.may(self.action())).then_some(id);
    }

    /// Closes those of these that are open.
    async fn close(self, visit: &Visit, by: Operator, ids: Vec<i64>) -> Result<(), Refusal> {
        let (rooms, users) = (&visit.state.services.rooms, &visit.state.services.users);
        let t = &visit.t().failures;
        let refused = |error| refuse(error, t);
        match self {
            Self::Comments => rooms.close_comments(by, ids).await.map_err(refused),
            Self::Screenshots => rooms.close_screenshots(by, ids).await.map_err(refused),
            Self::Reports => {
                let closed = users.close_reports(by, ids).await;
                closed.map_err(|error| refuse(error, t))
            }
        }
    }
}

/// Names what an action closes: the table of roles wants an action for each.
trait Reviewed: 'static {
    const REVIEW: Review;
}

struct OfComments;
struct OfScreenshots;
struct OfReports;

impl Reviewed for OfComments {
    const REVIEW: Review = Review::Comments;
}

impl Reviewed for OfScreenshots {
    const REVIEW: Review = Review::Screenshots;
}

impl Reviewed for OfReports {
    const REVIEW: Review = Review::Reports;
}

/// Closes the cases whose numbers are in the path, separated by commas.
struct Close<R>(PhantomData<R>);

impl<R: Reviewed> Act for Close<R> {
    const ACTION: Action = R::REVIEW.action();
    type Path = String;

    fn subject(ids: &String) -> String {
        ids.clone()
    }

    async fn form(visit: &Visit, ids: &String) -> Result<ActionForm, Failure> {
        let ids = read_ids(ids)?;
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.close_case, R::REVIEW.path());
        for id in &ids {
            let case = R::REVIEW.case(visit, *id).await?;
            form.title = case.title;
            form.lines.push(case.text);
            form.pictures.extend(case.picture);
        }
        if ids.len() > 1 {
            form.title = fill(a.close_many_title, &[&ids.len().to_string()]);
        }
        let advice = match R::REVIEW {
            Review::Comments => a.close_comment_text,
            Review::Screenshots => a.close_screenshot_text,
            Review::Reports => a.close_report_text,
        };
        form.lines.push(advice.to_owned());
        form.reason_label = Some(a.decision);
        form.reasons = vec![a.reason_harmless, a.warn, a.mute, a.ban];
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        ids: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let ids = read_ids(ids).map_err(Refusal::Failure)?;
        R::REVIEW.close(visit, by, ids).await?;
        Ok(Done::At(R::REVIEW.path().to_owned()))
    }
}

/// Leads from the rows that are chosen in a list to the form that closes them.
async fn chosen(visit: Visit) -> HttpResponse {
    let (path, query) = visit.path.split_once('?').unwrap_or((&visit.path, ""));
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let ids: Vec<&str> = pairs
        .iter()
        .filter(|(name, _)| name == "id")
        .map(|(_, id)| id.as_str())
        .collect();
    let ids = ids.join(",");
    let list = path.trim_end_matches("/close");
    match read_ids(&ids) {
        Ok(_) => redirect(&format!("{list}/{ids}/close")),
        Err(_none) => redirect(list),
    }
}

/// The numbers of a path, separated by commas.
fn read_ids(text: &str) -> Result<Vec<i64>, Failure> {
    let ids: Result<Vec<i64>, _> = text.split(',').map(str::parse).collect();
    let ids = ids.map_err(|_no_number| Failure::NotFound)?;
    if ids.len() > LIMIT {
        return Err(Failure::NotFound);
    }
    Ok(ids)
}

/// The case that an action on a user closes, if it comes from a review.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such case about this user.
async fn case_of(visit: &Visit, user: &str) -> Result<Option<(Review, i64, Case)>, Failure> {
    let Some(closes) = visit.query("closes") else {
        return Ok(None);
    };
    let (name, id) = closes.split_once('.').ok_or(Failure::NotFound)?;
    let is_named = |review: &Review| review.path().trim_start_matches('/') == name;
    let review = Review::ALL.into_iter().find(is_named);
    let review = review.ok_or(Failure::NotFound)?;
    let id = id.parse().map_err(|_no_number| Failure::NotFound)?;
    let case = review.case(visit, id).await?;
    if case.user.to_string() != user || !visit.session.may(review.action()) {
        return Err(Failure::NotFound);
    }
    Ok(Some((review, id, case)))
}

/// Says in the form of an action on a user which case it closes.
///
/// # Errors
/// As [`case_of`].
pub(super) async fn show_case(
    visit: &Visit,
    user: &str,
    form: &mut ActionForm,
) -> Result<(), Failure> {
    if let Some((review, _, case)) = case_of(visit, user).await? {
        form.action.clone_from(&visit.path);
        review.path().clone_into(&mut form.back);
        form.lines
            .push(fill(visit.t().actions.closes_case, &[&case.text]));
    }
    Ok(())
}

/// Closes the case from which an action on a user came, after the action, and leads back to the
/// others. A case that cannot be closed stays in its list: what was done to the user was done.
pub(super) async fn close_case(
    visit: &Visit,
    user: &str,
    by: Operator,
    done: &str,
    otherwise: Done,
) -> Done {
    let reason = format!("{done}: {}", by.reason);
    let by = Operator { reason, ..by };
    let closed = match case_of(visit, user).await {
        Ok(None) => return otherwise,
        Ok(Some((review, id, _))) => match review.close(visit, by, vec![id]).await {
            // Another operator may have closed it meanwhile.
            Ok(()) | Err(Refusal::Explained(_)) => Ok(review.path()),
            Err(Refusal::Failure(error)) => Err(error),
        },
        Err(error) => Err(error),
    };
    match closed {
        Ok(list) => Done::At(list.to_owned()),
        Err(error) => {
            tracing::error!(%error, "a case was not closed after the action on its user");
            otherwise
        }
    }
}
