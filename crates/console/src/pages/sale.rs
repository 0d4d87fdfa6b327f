//! What gifts and recharge packs have in common: they are for sale, or not, and when.

use std::time::Duration;

use qlive_operators::Action;
use qlive_types::{Coins, DAY, Moment, Period};

use crate::actions::{Done, Field, FieldKind};
use crate::explain::Refusal;
use crate::http::{Input, Visit};
use crate::texts::{Texts, fill};
use crate::view::{Button, Cell, Tone};

pub(super) fn at_gifts() -> Done {
    Done::At("/gifts".to_owned())
}

pub(super) fn sale_badge(t: &'static Texts, is_enabled: bool) -> Cell {
    if is_enabled {
        Cell::Badge(t.values.enabled.to_owned(), Tone::Good)
    } else {
        Cell::Badge(t.values.disabled.to_owned(), Tone::Quiet)
    }
}

/// The button that takes something off sale, or puts it on sale again.
fn sale_button(
    visit: &Visit,
    (disable, enable): (Action, Action),
    is_enabled: bool,
    path: &str,
) -> Option<Button> {
    let a = &visit.t().actions;
    if is_enabled {
        visit.button(disable, a.gift_disable, format!("{path}/disable"))
    } else {
        visit.button(enable, a.gift_enable, format!("{path}/enable"))
    }
}

/// The buttons that edit something, take it off sale, or put it on sale again.
pub(super) fn sale_buttons(
    visit: &Visit,
    (edit, disable, enable): (Action, Action, Action),
    is_enabled: bool,
    path: &str,
) -> Vec<Button> {
    let edited = is_enabled.then(|| format!("{path}/edit"));
    let edit = edited.and_then(|href| visit.button(edit, visit.t().actions.gift_edit, href));
    let sale = sale_button(visit, (disable, enable), is_enabled, path);
    edit.into_iter().chain(sale).collect()
}

/// When something is for sale, in days of Shanghai.
pub(super) fn sold_when(t: &'static Texts, sold: Period) -> String {
    if sold == Period::default() {
        return t.pages.always.to_owned();
    }
    format!("{} – {}", first_day(sold), last_day(sold))
}

/// The first day of a period; empty: any.
fn first_day(sold: Period) -> String {
    sold.from.map(Moment::shanghai_day).unwrap_or_default()
}

/// The last day of a period; empty: any.
fn last_day(sold: Period) -> String {
    sold.until
        .map(|until| until.before(Duration::from_secs(1)).shanghai_day())
        .unwrap_or_default()
}

/// The fields of the first and the last day on which something is for sale.
pub(super) fn period_fields(t: &'static Texts, sold: Period) -> [Field; 2] {
    let day = |name, label, value| Field {
        value,
        kind: FieldKind::Date,
        ..Field::optional(name, label)
    };
    [
        day("from", t.actions.gift_from, first_day(sold)),
        day("until", t.actions.gift_until, last_day(sold)),
    ]
}

/// What [`period_fields`] name.
pub(super) fn read_period(input: &Input, t: &'static Texts) -> Result<Period, Refusal> {
    let until = day_field(input, "until", t)?;
    Ok(Period {
        from: day_field(input, "from", t)?,
        until: until.map(|day| day.after(DAY)),
    })
}

/// The day that a field names; `None` when it is empty.
fn day_field(
    input: &Input,
    name: &'static str,
    t: &'static Texts,
) -> Result<Option<Moment>, Refusal> {
    match input.text(name) {
        "" => Ok(None),
        typed => match Moment::parse_day(typed) {
            Some(day) => Ok(Some(day)),
            None => Err(Refusal::Explained(fill(t.failures.bad_field, &[name]))),
        },
    }
}

/// The coins that a field names.
pub(super) fn coins(input: &Input, name: &str, t: &'static Texts) -> Result<Coins, Refusal> {
    let typed = input.text(name).parse().ok();
    let coins = typed.and_then(|amount: i64| Coins::new(amount).ok());
    coins.ok_or_else(|| Refusal::Explained(t.failures.amount.to_owned()))
}
