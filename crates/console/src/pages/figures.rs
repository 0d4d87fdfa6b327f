//! Figures: what was recharged, given, refunded and paid out, by day, by month and by host.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::web::{self, ServiceConfig};
use qlive_ledger::{AccountClass, BalanceKind, Day};
use qlive_operators::Action;
use qlive_store::audit_log::Operator;
use qlive_types::{Fen, Moment};

use super::exports::MOST_ROWS;
use super::figures_span::{By, MOST_DAYS, MOST_MONTHS, Span, name_of};
use super::figures_sums::Figures;
use super::host_figures;
use super::list::{Filters, empty};
use crate::actions::{Act, ActionForm, Done, register};
use crate::csv::csv;
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{
    Cell, Chart, Choice, Column, Fact, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config.route("/figures", web::get().to(show));
    register::<Export>(config, "/figures/export/{by}/{first}/{last}");
}

/// The choice of days that are typed, or of another number of them.
const TYPED: &str = "";
/// How many hosts the page has.
const SHOWN_HOSTS: usize = 200;

/// The figures of each group, the earliest first. Groups without any are there too.
async fn load(visit: &Visit, span: Span) -> Result<BTreeMap<String, Figures>, Failure> {
    let services = &visit.state.services;
    let (first, last) = (span.first, span.last);
    let sums = services.ledger.daily_sums(first, last).await?;
    let money = services.payments.daily_money(first, last).await?;
    let days = (first.number()..=last.number()).map(Day::from_number);
    let mut figures: BTreeMap<String, Figures> = BTreeMap::new();
    for day in days {
        let group = figures.entry(span.group(day)).or_default();
        let of_day = money.get(&day);
        if let Some(of_day) = of_day {
            group.add_money(of_day);
        }
        if span.by == By::Day {
            group.payers = Some(of_day.map_or(0, |of_day| of_day.payers));
        }
    }
    for sum in sums {
        let group = figures.entry(span.group(sum.day)).or_default();
        group.add_sum(&sum);
    }
    Ok(figures)
}

fn yuan(fen: i64) -> String {
    Fen::new(fen).map_or_else(|_out_of_range| fen.to_string(), format::yuan)
}

async fn show(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewFigures, "").await?;
    let mut read = Filters::new(&visit);
    let (span, is_clipped) = Span::read(&mut read, visit.now);
    let mut page = head(&visit, span);
    page.sections.extend(read.note());
    if is_clipped {
        let most = [MOST_DAYS, MOST_MONTHS].map(|most| most.to_string());
        let (first, last) = (name_of(span.first), name_of(span.last));
        let shown = [&first, &last, &most[0], &most[1]].map(String::as_str);
        page.sections.push(Section::Note {
            text: fill(visit.t().pages.figures_clipped, &shown),
            tone: Tone::Warn,
        });
    }
    if span.by == By::Host {
        let days = (span.first, span.last);
        let sums = visit.state.services.gifts.host_sums(days, SHOWN_HOSTS);
        let table = host_figures::table(&visit, &sums.await?).await?;
        page.sections.push(Section::Table(table));
    } else {
        add_figures(&visit, span, &mut page).await?;
    }
    html(&PageTemplate {
        frame: Frame::new(&visit, "/figures").await?,
        page,
    })
}

fn head(visit: &Visit, span: Span) -> Page {
    let t = visit.t();
    let mut page = Page::new(t.pages.figures_title);
    let button = visit.button(Action::ExportFigures, t.actions.export, span.export_path());
    page.buttons.extend(button);
    let choice = Choice::new;
    page.filters.push(Filter::Choice {
        name: "by",
        label: t.pages.grouped_by,
        chosen: span.by.name().to_owned(),
        choices: [By::Day, By::Month, By::Host]
            .map(|by| choice(by.name(), by.choice(t)))
            .into(),
    });
    if span.by != By::Month {
        page.filters.push(Filter::Choice {
            name: "days",
            label: t.pages.days,
            chosen: chosen_days(visit),
            choices: vec![
                choice(TYPED, t.pages.typed_days),
                choice("7", t.pages.week_one),
                choice("30", t.pages.month_one),
                choice("90", t.pages.quarter),
            ],
        });
    }
    page.filters
        .push(visit.day_filter("from", t.pages.from_day));
    page.filters
        .push(visit.day_filter("until", t.pages.until_day));
    let text = if span.by == By::Host {
        t.pages.host_figures_text
    } else {
        t.pages.figures_text
    };
    page.sections.push(Section::Note {
        text: text.to_owned(),
        tone: Tone::Plain,
    });
    page
}

/// The choice of days that the page shows.
fn chosen_days(visit: &Visit) -> String {
    let days = visit.query("days").unwrap_or_else(|| "30".to_owned());
    let is_typed = visit.query("from").is_some() || !["7", "30", "90"].contains(&&*days);
    if is_typed { TYPED.to_owned() } else { days }
}

async fn add_figures(visit: &Visit, span: Span, page: &mut Page) -> Result<(), Failure> {
    let t = visit.t();
    let figures = load(visit, span).await?;
    page.sections.push(holdings(visit).await?);
    let values = |of: fn(&Figures) -> i64| -> Vec<(String, i64)> {
        let groups = figures.iter();
        groups
            .map(|(name, of_group)| (name.clone(), of(of_group)))
            .collect()
    };
    let (recharged, given) = if span.by == By::Month {
        (t.pages.chart_recharged_month, t.pages.chart_given_month)
    } else {
        (t.pages.chart_recharged, t.pages.chart_given)
    };
    let recharged = Chart::new(recharged, &values(|figures| figures.paid), yuan);
    let given = Chart::new(
        given,
        &values(|figures| figures.gold_given),
        format::grouped,
    );
    page.sections.push(Section::Charts(vec![recharged, given]));
    page.sections
        .push(Section::Table(figures_table(t, span.by, &figures)));
    Ok(())
}

/// What users hold now.
async fn holdings(visit: &Visit) -> Result<Section, Failure> {
    let p = &visit.t().pages;
    let held = visit.state.services.ledger.holdings().await?;
    let fact = |label, kinds: &[BalanceKind]| {
        let of_kinds = held.iter().filter(|(class, _)| {
            let mut kinds = kinds.iter();
            kinds.any(|kind| *class == AccountClass::Balance(*kind))
        });
        let coins = of_kinds.map(|(_, coins)| coins).sum();
        Fact {
            label,
            value: Cell::Number(format::grouped(coins)),
        }
    };
    Ok(Section::Facts {
        title: p.held_by_users,
        facts: vec![
            fact(p.gold, &[BalanceKind::Bought, BalanceKind::Granted]),
            fact(p.income, &[BalanceKind::Income]),
            fact(p.held, &[BalanceKind::Held]),
            fact(p.debt, &[BalanceKind::Debt]),
        ],
    })
}

fn figures_table(t: &'static Texts, by: By, figures: &BTreeMap<String, Figures>) -> Table {
    let mut total = Figures::default();
    for of_day in figures.values() {
        total.add(of_day);
    }
    let row = |name: &str, figures: &Figures| {
        let number = |amount| Cell::Number(format::grouped(amount));
        let money = |fen| Cell::Number(yuan(fen));
        let payers = figures
            .payers
            .map_or_else(|| "–".to_owned(), format::grouped);
        Row::new(vec![
            Cell::Text(name.to_owned()),
            money(figures.paid),
            number(figures.orders),
            Cell::Number(payers),
            money(figures.refunded),
            number(figures.gold_sold),
            number(figures.gold_granted),
            number(figures.gold_given),
            number(figures.users_share),
            number(figures.platform_share),
            money(figures.paid_out),
        ])
    };
    let mut rows = vec![Row {
        is_total: true,
        ..row(t.pages.total, &total)
    }];
    let groups = figures.iter().rev().filter(|(_, group)| !group.is_empty());
    rows.extend(groups.map(|(name, of_group)| row(name, of_group)));
    Table {
        caption: String::new(),
        columns: columns(t, by),
        rows,
        older: None,
        newest: None,
        empty: empty(t, false, ""),
    }
}

fn columns(t: &'static Texts, by: By) -> Vec<Column> {
    let mut columns = vec![Column::text(by.label(t))];
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

/// Downloads the figures.
struct Export;

impl Act for Export {
    const ACTION: Action = Action::ExportFigures;
    type Path = (String, String, String);

    fn subject((by, first, last): &Self::Path) -> String {
        format!("{first} to {last} by {by}")
    }

    async fn form(visit: &Visit, path: &Self::Path) -> Result<ActionForm, Failure> {
        let span = span_of(path)?;
        let a = &visit.t().actions;
        let mut form = ActionForm::new(visit, a.export, span.path());
        let (first, last) = (name_of(span.first), name_of(span.last));
        form.title = fill(
            a.export_figures_title,
            &[span.by.choice(visit.t()), &first, &last],
        );
        form.lines.push(a.export_text.to_owned());
        Ok(form)
    }

    async fn act(
        visit: &Visit,
        path: &Self::Path,
        by: Operator,
        _input: &Input,
    ) -> Result<Done, Refusal> {
        let t = visit.t();
        let span = span_of(path).map_err(Refusal::Failure)?;
        let subject = Self::subject(path);
        let recorded = visit
            .state
            .operators
            .record_read(by, Self::ACTION, &subject);
        recorded.await.map_err(|error| refuse(error, &t.failures))?;
        let text = if span.by == By::Host {
            let gifts = &visit.state.services.gifts;
            let sums = gifts
                .host_sums((span.first, span.last), MOST_ROWS + 1)
                .await;
            let sums = sums.map_err(|error| refuse(error, &t.failures))?;
            if sums.len() > MOST_ROWS {
                return Err(Refusal::Explained(t.failures.too_many_rows.to_owned()));
            }
            host_figures::file(visit, &sums).await
        } else {
            figures_file(visit, span).await
        };
        Ok(Done::File {
            name: format!(
                "qlive-figures-by-{}-{}-{}.csv",
                span.by.name(),
                name_of(span.first),
                name_of(span.last)
            ),
            text: text.map_err(Refusal::Failure)?,
        })
    }
}

/// The days of a path.
fn span_of((by, first, last): &(String, String, String)) -> Result<Span, Failure> {
    let day = |name: &str| Moment::parse_day(name).map(Day::of);
    let days = day(first).zip(day(last));
    let span = By::parse(by)
        .zip(days)
        .and_then(|(by, (first, last))| Span::new(by, first, last));
    span.ok_or(Failure::NotFound)
}

async fn figures_file(visit: &Visit, span: Span) -> Result<String, Failure> {
    let t = visit.t();
    let figures = load(visit, span).await?;
    let mut head = vec![span.by.label(t)];
    head.extend(labels(t));
    let plain = format::plain_yuan;
    let rows = figures.iter().map(|(name, figures)| {
        vec![
            name.clone(),
            plain(figures.paid),
            figures.orders.to_string(),
            figures
                .payers
                .map(|payers| payers.to_string())
                .unwrap_or_default(),
            plain(figures.refunded),
            figures.gold_sold.to_string(),
            figures.gold_granted.to_string(),
            figures.gold_given.to_string(),
            figures.users_share.to_string(),
            figures.platform_share.to_string(),
            plain(figures.paid_out),
        ]
    });
    Ok(csv(&head, &rows.collect::<Vec<_>>()))
}
