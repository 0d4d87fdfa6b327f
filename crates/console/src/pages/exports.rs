//! Lists as files: orders, withdrawals, the ledger and the audit log of some days.

use std::time::Duration;

use actix_web::web::ServiceConfig;
use qlive_ledger::{EntryFilter, EntrySpan};
use qlive_operators::Action;
use qlive_payments::OrderSearch;
use qlive_store::audit_log::Operator;
use qlive_types::{DAY, Moment};

use super::ledger::{account_name, kind_name, read_entries};
use super::list::{Filters, ROWS};
use super::orders::{has_amount, order_state, read_search, within_days};
use super::withdrawals::{is_wanted, read_state, state_name};
use crate::actions::{Act, ActionForm, Done, Field, register};
use crate::csv::csv;
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit};
use crate::texts::Texts;

/// The most rows of a file: more do not open well, and would keep the database busy.
pub(super) const MOST_ROWS: usize = 20_000;
/// The most transfers of a file of the ledger, of which a day has more than of anything else.
const MOST_TRANSFERS: usize = 100_000;
/// How many entries are read at once for it.
const AT_ONCE: i64 = 500;
/// How many days a file has unless others are chosen.
const DAYS: Duration = Duration::from_secs(30 * 86_400);

pub(super) fn configure(config: &mut ServiceConfig) {
    register::<ExportList>(config, "/export/{list}");
}

/// A list that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Orders,
    Withdrawals,
    Ledger,
    Audit,
}

impl List {
    fn parse(name: &str) -> Option<Self> {
        match name {
            "orders" => Some(Self::Orders),
            "withdrawals" => Some(Self::Withdrawals),
            "ledger" => Some(Self::Ledger),
            "audit" => Some(Self::Audit),
            _ => None,
        }
    }

    /// The filters of the list besides its days, as the URL calls them.
    const fn filters(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &["user", "state", "provider", "least", "most"],
            Self::Withdrawals => &["state"],
            Self::Ledger => &["kind", "about"],
            Self::Audit => &[],
        }
    }

    const fn title(self, t: &'static Texts) -> &'static str {
        match self {
            Self::Orders => t.pages.orders_title,
            Self::Withdrawals => t.pages.withdrawals_title,
            Self::Ledger => t.pages.ledger_title,
            Self::Audit => t.pages.audit_log_title,
        }
    }
}

/// The days of a file: from the first moment on, and before the last.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: Moment,
    until: Moment,
}

impl Span {
    fn of(input: &Input) -> Option<Self> {
        let from = Moment::parse_day(input.text("from"))?;
        let until = Moment::parse_day(input.text("until"))?.after(DAY);
        (from < until).then_some(Self { from, until })
    }
}

struct ExportList;

impl Act for ExportList {
    const ACTION: Action = Action::ExportList;
    type Path = String;

    fn subject(list: &String) -> String {
        list.clone()
    }

    async fn form(visit: &Visit, name: &String) -> Result<ActionForm, Failure> {
        let list = List::parse(name).ok_or(Failure::NotFound)?;
        let t = visit.t();
        let list_path = visit.path.replacen("/export", "", 1);
        let mut form = ActionForm::new(visit, t.actions.export, list_path);
        form.title = format!("{} · {}", t.actions.export, list.title(t));
        form.lines.push(t.actions.export_text.to_owned());
        if !filters_of(visit, list).is_empty() {
            form.lines.push(t.actions.export_filtered.to_owned());
            if list == List::Orders && has_amount(&read_search(&mut Filters::new(visit))) {
                form.lines.push(t.pages.amount_days.to_owned());
            }
        }
        let day = |name| visit.query(name).and_then(|day| Moment::parse_day(&day));
        let until = day("until").unwrap_or(visit.now);
        let from = day("from").unwrap_or_else(|| until.before(DAYS));
        form.fields = vec![
            Field::day("from", t.pages.from_day, from),
            Field::day("until", t.pages.until_day, until),
        ];
        // With the filters of the list.
        form.action.clone_from(&visit.path);
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        name: &String,
        by: Operator,
        input: &Input,
    ) -> Result<Done, Refusal> {
        let t = &visit.t().failures;
        let list = List::parse(name).ok_or(Refusal::Failure(Failure::NotFound))?;
        let span = Span::of(input).ok_or_else(|| Refusal::Explained(t.bad_days.to_owned()))?;
        if let Some(text) = unreadable(visit, list) {
            return Err(Refusal::Explained(text.to_owned()));
        }
        let search = order_search(visit, span);
        if list == List::Orders && within_days(search, visit.now).from != search.from {
            return Err(Refusal::Explained(visit.t().pages.amount_days.to_owned()));
        }
        let (from, until) = (input.text("from"), input.text("until"));
        let filters = filters_of(visit, list);
        let filtered = if filters.is_empty() {
            ""
        } else {
            ", filtered by "
        };
        let subject = format!("{name} from {from} until {until}{filtered}{filters}");
        let operators = &visit.state.operators;
        let recorded = operators.record_read(by, Self::ACTION, &subject).await;
        recorded.map_err(|error| refuse(error, t))?;
        let file = match list {
            List::Orders => orders(visit, span).await,
            List::Withdrawals => withdrawals(visit, span).await,
            List::Ledger => ledger(visit, span).await,
            List::Audit => audit(visit, span).await,
        };
        let text = file.map_err(Refusal::Failure)?;
        Ok(Done::File {
            name: format!("qlive-{name}-{from}-{until}.csv"),
            text: text.ok_or_else(|| Refusal::Explained(t.too_many_rows.to_owned()))?,
        })
    }
}

/// The filters of a list that the URL sets, besides its days.
fn filters_of(visit: &Visit, list: List) -> String {
    let set = list.filters().iter().filter_map(|name| {
        let value = visit.query(name)?;
        Some(format!("{name} {value}"))
    });
    set.collect::<Vec<_>>().join(", ")
}

/// What is said of a filter that cannot be read. The list says that it was left out; a file could
/// not.
fn unreadable(visit: &Visit, list: List) -> Option<&'static str> {
    let p = &visit.t().pages;
    let mut read = Filters::new(visit);
    match list {
        List::Orders => {
            read_search(&mut read);
        }
        List::Withdrawals => {
            read_state(&mut read);
        }
        List::Ledger => {
            let (filter, _) = read_entries(&mut read);
            if filter == EntryFilter::All && visit.query("about").is_some() {
                return Some(p.choose_kind);
            }
        }
        List::Audit => {}
    }
    read.note().map(|_| p.filter_unreadable)
}

fn order_search(visit: &Visit, span: Span) -> OrderSearch {
    OrderSearch {
        from: Some(span.from),
        until: Some(span.until),
        ..read_search(&mut Filters::new(visit))
    }
}

/// The file of orders; `None` if it would have too many rows.
async fn orders(visit: &Visit, span: Span) -> Result<Option<String>, Failure> {
    let t = visit.t();
    let search = order_search(visit, span);
    let (mut rows, mut after) = (Vec::new(), None);
    while rows.len() <= MOST_ROWS {
        let payments = &visit.state.services.payments;
        let found = payments.search_orders(search, after).await?;
        rows.extend(found.iter().map(|order| {
            vec![
                format::time(order.created_at),
                order.out_trade_no.clone(),
                order.user.to_string(),
                order.provider.name().to_owned(),
                format::plain_yuan(order.price.get()),
                order.gold.get().to_string(),
                order_state(t, order).0.to_owned(),
                format::plain_yuan(order.refunded.get()),
                order.paid_at.map(format::time).unwrap_or_default(),
                order.transaction_id.clone().unwrap_or_default(),
            ]
        }));
        let Some(last) = found.last().filter(|_| found.len() >= ROWS) else {
            let p = &t.pages;
            let head = [
                p.created,
                p.number,
                p.user,
                p.provider,
                p.price,
                p.gold,
                p.state,
                p.refunded,
                p.paid_at,
                p.transaction,
            ];
            return Ok(Some(csv(&head, &rows)));
        };
        after = Some((last.created_at, last.out_trade_no.clone()));
    }
    Ok(None)
}

/// The file of withdrawals; `None` if it would have too many rows.
async fn withdrawals(visit: &Visit, span: Span) -> Result<Option<String>, Failure> {
    let t = visit.t();
    let filter = read_state(&mut Filters::new(visit));
    let (mut rows, mut after) = (Vec::new(), None);
    while rows.len() <= MOST_ROWS {
        let payments = &visit.state.services.payments;
        let found = payments.withdrawals_between((span.from, span.until), after);
        let found = found.await?;
        let wanted = found
            .iter()
            .filter(|withdrawal| is_wanted(filter, withdrawal.state));
        rows.extend(wanted.map(|withdrawal| {
            vec![
                withdrawal.id.to_string(),
                format::time(withdrawal.created_at),
                withdrawal.user.to_string(),
                withdrawal.income.get().to_string(),
                format::plain_yuan(withdrawal.amount.get()),
                state_name(t, withdrawal.state).0.to_owned(),
                withdrawal.first_approval.clone().unwrap_or_default(),
                withdrawal.out_bill_no.clone(),
            ]
        }));
        let Some(last) = found.last().filter(|_| found.len() >= ROWS) else {
            let p = &t.pages;
            let head = [
                p.id,
                p.applied_at,
                p.user,
                p.income,
                p.yuan,
                p.state,
                p.first_approval,
                p.bill_number,
            ];
            return Ok(Some(csv(&head, &rows)));
        };
        after = Some((last.created_at, last.id));
    }
    Ok(None)
}

/// The file of the ledger, a line for each transfer; `None` if it would have too many rows.
async fn ledger(visit: &Visit, span: Span) -> Result<Option<String>, Failure> {
    let t = visit.t();
    let (filter, _) = read_entries(&mut Filters::new(visit));
    let span = EntrySpan {
        from: Some(span.from),
        until: Some(span.until),
    };
    let ledger = &visit.state.services.ledger;
    let range = ledger.range(span).await?;
    let (mut rows, mut before) = (Vec::new(), None);
    while rows.len() <= MOST_TRANSFERS {
        let found = ledger.entries(filter.clone(), range, before, AT_ONCE);
        let found = found.await?;
        rows.extend(found.iter().flat_map(|entry| {
            entry.transfers.iter().map(|transfer| {
                let (position, hash) = entry.sealed.clone().unzip();
                vec![
                    entry.id.to_string(),
                    format::time(entry.at),
                    kind_name(t, entry.kind).to_owned(),
                    entry.subject.clone(),
                    account_name(t, transfer.from),
                    account_name(t, transfer.to),
                    transfer.amount.get().to_string(),
                    position.map(|place| place.to_string()).unwrap_or_default(),
                    hash.unwrap_or_default(),
                ]
            })
        }));
        let is_full = i64::try_from(found.len()).is_ok_and(|found| found >= AT_ONCE);
        let Some(last) = found.last().filter(|_| is_full) else {
            let p = &t.pages;
            let head = [
                p.entry,
                p.time,
                p.kind,
                p.about,
                p.from_account,
                p.to_account,
                p.gold,
                p.sealed,
                p.hash,
            ];
            return Ok(Some(csv(&head, &rows)));
        };
        before = Some(last.id);
    }
    Ok(None)
}

/// The file of the audit log; `None` if it would have too many rows.
async fn audit(visit: &Visit, span: Span) -> Result<Option<String>, Failure> {
    let t = visit.t();
    let limit = i64::try_from(ROWS).unwrap_or(i64::MAX);
    let (mut rows, mut after) = (Vec::new(), None);
    while rows.len() <= MOST_ROWS {
        let operators = &visit.state.operators;
        let found = operators.audit_log_between((span.from, span.until), after, limit);
        let found = found.await?;
        rows.extend(found.iter().map(|record| {
            vec![
                record.id.to_string(),
                format::time(record.at),
                record.who.clone(),
                record.role.clone(),
                record.address.clone(),
                record.action.clone(),
                record.subject.clone(),
                record.reason.clone(),
                record.before.clone(),
                record.after.clone(),
            ]
        }));
        let Some(last) = found.last().filter(|_| found.len() >= ROWS) else {
            let p = &t.pages;
            let head = [
                p.id, p.time, p.who, p.role, p.address, p.action, p.subject, p.reason, p.before,
                p.after,
            ];
            return Ok(Some(csv(&head, &rows)));
        };
        after = Some((last.at, last.id));
    }
    Ok(None)
}
