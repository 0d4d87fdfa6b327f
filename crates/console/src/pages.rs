//! The pages, one file for each subject: lists, details and the actions on them.

mod account;
mod all_rooms;
mod audit;
mod blocks;
mod comments;
mod complaints;
mod config_fields;
mod configs;
mod evidence;
mod exports;
mod figures;
mod figures_span;
mod figures_sums;
mod gifts;
mod health;
mod host_figures;
mod judgement;
mod ledger;
mod ledger_audit;
mod lengths;
mod list;
mod login;
mod notices;
mod now;
mod operators;
mod order_record;
mod order_steps;
mod orders;
mod reconcile;
mod refunds;
mod reports;
mod reviews;
mod rooms;
mod sale;
mod screenshots;
mod search;
mod timeline;
mod timeline_table;
mod user_actions;
mod user_history;
mod user_moderation;
mod user_money;
mod user_person;
mod user_sections;
mod users;
mod withdrawals;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::{Anybody, Failure, Input, language_cookie, local_path, redirect};
use crate::texts::Lang;

/// Registers all pages.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config.route("/language", web::post().to(choose_language));
    login::configure(config);
    account::configure(config);
    now::configure(config);
    all_rooms::configure(config);
    rooms::configure(config);
    timeline::configure(config);
    users::configure(config);
    user_actions::configure(config);
    user_history::configure(config);
    user_moderation::configure(config);
    user_person::configure(config);
    reviews::configure(config);
    reports::configure(config);
    order_record::configure(config);
    orders::configure(config);
    refunds::configure(config);
    withdrawals::configure(config);
    evidence::configure(config);
    exports::configure(config);
    ledger_audit::configure(config);
    ledger::configure(config);
    comments::configure(config);
    screenshots::configure(config);
    complaints::configure(config);
    figures::configure(config);
    reconcile::configure(config);
    gifts::configure(config);
    blocks::configure(config);
    configs::configure(config);
    audit::configure(config);
    health::configure(config);
    operators::configure(config);
    search::configure(config);
}

/// Remembers the language, and goes back to the page.
async fn choose_language(
    _anybody: Anybody,
    _request: HttpRequest,
    input: Input,
) -> Result<HttpResponse, Failure> {
    let lang = Lang::parse(input.text("to")).ok_or(Failure::BadRequest)?;
    let mut response = redirect(local_path(input.text("next")));
    response
        .add_cookie(&language_cookie(lang))
        .map_err(|_unwritable| Failure::Internal)?;
    Ok(response)
}
