//! All movements of a user's balances, and all gifts that they gave or received.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_gifts::SentGiftFilter;

use super::ledger::wallet_table;
use super::rooms::gifts_table;
use super::users::{head, user_id};
use crate::http::{Failure, Visit, html};
use crate::view::{Frame, PageTemplate, Section};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/users/{id}/wallet", web::get().to(show_wallet))
        .route("/users/{id}/given", web::get().to(show_given))
        .route("/users/{id}/received", web::get().to(show_received));
}

async fn show_given(visit: Visit, id: Path<String>) -> Result<HttpResponse, Failure> {
    let filter = SentGiftFilter::Giver(user_id(&id)?);
    let caption = visit.t().pages.gifts_given;
    show_gifts(&visit, &id, caption, filter).await
}

async fn show_received(visit: Visit, id: Path<String>) -> Result<HttpResponse, Failure> {
    let filter = SentGiftFilter::Receiver(user_id(&id)?);
    let caption = visit.t().pages.gifts_received;
    show_gifts(&visit, &id, caption, filter).await
}

async fn show_gifts(
    visit: &Visit,
    id: &str,
    caption: &str,
    filter: SentGiftFilter,
) -> Result<HttpResponse, Failure> {
    let (mut page, _) = head(visit, user_id(id)?).await?;
    let before = visit.cursor().map(|(gift, _)| gift);
    let gifts = &visit.state.services.gifts;
    let sent = gifts.search_sent(filter, before).await?;
    let mut table = gifts_table(visit, caption, &sent).await?;
    table.older = visit.older(&sent, |gift| gift.id.to_string());
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(visit, "/users").await?,
        page,
    })
}

async fn show_wallet(visit: Visit, id: Path<String>) -> Result<HttpResponse, Failure> {
    let user = user_id(&id)?;
    let (mut page, _) = head(&visit, user).await?;
    let below = visit.cursor().map(|(number, _)| number);
    let history = visit.state.services.users.movements(user, below).await?;
    let mut table = wallet_table(visit.t(), &history);
    table.older = visit.older(&history, |entry| entry.number.to_string());
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/users").await?,
        page,
    })
}
