//! Figures: what was recharged, given, refunded and paid out, by day.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_ledger::{AccountClass, BalanceKind, DailySum, Day, EntryKind, SystemAccount};
use qlive_operators::Action;
use qlive_payments::DailyMoney;
use qlive_store::audit_log::Operator;
use qlive_types::Fen;

use super::list::empty;
use crate::actions::{Act, ActionForm, Done, register};
use crate::csv::csv;
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::Texts;
use crate::view::{
    Button, Cell, Chart, Choice, Column, Filter, Frame, Page, PageTemplate, Row, Section, Table,
    Tone,
};

/// How many days are shown when nothing else is asked for.
const DAYS: i64 = 30;
/// The most days.
const MOST_DAYS: i64 = 90;

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/figures", web::get().to(show));
    register::<Export>(config, "/figures/export/{days}");
}

/// The figures of a day.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    orders: i64,
    payers: i64,
    paid: i64,
    refunded: i64,
    gold_sold: i64,
    gold_granted: i64,
    gold_given: i64,
    users_share: i64,
    platform_share: i64,
    paid_out: i64,
}

impl Figures {
    fn add_money(&mut self, money: &DailyMoney) {
        self.orders += money.orders;
        self.payers += money.payers;
        self.paid += money.paid.get();
        self.refunded += money.refunded.get();
        self.paid_out += money.paid_out.get();
    }

    fn add_sum(&mut self, sum: &DailySum) {
        let coins = sum.coins.get();
        match sum.kind {
            EntryKind::Recharge => self.gold_sold += coins,
            EntryKind::Grant => self.gold_granted += coins,
            EntryKind::Gift => {
                self.gold_given += coins;
                match sum.to {
                    AccountClass::System(SystemAccount::Platform) => self.platform_share += coins,
                    AccountClass::Balance(BalanceKind::Income | BalanceKind::Debt) => {
                        self.users_share += coins;
                    }
                    AccountClass::System(_) | AccountClass::Balance(_) => {}
                }
            }
            EntryKind::Refund
            | EntryKind::RefundReturned
            | EntryKind::Hold
            | EntryKind::Payout
            | EntryKind::PayoutReturned
            | EntryKind::Reversal => {}
        }
    }

    fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.paid += other.paid;
        self.refunded += other.refunded;
        self.gold_sold += other.gold_sold;
        self.gold_granted += other.gold_granted;
        self.gold_given += other.gold_given;
        self.users_share += other.users_share;
        self.platform_share += other.platform_share;
        self.paid_out += other.paid_out;
    }
}

/// The figures of the last days, the earliest first. Days without any are there too.
async fn load(visit: &Visit, days: i64) -> Result<BTreeMap<Day, Figures>, Failure> {
    let today = Day::of(visit.now);
    let first = today.plus(1 - days);
    let services = &visit.state.services;
    let sums = services.ledger.daily_sums(first, today).await?;
    let until = today.plus(1).begin();
    let money = services.payments.daily_money(first.begin(), until).await?;
    let mut figures: BTreeMap<Day, Figures> = (0..days)
        .map(|number| (first.plus(number), Figures::default()))
        .collect();
    for (day, of_day) in &mut figures {
        if let Some(money) = money.get(&day.number()) {
            of_day.add_money(money);
        }
    }
    for sum in sums {
        figures.entry(sum.day).or_default().add_sum(&sum);
    }
    Ok(figures)
}

fn name_of(day: Day) -> String {
    let begin = day.begin().shanghai();
    begin.split('T').next().unwrap_or_default().to_owned()
}

fn yuan(fen: i64) -> String {
    Fen::new(fen).map_or_else(|_out_of_range| fen.to_string(), format::yuan)
}

async fn show(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewFigures, "").await?;
    let t = visit.t();
    let days = visit.query("days").and_then(|days| days.parse().ok());
    let days = days.unwrap_or(DAYS).clamp(1, MOST_DAYS);
    let figures = load(&visit, days).await?;
    let mut page = Page::new(t.pages.figures_title);
    if visit.session.may(Action::ExportFigures) {
        let href = format!("/figures/export/{days}");
        page.buttons.push(Button::new(t.actions.export, href));
    }
    let choice = |value, label| Choice { value, label };
    page.filters.push(Filter::Choice {
        name: "days",
        label: t.pages.days,
        chosen: days.to_string(),
        choices: vec![
            choice("7", t.pages.week_one),
            choice("30", t.pages.month_one),
            choice("90", t.pages.quarter),
        ],
    });
    page.sections.push(Section::Note {
        text: t.pages.figures_text.to_owned(),
        tone: Tone::Plain,
    });
    let values = |of: fn(&Figures) -> i64| -> Vec<(String, i64)> {
        let days = figures.iter();
        days.map(|(day, figures)| (name_of(*day), of(figures)))
            .collect()
    };
    let recharged = values(|figures| figures.paid);
    page.sections.push(Section::Chart(Chart::new(
        t.pages.chart_recharged,
        &recharged,
        yuan,
    )));
    let given = values(|figures| figures.gold_given);
    let chart = Chart::new(t.pages.chart_given, &given, format::grouped);
    page.sections.push(Section::Chart(chart));
    page.sections
        .push(Section::Table(figures_table(t, &figures)));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/figures").await?,
        page,
    })
}

fn figures_table(t: &'static Texts, figures: &BTreeMap<Day, Figures>) -> Table {
    let mut total = Figures::default();
    for of_day in figures.values() {
        total.add(of_day);
    }
    let row = |name: String, figures: &Figures, payers: Cell| {
        let number = |amount| Cell::Number(format::grouped(amount));
        let money = |fen| Cell::Number(yuan(fen));
        Row::new(vec![
            Cell::Text(name),
            money(figures.paid),
            number(figures.orders),
            payers,
            money(figures.refunded),
            number(figures.gold_sold),
            number(figures.gold_granted),
            number(figures.gold_given),
            number(figures.users_share),
            number(figures.platform_share),
            money(figures.paid_out),
        ])
    };
    // Payers of several days are not added: somebody may have paid on each.
    let mut rows = vec![row(
        t.pages.total.to_owned(),
        &total,
        Cell::Number("–".to_owned()),
    )];
    rows.extend(figures.iter().rev().map(|(day, figures)| {
        let payers = Cell::Number(format::grouped(figures.payers));
        row(name_of(*day), figures, payers)
    }));
    Table {
        caption: String::new(),
        columns: columns(t),
        rows,
        older: None,
        newest: None,
        empty: empty(t, false, ""),
    }
}

fn columns(t: &'static Texts) -> Vec<Column> {
    let mut columns = vec![Column::text(t.pages.day)];
    columns.extend(labels(t).map(Column::number));
    columns
}

/// The names of the figures, in their order.
const fn labels(t: &'static Texts) -> [&'static str; 10] {
    let p = &t.pages;
    [
        p.recharged,
        p.orders_paid,
        p.payers,
        p.money_refunded,
        p.gold_sold,
        p.gold_granted,
        p.gold_given,
        p.users_share,
        p.platform_share,
        p.paid_out_money,
    ]
}

/// Downloads the figures of the last days.
struct Export;

impl Act for Export {
    const ACTION: Action = Action::ExportFigures;
    type Path = i64;

    fn subject(days: &i64) -> String {
        format!("{days} days")
    }

    async fn form(visit: &Visit, days: &i64) -> Result<ActionForm, Failure> {
        if !(1..=MOST_DAYS).contains(days) {
            return Err(Failure::NotFound);
        }
        let a = &visit.t().actions;
        let back = format!("/figures?days={days}");
        let mut form = ActionForm::new(visit, a.export, back);
        form.lines.push(a.export_text.to_owned());
        Ok(form)
    }

    async fn act(visit: &Visit, days: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let t = visit.t();
        let subject = Self::subject(days);
        let recorded = visit
            .state
            .operators
            .record_read(by, Self::ACTION, &subject);
        recorded.await.map_err(|error| refuse(error, &t.failures))?;
        let figures = load(visit, *days).await.map_err(Refusal::Failure)?;
        let mut head = vec![t.pages.day];
        head.extend(labels(t));
        let plain = format::plain_yuan;
        let rows = figures.iter().map(|(day, figures)| {
            vec![
                name_of(*day),
                plain(figures.paid),
                figures.orders.to_string(),
                figures.payers.to_string(),
                plain(figures.refunded),
                figures.gold_sold.to_string(),
                figures.gold_granted.to_string(),
                figures.gold_given.to_string(),
                figures.users_share.to_string(),
                figures.platform_share.to_string(),
                plain(figures.paid_out),
            ]
        });
        let rows: Vec<Vec<String>> = rows.collect();
        Ok(Done::File {
            name: format!("qlive-figures-{days}-days.csv"),
            text: csv(&head, &rows),
        })
    }
}
