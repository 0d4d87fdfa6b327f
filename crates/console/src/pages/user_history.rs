//! All movements of a user's balances, and all gifts that they gave or received.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_gifts::SentGiftFilter;
use qlive_ledger::{EntryKind, HistoryFilter, SEARCHED};
use qlive_types::{DAY, Moment};

use super::ledger::{kind_filter, kind_of, wallet_table};
use super::list::{Filters, empty};
use super::rooms::gifts_table;
use super::users::{head, user_id};
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::fill;
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
    let t = visit.t();
    let mut read = Filters::new(&visit);
    let until = read.read("until", Moment::parse_day);
    let filter = HistoryFilter {
        kind: read.read("kind", |kind| {
            kind_of(kind).filter(|kind| kind.is_in_histories())
        }),
        until: until.map(|day| day.after(DAY)),
    };
    let below = visit.cursor().map(|(number, _)| number);
    let users = &visit.state.services.users;
    let found = users.movements(user, filter, below).await?;
    page.is_filtered = filter != HistoryFilter::default();
    page.filters = vec![
        kind_filter(&visit, EntryKind::is_in_histories),
        visit.day_filter("until", t.pages.until_only),
    ];
    page.sections.extend(read.note());
    let mut table = wallet_table(t, &found.lines);
    let none = if found.next.is_some() {
        fill(t.pages.none_among, &[&format::grouped(SEARCHED)])
    } else {
        t.pages.no_movements.to_owned()
    };
    table.empty = empty(t, page.is_filtered && found.next.is_none(), &none);
    let next = found.next.map(|next| next.to_string());
    table.older = next.map(|next| visit.with_query("after", Some(&next)));
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/users").await?,
        page,
    })
}
