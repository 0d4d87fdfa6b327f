//! Moderation: comments that were refused for a forbidden word, and all of a room or a user.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_operators::Action;
use qlive_rooms::{Comment, CommentFilter};
use qlive_types::LiveId;

use super::list::{Names, empty, shown_name};
use super::reviews::Review;
use super::rooms::room_link;
use super::users::user_id;
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::fill;
use crate::view::{
    Cell, Choice, Column, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

/// The filter of those that were looked at.
const DECIDED: &str = "decided";

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/moderation", web::get().to(open))
        .route("/rooms/{id}/comments", web::get().to(of_room))
        .route("/users/{id}/comments", web::get().to(of_user));
}

async fn open(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewComments, "").await?;
    let title = visit.t().pages.moderation_title.to_owned();
    let is_decided = visit.query("which").as_deref() == Some(DECIDED);
    let filter = if is_decided {
        CommentFilter::Decided
    } else {
        CommentFilter::Open
    };
    list(&visit, title, filter, None).await
}

async fn of_room(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewComments, &id.to_string()).await?;
    let live = LiveId::new(*id);
    visit.state.services.rooms.room_details(live).await?;
    let title = fill(visit.t().pages.comments_of_room, &[&id.to_string()]);
    let back = fill(visit.t().pages.room_title, &[&id.to_string()]);
    let back = (back, format!("/rooms/{id}"));
    list(&visit, title, CommentFilter::Room(live), Some(back)).await
}

async fn of_user(visit: Visit, id: Path<String>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewComments, &id).await?;
    let user = user_id(&id)?;
    let profile = visit.state.services.users.profile(user).await?;
    let title = fill(visit.t().pages.comments_of_user, &[&profile.nickname, &id]);
    let back = (shown_name(user, &profile.nickname), format!("/users/{id}"));
    list(&visit, title, CommentFilter::User(user), Some(back)).await
}

async fn list(
    visit: &Visit,
    title: String,
    filter: CommentFilter,
    back: Option<(String, String)>,
) -> Result<HttpResponse, Failure> {
    let t = visit.t();
    let before = visit.cursor().map(|(id, _)| id);
    let found = visit.state.services.rooms.comments(filter, before).await?;
    let names = Names::of(visit, found.iter().map(|comment| comment.user)).await?;
    let mut page = Page::new(title);
    let current = match filter {
        CommentFilter::Open | CommentFilter::Decided => "/moderation",
        CommentFilter::Room(_) | CommentFilter::UserInRoom(..) => "/rooms",
        CommentFilter::User(_) => "/users",
    };
    page.back = back;
    let none = match filter {
        CommentFilter::Open => t.pages.no_refused_comments,
        CommentFilter::Decided => t.pages.no_decided_comments,
        _ => t.pages.no_comments,
    };
    if current == "/moderation" {
        page.filters.push(Filter::Choice {
            name: "which",
            label: t.pages.which,
            chosen: visit.query("which").unwrap_or_default(),
            choices: vec![
                Choice::new("", t.pages.open_only),
                Choice::new(DECIDED, t.pages.decided_only),
            ],
        });
    }
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.time),
            Column::text(t.pages.room),
            Column::text(t.pages.user),
            Column::text(t.pages.comment),
            Column::text(t.pages.state),
        ],
        rows: found
            .iter()
            .map(|comment| row(visit, comment, &names))
            .collect(),
        older: visit.older(&found, |comment| comment.id.to_string()),
        newest: visit.newest(),
        empty: empty(t, false, none),
    }));
    page.choosing = Review::Comments.choosing(visit);
    html(&PageTemplate {
        frame: Frame::new(visit, current).await?,
        page,
    })
}

fn row(visit: &Visit, comment: &Comment, names: &Names) -> Row {
    let t = visit.t();
    let is_open = comment.word.is_some() && comment.closed_at.is_none();
    let state = match &comment.word {
        None => Cell::Empty,
        Some(word) if is_open => Cell::Badge(fill(t.pages.comment_refused, &[word]), Tone::Warn),
        Some(_) => Cell::Text(format!("{}: {}", comment.closed_by, comment.decision)),
    };
    let mut row = Row::new(vec![
        Cell::Time(format::time(comment.at)),
        room_link(t, comment.live),
        names.link(comment.user),
        Cell::Text(comment.text.clone()),
        state,
    ]);
    Review::Comments.offer(visit, &mut row, (comment.id, comment.user), is_open);
    row
}
