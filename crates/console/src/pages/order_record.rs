//! An order beside the record of its provider.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_operators::Action;
use qlive_payments::{Comparison, Order, ProviderRecord, RecordField, ReportedRefunds};
use qlive_types::{Fen, Moment};

use super::list::empty;
use super::orders::order_state;
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{Cell, Column, Frame, Page, PageTemplate, Row, Section, Table, Tone};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/orders/{number}/record", web::get().to(show));
}

async fn show(visit: Visit, number: Path<String>) -> Result<HttpResponse, Failure> {
    visit.require(Action::QueryOrder, &number).await?;
    let t = visit.t();
    let payments = &visit.state.services.payments;
    let (order, record, comparison) = payments.provider_record(&number).await?;
    let title = fill(t.pages.order_title, &[&number]);
    let mut page = Page::new(t.pages.record_title);
    page.back = Some((title, format!("/orders/{number}")));
    page.sections
        .extend(sections(t, &order, &record, &comparison));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/orders").await?,
        page,
    })
}

/// Both records beside each other, and whether they say the same.
pub(super) fn sections(
    t: &'static Texts,
    order: &Order,
    record: &ProviderRecord,
    comparison: &Comparison,
) -> [Section; 2] {
    let table = Table {
        caption: String::new(),
        columns: vec![
            Column::text(""),
            Column::text(t.differences.recorded),
            Column::text(t.pages.by_provider),
        ],
        rows: rows(t, order, record),
        older: None,
        newest: None,
        empty: empty(t, false, ""),
    };
    [verdict(t, comparison), Section::Table(table)]
}

/// Fen that a provider reported; negative when it did not.
fn money(fen: i64) -> Cell {
    Fen::new(fen).map_or(Cell::Empty, |fen| Cell::Number(format::yuan(fen)))
}

/// Whether both records say the same, and in what they do not.
fn verdict(t: &'static Texts, comparison: &Comparison) -> Section {
    let p = &t.pages;
    let (text, tone) = match comparison {
        Comparison::Agrees => (p.record_agrees.to_owned(), Tone::Good),
        Comparison::RefundPending => (p.record_refund_pending.to_owned(), Tone::Warn),
        Comparison::Unclear => (t.failures.provider.to_owned(), Tone::Warn),
        Comparison::Differs(fields) => {
            let names: Vec<&str> = fields.iter().map(|field| field_name(t, *field)).collect();
            let names = names.join(p.list_comma);
            (fill(p.record_differs, &[&names]), Tone::Bad)
        }
    };
    Section::Note { text, tone }
}

fn field_name(t: &'static Texts, field: RecordField) -> &'static str {
    match field {
        RecordField::State => t.pages.state,
        RecordField::Account => t.pages.record_account,
        RecordField::Price => t.pages.price,
        RecordField::Transaction => t.pages.transaction,
        RecordField::Refunded => t.pages.refunded,
    }
}

fn rows(t: &'static Texts, order: &Order, record: &ProviderRecord) -> Vec<Row> {
    let (state, tone) = order_state(t, order);
    let time = |at: Option<Moment>| at.map_or(Cell::Empty, |at| Cell::Time(format::time(at)));
    let number = |text: Option<&String>| text.map_or(Cell::Empty, |text| Cell::Code(text.clone()));
    let (their_state, their_tone) = match record {
        ProviderRecord::Paid(_) => (t.values.order_paid, Tone::Good),
        ProviderRecord::Unpaid => (t.values.order_created, Tone::Warn),
        ProviderRecord::Closed => (t.values.order_closed, Tone::Quiet),
        ProviderRecord::NotFound => (t.pages.record_missing, Tone::Quiet),
        ProviderRecord::Unclear => (t.pages.record_unclear, Tone::Warn),
    };
    let payment = match record {
        ProviderRecord::Paid(payment) => Some(payment),
        _ => None,
    };
    let refunded = payment.map_or(Cell::Empty, |payment| match payment.refunded {
        ReportedRefunds::Fen(fen) => money(fen),
        ReportedRefunds::NotReported => Cell::Empty,
        ReportedRefunds::Some => Cell::Text(t.pages.record_refunded.to_owned()),
    });
    let row = |label: &str, recorded, provider| {
        Row::new(vec![Cell::Text(label.to_owned()), recorded, provider])
    };
    vec![
        row(
            t.pages.state,
            Cell::Badge(state.to_owned(), tone),
            Cell::Badge(their_state.to_owned(), their_tone),
        ),
        row(
            t.pages.price,
            Cell::Number(format::yuan(order.price)),
            payment.map_or(Cell::Empty, |payment| money(payment.fen)),
        ),
        row(
            t.pages.transaction,
            number(order.transaction_id.as_ref()),
            number(payment.map(|payment| &payment.transaction_id)),
        ),
        row(
            t.pages.paid_at,
            time(order.paid_at),
            time(payment.and_then(|payment| payment.paid_at)),
        ),
        row(
            t.pages.refunded,
            Cell::Number(format::yuan(order.refunded)),
            refunded,
        ),
    ]
}
