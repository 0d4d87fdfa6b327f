//! Orders: the list, an order beside what the ledger says of it, and its refunds.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_ledger::{EntryFilter, EntryKind, EntryRange};
use qlive_operators::Action;
use qlive_payments::{Order, OrderRefund, OrderSearch, OrderState, Provider, RefundState};
use qlive_store::audit_log::Operator;
use qlive_types::{DAY, Fen, Moment, UserId};

use super::complaints::complaints_table;
use super::ledger::entries_table;
use super::list::{Filters, LIMIT, Names, empty};
use super::notices::notices_table;
use super::order_steps::steps;
use super::refunds::{left, waiting_note, waiting_table};
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{
    Button, Cell, Choice, Column, Fact, Filter, Frame, Page, PageTemplate, Row, Section, Table,
    Tone,
};

/// In which an amount is looked for.
const AMOUNT_DAYS: Duration = Duration::from_secs(31 * 86_400);

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/orders", web::get().to(list))
        .route("/orders/{number}", web::get().to(show));
    register::<QueryOrder>(config, "/orders/{number}/query");
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewOrders, "").await?;
    let t = visit.t();
    let mut read = Filters::new(&visit);
    let search = within_days(read_search(&mut read), visit.now);
    let after = visit
        .cursor()
        .map(|(at, number)| (Moment::from_millis(at), number));
    let orders = visit
        .state
        .services
        .payments
        .search_orders(search, after)
        .await?;
    let mut page = Page::new(t.pages.orders_title);
    page.buttons = visit.export_button("orders");
    let names = [
        "user", "state", "provider", "from", "until", "least", "most",
    ];
    page.is_filtered = names.into_iter().any(|name| visit.query(name).is_some());
    page.filters = filters(&visit);
    page.sections.extend(read.note());
    if has_amount(&search) {
        page.sections.push(Section::Note {
            text: t.pages.amount_days.to_owned(),
            tone: Tone::Plain,
        });
    }
    let waiting = visit.state.services.payments.refund_requests().await?;
    if !waiting.is_empty() {
        page.sections
            .push(Section::Table(waiting_table(t, &waiting)));
    }
    let mut table = orders_table(&visit, &orders, page.is_filtered).await?;
    table.older = visit.older(&orders, |order| {
        format!("{}.{}", order.created_at.millis(), order.out_trade_no)
    });
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/orders").await?,
        page,
    })
}

/// The orders that the URL asks for.
pub(super) fn read_search(read: &mut Filters<'_>) -> OrderSearch {
    // Refunded ones are paid ones.
    let state = read.read("state", |state| match state {
        "created" => Some(Some(OrderState::Created)),
        "paid" => Some(Some(OrderState::Paid)),
        "closed" => Some(Some(OrderState::Closed)),
        "refunded" => Some(None),
        _ => None,
    });
    OrderSearch {
        user: read.read("user", UserId::parse),
        state: state.flatten(),
        refunded: state == Some(None),
        provider: read.read("provider", |provider| match provider {
            "wechat_pay" => Some(Provider::WechatPay),
            "virtual" => Some(Provider::Virtual),
            _ => None,
        }),
        from: read.read("from", Moment::parse_day),
        until: read
            .read("until", Moment::parse_day)
            .map(|day| day.after(DAY)),
        least: read.read("least", Fen::parse_yuan),
        most: read.read("most", Fen::parse_yuan),
    }
}

pub(super) const fn has_amount(search: &OrderSearch) -> bool {
    search.least.is_some() || search.most.is_some()
}

/// Amounts are looked for in some days only: no index finds them in all.
pub(super) fn within_days(mut search: OrderSearch, now: Moment) -> OrderSearch {
    if has_amount(&search) {
        let first = search.until.unwrap_or(now).min(now).before(AMOUNT_DAYS);
        search.from = Some(search.from.map_or(first, |from| from.max(first)));
    }
    search
}

fn filters(visit: &Visit) -> Vec<Filter> {
    let (t, choice) = (visit.t(), Choice::new);
    let text = |name| visit.query(name).unwrap_or_default();
    vec![
        Filter::Choice {
            name: "state",
            label: t.pages.state,
            chosen: text("state"),
            choices: vec![
                choice("", t.frame.all),
                choice("created", t.values.order_created),
                choice("paid", t.values.order_paid),
                choice("closed", t.values.order_closed),
                choice("refunded", t.pages.with_refunds),
            ],
        },
        Filter::Choice {
            name: "provider",
            label: t.pages.provider,
            chosen: text("provider"),
            choices: vec![
                choice("", t.frame.all),
                choice("wechat_pay", t.values.wechat_pay),
                choice("virtual", t.values.virtual_payment),
            ],
        },
        visit.text_filter("user", t.pages.user, ""),
        visit.day_filter("from", t.pages.from_day),
        visit.day_filter("until", t.pages.until_day),
        visit.text_filter("least", t.pages.least_yuan, "6.00"),
        visit.text_filter("most", t.pages.most_yuan, "648.00"),
    ]
}

/// A table of orders.
pub(super) async fn orders_table(
    visit: &Visit,
    orders: &[Order],
    is_filtered: bool,
) -> Result<Table, Failure> {
    let t = visit.t();
    let names = Names::of(visit, orders.iter().map(|order| order.user)).await?;
    let row = |order: &Order| {
        let (state, tone) = order_state(t, order);
        let paid_after = order.paid_at.map_or(Cell::Empty, |at| {
            let seconds = at.since(order.created_at).as_secs().to_string();
            Cell::Number(fill(t.pages.seconds, &[&seconds]))
        });
        let refunded = if order.refunded == Fen::ZERO {
            Cell::Empty
        } else {
            Cell::Number(format::yuan(order.refunded))
        };
        Row::new(vec![
            Cell::Time(format::time(order.created_at)),
            Cell::Link(
                order.out_trade_no.clone(),
                format!("/orders/{}", order.out_trade_no),
            ),
            names.link(order.user),
            Cell::Text(provider_name(t, order.provider).to_owned()),
            Cell::Number(format::yuan(order.price)),
            Cell::Number(format::coins(order.gold)),
            Cell::Badge(state.to_owned(), tone),
            refunded,
            paid_after,
        ])
    };
    Ok(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.created),
            Column::text(t.pages.number),
            Column::text(t.pages.user),
            Column::text(t.pages.provider),
            Column::number(t.pages.price),
            Column::number(t.pages.gold),
            Column::text(t.pages.state),
            Column::number(t.pages.refunded),
            Column::number(t.pages.paid_after),
        ],
        rows: orders.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, is_filtered, t.pages.no_orders),
    })
}

pub(super) fn order_state(t: &'static Texts, order: &Order) -> (&'static str, Tone) {
    match order.state_name() {
        "created" => (t.values.order_created, Tone::Warn),
        "closed" => (t.values.order_closed, Tone::Quiet),
        "refunded" => (t.values.order_refunded, Tone::Quiet),
        _ if order.refunded.get() > 0 => (t.values.order_partly_refunded, Tone::Warn),
        _ => (t.values.order_paid, Tone::Good),
    }
}

const fn provider_name(t: &'static Texts, provider: Provider) -> &'static str {
    match provider {
        Provider::WechatPay => t.values.wechat_pay,
        Provider::Virtual => t.values.virtual_payment,
    }
}

async fn show(visit: Visit, number: Path<String>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewOrders, &number).await?;
    let t = visit.t();
    let services = &visit.state.services;
    let order = services.payments.order(&number).await?;
    let mut page = Page::new(fill(t.pages.order_title, &[&order.out_trade_no]));
    page.back = Some((t.pages.orders_title.to_owned(), "/orders".to_owned()));
    let (state, tone) = order_state(t, &order);
    page.badges.push((state.to_owned(), tone));
    page.lead = format!(
        "{} · {} {}",
        format::yuan(order.price),
        format::coins(order.gold),
        t.values.coins
    );
    page.buttons = buttons(&visit, &order);
    if let Some(request) = services.payments.refund_request(&number).await? {
        page.sections.push(waiting_note(t, &request));
    }
    page.sections.push(Section::Steps(steps(t, &order)));
    page.sections.push(facts(t, &order));
    let refunds = services.payments.refunds_of(&number).await?;
    page.sections
        .push(Section::Table(refunds_table(t, &refunds)));
    let notices = services.payments.notices_about(&number).await?;
    page.sections
        .push(Section::Table(notices_table(t, &notices)));
    let complaints = services.payments.complaints_about(&number).await?;
    if !complaints.is_empty() && visit.session.may(Action::ViewComplaints) {
        let mut table = complaints_table(&visit, &complaints);
        t.pages.complaints_title.clone_into(&mut table.caption);
        page.sections.push(Section::Table(table));
    }
    let mut subjects = vec![(EntryKind::Recharge, order.out_trade_no.clone())];
    for refund in &refunds {
        subjects.push((EntryKind::Refund, refund.number.clone()));
        subjects.push((EntryKind::RefundReturned, refund.number.clone()));
    }
    let mut entries = Vec::new();
    for (kind, subject) in subjects {
        let filter = EntryFilter::Subject(kind, subject);
        entries.extend(
            services
                .ledger
                .entries(filter, EntryRange::ALL, None, LIMIT)
                .await?,
        );
    }
    let mut table = entries_table(t, &entries);
    t.pages.entries.clone_into(&mut table.caption);
    table.empty = empty(t, false, t.pages.no_entries);
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/orders").await?,
        page,
    })
}

/// What can be seen and done about an order.
fn buttons(visit: &Visit, order: &Order) -> Vec<Button> {
    let (t, number) = (visit.t(), &order.out_trade_no);
    let mut buttons = Vec::new();
    if visit.session.may(Action::QueryOrder) {
        let record = format!("/orders/{number}/record");
        buttons.push(Button::page(t.pages.record_title, record));
    }
    let query = format!("/orders/{number}/query");
    buttons.extend(visit.button(Action::QueryOrder, t.actions.query, query));
    if left(order).is_some() {
        let refund = format!("/orders/{number}/refund");
        buttons.extend(visit.button(Action::RefundOrder, t.actions.refund, refund));
    }
    if order.state == OrderState::Paid {
        let import = format!("/orders/{number}/import-refund");
        buttons.extend(visit.button(Action::ImportRefund, t.actions.import, import));
    }
    buttons.push(Button::page(t.pages.why, format!("/orders/{number}/why")));
    buttons
}

pub(super) fn facts(t: &'static Texts, order: &Order) -> Section {
    let time = |label, at: Option<Moment>| Fact {
        label,
        value: at.map_or(Cell::Empty, |at| Cell::Time(format::time(at))),
    };
    let code = |label, text: Option<String>| Fact {
        label,
        value: text.map_or(Cell::Empty, Cell::Code),
    };
    Section::Facts {
        title: "",
        facts: vec![
            code(t.pages.number, Some(order.out_trade_no.clone())),
            Fact {
                label: t.pages.user,
                value: Cell::Link(order.user.to_string(), format!("/users/{}", order.user)),
            },
            Fact {
                label: t.pages.provider,
                value: Cell::Text(provider_name(t, order.provider).to_owned()),
            },
            code(t.pages.transaction, order.transaction_id.clone()),
            Fact {
                label: t.pages.price,
                value: Cell::Number(format::yuan(order.price)),
            },
            Fact {
                label: t.pages.refunded,
                value: Cell::Number(format::yuan(order.refunded)),
            },
            time(t.pages.created, Some(order.created_at)),
            time(t.pages.paid_at, order.paid_at),
            time(t.pages.expires_at, Some(order.expires_at)),
            code(t.pages.product, order.product_id.clone()),
        ],
    }
}

pub(super) fn refunds_table(t: &'static Texts, refunds: &[OrderRefund]) -> Table {
    let row = |refund: &OrderRefund| {
        let (state, tone) = match refund.state {
            RefundState::Requested => (t.values.refund_pending, Tone::Warn),
            RefundState::Done => (t.values.refund_done, Tone::Good),
            RefundState::Refused => (t.values.refund_failed, Tone::Bad),
        };
        let by = if refund.requested_by_us {
            t.pages.by_us
        } else {
            t.pages.by_provider
        };
        Row::new(vec![
            Cell::Time(format::time(refund.created_at)),
            Cell::Code(refund.number.clone()),
            Cell::Number(format::yuan(refund.fen)),
            Cell::Text(by.to_owned()),
            Cell::Badge(state.to_owned(), tone),
            refund
                .done_at
                .map_or(Cell::Empty, |at| Cell::Time(format::time(at))),
        ])
    };
    Table {
        caption: t.pages.refunds.to_owned(),
        columns: vec![
            Column::text(t.pages.time),
            Column::text(t.pages.refund_number),
            Column::number(t.pages.price),
            Column::text(t.pages.requested_by),
            Column::text(t.pages.state),
            Column::text(t.pages.done_at),
        ],
        rows: refunds.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_refunds),
    }
}

/// Asks the provider about an order.
struct QueryOrder;

impl Act for QueryOrder {
    const ACTION: Action = Action::QueryOrder;
    type Path = String;

    fn subject(number: &String) -> String {
        number.clone()
    }

    async fn form(visit: &Visit, number: &String) -> Result<ActionForm, Failure> {
        visit.state.services.payments.order(number).await?;
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.query, format!("/orders/{number}"));
        form.title = fill(a.query_title, &[number]);
        form.lines.push(a.query_text.to_owned());
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        number: &String,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let queried = visit.state.services.payments.query_order(by, number).await;
        queried.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/orders/{number}")))
    }
}
