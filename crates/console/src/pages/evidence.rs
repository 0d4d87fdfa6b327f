//! "Why was I charged?": the order, the entries, the gifts and the messages about them, on one page
//! and in one file.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_app::{AskProvider, Evidence, GivenGift};
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use qlive_types::EntryId;

use super::ledger::entries_table;
use super::list::empty;
use super::timeline_table::status_of;
use super::{order_record, orders, rooms};
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Frame, Page, PageTemplate, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/orders/{number}/why", web::get().to(of_order))
        .route("/ledger/{id}/why", web::get().to(of_entry));
    register::<ExportOfOrder>(config, "/orders/{number}/why/export");
    register::<ExportOfEntry>(config, "/ledger/{id}/why/export");
}

/// Whether this operator may ask the provider.
fn asked(visit: &Visit) -> AskProvider {
    if visit.session.may(Action::QueryOrder) {
        AskProvider::Yes
    } else {
        AskProvider::No
    }
}

async fn load_order(visit: &Visit, number: &str) -> Result<Evidence, Failure> {
    let services = &visit.state.services;
    services.payments.order(number).await?;
    let found = services.evidence_of_order(number, asked(visit)).await;
    found.map_err(unreadable)
}

async fn load_entry(visit: &Visit, id: i64) -> Result<Evidence, Failure> {
    let services = &visit.state.services;
    let id = EntryId::new(id);
    services.ledger.entry(id).await?;
    let found = services.evidence_of_entry(id, asked(visit)).await;
    found.map_err(unreadable)
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
fn unreadable(error: anyhow::Error) -> Failure {
    tracing::error!(%error, "the evidence of a charge cannot be read");
    Failure::Internal
}

async fn of_order(visit: Visit, number: Path<String>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewOrders, &number).await?;
    let evidence = load_order(&visit, &number).await?;
    let title = fill(visit.t().pages.why_order, &[&number]);
    answer(&visit, title, &format!("/orders/{number}/why"), &evidence).await
}

async fn of_entry(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewLedger, &id.to_string()).await?;
    let evidence = load_entry(&visit, *id).await?;
    let title = fill(visit.t().pages.why_entry, &[&id.to_string()]);
    answer(&visit, title, &format!("/ledger/{id}/why"), &evidence).await
}

async fn answer(
    visit: &Visit,
    title: String,
    path: &str,
    evidence: &Evidence,
) -> Result<HttpResponse, Failure> {
    let t = visit.t();
    let mut page = Page::new(title);
    let parent = path.trim_end_matches("/why");
    let number = parent.rsplit('/').next().unwrap_or_default();
    let (parent_title, current) = if parent.starts_with("/orders") {
        (t.pages.order_title, "/orders")
    } else {
        (t.pages.entry_title, "/ledger")
    };
    page.back = Some((fill(parent_title, &[number]), parent.to_owned()));
    let export = format!("{path}/export");
    let export = visit.button(Action::ExportEvidence, t.actions.export_evidence, export);
    page.buttons.extend(export);
    page.sections.push(Section::Note {
        text: t.pages.why_text.to_owned(),
        tone: Tone::Plain,
    });
    if let Some(order) = &evidence.order {
        page.sections.push(orders::facts(t, order));
        if let Some((record, comparison)) = &evidence.provider {
            let beside = order_record::sections(t, order, record, comparison);
            page.sections.extend(beside);
        }
        page.sections
            .push(Section::Table(orders::refunds_table(t, &evidence.refunds)));
    }
    let mut entries = entries_table(t, &evidence.entries);
    t.pages.entries.clone_into(&mut entries.caption);
    page.sections.push(Section::Table(entries));
    page.sections.push(Section::Table(
        gifts_table(visit, &evidence.gifts, evidence.order.is_some()).await?,
    ));
    html(&PageTemplate {
        frame: Frame::new(visit, current).await?,
        page,
    })
}

async fn gifts_table(visit: &Visit, given: &[GivenGift], of_order: bool) -> Result<Table, Failure> {
    let t = visit.t();
    let gifts: Vec<_> = given.iter().map(|given| given.gift.clone()).collect();
    let caption = if of_order {
        t.pages.gifts_paid
    } else {
        t.pages.the_gift
    };
    let mut table = rooms::gifts_table(visit, caption, &gifts).await?;
    table.columns.push(Column::text(t.pages.is_delivered));
    for (row, given) in table.rows.iter_mut().zip(given) {
        row.cells.push(delivered(t, given));
    }
    table.empty = empty(t, false, t.pages.no_gifts_paid);
    Ok(table)
}

/// Whether the message about a gift was delivered.
fn delivered(t: &'static Texts, given: &GivenGift) -> Cell {
    match given.messages.first() {
        None => Cell::Text(t.pages.message_gone.to_owned()),
        Some(message) => {
            let (text, tone) = status_of(t, message.status);
            Cell::Badge(format!("#{} {text}", message.seq), tone)
        }
    }
}

fn form(visit: &Visit, back: String) -> ActionForm {
    let a = &visit.t().actions;
    let mut form = ActionForm::new(visit, a.export_evidence, back);
    form.lines.push(a.export_evidence_text.to_owned());
    form
}

async fn record(visit: &Visit, by: Operator, subject: &str) -> Result<(), Refusal> {
    let operators = &visit.state.operators;
    let recorded = operators.record_read(by, Action::ExportEvidence, subject);
    recorded
        .await
        .map_err(|error| refuse(error, &visit.t().failures))
}

struct ExportOfOrder;

impl Act for ExportOfOrder {
    const ACTION: Action = Action::ExportEvidence;
    type Path = String;

    fn subject(number: &String) -> String {
        number.clone()
    }

    async fn form(visit: &Visit, number: &String) -> Result<ActionForm, Failure> {
        visit.state.services.payments.order(number).await?;
        Ok(form(visit, format!("/orders/{number}/why")))
    }

    async fn act(
        visit: &Visit,
        number: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        record(visit, by, number).await?;
        let evidence = load_order(visit, number).await.map_err(Refusal::Failure)?;
        Ok(Done::File {
            name: format!("qlive-order-{number}.json"),
            text: format!("{:#}", evidence.to_json()),
        })
    }
}

struct ExportOfEntry;

impl Act for ExportOfEntry {
    const ACTION: Action = Action::ExportEvidence;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        visit.state.services.ledger.entry(EntryId::new(*id)).await?;
        Ok(form(visit, format!("/ledger/{id}/why")))
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        record(visit, by, &id.to_string()).await?;
        let evidence = load_entry(visit, *id).await.map_err(Refusal::Failure)?;
        Ok(Done::File {
            name: format!("qlive-entry-{id}.json"),
            text: format!("{:#}", evidence.to_json()),
        })
    }
}
