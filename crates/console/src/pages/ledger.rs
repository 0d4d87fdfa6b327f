//! The ledger, entry by entry, and its audit.

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_ledger::{
    Account, BalanceKind, BrowsedEntry, EntryFilter, EntryKind, EntrySpan, HistoryEntry,
    SystemAccount,
};
use qlive_operators::Action;
use qlive_types::{DAY, EntryId, Moment};

use super::list::{Filters, LIMIT, empty, search_path};
use crate::format;
use crate::http::{Failure, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{
    Button, Cell, Choice, Column, Fact, Filter, Frame, Page, PageTemplate, Row, Section, Table,
    Tone,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/ledger", web::get().to(list))
        .route("/ledger/{id}", web::get().to(show));
}

/// The names of the kinds in the URL.
const KINDS: [(&str, EntryKind); 9] = [
    ("recharge", EntryKind::Recharge),
    ("gift", EntryKind::Gift),
    ("refund", EntryKind::Refund),
    ("refund_returned", EntryKind::RefundReturned),
    ("hold", EntryKind::Hold),
    ("payout", EntryKind::Payout),
    ("payout_returned", EntryKind::PayoutReturned),
    ("grant", EntryKind::Grant),
    ("reversal", EntryKind::Reversal),
];

/// The kind with a name in the URL.
pub(super) fn kind_of(wanted: &str) -> Option<EntryKind> {
    let found = KINDS.iter().find(|(name, _)| *name == wanted);
    found.map(|(_, kind)| *kind)
}

/// The choice of one of these kinds.
pub(super) fn kind_filter(visit: &Visit, is_offered: impl Fn(EntryKind) -> bool) -> Filter {
    let t = visit.t();
    let mut choices = vec![Choice::new("", t.frame.all)];
    let offered = KINDS.into_iter().filter(|(_, kind)| is_offered(*kind));
    choices.extend(offered.map(|(value, kind)| Choice::new(value, kind_name(t, kind))));
    Filter::Choice {
        name: "kind",
        label: t.pages.kind,
        chosen: visit.query("kind").unwrap_or_default(),
        choices,
    }
}

/// The entries that the URL asks for.
pub(super) fn read_entries(read: &mut Filters<'_>) -> (EntryFilter, EntrySpan) {
    let kind = read.read("kind", kind_of);
    let about = read.read("about", |about| {
        (about.chars().count() <= 200).then(|| about.to_owned())
    });
    let filter = match (kind, about) {
        (Some(kind), Some(about)) => EntryFilter::Subject(kind, about),
        (Some(kind), None) => EntryFilter::Kind(kind),
        (None, _) => EntryFilter::All,
    };
    let until = read.read("until", Moment::parse_day);
    let span = EntrySpan {
        from: read.read("from", Moment::parse_day),
        until: until.map(|day| day.after(DAY)),
    };
    (filter, span)
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewLedger, "").await?;
    let t = visit.t();
    let mut read = Filters::new(&visit);
    let (filter, span) = read_entries(&mut read);
    let before = visit.cursor().map(|(id, _)| EntryId::new(id));
    let ledger = &visit.state.services.ledger;
    let range = ledger.range(span).await?;
    let entries = ledger.entries(filter.clone(), range, before, LIMIT).await?;
    let mut page = Page::new(t.pages.ledger_title);
    page.buttons
        .push(Button::page(t.pages.audit_title, "/ledger/audit"));
    page.buttons.extend(visit.export_button("ledger"));
    let has_about = visit.query("about").is_some();
    page.is_filtered = filter != EntryFilter::All || span != EntrySpan::default() || has_about;
    page.filters = vec![
        kind_filter(&visit, |_| true),
        visit.text_filter("about", t.pages.about, t.pages.about_hint),
        visit.day_filter("from", t.pages.from_day),
        visit.day_filter("until", t.pages.until_day),
    ];
    page.sections.extend(read.note());
    if filter == EntryFilter::All && has_about {
        page.sections.push(Section::Note {
            text: t.pages.choose_kind.to_owned(),
            tone: Tone::Warn,
        });
    }
    let mut table = entries_table(t, &entries);
    table.empty = empty(t, page.is_filtered, t.pages.no_ledger);
    table.older = visit.older(&entries, |entry| entry.id.to_string());
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/ledger").await?,
        page,
    })
}

/// A table of entries.
pub(super) fn entries_table(t: &'static Texts, entries: &[BrowsedEntry]) -> Table {
    let row = |entry: &BrowsedEntry| {
        let transfers: Vec<String> = entry
            .transfers
            .iter()
            .map(|transfer| {
                let (from, to) = (account_name(t, transfer.from), account_name(t, transfer.to));
                let coins = format::coins(transfer.amount);
                fill(t.pages.transfer_line, &[&from, &to, &coins])
            })
            .collect();
        let sealed = entry.sealed.as_ref().map_or(Cell::Empty, |(position, _)| {
            Cell::Number(format::grouped(*position))
        });
        Row::new(vec![
            Cell::Link(entry.id.to_string(), format!("/ledger/{}", entry.id)),
            Cell::Time(format::time(entry.at)),
            Cell::Text(kind_name(t, entry.kind).to_owned()),
            about(t, entry),
            Cell::Lines(transfers),
            sealed,
        ])
    };
    Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.entry),
            Column::text(t.pages.time),
            Column::text(t.pages.kind),
            Column::text(t.pages.about),
            Column::text(t.pages.transfers),
            Column::number(t.pages.sealed),
        ],
        rows: entries.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_ledger),
    }
}

/// The movements of a user's balances.
pub(super) fn wallet_table(t: &'static Texts, history: &[HistoryEntry]) -> Table {
    let row = |entry: &HistoryEntry| {
        Row::new(vec![
            Cell::Link(entry.id.to_string(), format!("/ledger/{}", entry.id)),
            Cell::Time(format::time(entry.at)),
            Cell::Text(kind_name(t, entry.kind).to_owned()),
            Cell::Number(format::signed(entry.amount)),
            Cell::Number(format::grouped(entry.gold)),
            Cell::Number(format::grouped(entry.income)),
        ])
    };
    Table {
        caption: t.pages.wallet.to_owned(),
        columns: vec![
            Column::text(t.pages.entry),
            Column::text(t.pages.time),
            Column::text(t.pages.kind),
            Column::number(t.pages.change),
            Column::number(t.pages.gold_after),
            Column::number(t.pages.income_after),
        ],
        rows: history.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_movements),
    }
}

/// The name of a kind of entry.
pub(super) const fn kind_name(t: &'static Texts, kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Recharge => t.values.recharge,
        EntryKind::Grant => t.values.grant,
        EntryKind::Gift => t.values.gift,
        EntryKind::Refund => t.values.refund,
        EntryKind::RefundReturned => t.values.refund_returned,
        EntryKind::Hold => t.values.hold,
        EntryKind::Payout => t.values.payout,
        EntryKind::PayoutReturned => t.values.payout_returned,
        EntryKind::Reversal => t.values.reversal,
    }
}

pub(super) fn account_name(t: &'static Texts, account: Account) -> String {
    match account {
        Account::User(user, balance) => format!("{user} {}", balance_name(t, balance)),
        Account::System(system) => system_name(t, system).to_owned(),
    }
}

const fn balance_name(t: &'static Texts, balance: BalanceKind) -> &'static str {
    match balance {
        BalanceKind::Bought => t.pages.bought,
        BalanceKind::Granted => t.pages.granted,
        BalanceKind::Income => t.pages.income,
        BalanceKind::Held => t.pages.held,
        BalanceKind::Debt => t.pages.debt,
    }
}

const fn system_name(t: &'static Texts, system: SystemAccount) -> &'static str {
    match system {
        SystemAccount::Platform => t.pages.platform,
        SystemAccount::Grants => t.pages.grants,
        SystemAccount::PaidOut => t.pages.paid_out,
        SystemAccount::WechatPay => t.values.wechat_pay,
        SystemAccount::Virtual => t.values.virtual_payment,
    }
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewLedger, &id.to_string()).await?;
    let t = visit.t();
    let entry = visit.state.services.ledger.entry(EntryId::new(*id)).await?;
    let mut page = Page::new(fill(t.pages.entry_title, &[&id.to_string()]));
    page.back = Some((t.pages.ledger_title.to_owned(), "/ledger".to_owned()));
    page.badges
        .push((kind_name(t, entry.kind).to_owned(), Tone::Plain));
    let ledger = &visit.state.services.ledger;
    let reversed_by = ledger.reversals(vec![entry.id]).await?.remove(&entry.id);
    let is_reversible = matches!(entry.kind, EntryKind::Grant | EntryKind::Gift);
    if reversed_by.is_some() {
        page.badges.push((t.pages.reversed.to_owned(), Tone::Warn));
    } else if is_reversible {
        let href = format!("/ledger/{id}/reverse");
        page.buttons
            .extend(visit.button(Action::ReverseEntry, t.actions.reverse, href));
    }
    page.buttons
        .push(Button::page(t.pages.why, format!("/ledger/{id}/why")));
    page.sections.push(facts(t, &entry, reversed_by));
    page.sections
        .push(Section::Table(transfers_table(t, &entry)));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/ledger").await?,
        page,
    })
}

/// What an entry is about, and where that is: the subject of a grant or a reversal is a reason.
fn about(t: &'static Texts, entry: &BrowsedEntry) -> Cell {
    let subject = entry.subject.as_str();
    let link = |text, path: String| Cell::Link(fill(text, &[subject]), path);
    match entry.kind {
        EntryKind::Recharge => link(t.pages.order_title, format!("/orders/{subject}")),
        // The number of a refund, by which the search finds its order.
        EntryKind::Refund | EntryKind::RefundReturned => {
            link(t.pages.about_refund, search_path(subject))
        }
        EntryKind::Hold | EntryKind::Payout | EntryKind::PayoutReturned => {
            link(t.pages.withdrawal_title, format!("/withdrawals/{subject}"))
        }
        EntryKind::Gift => link(t.pages.about_gift, format!("/ledger/{}/why", entry.id)),
        EntryKind::Grant | EntryKind::Reversal => Cell::Text(subject.to_owned()),
    }
}

fn facts(t: &'static Texts, entry: &BrowsedEntry, reversed_by: Option<EntryId>) -> Section {
    let mut facts = vec![
        Fact {
            label: t.pages.time,
            value: Cell::Time(format::time(entry.at)),
        },
        Fact {
            label: t.pages.about,
            value: about(t, entry),
        },
    ];
    for (label, other) in [
        (t.pages.reverses, entry.reverses),
        (t.pages.reversed_by, reversed_by),
    ] {
        if let Some(other) = other {
            facts.push(Fact {
                label,
                value: Cell::Link(other.to_string(), format!("/ledger/{other}")),
            });
        }
    }
    match &entry.sealed {
        Some((position, hash)) => {
            facts.push(Fact {
                label: t.pages.sealed,
                value: Cell::Number(format::grouped(*position)),
            });
            facts.push(Fact {
                label: t.pages.hash,
                value: Cell::Code(hash.clone()),
            });
        }
        None => facts.push(Fact {
            label: t.pages.sealed,
            value: Cell::Badge(t.pages.not_sealed.to_owned(), Tone::Warn),
        }),
    }
    Section::Facts { title: "", facts }
}

fn transfers_table(t: &'static Texts, entry: &BrowsedEntry) -> Table {
    let account = |account: Account| match account {
        Account::User(user, _) => Cell::Link(account_name(t, account), format!("/users/{user}")),
        Account::System(_) => Cell::Text(account_name(t, account)),
    };
    let rows = entry.transfers.iter().map(|transfer| {
        Row::new(vec![
            account(transfer.from),
            account(transfer.to),
            Cell::Number(format::coins(transfer.amount)),
        ])
    });
    Table {
        caption: t.pages.transfers.to_owned(),
        columns: vec![
            Column::text(t.pages.from),
            Column::text(t.pages.to),
            Column::number(t.pages.gold),
        ],
        rows: rows.collect(),
        older: None,
        newest: None,
        empty: empty(t, false, ""),
    }
}
