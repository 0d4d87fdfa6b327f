//! Reconciliation: days that were compared with WeChat's bill, what differed, and who signed them
//! off.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_ledger::Day;
use qlive_operators::Action;
use qlive_payments::{DifferenceKind, Reconciliation, StoredDifference};
use qlive_store::audit_log::Operator;
use qlive_store::operation::run_background;
use qlive_types::Fen;

use super::list::{empty, search_path};
use crate::actions::{Act, ActionForm, Done, Field, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Fact, Frame, Page, PageTemplate, Row, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    register::<Run>(config, "/reconcile/run");
    register::<Explain>(config, "/reconcile/differences/{id}/explain");
    config
        .route("/reconcile", web::get().to(list))
        .route("/reconcile/{day}", web::get().to(show));
    register::<SignOff>(config, "/reconcile/{day}/sign");
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewReconciliations, "").await?;
    let t = visit.t();
    let before = visit.query("after");
    let days = visit
        .state
        .services
        .payments
        .reconciliations(before)
        .await?;
    let mut page = Page::new(t.differences.title);
    let run = visit.button(Action::Reconcile, t.differences.run, "/reconcile/run");
    page.buttons.extend(run);
    let d = &t.differences;
    let row = |day: &Reconciliation| {
        Row::new(vec![
            Cell::Link(day.day.clone(), format!("/reconcile/{}", day.day)),
            Cell::Number(format::grouped(day.differences)),
            Cell::Number(format::grouped(day.unexplained)),
            Cell::Time(format::time(day.ran_at)),
            Cell::Text(day.ran_by.clone()),
            signature(t, day),
        ])
    };
    page.sections.push(Section::Table(Table {
        caption: String::new(),
        columns: vec![
            Column::text(d.day),
            Column::number(d.differences),
            Column::number(d.unexplained),
            Column::text(d.ran),
            Column::text(t.pages.who),
            Column::text(d.signed),
        ],
        rows: days.iter().map(row).collect(),
        older: visit.older(&days, |day| day.day.clone()),
        newest: visit.newest(),
        empty: empty(t, false, d.none),
    }));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/reconcile").await?,
        page,
    })
}

fn signature(t: &'static Texts, day: &Reconciliation) -> Cell {
    match day.signed_at {
        Some(at) => {
            let text = format!("{} {}", day.signed_by, format::time(at));
            Cell::Badge(text, Tone::Good)
        }
        None => Cell::Badge(t.differences.not_signed.to_owned(), Tone::Warn),
    }
}

async fn show(visit: Visit, day: Path<String>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewReconciliations, &day).await?;
    let t = visit.t();
    let (head, found) = visit.state.services.payments.reconciliation(&day).await?;
    let mut page = Page::new(fill(t.differences.day_title, &[&day]));
    page.back = Some((t.differences.title.to_owned(), "/reconcile".to_owned()));
    if head.signed_at.is_none() && head.unexplained == 0 {
        let href = format!("/reconcile/{day}/sign");
        page.buttons
            .extend(visit.button(Action::SignOff, t.differences.sign, href));
    }
    page.sections.push(Section::Facts {
        title: "",
        facts: vec![
            Fact {
                label: t.differences.ran,
                value: Cell::Time(format::time(head.ran_at)),
            },
            Fact {
                label: t.pages.who,
                value: Cell::Text(head.ran_by.clone()),
            },
            Fact {
                label: t.differences.signed,
                value: signature(t, &head),
            },
        ],
    });
    if head.unexplained > 0 {
        page.sections.push(Section::Note {
            text: fill(t.differences.sign_waits, &[&head.unexplained.to_string()]),
            tone: Tone::Warn,
        });
    }
    if found.is_empty() {
        page.sections.push(Section::Note {
            text: t.differences.even.to_owned(),
            tone: Tone::Good,
        });
    } else {
        page.sections
            .push(Section::Table(differences_table(&visit, &found)));
    }
    html(&PageTemplate {
        frame: Frame::new(&visit, "/reconcile").await?,
        page,
    })
}

fn differences_table(visit: &Visit, found: &[StoredDifference]) -> Table {
    let t = visit.t();
    let d = &t.differences;
    let money = |fen: Option<Fen>| fen.map_or(Cell::Empty, |fen| Cell::Number(format::yuan(fen)));
    let row = |stored: &StoredDifference| {
        let difference = &stored.difference;
        let (explained, tone) = if stored.explained_at.is_some() {
            let text = format!("{}: {}", stored.explained_by, stored.explanation);
            (text, Tone::Good)
        } else {
            (d.unexplained.to_owned(), Tone::Warn)
        };
        let explained = match tone {
            Tone::Good => Cell::Text(explained),
            _ => Cell::Badge(explained, tone),
        };
        let href = format!("/reconcile/differences/{}/explain", stored.id);
        let buttons = visit.button(Action::ExplainDifference, d.explain, href);
        Row::new(vec![
            Cell::Text(d.kind(difference.kind).to_owned()),
            number_cell(difference.kind, &difference.number),
            money(difference.bill),
            money(difference.recorded),
            Cell::Text(d.advice_for(difference.kind).to_owned()),
            explained,
        ])
        .with_buttons(buttons.into_iter().collect())
    };
    Table {
        caption: d.differences.to_owned(),
        columns: vec![
            Column::text(t.pages.kind),
            Column::text(d.number),
            Column::number(d.in_bill),
            Column::number(d.recorded),
            Column::text(d.advice),
            Column::text(d.explanation),
        ],
        rows: found.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, d.even),
    }
}

/// The number of an order or a refund, where there is one here.
fn number_cell(kind: DifferenceKind, number: &str) -> Cell {
    match kind {
        DifferenceKind::UnknownOrder
        | DifferenceKind::UnknownRefund
        | DifferenceKind::UnknownRow => Cell::Code(number.to_owned()),
        _ => Cell::Link(number.to_owned(), search_path(number)),
    }
}

struct Run;

impl Act for Run {
    const ACTION: Action = Action::Reconcile;
    type Path = ();

    fn subject(_path: &()) -> String {
        String::new()
    }

    async fn form(visit: &Visit, _path: &()) -> Result<ActionForm, Failure> {
        let d = &visit.t().differences;
        let mut form = ActionForm::new(visit, d.run, "/reconcile");
        form.lines.push(d.run_text.to_owned());
        let yesterday = Day::of(visit.now).plus(-1).begin();
        form.fields.push(Field::day("day", d.day, yesterday));
        Ok(form)
    }

    async fn act(visit: &Visit, _path: &(), by: Operator, input: &Input) -> Result<Done, Refusal> {
        let day = input.text("day");
        // A day of many orders takes longer than a request may.
        let payments = &visit.state.services.payments;
        let ran = run_background("reconcile", payments.reconcile_and_store(by, day)).await;
        ran.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/reconcile/{day}")))
    }
}

struct Explain;

impl Act for Explain {
    const ACTION: Action = Action::ExplainDifference;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let stored = visit.state.services.payments.bill_difference(*id).await?;
        let d = &visit.t().differences;
        let kind = stored.difference.kind;
        let back = format!("/reconcile/{}", stored.day);
        let mut form = ActionForm::new(visit, d.explain, back);
        form.title = fill(d.explain_title, &[&stored.difference.number]);
        form.reason_label = Some(d.explanation);
        let amount = |fen: Option<Fen>| fen.map_or_else(|| "–".to_owned(), format::yuan);
        let (bill, recorded) = (stored.difference.bill, stored.difference.recorded);
        form.lines = vec![
            d.kind(kind).to_owned(),
            fill(d.explain_amounts, &[&amount(bill), &amount(recorded)]),
            d.advice_for(kind).to_owned(),
        ];
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let t = &visit.t().failures;
        let payments = &visit.state.services.payments;
        let stored = payments
            .bill_difference(*id)
            .await
            .map_err(|error| refuse(error, t))?;
        let explained = payments.explain_difference(by, *id).await;
        explained.map_err(|error| refuse(error, t))?;
        Ok(Done::At(format!("/reconcile/{}", stored.day)))
    }
}

struct SignOff;

impl Act for SignOff {
    const ACTION: Action = Action::SignOff;
    type Path = String;

    fn subject(day: &String) -> String {
        day.clone()
    }

    async fn form(visit: &Visit, day: &String) -> Result<ActionForm, Failure> {
        visit.state.services.payments.reconciliation(day).await?;
        let d = &visit.t().differences;
        let mut form = ActionForm::new(visit, d.sign, format!("/reconcile/{day}"));
        form.title = fill(d.sign_title, &[day]);
        form.reason_label = Some(d.sign_note);
        form.lines.push(d.sign_text.to_owned());
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        day: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let signed = visit.state.services.payments.sign_off(by, day).await;
        signed.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/reconcile/{day}")))
    }
}
