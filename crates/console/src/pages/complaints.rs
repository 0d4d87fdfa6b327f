//! Complaints that WeChat has passed on, and what became of them.

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_operators::Action;
use qlive_payments::RecordedComplaint;
use qlive_store::audit_log::Operator;
use qlive_types::Moment;

use super::list::empty;
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::fill;
use crate::view::{
    Cell, Choice, Column, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/complaints", web::get().to(list));
    register::<Answer>(config, "/complaints/{id}/answer");
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewComplaints, "").await?;
    let t = visit.t();
    let which = visit.query("which").unwrap_or_default();
    let open_only = which != "all";
    let before = visit.cursor().map(|(id, _)| id);
    let payments = &visit.state.services.payments;
    let found = payments.search_complaints(open_only, before).await?;
    let none = if open_only {
        t.pages.no_open_complaints
    } else {
        t.pages.no_complaints
    };
    let mut page = Page::new(t.pages.complaints_title);
    let choice = Choice::new;
    page.filters.push(Filter::Choice {
        name: "which",
        label: t.pages.which,
        chosen: which,
        choices: vec![
            choice("", t.pages.complaint_open),
            choice("all", t.frame.all),
        ],
    });
    page.sections.push(Section::Table(Table {
        older: visit.older(&found, |complaint| complaint.id.to_string()),
        newest: visit.newest(),
        empty: empty(t, false, none),
        ..complaints_table(&visit, &found)
    }));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/complaints").await?,
        page,
    })
}

/// A table of complaints.
pub(super) fn complaints_table(visit: &Visit, found: &[RecordedComplaint]) -> Table {
    let t = visit.t();
    Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.complained_at),
            Column::text(t.pages.number),
            Column::text(t.pages.openid),
            Column::text(t.pages.request),
            Column::text(t.pages.state),
            Column::text(t.pages.answer),
        ],
        rows: found.iter().map(|one| row(visit, one)).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_complaints),
    }
}

fn row(visit: &Visit, recorded: &RecordedComplaint) -> Row {
    let t = visit.t();
    let complaint = &recorded.complaint;
    let order = &complaint.out_trade_no;
    let is_open = recorded.answered_at.is_none();
    let state = if is_open {
        Cell::Badge(t.pages.complaint_open.to_owned(), Tone::Warn)
    } else {
        let text = format!("{} {}", t.pages.complaint_answered, recorded.answered_by);
        Cell::Badge(text, Tone::Good)
    };
    let href = format!("/complaints/{}/answer", recorded.id);
    let button = visit.button(Action::AnswerComplaint, t.actions.answer, href);
    Row::new(vec![
        complained_at(&complaint.complained_at),
        Cell::Link(order.clone(), format!("/orders/{order}/why")),
        Cell::Text(format::masked(&complaint.openid)),
        Cell::Code(complaint.wechat_request_id.clone()),
        state,
        Cell::Text(recorded.answer.clone()),
    ])
    .with_buttons(button.filter(|_| is_open).into_iter().collect())
}

/// WeChat's time, as other times are shown; as it came if it has another form.
fn complained_at(text: &str) -> Cell {
    Moment::parse_rfc3339(text).map_or_else(
        || Cell::Text(text.to_owned()),
        |at| Cell::Time(format::time(at)),
    )
}

struct Answer;

impl Act for Answer {
    const ACTION: Action = Action::AnswerComplaint;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let recorded = visit.state.services.payments.complaint(*id).await?;
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.answer, "/complaints");
        form.title = fill(a.answer_title, &[&recorded.complaint.out_trade_no]);
        form.reason_label = Some(visit.t().pages.answer);
        form.lines.push(a.answer_text.to_owned());
        form.reasons = vec![a.answer_refunded, a.answer_explained];
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let answered = visit
            .state
            .services
            .payments
            .answer_complaint(by, *id)
            .await;
        answered.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At("/complaints".to_owned()))
    }
}
