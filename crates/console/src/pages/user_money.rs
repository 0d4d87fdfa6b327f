//! Parts of the page of a user about money: movements, orders, withdrawals and gifts.

use qlive_gifts::SentGiftFilter;
use qlive_ledger::HistoryFilter;
use qlive_payments::OrderSearch;
use qlive_types::UserId;

use super::ledger::wallet_table;
use super::list::empty;
use super::orders::orders_table;
use super::rooms::gifts_table;
use super::withdrawals::withdrawals_table;
use crate::http::{Failure, Visit};
use crate::view::{Section, Table};

/// How many rows a part of the page shows.
const MOST: usize = 10;

/// The last movements, orders, withdrawals, and gifts that they gave and received.
///
/// # Errors
/// When the database fails.
pub(super) async fn money(visit: &Visit, user: UserId) -> Result<Vec<Section>, Failure> {
    let t = visit.t();
    let services = &visit.state.services;
    let mut sections = Vec::new();
    let mut history = services
        .users
        .movements(user, HistoryFilter::default(), None)
        .await?
        .lines;
    let is_more = history.len() > MOST;
    history.truncate(MOST);
    let mut wallet = wallet_table(t, &history);
    wallet.older = is_more.then(|| format!("/users/{user}/wallet"));
    sections.push(Section::Table(wallet));
    let search = OrderSearch {
        user: Some(user),
        ..OrderSearch::default()
    };
    let mut orders = services.payments.search_orders(search, None).await?;
    let is_more = orders.len() > MOST;
    orders.truncate(MOST);
    let mut table = orders_table(visit, &orders, false).await?;
    t.pages.orders_title.clone_into(&mut table.caption);
    table.older = is_more.then(|| format!("/orders?user={user}"));
    sections.push(Section::Table(table));
    let mut withdrawals =
        withdrawals_table(visit, &services.payments.withdrawals_of(user).await?).await?;
    t.pages
        .withdrawals_title
        .clone_into(&mut withdrawals.caption);
    sections.push(Section::Table(withdrawals));
    for (caption, none, filter, rest) in [
        (
            t.pages.gifts_given,
            t.pages.no_gifts_given,
            SentGiftFilter::Giver(user),
            "given",
        ),
        (
            t.pages.gifts_received,
            t.pages.no_gifts_received,
            SentGiftFilter::Receiver(user),
            "received",
        ),
    ] {
        let mut sent = services.gifts.search_sent(filter, None).await?;
        let is_more = sent.len() > MOST;
        sent.truncate(MOST);
        sections.push(Section::Table(Table {
            empty: empty(t, false, none),
            older: is_more.then(|| format!("/users/{user}/{rest}")),
            ..gifts_table(visit, caption, &sent).await?
        }));
    }
    Ok(sections)
}
