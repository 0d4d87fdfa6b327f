//! Withdrawals: the queue, one with what a reviewer must know, and the decision.

use std::iter;

use actix_web::HttpResponse;
use actix_web::web::{self, Path, ServiceConfig};
use qlive_operators::Action;
use qlive_payments::{RefundedGiver, ReviewSummary, Withdrawal, WithdrawalState};
use qlive_store::audit_log::Operator;

use super::list::{Filters, Names, empty, user_link};
use super::notices::notices_table;
use crate::actions::{Act, ActionForm, Done, register};
use crate::explain::{Refusal, refuse};
use crate::format;
use crate::http::{Failure, Input, Visit, html};
use crate::texts::{Texts, fill};
use crate::view::{
    Cell, Choice, Column, Fact, Filter, Frame, Page, PageTemplate, Row, Section, Table, Tone,
};

pub(super) fn configure(config: &mut ServiceConfig) {
    config
        .route("/withdrawals", web::get().to(list))
        .route("/withdrawals/{id}", web::get().to(show));
    register::<Approve>(config, "/withdrawals/{id}/approve");
    register::<Reject>(config, "/withdrawals/{id}/reject");
}

/// The states that can be filtered by, with their names in the URL.
const STATES: [(&str, WithdrawalState); 9] = [
    ("review", WithdrawalState::InReview),
    ("approved_once", WithdrawalState::ApprovedOnce),
    ("approved", WithdrawalState::Approved),
    ("confirm", WithdrawalState::AwaitingConfirmation),
    ("paying", WithdrawalState::Transferring),
    ("paid", WithdrawalState::Paid),
    ("rejected", WithdrawalState::Rejected),
    ("failed", WithdrawalState::Failed),
    ("expired", WithdrawalState::Expired),
];

/// The filter of those that wait for an operator.
const WAITING: &str = "waiting";

/// The states that a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StateFilter {
    /// Those that wait for an operator.
    Waiting,
    One(WithdrawalState),
}

/// The states that the URL asks for; `None` is all.
pub(super) fn read_state(read: &mut Filters<'_>) -> Option<StateFilter> {
    read.read("state", |name| {
        if name == WAITING {
            return Some(StateFilter::Waiting);
        }
        let found = STATES.iter().find(|(known, _)| *known == name);
        found.map(|(_, state)| StateFilter::One(*state))
    })
}

/// Whether a filter lets a withdrawal in this state through.
pub(super) fn is_wanted(filter: Option<StateFilter>, state: WithdrawalState) -> bool {
    match filter {
        None => true,
        Some(StateFilter::Waiting) => is_in_review(state),
        Some(StateFilter::One(wanted)) => wanted == state,
    }
}

async fn list(visit: Visit) -> Result<HttpResponse, Failure> {
    visit.require(Action::ViewWithdrawals, "").await?;
    let t = visit.t();
    let mut read = Filters::new(&visit);
    let filter = read_state(&mut read);
    let cursor = visit.cursor().map(|(id, _)| id);
    let payments = &visit.state.services.payments;
    let found = match filter {
        Some(StateFilter::Waiting) => payments.withdrawals_to_review(cursor).await?,
        Some(StateFilter::One(state)) => payments.search_withdrawals(Some(state), cursor).await?,
        None => payments.search_withdrawals(None, cursor).await?,
    };
    let mut page = Page::new(t.pages.withdrawals_title);
    page.buttons = visit.export_button("withdrawals");
    page.is_filtered = filter.is_some();
    let choice = Choice::new;
    let mut choices = vec![choice("", t.frame.all), choice(WAITING, t.values.to_review)];
    choices.extend(STATES.map(|(value, state)| Choice::new(value, state_name(t, state).0)));
    page.filters.push(Filter::Choice {
        name: "state",
        label: t.pages.state,
        chosen: visit.query("state").unwrap_or_default(),
        choices,
    });
    page.sections.extend(read.note());
    let mut table = withdrawals_table(&visit, &found).await?;
    table.empty = empty(t, page.is_filtered, t.pages.no_withdrawals);
    table.older = visit.older(&found, |withdrawal| withdrawal.id.to_string());
    table.newest = visit.newest();
    page.sections.push(Section::Table(table));
    html(&PageTemplate {
        frame: Frame::new(&visit, "/withdrawals").await?,
        page,
    })
}

/// The name of a state, and how it is coloured.
pub(super) const fn state_name(t: &'static Texts, state: WithdrawalState) -> (&'static str, Tone) {
    match state {
        WithdrawalState::InReview => (t.values.review, Tone::Warn),
        WithdrawalState::ApprovedOnce => (t.values.approved_once, Tone::Warn),
        WithdrawalState::Approved => (t.values.approved, Tone::Plain),
        WithdrawalState::AwaitingConfirmation => (t.values.confirm, Tone::Plain),
        WithdrawalState::Transferring => (t.values.paying, Tone::Plain),
        WithdrawalState::Paid => (t.values.paid, Tone::Good),
        WithdrawalState::Rejected => (t.values.rejected, Tone::Quiet),
        WithdrawalState::Failed => (t.values.failed, Tone::Bad),
        WithdrawalState::Expired => (t.values.expired, Tone::Quiet),
    }
}

/// A table of withdrawals.
pub(super) async fn withdrawals_table(
    visit: &Visit,
    found: &[Withdrawal],
) -> Result<Table, Failure> {
    let t = visit.t();
    let users = found.iter().map(|withdrawal| withdrawal.user).collect();
    let applicants = visit.state.services.users.applicants(users).await?;
    let row = |withdrawal: &Withdrawal| {
        let (state, tone) = state_name(t, withdrawal.state);
        let first = withdrawal
            .first_approval
            .clone()
            .map_or(Cell::Empty, Cell::Text);
        let user = withdrawal.user;
        let applicant = applicants.get(&user);
        let name = applicant.map(|applicant| applicant.nickname.as_str());
        let age = applicant.map(|applicant| withdrawal.created_at.since(applicant.created_at));
        let debt = applicant.filter(|applicant| !applicant.debt.is_zero());
        Row::new(vec![
            Cell::Link(
                fill(t.pages.withdrawal_title, &[&withdrawal.id.to_string()]),
                format!("/withdrawals/{}", withdrawal.id),
            ),
            Cell::Time(format::time(withdrawal.created_at)),
            user_link(user, name),
            Cell::Number(format::coins(withdrawal.income)),
            Cell::Number(format::yuan(withdrawal.amount)),
            Cell::Badge(state.to_owned(), tone),
            first,
            age.map_or(Cell::Empty, |age| Cell::Text(format::ago(t, age))),
            debt.map_or(Cell::Empty, |applicant| {
                Cell::Badge(format::coins(applicant.debt), Tone::Bad)
            }),
        ])
    };
    Ok(Table {
        caption: String::new(),
        columns: vec![
            Column::text(t.pages.id),
            Column::text(t.pages.applied_at),
            Column::text(t.pages.user),
            Column::number(t.pages.income),
            Column::number(t.pages.yuan),
            Column::text(t.pages.state),
            Column::text(t.pages.first_approval),
            Column::text(t.pages.age_then),
            Column::text(t.pages.debt),
        ],
        rows: found.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, t.pages.no_withdrawals),
    })
}

const fn is_in_review(state: WithdrawalState) -> bool {
    matches!(
        state,
        WithdrawalState::InReview | WithdrawalState::ApprovedOnce
    )
}

async fn show(visit: Visit, id: Path<i64>) -> Result<HttpResponse, Failure> {
    visit
        .require(Action::ViewWithdrawals, &id.to_string())
        .await?;
    let t = visit.t();
    let (withdrawal, summary) = visit
        .state
        .services
        .payments
        .withdrawal_to_review(*id)
        .await?;
    let mut page = Page::new(fill(t.pages.withdrawal_title, &[&id.to_string()]));
    page.back = Some((
        t.pages.withdrawals_title.to_owned(),
        "/withdrawals".to_owned(),
    ));
    let (state, tone) = state_name(t, withdrawal.state);
    page.badges.push((state.to_owned(), tone));
    page.lead = format::yuan(withdrawal.amount);
    let a = &t.actions;
    if is_in_review(withdrawal.state) {
        let approve = format!("/withdrawals/{id}/approve");
        page.buttons
            .extend(visit.button(Action::ApproveWithdrawal, a.approve, approve));
    }
    // One that was approved waits as long as its user is banned or in debt.
    if is_in_review(withdrawal.state) || withdrawal.state == WithdrawalState::Approved {
        let reject = format!("/withdrawals/{id}/reject");
        page.buttons
            .extend(visit.button(Action::RejectWithdrawal, a.reject, reject));
    }
    let names = Names::of(&visit, iter::once(withdrawal.user)).await?;
    page.sections
        .push(facts(t, &withdrawal, &summary, names.link(withdrawal.user)));
    let payments = &visit.state.services.payments;
    let notices = payments.notices_about(&withdrawal.out_bill_no).await?;
    if !notices.is_empty() {
        page.sections
            .push(Section::Table(notices_table(t, &notices)));
    }
    if !summary.refunded_givers.is_empty() {
        page.sections.push(Section::Note {
            text: t.pages.refunded_givers_text.to_owned(),
            tone: Tone::Warn,
        });
        page.sections
            .push(Section::Table(givers_table(t, &summary.refunded_givers)));
    }
    html(&PageTemplate {
        frame: Frame::new(&visit, "/withdrawals").await?,
        page,
    })
}

fn facts(
    t: &'static Texts,
    withdrawal: &Withdrawal,
    summary: &ReviewSummary,
    user: Cell,
) -> Section {
    let p = &t.pages;
    let banned = match summary.banned_at {
        Some(at) => Cell::Badge(
            format!("{} {}", t.values.banned, format::time(at)),
            Tone::Bad,
        ),
        None => Cell::Badge(t.values.active.to_owned(), Tone::Good),
    };
    let time = |at| Cell::Time(format::time(at));
    let first = withdrawal.first_approval.clone();
    let detail = Some(withdrawal.detail.clone()).filter(|detail| !detail.is_empty());
    let facts = [
        (p.user, user),
        (p.user_state, banned),
        (p.income, Cell::Number(format::coins(withdrawal.income))),
        (p.yuan, Cell::Number(format::yuan(withdrawal.amount))),
        (p.week, Cell::Number(format::yuan(summary.amount_of_week))),
        (p.debt, Cell::Number(format::coins(summary.debt))),
        (p.account_age, time(summary.account_created_at)),
        (p.applied_at, time(withdrawal.created_at)),
        (p.first_approval, first.map_or(Cell::Empty, Cell::Text)),
        (p.bill_number, Cell::Code(withdrawal.out_bill_no.clone())),
        (p.done_at, withdrawal.done_at.map_or(Cell::Empty, time)),
        (p.detail, detail.map_or(Cell::Empty, Cell::Text)),
    ];
    Section::Facts {
        title: "",
        facts: facts
            .into_iter()
            .map(|(label, value)| Fact { label, value })
            .collect(),
    }
}

fn givers_table(t: &'static Texts, givers: &[RefundedGiver]) -> Table {
    let row = |giver: &RefundedGiver| {
        Row::new(vec![
            Cell::Link(giver.giver.to_string(), format!("/users/{}", giver.giver)),
            Cell::Number(format::grouped(giver.orders)),
            Cell::Number(format::yuan(giver.refunded)),
            Cell::Number(format::coins(giver.income)),
        ])
    };
    Table {
        caption: t.pages.refunded_givers.to_owned(),
        columns: vec![
            Column::text(t.pages.giver),
            Column::number(t.pages.orders_count),
            Column::number(t.pages.refunded),
            Column::number(t.pages.income),
        ],
        rows: givers.iter().map(row).collect(),
        older: None,
        newest: None,
        empty: empty(t, false, ""),
    }
}

/// A form about a withdrawal.
async fn decision(
    visit: &Visit,
    id: i64,
    submit: &'static str,
    title: &str,
) -> Result<(ActionForm, Withdrawal), Failure> {
    let t = visit.t();
    let (withdrawal, summary) = visit
        .state
        .services
        .payments
        .withdrawal_to_review(id)
        .await?;
    let names = Names::of(visit, iter::once(withdrawal.user)).await?;
    let mut form = ActionForm::new(visit, submit, format!("/withdrawals/{id}"));
    form.title = fill(
        title,
        &[
            &id.to_string(),
            &format::yuan(withdrawal.amount),
            &names.name(withdrawal.user),
            &withdrawal.user.to_string(),
        ],
    );
    let state = if summary.banned_at.is_some() {
        t.values.banned
    } else {
        t.values.active
    };
    form.lines.push(fill(
        t.actions.approve_facts,
        &[
            state,
            &format::time(summary.account_created_at),
            &format::yuan(summary.amount_of_week),
            &format::coins(summary.debt),
        ],
    ));
    Ok((form, withdrawal))
}

struct Approve;

impl Act for Approve {
    const ACTION: Action = Action::ApproveWithdrawal;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let (mut form, withdrawal) = decision(visit, *id, a.approve, a.approve_title).await?;
        form.lines.push(a.approve_text.to_owned());
        let limit = visit.state.services.payments.second_approval_above();
        if let Some(first) = &withdrawal.first_approval {
            form.lines.push(fill(a.approve_second, &[first]));
        } else if let Some(limit) = limit {
            form.lines
                .push(fill(a.approve_limit, &[&format::yuan(limit)]));
        }
        form.reasons = vec![a.reason_checked];
        form.typed = Some(format::plain_yuan(withdrawal.amount.get()));
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let approved = visit
            .state
            .services
            .payments
            .approve_withdrawal(by, *id)
            .await;
        approved.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/withdrawals/{id}")))
    }
}

struct Reject;

impl Act for Reject {
    const ACTION: Action = Action::RejectWithdrawal;
    type Path = i64;

    fn subject(id: &i64) -> String {
        id.to_string()
    }

    async fn form(visit: &Visit, id: &i64) -> Result<ActionForm, Failure> {
        let a = &visit.t().actions;
        let (mut form, _) = decision(visit, *id, a.reject, a.reject_title).await?;
        form.lines.push(a.reject_text.to_owned());
        form.reasons = vec![a.reason_fraud, a.reason_user, a.reason_minor];
        Ok(form)
    }

    async fn act(visit: &Visit, id: &i64, by: Operator, _input: &Input) -> Result<Done, Refusal> {
        let rejected = visit
            .state
            .services
            .payments
            .reject_withdrawal(by, *id)
            .await;
        rejected.map_err(|error| refuse(error, &visit.t().failures))?;
        Ok(Done::At(format!("/withdrawals/{id}")))
    }
}
