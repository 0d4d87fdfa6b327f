//! Health: the database, what waits, and deliveries that are parked.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_app::AuditResult;
use qlive_operators::Action;
use qlive_outbox::{LaneKind, OutboxRow, Status};
use qlive_store::Seen;
use qlive_store::audit_log::Operator;
use qlive_types::Moment;
use qlive_users::AccessTokenStatus;

use super::list::empty;
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::Refusal;
use crate::format::{self, MOST_COUNTED};
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Fact, Frame, Page, PageTemplate, Row, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/health", web::get().to(show));
    register::<Retry>(config, "/health/outbox/{id}/retry");
}

async fn show(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewHealth, "").await?;
    let t = visit.t();
    let services = &visit.state.services;
    let mut page = Page::new(t.pages.health_title);
    let mut parked = services.outbox.list().await?;
    parked.retain(|delivery| delivery.status == Status::Parked);
    if !parked.is_empty() {
        page.sections.push(Section::Note {
            text: t.pages.parked_text.to_owned(),
            tone: Tone::Warn,
        });
    }
    page.sections.push(facts(&visit).await?);
    let table = parked_table(&visit, &parked);
    page.sections.push(Section::Table(table));
    page.sections.push(ledger_facts(&visit).await?);
    page.sections
        .push(Section::Table(callbacks_table(&visit).await?));
    page.sections
        .push(Section::Table(tokens_table(&visit).await?));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/health").await?,
        page,
    })
}

/// The database, and what waits.
async fn facts(visit: &Visit) -> Result<Section, Failure> {
    let p = &visit.t().pages;
    let services = &visit.state.services;
    let database = match services.db.readiness().await {
        Ok(()) => Cell::Badge(p.ready.to_owned(), Tone::Good),
        Err(fault) => Cell::Badge(fault.to_string(), Tone::Bad),
    };
    let outbox = services.outbox.stats_up_to(MOST_COUNTED + 1).await?;
    let (orders, oldest_order) = services
        .payments
        .waiting_orders_up_to(MOST_COUNTED + 1)
        .await?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let schema = services.db.schema_version().await?;
    let instances = services.outbox.count_instances().await?;
    let time = |at: Option<Moment>| at.map_or(Cell::Empty, |at| Cell::Time(format::time(at)));
    let number = |count| Cell::Number(format::counted(count));
    let facts = [
        (p.database, database),
        (p.version, Cell::Text(version)),
        (p.schema_version, Cell::Text(schema)),
        (p.instances, number(instances)),
        (p.outbox_waiting, number(outbox.waiting)),
        (p.oldest_delivery, time(outbox.oldest)),
        (p.orders_waiting, number(orders)),
        (p.oldest_order, time(oldest_order)),
    ];
    let facts = facts.map(|(label, value)| Fact { label, value });
    Ok(Section::Facts {
        title: "",
        facts: facts.into(),
    })
}

/// How far the chain of the ledger is sealed, and what the last audit found.
async fn ledger_facts(visit: &Visit) -> Result<Section, Failure> {
    let t = visit.t();
    let ledger = &visit.state.services.ledger;
    let head = ledger.chain_head().await?;
    let head = head.map_or(Cell::Empty, |(position, hash)| {
        let begin: String = hash.chars().take(12).collect();
        Cell::Text(format!("{} · {begin}…", format::grouped(position)))
    });
    let audit = visit.state.services.last_audit().await?;
    let audit = audit.map_or_else(
        || t.pages.audit_never.to_owned(),
        |(at, result)| {
            let text = match result {
                AuditResult::Agrees { .. } => t.pages.audit_agreed,
                AuditResult::Violated(_) => t.pages.audit_violated,
            };
            fill(text, &[&format::time(at)])
        },
    );
    let audit = Cell::Link(audit, "/ledger/audit".to_owned());
    Ok(Section::Facts {
        title: t.pages.ledger_title,
        facts: vec![
            Fact {
                label: t.pages.chain_head,
                value: head,
            },
            Fact {
                label: t.pages.last_audit,
                value: audit,
            },
        ],
    })
}

/// When a callback of each kind last came.
async fn callbacks_table(visit: &Visit) -> Result<Table, Failure> {
    let t = visit.t();
    let all = visit.state.services.last_seen.all().await?;
    let row = |seen: &Seen| {
        let name = callback_name(t, &seen.name)?;
        let age = visit.now.since(seen.at);
        Some(Row::new(vec![
            Cell::Text(name.to_owned()),
            Cell::Time(format::time(seen.at)),
            Cell::Text(format::ago(t, age)),
        ]))
    };
    Ok(Table {
        caption: t.notices.callbacks.to_owned(),
        columns: vec![
            Column::text(t.notices.callback),
            Column::text(t.notices.came_last),
            Column::text(t.notices.ago),
        ],
        rows: all.iter().filter_map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.notices.no_callbacks),
    })
}

/// The kind of a callback; `None` for something else that was last seen.
fn callback_name(t: &'static Texts, kind: &str) -> Option<&'static str> {
    let n = &t.notices;
    Some(match kind {
        "pay" => n.callback_pay,
        "push" => n.callback_push,
        "im state" => n.callback_im_state,
        "im exit" => n.callback_im_exit,
        "im before" => n.callback_im_before,
        "im after" => n.callback_im_after,
        "live start" => n.callback_live_start,
        "live stop" => n.callback_live_stop,
        "live screenshot" => n.callback_live_screenshot,
        "live judged" => n.callback_live_judged,
        "im unknown" | "live unknown" => n.callback_unknown,
        _ => return None,
    })
}

/// How long the access tokens of WeChat can still be used.
async fn tokens_table(visit: &Visit) -> Result<Table, Failure> {
    let t = visit.t();
    let tokens = visit.state.services.users.access_token_status().await?;
    let row = |token: &AccessTokenStatus| {
        let state = if token.usable_until <= visit.now {
            Cell::Badge(t.notices.token_ended.to_owned(), Tone::Quiet)
        } else {
            Cell::Badge(t.notices.token_usable.to_owned(), Tone::Good)
        };
        Row::new(vec![
            Cell::Code(token.app_id.clone()),
            Cell::Time(format::time(token.usable_until)),
            Cell::Number(token.forced_today.to_string()),
            state,
        ])
    };
    Ok(Table {
        caption: t.notices.tokens.to_owned(),
        columns: vec![
            Column::text(t.notices.mini_program),
            Column::text(t.notices.usable_until),
            Column::number(t.notices.forced_today),
            Column::text(t.pages.state),
        ],
        rows: tokens.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.notices.no_tokens),
    })
}

/// What a lane delivers, and for whom.
const fn lane_name(t: &'static Texts, kind: LaneKind) -> &'static str {
    match kind {
        LaneKind::Room => t.pages.lane_room,
        LaneKind::Gifts => t.pages.lane_gifts,
        LaneKind::ApplicantCounts => t.pages.lane_counts,
        LaneKind::User => t.pages.lane_user,
        LaneKind::Stream => t.pages.lane_stream,
    }
}

fn parked_table(visit: &Visit, parked: &[OutboxRow]) -> Table {
    let t = visit.t();
    let row = |delivery: &OutboxRow| {
        let href = format!("/health/outbox/{}/retry", delivery.id);
        let buttons = visit.button(Action::RetryDelivery, t.actions.retry, href);
        Row::new(vec![
            Cell::Text(delivery.id.to_string()),
            Cell::Time(format::time(delivery.created_at)),
            Cell::Text(fill(
                lane_name(t, delivery.lane.kind),
                &[&delivery.lane.id.to_string()],
            )),
            Cell::Number(delivery.attempts.to_string()),
            Cell::Text(delivery.detail.clone()),
        ])
        .with_buttons(buttons.into_iter().collect())
    };
    Table {
        caption: t.pages.parked.to_owned(),
        columns: vec![
            Column::text(t.pages.id),
            Column::text(t.pages.created),
            Column::text(t.pages.lane),
            Column::number(t.pages.attempts),
            Column::text(t.pages.detail),
        ],
        rows: parked.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_parked),
    }
}

struct Retry;

impl Act for Retry {
    const ACTION: Action = Action::RetryDelivery;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.retry, "/health");
        form.title = fill(a.retry_title, &[&id.to_string()]);
        form.lines.push(a.retry_text.to_owned());
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let t = &visit.t().failures;
        let retried = visit.state.services.outbox.retry(by, *id).await;
        let retried = retried.map_err(|error| Refusal::Failure(error.into()))?;
        if retried {
            Ok(Done::At("/health".to_owned()))
        } else {
            Err(Refusal::Explained(t.wrong_state.to_owned()))
        }
    }
}
