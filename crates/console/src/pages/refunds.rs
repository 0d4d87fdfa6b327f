//! Refunds of an order: the form, and those that wait for another operator.

use std::iter;

use actix_web::web::ServiceConfig;
use qlive_operators::Action;
use qlive_payments::{Order, OrderState, Provider, RefundRequest};
use qlive_store::audit_log::Operator;
use qlive_types::Fen;

use super::list::{Names, empty};
use crate::actions::{Act, ActionForm, Done, Field, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Row, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    register::<RefundOrder>(config, "/orders/{number}/refund");
    register::<ImportRefund>(config, "/orders/{number}/import-refund");
}

/// What can still be refunded of an order; `None`: nothing.
pub(super) fn left(order: &Order) -> Option<Fen> {
    let left = order.price.checked_sub(order.refunded).ok()?;
    (order.state == OrderState::Paid && left.get() > 0).then_some(left)
}

/// What the page of an order says about a refund that waits.
pub(super) fn waiting_note(t: &'static Texts, request: &RefundRequest) -> Section {
    let text = fill(
        t.pages.refund_waits,
        &[
            &request.requested_by,
            &format::yuan(request.fen),
            &request.reason,
        ],
    );
    Section::Note {
        text,
        tone: Tone::Warn,
    }
}

/// A table of the refunds that wait.
pub(super) fn waiting_table(t: &'static Texts, requests: &[RefundRequest]) -> Table {
    let row = |request: &RefundRequest| {
        let number = &request.out_trade_no;
        Row::new(vec![
            Cell::Time(format::time(request.requested_at)),
            Cell::Link(number.clone(), format!("/orders/{number}")),
            Cell::Number(format::yuan(request.fen)),
            Cell::Text(request.requested_by.clone()),
            Cell::Text(request.reason.clone()),
        ])
    };
    Table {
        caption: t.pages.refunds_wait.to_owned(),
        columns: vec![
            Column::text(t.pages.time),
            Column::text(t.pages.number),
            Column::number(t.pages.yuan),
            Column::text(t.pages.requested_by),
            Column::text(t.pages.reason),
        ],
        rows: requests.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.refunds_wait),
    }
}

struct RefundOrder;

impl Act for RefundOrder {
    const ACTION: Action = Action::RefundOrder;
    type Path = String;

    fn subject(number: &String) -> String {
        number.clone()
    }

    async fn form(visit: &Visit, number: &String) -> Result<ActionForm, Failure> {
        let payments = &visit.state.services.payments;
        let order = payments.order(number).await?;
        let waiting = payments.refund_request(number).await?;
        let t = visit.t();
        let a = &t.actions;
        let mut form = ActionForm::new(visit, a.refund, format!("/orders/{number}"));
        form.title = fill(a.refund_title, &[number]);
        let left = left(&order).unwrap_or(Fen::ZERO);
        let (user, price) = (order.user.to_string(), format::yuan(order.price));
        let names = Names::of(visit, iter::once(order.user)).await?;
        let name = names.name(order.user);
        let limit = format::yuan(payments.refund_limit());
        form.lines = vec![
            fill(a.refund_text, &[&name, &user, &price, &format::yuan(left)]),
            fill(a.refund_limit, &[&limit]),
        ];
        if let Some(request) = &waiting {
            let amount = format::yuan(request.fen);
            let by = &request.requested_by;
            form.lines.push(fill(a.refund_second, &[by, &amount]));
        }
        let amount = waiting.map_or(left, |request| request.fen);
        form.fields.push(Field {
            value: format::plain_yuan(amount.get()),
            ..Field::required("amount", a.refund_amount)
        });
        form.reasons = vec![
            a.reason_user,
            a.reason_mistake,
            a.reason_fraud,
            a.reason_minor,
        ];
        form.typed = Some(format::last_four(number));
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        number: &String,
        by: Operator,
        input: &Input,
    ) -> Result<Done, Refusal> {
        let t = &visit.t().failures;
        let amount = Fen::parse_yuan(input.text("amount")).filter(|fen| fen.get() > 0);
        let amount = amount.ok_or_else(|| Refusal::Explained(t.amount.to_owned()))?;
        let payments = &visit.state.services.payments;
        let requested = payments.request_refund(by, number, Some(amount)).await;
        requested.map_err(|error| refuse(error, t))?;
        Ok(Done::At(format!("/orders/{number}")))
    }
}

/// Records a refund of the platform whose notice was lost.
struct ImportRefund;

impl Act for ImportRefund {
    const ACTION: Action = Action::ImportRefund;
    type Path = String;

    fn subject(number: &String) -> String {
        number.clone()
    }

    async fn form(visit: &Visit, number: &String) -> Result<ActionForm, Failure> {
        let order = visit.state.services.payments.order(number).await?;
        let a = &visit.t().actions;
        let label = match order.provider {
            Provider::WechatPay => a.import_out_number,
            Provider::Virtual => a.import_wx_number,
        };
        let mut form = ActionForm::new(visit, a.import, format!("/orders/{number}"));
        form.title = fill(a.import_title, &[number]);
        form.lines.push(a.import_text.to_owned());
        form.fields.push(Field {
            max: 64,
            ..Field::required("refund", label)
        });
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        number: &String,
        by: Operator,
        input: &Input,
    ) -> Result<Done, Refusal> {
        let payments = &visit.state.services.payments;
        let imported = payments.import_platform_refund(by, number, input.text("refund"));
        let imported = imported.await;
        imported.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/orders/{number}")))
    }
}
